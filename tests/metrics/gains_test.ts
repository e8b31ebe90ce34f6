import assert from "node:assert/strict";
import { earned, uniformMixture } from "../../src/metrics/earned.ts";
import { gapClosed, gapToOracle, relativeGain, shareOfGapClosed } from "../../src/metrics/gains.ts";
import { oracle } from "../../src/metrics/oracle.ts";
import { F1, F1_CHOICE, F1_PER_DATASET, L, near } from "./fixtures.ts";

const router = earned(F1, F1_CHOICE).score;
const random = earned(F1, uniformMixture(3)).score;
const single = earned(F1, new Uint16Array(8).fill(L)).score;
const best = oracle(F1).score;

Deno.test("F1: gains over random and over best single, three conventions", () => {
  const r = relativeGain(router, random, F1);
  near(r.sampleMeans, 0.63636, 5);
  near(r.datasetMeans, 0.53846, 5);
  near(r.datasetRatios, 0.4375, 5);
  const b = relativeGain(router, single, F1);
  near(b.sampleMeans, 0.2, 5);
  near(b.datasetMeans, 0.05263, 5);
  near(b.datasetRatios, 0.08333, 5);
  assert.deepEqual(b.skipped, []);
});

Deno.test("F1: gap to the oracle, three conventions", () => {
  const gap = gapToOracle(router, best, F1);
  near(gap.sampleMeans, 0.142857);
  near(gap.datasetMeans, 0.2);
  near(gap.datasetRatios, 0.25);
});

Deno.test("F1: share of the gap closed by the router and by best per dataset", () => {
  const own = shareOfGapClosed(router, single, best, F1);
  near(own.sample, 0.5);
  near(own.dataset, 0.16667, 5);
  const labels = shareOfGapClosed(earned(F1, F1_PER_DATASET).score, single, best, F1);
  near(labels.sample, 0.5);
  near(labels.dataset, 0.5);
});

Deno.test("a gap below .005 has no share", () => {
  assert.equal(gapClosed(0.7, 0.7, 0.7049), null);
  near(gapClosed(0.7025, 0.7, 0.705), 0.5);
  near(gapClosed(0.6, 0.7, 0.8), -1);
  assert.deepEqual(shareOfGapClosed(single, single, single, F1), { sample: null, dataset: null });
});

Deno.test("datasets whose reference is below .01 are skipped and named", () => {
  const labels = { dataset: Uint16Array.of(0, 0, 1, 1), datasets: 3 };
  const reference = Float64Array.of(0.5, 0.5, 0, 0.019);
  const gain = relativeGain(Float64Array.of(1, 1, 1, 1), reference, labels);
  assert.deepEqual(gain.skipped, [1]);
  near(gain.datasetRatios, 1);
  near(gain.sampleMeans, 4 / 1.019 - 1);
  const none = relativeGain(Float64Array.of(1, 1, 1, 1), new Float64Array(4), labels);
  assert.deepEqual(none, {
    sampleMeans: null,
    datasetMeans: null,
    datasetRatios: null,
    skipped: [0, 1],
  });
});
