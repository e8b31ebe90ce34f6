/**
 * No router can reach a test outcome or reply: where they are replaced by noise, every decision stays the same to
 * the bit. Asked of every router in `baselines/` and every reference row, in single jobs.
 */
import assert from "node:assert/strict";
import { type JobOutcome, runJob } from "../../src/run/job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { decisionsHash } from "../../src/run/job_store.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Router } from "../../src/router/contract.ts";
import { obeying, OPTIONS, poisoned, ruled } from "../run/scene.ts";
import { data, reply, routers, splits, withTable } from "./scene.ts";

const open = new Map(["id", "ood"].map((protocol) => {
  const [, split] = splits(protocol);
  return [protocol, openSplit(data, split)];
}));
const jobs = new Map<string, Promise<JobOutcome>>();

/** The job of a router on the data as they are; two tests ask for those of `id`, which are done once. */
function cleanJob(protocol: string, id: string, router: Router): Promise<JobOutcome> {
  const key = `${protocol} ${id}`;
  const job = jobs.get(key) ?? runJob(id, router, open.get(protocol)!, OPTIONS);
  jobs.set(key, job);
  return job;
}

for (const protocol of ["id", "ood"]) {
  Deno.test(`${protocol}: noise in place of test outcomes and replies changes no job`, async () => {
    const { split } = open.get(protocol)!;
    const noisy = poisoned(data.table, (row) => split.roles[row] === "e");
    const M = data.table.models.length;
    const replies = data.replies!.map((own, at) =>
      split.roles[Math.floor(at / M)] === "e" ? reply("noise") : own
    );
    const poison = openSplit({ ...withTable(noisy), replies }, split);
    for (const { id, router } of routers) {
      const before = await cleanJob(protocol, id, router);
      const after = await runJob(id, router, poison, OPTIONS);
      assert.equal(decisionsHash(after), decisionsHash(before), id);
      assert.deepEqual(after, before, id);
    }
  });
}

Deno.test("the check is sharp: noise in training outcomes does change jobs, and a peeking router is caught", async () => {
  const { split } = open.get("id")!, learned = (row: number) => "tv".includes(split.roles[row]);
  const hashOn = async (table: OutcomeTable, id: string, router: Router): Promise<string> =>
    decisionsHash(await runJob(id, router, openSplit(withTable(table), split), OPTIONS));
  let current = data.table;
  const peeking = ruled([{}], {
    fit: ({ models }) => ({
      ...obeying(models, {}),
      predict: ({ ids }) => ({
        quality: Float64Array.from(ids.flatMap((id) => {
          const at = current.ids.indexOf(id) * models.length;
          return [...current.scores.subarray(at, at + models.length)];
        })),
      }),
    }),
  });
  const clean = await hashOn(current, "peeking", peeking);
  current = poisoned(data.table, (row) => split.roles[row] === "e");
  assert.notEqual(await hashOn(current, "peeking", peeking), clean);
  const noisy = poisoned(data.table, learned);
  for (const { id, router } of routers) {
    if (["random", "bayes-optimal"].includes(id)) continue; // learn nothing from outcomes
    const before = decisionsHash(await cleanJob("id", id, router));
    assert.notEqual(await hashOn(noisy, id, router), before, id);
  }
});
