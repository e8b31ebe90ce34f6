/** OptMerge over a tiny ICL-Router. */
import assert from "node:assert/strict";
import optmerge from "../../baselines/variants/optmerge.ts";
import type { FittedRouter, PointPredictions } from "../../src/router/contract.ts";
import { isMerged, mergeTable } from "../../src/icl/variants/merged_bases.ts";
import { expertGroups, mergeRouter } from "../../src/icl/variants/merged_experts.ts";
import { trained } from "../../src/icl/fit.ts";
import { fitTable, routerOf } from "../../src/icl/router.ts";
import {
  column,
  context,
  fresh,
  old,
  profilesOf,
  queries,
  training,
  VARIANT,
} from "../icl/tiny_router.ts";

const TRAIN = training(old), M = old.models.length;

async function fit(lambda: number, steps?: number): Promise<FittedRouter> {
  const router = mergeRouter({ name: "tiny", summary: "" }, mergeTable(VARIANT), steps);
  return await router.fit(TRAIN, { lambda }, context());
}

async function qualities(fitted: FittedRouter): Promise<Float64Array> {
  return ((await fitted.predict(queries())) as PointPredictions).quality;
}

Deno.test("OptMerge: with λ = 0 it is its base, and the experts leave the base as it was", async () => {
  const base = await qualities(await routerOf(await fitTable(TRAIN, VARIANT, context())));
  const merged = await qualities(await fit(1));
  assert.notDeepEqual(merged, base);
  assert.deepEqual(await qualities(await fit(0)), base);
  assert.ok(merged.every((p) => p > 0 && p < 1));
});

Deno.test("OptMerge: one expert a benchmark, how far each went is said, and M is the descent's, not the mean", async () => {
  const fitted = await fit(1), average = await fit(1, 0);
  const notes = fitted.describe().notes!.join("\n");
  assert.match(
    notes,
    /3 experts of \d+ steps, ‖τ‖\/‖θ_0‖: biology 0\.\d+; algebra 0\.\d+; coding 0/,
  );
  assert.match(notes, /merged: ‖M‖\/‖θ_0‖ 0\.\d+, λ = 1\n/);
  assert.notDeepEqual(await qualities(average), await qualities(fitted));
  const again = await mergeRouter({ name: "tiny", summary: "" }, mergeTable(VARIANT))
    .fit(training(old), { lambda: 1 }, context());
  assert.deepEqual(await qualities(again), await qualities(fitted), "a second fit, bit for bit");
});

Deno.test("OptMerge: linear layers are merged; tables, head, markers and norms are the base's", async () => {
  const { reader: { network: { parameters } } } = await trained(TRAIN, VARIANT, context());
  const all = [...parameters].map(([name, { shape }]) => ({ name, merged: isMerged(name, shape) }));
  const names = all.filter(({ merged }) => merged).map(({ name }) => name);
  assert.equal(names.length, 4 + 7); // projector; queries, keys, values, output, gate, up, down
  assert.ok(names.every((name) => /^(projector|layers\.0)\..*_proj\.weight$/.test(name)));
  const rest = all.filter(({ merged }) => !merged).map(({ name }) => name);
  for (const name of ["label_table", "answer_head", "token_table", "norm.weight"]) {
    assert.ok(rest.includes(name), name);
  }
});

Deno.test("OptMerge: benchmarks beyond the most share experts of about equal size", () => {
  const sizes = { e: 9, b: 5, a: 4, d: 3, c: 3 };
  const names = Object.entries(sizes).flatMap(([name, n]) => Array<string>(n).fill(name));
  const groups = expertGroups([...names.keys()], (i) => names[i], 3);
  assert.deepEqual(groups.map(({ benchmarks }) => benchmarks), [["e"], ["b", "d"], ["a", "c"]]);
  assert.deepEqual(groups.map(({ rows }) => rows.length), [9, 8, 7]);
  assert.deepEqual([...groups[2].rows], [14, 15, 16, 17, 21, 22, 23]);
  assert.equal(expertGroups([...names.keys()], (i) => names[i], 9).length, 5);
});

Deno.test("OptMerge: takes in new models as its base does, by their records", async () => {
  const fitted = await fit(1), before = await qualities(fitted);
  const larger = await fitted.withModels!(profilesOf(fresh, 40)), all = await qualities(larger);
  assert.deepEqual(larger.models, [...old.models, ...fresh.models].sort());
  old.models.forEach((id, m) =>
    assert.deepEqual(column(all, larger.models.indexOf(id), 5), column(before, m, M))
  );
  assert.deepEqual(optmerge.grid, [{ lambda: 1 }, { lambda: .3 }, { lambda: .1 }]);
  assert.deepEqual([optmerge.effort, optmerge.refit, optmerge.unseen], [
    "minutes",
    "train",
    "zero-update",
  ]);
});
