/**
 * No router can reach a test outcome: where they are replaced by noise, every decision stays the same to
 * the bit. Asked of every router in `baselines/` and every reference row, in jobs with unseen models.
 */
import assert from "node:assert/strict";
import type { Column } from "../../src/run/curve.ts";
import { runNewModelJob } from "../../src/run/new_model_job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Router } from "../../src/router/contract.ts";
import { column, decided, OPTIONS, poisoned } from "../run/scene.ts";
import { larger, routers, splits, withTable } from "./scene.ts";

Deno.test("new-model: noise in place of what a held-out model did off its profile changes no arm but the clairvoyant", async () => {
  const [split] = splits("new-model", larger);
  const known = (n: number) => new Set(split.profile!.order.slice(0, n));
  const opened = (table: OutcomeTable) => openSplit(withTable(table, larger), split);
  const run = (router: Router, table: OutcomeTable) =>
    runNewModelJob("r", router, opened(table), table, [8, 16], OPTIONS, [
      "own",
      "retrain",
      "ignore",
    ]);
  const takers = routers.filter(({ id, router }) => router.unseen && id !== "random");
  assert.ok(takers.length >= 5);
  for (const { id, router } of takers) {
    const before = decided(await run(router, larger.table));
    for (const n of [8, 16]) {
      const profile = known(n);
      const noisy = poisoned(
        larger.table,
        (row, model) =>
          split.roles[row] === "e" || (split.heldOutModels.includes(model) && !profile.has(row)),
      );
      const after = decided(await run(router, noisy));
      assert.deepEqual(after.tuning, before.tuning, id);
      // An arm that is refused at a larger size has no column there: arms are found by name.
      const same = before.columns.filter(({ n: size }) => !(size! > n));
      for (const wanted of same) {
        const what = `${id}, ${wanted.arm} ${wanted.n} ${wanted.pool}, noise off ${n}`;
        const [p, q] = [before, after].map(({ columns }) => placeOf(columns, wanted));
        assert.ok(q >= 0, what);
        assert.deepEqual(column(after, q), column(before, p), what);
      }
      // A network trained on so few rows decides by the means alone; tests/icl shows that it reads.
      if (n === 16 || router.reference || router.effort) continue;
      const changed = before.columns.some((wanted, p) => {
        const q = placeOf(after.columns, wanted);
        return wanted.n === 16 && (q < 0 || column(after, q).join() !== column(before, p).join());
      });
      assert.ok(changed, `${id}: noise among the 16 profile rows shows`);
    }
  }
});

/** Where a column stands among others; −1 where it is none of them. */
function placeOf(columns: readonly Column[], { arm, n, pool }: Column): number {
  return columns.findIndex((own) => own.arm === arm && own.n === n && own.pool === pool);
}
