import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { pack, unpack } from "../../src/base/files.ts";
import { encodeShard, joinShards, readShard, type Shard } from "../../src/results/shard.ts";
import type { FinishedJob } from "../../src/run/job_store.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import { f1Run } from "./f1.ts";
import { withFolder } from "./fixture.ts";

Deno.test("a shard brings back its settings and jobs", () =>
  withFolder(async (folder) => {
    const { plan, jobs } = await f1Run(folder);
    const path = `${folder}/part.gz`;
    await Deno.writeFile(path, encodeShard(plan.settings, plan.key, { index: 2, of: 3 }, jobs));
    const shard = await readShard(path);
    assert.deepEqual(shard.settings, plan.settings);
    assert.deepEqual([shard.key, shard.shard], [plan.key, { index: 2, of: 3 }]);
    assert.equal(shard.jobs.length, jobs.length);
    shard.jobs.forEach((job, i) => {
      assert.equal(job.decisionsSha256, jobs[i].decisionsSha256);
      if (jobs[i].outcome.status === "decided" && job.outcome.status === "decided") {
        assert.deepEqual(job.outcome.choice, jobs[i].outcome.choice);
        assert.deepEqual(job.outcome.mixtures, jobs[i].outcome.mixtures);
      } else assert.deepEqual(job.outcome, jobs[i].outcome);
    });
  }));

Deno.test("an empty shard is a shard", () =>
  withFolder(async (folder) => {
    const { plan } = await f1Run(folder);
    const path = `${folder}/part.gz`;
    await Deno.writeFile(path, encodeShard(plan.settings, plan.key, { index: 1, of: 9 }, []));
    assert.deepEqual((await readShard(path)).jobs, []);
  }));

Deno.test("torn, altered and foreign files are refused by name", () =>
  withFolder(async (folder) => {
    const { plan, jobs } = await f1Run(folder);
    const path = `${folder}/part.gz`;
    const bytes = encodeShard(plan.settings, plan.key, { index: 1, of: 1 }, jobs);
    const text = new TextDecoder().decode(unpack(bytes, "shard"));
    const refused = async (content: Uint8Array | string, message: RegExp): Promise<void> => {
      const data = typeof content === "string" ? pack(new TextEncoder().encode(content)) : content;
      await Deno.writeFile(path, data);
      await assert.rejects(readShard(path), (error) => {
        assert.ok(error instanceof DataError, String(error));
        assert.ok(error.message.startsWith(path), error.message);
        assert.match(error.message, message);
        return true;
      });
    };
    await refused(bytes.subarray(0, 100), /damaged gzip data/);
    await refused("", /damaged shard/);
    await refused('{"format":"other"}\n', /not a shard of format version 1/);
    await refused(text.replace('"formatVersion":1', '"formatVersion":2'), /not a shard/);
    const line = text.split("\n").findIndex((l) => l.includes("best-single"));
    const altered = text.replace('\\"seed\\":7', '\\"seed\\":8');
    assert.notEqual(altered, text);
    await refused(altered, /line 2: its hash does not match/);
    assert.ok(line > 0);
    const cut = text.split("\n").slice(0, 3).join("\n") + '\n{"sha256":';
    await refused(cut, /line 4: /);
  }));

/** Two seeds of three folds, two routers: twelve jobs named by split and router, `4b`. */
const SPLITS = [1, 1, 1, 2, 2, 2].map((seed, i) => ({ seed, fold: i % 3 }));
const PLAN = {
  splits: SPLITS,
  jobs: SPLITS.flatMap((_, split) =>
    ["a", "b"].map((router) => ({ id: `${split}${router}`, router, split, timed: false }))
  ),
} as unknown as RunPlan;

/** Part i of n of {@link PLAN}, or some of its jobs. */
function part(index: number, of: number, keep = (_id: string): boolean => true): Shard {
  const jobs = PLAN.jobs.filter(({ id, split }) => split % of === index - 1 && keep(id));
  return {
    key: "k",
    settings: PLAN.settings,
    shard: { index, of },
    jobs: jobs as unknown[] as FinishedJob[],
  };
}

Deno.test("joinShards: all jobs in plan order, however they were cut, in whatever order they come", () => {
  const ids = PLAN.jobs.map(({ id }) => id);
  const joined = (...shards: Shard[]) => joinShards(PLAN, shards).map(({ id }) => id);
  assert.deepEqual(joined(part(1, 1)), ids);
  assert.deepEqual(joined(part(3, 4), part(1, 4), part(4, 4), part(2, 4)), ids);
  assert.deepEqual(joined(part(2, 2), part(1, 4), part(3, 4), part(3, 4)), ids, "of two counts");
});

Deno.test("joinShards: holes are refused, with every missing job and the shards to run again", () => {
  const refused = (shards: Shard[], ...lines: string[]): void =>
    assert.throws(() => joinShards(PLAN, shards), (error) => {
      assert.ok(error instanceof DataError);
      assert.deepEqual(error.message.split("\n"), lines);
      return true;
    });
  refused(
    [part(1, 4), part(3, 4)],
    "6 of 12 jobs are in none of the shards given (1/4, 3/4); run again, with the same flags:",
    "  --shard 2/4 (jobs: 4): seed 1, fold 1; seed 2, fold 2",
    "  --shard 4/4 (jobs: 2): seed 2, fold 0",
  );
  refused(
    [part(1, 2), part(2, 2, (id) => id !== "3b")],
    "1 of 12 jobs are in none of the shards given (1/2, 2/2); run again, with the same flags:",
    "  --shard 2/2 (jobs: 1): seed 2, fold 0 (b)",
  );
  // The missing splits 1 and 5 told in parts of the first count.
  refused(
    [part(1, 2), part(4, 4)],
    "4 of 12 jobs are in none of the shards given (1/2, 4/4); run again, with the same flags:",
    "  --shard 2/2 (jobs: 4): seed 1, fold 1; seed 2, fold 2",
  );
});
