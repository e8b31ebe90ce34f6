/** RTD and OptMerge over ICL-Router on a tiny language model. */
import assert from "node:assert/strict";
import { fusedRouter } from "../../../src/icl/lm/fused_router.ts";
import { random } from "../../../src/base/random.ts";
import { plattProbabilities } from "../../../src/icl/calibration.ts";
import { normOf } from "../../../src/icl/variants/optmerge.ts";
import { mergeLanguageModel } from "../../../src/icl/variants/merged_bases.ts";
import { mergeRouter } from "../../../src/icl/variants/merged_experts.ts";
import { frozenLanguageModel } from "../../../src/icl/variants/rtd_bases.ts";
import { type RtdConfig, rtdRouter } from "../../../src/icl/variants/rtd_router.ts";
import type { FitContext, FittedRouter, QueryBatch } from "../../../src/router/contract.ts";
import { withMethod } from "../lm/tiny_fused.ts";
import { context, fresh, old, profilesOf, queries, training } from "../tiny_router.ts";

const TEXTS = { name: "tiny", summary: "" };
const M = old.models.length;
const CONFIG: RtdConfig = { k: 16, temperature: 1, heads: 3, mix: 1 };

async function qualities(
  fitted: FittedRouter,
  batch: QueryBatch = queries(),
): Promise<Float64Array> {
  const made = await fitted.predict(batch);
  assert.ok("quality" in made);
  return made.quality;
}

const near = (a: Float64Array, b: Float64Array, by: number): void =>
  a.forEach((value, at) => assert.ok(Math.abs(value - b[at]) < by, `${at}: ${value}, ${b[at]}`));

Deno.test("RTD on a language model: with λ = 0 its own head, with ½ the mean of that and the store", async () => {
  await withMethod(async (method) => {
    const train = training(old), source = frozenLanguageModel(method, 3);
    const router = rtdRouter(TEXTS, source);
    const fit = async (changes: Partial<RtdConfig>): Promise<Float64Array> =>
      await qualities(await router.fit(train, { ...CONFIG, ...changes }, context()));
    const [p, mixed, r] = [await fit({ mix: 0 }), await fit({ mix: 0.5 }), await fit({})];
    mixed.forEach((value, at) => assert.ok(Math.abs(value - (p[at] + r[at]) / 2) < 1e-12));
    assert.notDeepEqual(r, p);
    assert.ok(r.every((value) => value >= 0 && value <= 1));
    const frozen = await source.freeze(train, context());
    const own = await frozen.reader.answer(queries().vectors, frozen.records.flat());
    const prior = await frozen.prior!(queries().vectors), many = frozen.records[0].length;
    assert.equal(many, 2);
    const logits = prior.map((from, at) => from + (own[2 * at] + own[2 * at + 1]) / 2);
    near(p, plattProbabilities(frozen.platt, logits), 1e-5);
  });
});

Deno.test("RTD on a language model: stores hold training rows that stand in no record", async () => {
  await withMethod(async (method) => {
    const train = training(old), source = frozenLanguageModel(method, 3);
    const fitted = await rtdRouter(TEXTS, source).fit(train, CONFIG, context());
    const { recorded, rows, validation, reader } = await source.freeze(train, context());
    for (const own of recorded) {
      assert.equal(own.size, 32); // two records of 16
      assert.ok([...own].every((i) => i < rows.training));
    }
    const stored = rows.training - 32;
    assert.equal(validation.length, rows.ids.length - rows.training);
    assert.match(
      fitted.describe().notes!.join("\n"),
      new RegExp(`stores of ${stored} to ${stored} states`),
    );
    assert.equal(
      fitted.describe().parameters,
      reader.network.parameters.count + M * stored * (reader.network.width + 1),
    );
    assert.equal(fitted.withModels, undefined);
  });
});

Deno.test("OptMerge on a language model: with λ = 0 it is its base, experts train adapters alone", async () => {
  await withMethod(async (method) => {
    const train = training(old), source = mergeLanguageModel(method);
    const fit = async (lambda: number, steps?: number, changes: Partial<FitContext> = {}) =>
      await mergeRouter(TEXTS, source, steps).fit(train, { lambda }, context(changes));
    const base = await fusedRouter("tiny", "a test", method).fit(train, method, context());
    assert.deepEqual(await qualities(await fit(0)), await qualities(base));
    const merged = await fit(1), quality = await qualities(merged);
    assert.notDeepEqual(quality, await qualities(base));
    assert.notDeepEqual(await qualities(await fit(1, 0)), quality, "the average is another");
    const notes = merged.describe().notes!.join("\n");
    assert.match(
      notes,
      /3 experts of 1 steps, ‖τ‖\/‖θ_0‖: algebra 0\.\d+; biology 0\.\d+; coding 0/,
    );
    assert.match(notes, /merged: ‖M‖\/‖θ_0‖ 0\.\d+, λ = 1/);
    const { matrices, expert, rows } = await source.train(train, context());
    assert.equal(matrices.size, 2 * 4, "queries, keys, values and output of two blocks");
    const learned = await expert(Uint32Array.from({ length: 30 }, (_, i) => i), {
      ...{ steps: 2, rate: 0.3, random: random(1) },
      watch: { signal: context().signal, progress: () => {} },
    });
    assert.deepEqual([...learned.keys()], [...matrices.keys()]);
    for (const [name, tau] of learned) {
      assert.ok("rank" in tau && tau.rank === 2 * method.rank, name);
      assert.ok(normOf(tau, matrices.get(name)!.shape[0]) > 0, name);
    }
    assert.deepEqual(await qualities(await fit(0)), await qualities(base), "the base is as it was");
    assert.ok(rows.training < rows.ids.length);
  });
});

Deno.test("OptMerge on a language model: while λ is chosen, validation rows are no labelled queries", async () => {
  await withMethod(async (method) => {
    const train = training(old), router = mergeRouter(TEXTS, mergeLanguageModel(method));
    const [tuned, final] = [
      await router.fit(train, { lambda: 1 }, context({ stage: "tune" })),
      await router.fit(train, { lambda: 1 }, context({ stage: "final" })),
    ];
    assert.notDeepEqual(await qualities(tuned), await qualities(final));
    const larger = await final.withModels!(profilesOf(fresh, 40));
    assert.deepEqual(larger.models, [...old.models, ...fresh.models].sort());
  });
});
