/**
 * No router can reach a test outcome or reply: where they are replaced by noise, every decision stays the same to
 * the bit. Asked of every router in `baselines/` and every reference row, in single jobs.
 */
import assert from "node:assert/strict";
import { runJob } from "../../src/run/job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { decisionsHash } from "../../src/run/job_store.ts";
import type { Router } from "../../src/router/contract.ts";
import { obeying, OPTIONS, poisoned, ruled } from "../run/scene.ts";
import { data, reply, routers, splits, withTable } from "./scene.ts";

for (const protocol of ["id", "ood"]) {
  Deno.test(`${protocol}: noise in place of test outcomes and replies changes no job`, async () => {
    const [, split] = splits(protocol);
    const noisy = poisoned(data.table, (row) => split.roles[row] === "e");
    const M = data.table.models.length;
    const replies = data.replies!.map((own, at) =>
      split.roles[Math.floor(at / M)] === "e" ? reply("noise") : own
    );
    const clean = openSplit(data, split);
    const poison = openSplit({ ...withTable(noisy), replies }, split);
    for (const { id, router } of routers) {
      const before = await runJob(id, router, clean, OPTIONS);
      const after = await runJob(id, router, poison, OPTIONS);
      assert.equal(decisionsHash(after), decisionsHash(before), id);
      assert.deepEqual(after, before, id);
    }
  });
}

Deno.test("the check is sharp: noise in training outcomes does change jobs, and a peeking router is caught", async () => {
  const [split] = splits("id");
  const changed = async (router: Router, poison: (row: number) => boolean): Promise<boolean> => {
    const noisy = poisoned(data.table, poison);
    const hashes = [];
    for (const table of [data.table, noisy]) {
      current = table;
      hashes.push(
        decisionsHash(await runJob("r", router, openSplit(withTable(table), split), OPTIONS)),
      );
    }
    return hashes[0] !== hashes[1];
  };
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
  assert.ok(await changed(peeking, (row) => split.roles[row] === "e"), "the peeking router");
  for (const { id, router } of routers) {
    if (["random", "bayes-optimal"].includes(id)) continue; // learn nothing from outcomes
    assert.ok(await changed(router, (row) => "tv".includes(split.roles[row])), id);
  }
});
