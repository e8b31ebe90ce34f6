/** Jobs of routers that visit models: what they decide and pay, and that no test score or unvisited reply can reach them. */
import assert from "node:assert/strict";
import { runSequentialJob } from "../../src/run/sequential_job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { checked, checkedSequential } from "../../src/run/checked.ts";
import { decisionsHash, decodeJob, encodeJob } from "../../src/run/job_store.ts";
import { runJob } from "../../src/run/job.ts";
import type { Decided } from "../../src/run/job.ts";
import type { Reply } from "../../src/base/reply.ts";
import type { TrainingData } from "../../src/router/contract.ts";
import type { SequentialRouter } from "../../src/router/sequential.ts";
import { tableOf } from "../splits/tables.ts";
import {
  decided,
  embedded,
  obeying,
  OPTIONS,
  poisoned,
  ruled,
  splitOf,
  topicRows,
} from "./scene.ts";

const said = (text: string): Reply => ({ text, chars: text.length, tokens: 1 });

/** Asks m0; where it does not say "sure" often enough, m1 as well, who then answers. */
const asking: SequentialRouter<{ readonly times: number }> = {
  name: "asking",
  summary: "s",
  source: "none",
  needs: ["replies"],
  horizon: 2,
  grid: [{ times: 2 }, { times: 1 }],
  fit: ({ models }, { times }) => ({
    models,
    dial: { name: "times", values: [times, 0] },
    act: ({ step, replies, queries }, setting = times) => {
      if (step === 0) return queries.ids.map(() => ({ visit: 0 }));
      return replies.filter((_, at) => at % step === 0).map(({ text }) => {
        if (step === 2) return { commit: 1 };
        return text.split("sure").length > setting ? { commit: 0 } : { visit: 1 };
      });
    },
    describe: () => ({ parameters: 0 }),
  }),
};
const TABLE = tableOf(topicRows("ABC"));
const ROLES = "eeetttvvv";
/** m0 says "sure" of A twice, of B once and of C never. */
const REPLIES = TABLE.ids.flatMap((id) => [
  said({ A: "sure, sure", B: "sure", C: "no idea" }[id[1]]!),
  said("well"),
]);
const DATA = { ...embedded(TABLE), replies: REPLIES };

async function job(
  data = DATA,
  router: SequentialRouter = asking as SequentialRouter,
): Promise<Decided> {
  return decided(
    await runSequentialJob("asking", router, openSplit(data, splitOf(TABLE, ROLES)), OPTIONS),
  );
}

Deno.test("tuned on validation rows, with paths for headline, default and dial", async () => {
  const { columns, choice, paths, tuning, models } = await job();
  // Validation scores of m0 and m1: A (1, .4), B (0, .6), C (0, .9). Once "sure" is enough for B: worse.
  assert.deepEqual(tuning.trials.map(({ score }) => score.toFixed(4)), ["0.8333", "0.6333"]);
  assert.equal(tuning.score, 0);
  assert.deepEqual(columns, [
    { kind: "headline" },
    { kind: "default" },
    { kind: "curve", at: 2 },
    { kind: "curve", at: 0 },
  ]);
  assert.deepEqual(models, ["m0", "m1"]);
  assert.deepEqual([...choice], [0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0]);
  assert.equal(paths!.horizon, 2);
  assert.deepEqual([...paths!.visited.subarray(0, 8)], [0, 2, 0, 2, 0, 2, 0, 2]);
  assert.deepEqual([...paths!.visited.subarray(8, 16)], [0, 1, 0, 1, 0, 1, 0, 2]);
});

Deno.test("noise for test scores, and for costs and replies not visited, changes no action; for visited ones it does", async () => {
  const isTest = (row: number): boolean => ROLES[row] === "e";
  const before = await job();
  const hash = decisionsHash(before);
  const noisy = poisoned(TABLE, isTest);
  const { visited } = before.paths!;
  // Of all columns: a model that none of them visits.
  const shown = (row: number, m: number): boolean =>
    visited.subarray(row * 8, (row + 1) * 8).includes(m);
  const blind = REPLIES.map((reply, at) => {
    const row = Math.floor(at / 2);
    return isTest(row) && !shown(row, at % 2) ? said("sure sure sure") : reply;
  });
  assert.equal(blind.filter((reply, at) => reply !== REPLIES[at]).length, 1, "m1 of topic A");
  const table = { ...noisy, costs: TABLE.costs };
  assert.equal(decisionsHash(await job({ ...DATA, table, replies: blind })), hash);
  const loud = REPLIES.map((reply, at) => isTest(Math.floor(at / 2)) ? said("sure sure") : reply);
  assert.notEqual(decisionsHash(await job({ ...DATA, replies: loud })), hash);
});

Deno.test("a finished job with paths is kept and read back, and a changed path is another decision", async () => {
  const outcome = await job();
  const decisionsSha256 = decisionsHash(outcome);
  const whole = { id: "j", router: "asking", seed: 42, fold: 0, outcome, decisionsSha256 };
  const read = decodeJob(encodeJob(whole), "j", "file").outcome as Decided;
  assert.deepEqual(read.paths, outcome.paths);
  assert.deepEqual(read.choice, outcome.choice);
  const visited = outcome.paths!.visited.slice();
  visited[9] = 2;
  const cheaper = { ...outcome, paths: { ...outcome.paths!, visited } };
  assert.notEqual(decisionsHash(cheaper), decisionsSha256);
});

Deno.test("without replies the row says so; who does not need them does not get them", async () => {
  const bare = openSplit(embedded(TABLE), splitOf(TABLE, ROLES));
  assert.deepEqual(await runSequentialJob("asking", asking as SequentialRouter, bare, OPTIONS), {
    status: "not applicable",
    reason: "needs replies; the dataset has none",
  });
  const seen: TrainingData[] = [];
  const watching = (needs: SequentialRouter["needs"]) =>
    checked(ruled([{ A: [0, 1], B: [0, 1], C: [0, 1], t: [0, 1] }], {
      needs,
      fit: (train, config) => (seen.push(train), obeying(train.models, config)),
    }));
  const open = openSplit(DATA, splitOf(TABLE, ROLES));
  await runJob("w", watching([]), open, OPTIONS);
  assert.ok(
    seen.length > 0 && seen.every(({ replies, validation }) => !replies && !validation?.replies),
  );
  seen.length = 0;
  await runJob("w", watching(["replies"]), open, OPTIONS);
  assert.deepEqual(seen.at(-1)!.replies, REPLIES.slice(6), "training and validation rows");
});

Deno.test("under a control without texts there are no replies either", () => {
  const split = openSplit(DATA, splitOf(TABLE, ROLES), "constant-text");
  const all = [split.all.replies!, split.episodesFor(asking, "test").replies].flat();
  assert.ok(all.every(({ text }) => text === ""));
});

Deno.test("a fit that is no sequential router is an error with the field", async () => {
  const broken = {
    ...asking,
    fit: () => ({ models: ["m0", "m1"] }),
  } as unknown as SequentialRouter;
  await assert.rejects(job(DATA, checkedSequential(broken)), /fit: expected an object with act/);
});
