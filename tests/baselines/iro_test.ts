/** IRO in one step: the policy by hand, who learns from what, and what it adds to its base. */
import assert from "node:assert/strict";
import router, { iroOver, policy, type Term, utility } from "../../baselines/iro.ts";
import { beside, fitHead, valuesOf } from "../../baselines/_value_head.ts";
import ridge from "../../baselines/ridge.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import type { FittedRouter, Router } from "../../src/router/contract.ts";
import { conform } from "../../src/router/conformance.ts";
import knn from "../../baselines/knn.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

const term = (values: number[], temperature: number): Term => ({
  values: Float64Array.from(values),
  temperature,
});

Deno.test("IRO: π by hand", () => {
  // π_0 = (½, ½), V_1 = (1, 0), β_1 = 1: (e, 1)/(e + 1). V_2 = (0, 2), β_2 = 2 takes it back.
  const rounds = [term([0, 0], 0.1), term([1, 0], 1), term([0, 2], 2)];
  const after = (n: number): number[] => [...policy(rounds.slice(0, n), 2)];
  near([after(1), after(2), after(3)], [[.5, .5], [.7310586, .2689414], [.5, .5]]);
  // A base of (.3, .1) at τ = .1 is two nats apart; huge logits do not overflow; NaN is not proposed.
  near([[...policy([term([.3, .1], .1)], 2)]], [[.8807971, .1192029]]);
  near([[...policy([term([1, 0, 1, NaN, NaN, NaN], .0001)], 2)]], [[1, 0, 1, 0, 0, 0]]);
});

Deno.test("IRO: utility orders as π does, on the scale of scores", () => {
  // ŝ = (.5, .4) at τ = .1 and V = (0, .6) at β = .2: (10 ŝ + 5 V)/15.
  const terms = [term([.5, .4], .1), term([0, .6], .2)];
  near([[...utility(terms)]], [[5 / 15, 7 / 15]]);
  const [a, b] = policy(terms, 2);
  near([[Math.log(b / a)]], [[15 * (7 - 5) / 15]]);
});

Deno.test("a value head is drawn to the cells that weigh, and blind to those that do not", async () => {
  // All queries are alike; of model 0 the failures weigh thrice, of model 1 nothing but the ones.
  const N = 640, x = matrix(N, 2), even = (i: number): boolean => i % 2 === 0;
  const fit = async (ignored: number): Promise<number[]> => {
    const rows = Array.from({ length: N }, (_, i) => [even(i) ? 1 : 0, even(i) ? 1 : ignored]);
    const weights = rows.map((_, i) => even(i) ? [1, 1] : [3, 0]);
    const head = await fitHead(
      {
        ...{ x, named: 2 },
        ...{ scores: Float64Array.from(rows.flat()), weights: Float64Array.from(weights.flat()) },
      },
      random(1),
      new AbortController().signal,
    );
    return [...await valuesOf(head, matrix(1, 2))];
  };
  const [failing, solving] = await fit(1);
  assert.ok(Math.abs(failing - .25) < .05, `${failing}`);
  assert.equal(solving, 1);
  assert.deepEqual(await fit(NaN), [failing, solving]);
});

Deno.test("beside: rows with cells, missing ones as 0", () => {
  const x = matrix(2, 1, Float32Array.of(1, 2));
  assert.deepEqual([...beside(x, Float64Array.of(3, NaN, 5, 6)).data], [1, 3, 0, 2, 5, 6]);
});

/** Two models, each solving one of the diagonals of the four quadrants: a line says nothing about it. */
function quadrants(rows: number, seed: number): { vectors: number[][]; scores: number[][] } {
  const stream = random(seed, "quadrants");
  const vectors = Array.from({ length: rows }, () => {
    const angle = 2 * Math.PI * stream.next();
    return [Math.cos(angle), Math.sin(angle)];
  });
  const scores = vectors.map(([a, b]) =>
    [a * b > 0, a * b < 0].map((good) => Number(stream.next() < (good ? .9 : .2)))
  );
  return { vectors, scores };
}
const TRAINING = quadrants(1500, 1), TEST = quadrants(400, 2);
const TRAIN = training(TRAINING.vectors, TRAINING.scores);

