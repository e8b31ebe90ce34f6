/** Logistic regression: closed cases, optimality, degenerate columns. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { logisticDescent, logisticFit, logisticPredict } from "../../src/linalg/logistic.ts";
import { matrix } from "../../src/linalg/matrix.ts";

const near = (a: number, b: number, tolerance = 1e-5): void =>
  assert.ok(Math.abs(a - b) < tolerance, `${a}, expected ${b}`);
const logit = (p: number): number => Math.log(p / (1 - p));

/** Noisy outcomes of two models on 200 inputs of width 5. */
function noisy(): { x: ReturnType<typeof matrix>; scores: Float64Array } {
  const stream = random(3, "logistic"), x = matrix(200, 5);
  for (let i = 0; i < x.data.length; i++) x.data[i] = stream.normal();
  const scores = Float64Array.from({ length: 400 }, (_, at) => {
    const i = at >> 1, own = x.data[i * 5 + at % 2];
    return stream.next() < 1 / (1 + Math.exp(-2 * own)) ? 1 : 0;
  });
  return { x, scores };
}

/** ∇ of Σ loss + ρ/2 |w − prior|², by hand. */
function gradient(
  x: ReturnType<typeof matrix>,
  scores: Float64Array,
  weights: Float64Array,
  penalty: number,
  prior: ArrayLike<number>,
  offset: number,
): number[] {
  const M = scores.length / x.rows, out = Array.from(weights, () => 0);
  scores.forEach((score, at) => {
    if (Number.isNaN(score)) return;
    const i = Math.floor(at / M), m = at % M;
    let z = weights[x.width * M + m] + offset;
    for (let d = 0; d < x.width; d++) z += x.data[i * x.width + d] * weights[d * M + m];
    const r = 1 / (1 + Math.exp(-z)) - score;
    for (let d = 0; d < x.width; d++) out[d * M + m] += r * x.data[i * x.width + d];
    out[x.width * M + m] += r;
  });
  for (let d = 0; d < x.width; d++) {
    for (let m = 0; m < M; m++) out[d * M + m] += penalty * (weights[d * M + m] - prior[d]);
  }
  return out;
}

Deno.test("without information the bias is the base rate's logit, soft labels included", async () => {
  const weights = await logisticFit(
    matrix(4, 1),
    Float64Array.of(1, .5, 0, .5, 1, .25, 1, NaN),
    { penalty: 1 },
  );
  near(weights[0], 0);
  near(weights[1], 0);
  near(weights[2], logit(3 / 4));
  near(weights[3], logit(1.25 / 3));
});

Deno.test("one input by hand: two points at ±1 with labels 1 and 0", async () => {
  // By symmetry b = 0, and w solves ρ w = 2 (1 − σ(w)); for ρ = 1 that is .6748, by bisection.
  const [w, b] = await logisticFit(
    matrix(2, 1, Float32Array.of(1, -1)),
    Float64Array.of(1, 0),
    { penalty: 1 },
  );
  near(w, 2 * (1 - 1 / (1 + Math.exp(-w))));
  near(w, 0.6748, 1e-3);
  near(b, 0);
});

Deno.test("the gradient vanishes, with missing labels, a prior and offsets", async () => {
  const { x, scores } = noisy();
  for (let i = 0; i < 120; i++) scores[i * 2] = NaN;
  const prior = Float64Array.of(1, -1, 0, .5, 0);
  const offsets = new Float64Array(scores.length).fill(.7);
  const weights = await logisticFit(x, scores, { penalty: 2, prior, offsets });
  for (const value of gradient(x, scores, weights, 2, prior, .7)) near(value, 0, 1e-2);
  const free = await logisticFit(x, scores, { penalty: 2 });
  assert.ok(gradient(x, scores, free, 2, prior, .7).some((value) => Math.abs(value) > 1));
});

Deno.test("a descent is what each penalty gives alone, gaps included, and no further than it is asked for", async () => {
  const { x, scores } = noisy();
  for (let i = 0; i < 150; i++) scores[i * 2] = NaN; // a column with few rows is fitted on its own
  const penalties = [10, 1, .01],
    path = await Array.fromAsync(logisticDescent(x, scores, penalties));
  for (const [p, penalty] of penalties.entries()) {
    const alone = await logisticFit(x, scores, { penalty });
    path[p].forEach((value, at) => near(value, alone[at], 1e-4));
  }
  assert.ok(Math.abs(path[2][0]) > 2 * Math.abs(path[0][0]));
  const { value: first } = await logisticDescent(x, scores, penalties).next();
  assert.deepEqual(first, path[0]);
  await assert.rejects(logisticDescent(x, scores, [1, 2]).next(), /falling ones, got 1,2/);
});

Deno.test("fewer rows than inputs: the same optimum, also with rows twice and a prior", async () => {
  const stream = random(4, "wide"), x = matrix(6, 9);
  for (let i = 0; i < 27; i++) x.data[i] = x.data[27 + i] = stream.normal();
  const scores = Float64Array.of(1, 0, 1, 0, 0, 1), prior = new Float64Array(9).fill(.3);
  const weights = await logisticFit(x, scores, { penalty: .5, prior });
  for (const value of gradient(x, scores, weights, .5, prior, 0)) near(value, 0, 1e-4);
});

Deno.test("a strong penalty leaves the prior, or nothing", async () => {
  const { x, scores } = noisy();
  const prior = Float64Array.of(1, 2, 3, 4, 5);
  const weights = await logisticFit(x, scores, { penalty: 1e8, prior });
  for (let d = 0; d < 5; d++) near(weights[d * 2], prior[d], 1e-3);
});

Deno.test("without a bias there is none, and weights take its place", async () => {
  const x = matrix(3, 1, Float32Array.of(1, 1, 1));
  const [w, b] = await logisticFit(x, Float64Array.of(1, 1, 0), { penalty: 1e-6, bias: false });
  assert.equal(b, 0);
  near(w, logit(2 / 3), 1e-3);
});

Deno.test("columns alike, empty or all missing: finite, or NaN where there is nothing", async () => {
  const x = matrix(4, 2, Float32Array.of(1, 0, 0, 1, 1, 1, 0, 0));
  const rows = [[1, 0, NaN], [1, 0, NaN], [1, 0, NaN], [1, 0, NaN]];
  const weights = await logisticFit(x, Float64Array.from(rows.flat()), { penalty: 1 });
  const [yes, no] = await logisticPredict(matrix(1, 2), weights);
  near(yes, 4.5 / 5, 1e-3);
  near(no, .5 / 5, 1e-3);
  assert.ok([2, 5, 8].every((at) => Number.isNaN(weights[at])));
  assert.equal((await logisticFit(matrix(0, 2), new Float64Array(), { penalty: 1 })).length, 0);
});

Deno.test("sizes that do not fit are refused", async () => {
  const x = matrix(2, 3), scores = Float64Array.of(0, 1);
  await assert.rejects(logisticFit(x, Float64Array.of(1, 0, 1), { penalty: 1 }), RangeError);
  await assert.rejects(logisticFit(x, scores, { penalty: 0 }), RangeError);
  const prior = new Float64Array(2), offsets = new Float64Array(3);
  await assert.rejects(logisticFit(x, scores, { penalty: 1, prior }), RangeError);
  await assert.rejects(logisticFit(x, scores, { penalty: 1, offsets }), RangeError);
});