/** Share of test queries that go to the model that is right for them. */
async function right(fitted: FittedRouter): Promise<number> {
  const chosen = await qualities(fitted, batch(TEST.vectors));
  const good = chosen.filter(([a, b], i) => a > b === TEST.vectors[i][0] * TEST.vectors[i][1] > 0);
  return good.length / chosen.length;
}

Deno.test("IRO: value functions see what a linear base cannot; with β without end the base is left alone", async () => {
  const base = await right(await ridge.fit(TRAIN, { rho: 1 }, CONTEXT));
  assert.ok(base < .65, `ridge ${base}`);
  const improved = await router.fit(TRAIN, { beta: .1 }, CONTEXT);
  const share = await right(improved);
  assert.ok(share > .9, `IRO ${share}, ridge ${base}`);
  assert.match(improved.describe().notes![0], /^base {"rho":/);
  const timid = await router.fit(TRAIN, { beta: 1e9 }, CONTEXT), queries = batch(TEST.vectors);
  const { rho } = JSON.parse(timid.describe().notes![0].slice(5).split("}")[0] + "}");
  near(
    await qualities(timid, queries),
    await qualities(await ridge.fit(TRAIN, { rho }, CONTEXT), queries),
  );
});

/** A base that predicts what its configuration says; `calls` hears of its fits and of what it is asked. */
function told(grid: number[][], calls: { ids: string[]; asked: string[] }[] = []): Router {
  const router: Router<number[]> = {
    ...{ name: "told", summary: "-", source: "none", grid },
    fit: ({ queries, models }, config) => {
      const call = { ids: [...queries.ids], asked: [] as string[] };
      calls.push(call);
      return {
        models,
        predict: ({ ids }) => {
          call.asked.push(...ids);
          return { quality: Float64Array.from(ids.flatMap(() => config)) };
        },
        describe: () => ({ parameters: 0 }),
      };
    },
  };
  return router as Router;
}

Deno.test("IRO: disjoint slices, each with a base fitted on the others; the best configuration on what it had not seen", async () => {
  const calls: { ids: string[]; asked: string[] }[] = [];
  const over = iroOver(told([[1, 0], [0, 1]], calls));
  // m1 is better, so the second configuration is.
  const train = training(TRAINING.vectors.slice(0, 31), Array(31).fill([.2, .7]));
  const fitted = await over.fit(train, { beta: 1 }, CONTEXT);
  assert.equal(over.name, "IRO (one-step, told)");
  assert.match(fitted.describe().notes![0], /^base \[0,1\], /);
  assert.equal(fitted.withModels, undefined);
  assert.equal(over.unseen, undefined);
  assert.equal(calls.length, 2 * 3 + 1);
  const all = [...train.queries.ids].sort();
  for (const { ids, asked } of calls.slice(0, 6)) {
    assert.deepEqual([...ids, ...asked].sort(), all, "what it was asked is what it had not seen");
  }
  assert.deepEqual(calls.slice(0, 3).flatMap(({ asked }) => asked).sort(), all, "disjoint slices");
  assert.deepEqual(calls[6].ids.toSorted(), all);
  // Another β shares the base and its slices.
  await over.fit(train, { beta: .3 }, CONTEXT);
  assert.equal(calls.length, 7);
});

Deno.test("IRO: three rounds, a slice each, β growing with the root of the round", async () => {
  const calls: { ids: string[]; asked: string[] }[] = [];
  const vectors = Array(30).fill([0, 0]);
  await iroOver(told([[0, 0]], calls)).fit(training(vectors, vectors), { beta: 1 }, CONTEXT);
  const slices = calls.slice(0, 3).map(({ asked }) => new Set(asked));
  // On every slice a model always scores the same, so that V_i is just that.
  const scores = vectors.map((_, q) => slices.findIndex((slice) => slice.has(`q${q}`)))
    .map((slice) => [[.75, 0], [.5, .25], [.125, 1]][slice]);
  const over = iroOver(told([[.5, .25]])), train = training(vectors, scores);
  const made = await qualities(await over.fit(train, { beta: .5 }, CONTEXT), batch([[0, 0]]));
  const betas = [.5, .5 * Math.SQRT2, .5 * Math.sqrt(3)];
  const share = 1 / .1 + betas.reduce((sum, b) => sum + 1 / b, 0);
  near(made, [[
    (.5 / .1 + .75 / betas[0] + .5 / betas[1] + .125 / betas[2]) / share,
    (.25 / .1 + 0 + .25 / betas[1] + 1 / betas[2]) / share,
  ]]);
});

Deno.test("IRO: a round learns from what the policy before it would choose", async () => {
  // m0 is a coin, which nobody learns: half its variance is an eighth; m1 always solves.
  const stream = random(3), vectors = Array(900).fill([0, 0]);
  const train = training(vectors, vectors.map(() => [stream.integer(2), 1]));
  const fitted = await iroOver(told([[.3, .1]])).fit(train, { beta: .1 }, CONTEXT);
  const note = fitted.describe().notes!.find((line) => line.startsWith("losses"))!;
  const losses = note.split(": ")[1].split(" ").map(Number);
  // Logits (3, 1), then (3 + 5, 1 + 10), then (8 + 5/√2, 11 + 10/√2).
  const coin = (a: number, b: number): number => 1 / (1 + Math.exp(b - a)) / 8;
  const expected = [coin(3, 1), coin(8, 11), coin(8 + 5 / Math.SQRT2, 11 + 10 / Math.SQRT2)];
  expected.forEach((loss, i) =>
    assert.ok(Math.abs(losses[i] / loss - 1) < .4 || Math.abs(losses[i] - loss) < 3e-4, note)
  );
});

Deno.test("IRO: a new model joins base and value functions, the old ones stay", async () => {
  const fitted = await router.fit(TRAIN, { beta: .1 }, CONTEXT), queries = batch(TEST.vectors);
  // z solves what m0 solves, always; labelled on 300 queries.
  const some = TRAINING.vectors.slice(0, 300);
  const wider = await fitted.withModels!(
    profiles(["z"], some, some.map(([a, b]) => [Number(a * b > 0)])),
  );
  assert.deepEqual(wider.models, ["m0", "m1", "z"]);
  const [before, after] = [await qualities(fitted, queries), await qualities(wider, queries)];
  assert.deepEqual(after.map(([a, b]) => [a, b]), before);
  const share = after.filter(([, b, z], i) =>
    z > b === TEST.vectors[i][0] * TEST.vectors[i][1] > 0
  );
  assert.ok(share.length > .85 * after.length, `${share.length} of ${after.length}`);
  assert.ok(wider.describe().parameters > fitted.describe().parameters);
});

Deno.test("IRO: fewer queries than slices, and a base that does not predict, are refused", async () => {
  await assert.rejects(
    async () => await router.fit(training([[1], [2]], [[1], [0]]), { beta: 1 }, CONTEXT),
    (error: Error) => error instanceof CapabilityError && /needs 3 slices/.test(error.message),
  );
  const mixture: Router = {
    ...{ name: "mixture", summary: "-", source: "-", grid: [{}] },
    fit: ({ models }) => ({
      models,
      predict: () => ({ mixtures: [new Float64Array(2).fill(.5)] }),
      describe: () => ({ parameters: 0 }),
    }),
  };
  await assert.rejects(
    async () => await iroOver(mixture).fit(TRAIN, { beta: 1 }, CONTEXT),
    (error: Error) => error instanceof CapabilityError && /not mixtures/.test(error.message),
  );
});

Deno.test("IRO over kNN: missing outcomes, small profiles", async () => {
  const over = iroOver({ ...knn, grid: knn.grid.slice(0, 2) } as Router);
  const findings = await conform(over, { only: ["missing-outcomes", "small-profile"] });
  assert.deepEqual(findings.filter(({ status }) => status !== "pass"), []);
});
