/** UniRoute (LearnedMap): its loss by hand, what the learned map adds to hard clusters, new models. */
import assert from "node:assert/strict";
import router, { logLoss } from "../../baselines/uniroute_learned.ts";
import hard from "../../baselines/uniroute.ts";
import type { FittedRouter } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { Graph } from "../../src/nn/graph.ts";
import { Program } from "../../src/nn/program.ts";
import { batch, CONTEXT, near, profiles, qualities, tenfold, training } from "../router/hand.ts";

Deno.test("UniRoute (LearnedMap): log loss of soft labels, missing ones left out of the mean", async () => {
  const graph = new Graph(), shape = [2, 2];
  const [p, labels, weights] = ["p", "labels", "weights"].map((n) => graph.input(n, shape));
  graph.output("loss", logLoss(p, labels, weights));
  const { loss } = await (await Program.compile(graph)).run({
    p: Float32Array.of(.8, .25, .5, .9),
    labels: Float32Array.of(1, 0, .5, 0),
    weights: Float32Array.of(1, 1, 1, 0),
  });
  // −ln .8, −ln .75 and −ln .5 over three known cells; the last would be −ln .1.
  assert.ok(Math.abs(loss[0] - (-Math.log(.8) - Math.log(.75) - Math.log(.5)) / 3) < 1e-6);
});

Deno.test("UniRoute (LearnedMap): with one cluster there is nothing to learn", async () => {
  const train = training(tenfold([[1, 0], [0, 1]]), tenfold([[1, 0], [.5, undefined]]));
  const fitted = await router.fit(train, { clusters: 1 }, CONTEXT);
  near(await qualities(fitted, batch([[.8, .6], [.6, .8]])), [[.75, 0], [.75, 0]]);
  assert.deepEqual(fitted.describe(), { parameters: 3 + 2, notes: ["1 clusters"] });
});

/** Along a quarter of a circle; m0 is right up to t = .3, m1 beyond, m2 in half of all cases. */
const point = (t: number): number[] => [Math.cos(t * Math.PI / 2), Math.sin(t * Math.PI / 2)];
const T = Array.from({ length: 400 }, (_, i) => (i + .5) / 400);
const ARC = training(T.map(point), T.map((t, i) => [Number(t < .3), Number(t > .3), i % 2]));

async function shareRight(fitted: FittedRouter): Promise<number> {
  const at = Array.from({ length: 200 }, (_, i) => (i + .25) / 200);
  const predicted = await qualities(fitted, batch(at.map(point)));
  const right = predicted.filter((row, i) =>
    row.indexOf(Math.max(...row)) === (at[i] < .3 ? 0 : 1)
  );
  return right.length / at.length;
}

Deno.test("UniRoute (LearnedMap): moves the border between two clusters to where the models change", async () => {
  // The clusters part at t = .5, so between .3 and .5 their means send queries to the wrong model.
  const before = await shareRight(await hard.fit(ARC, { clusters: 2 }, CONTEXT));
  const after = await shareRight(await router.fit(ARC, { clusters: 2 }, CONTEXT));
  assert.ok(before < .85, `${before}`); // best single .7
  assert.ok(after > .95, `${after}`);
});

Deno.test("UniRoute (LearnedMap): finds specialists among noise", async () => {
  const draw = random(5, "pool"), skills = [[.9, .2, .55], [.2, .9, .55], [.55, .55, .55]];
  const vector = (topic: number): number[] =>
    Array.from({ length: 10 }, (_, d) => Number(d === topic) + .3 * draw.normal());
  const topics = Array.from({ length: 600 }, (_, i) => i % 3);
  const train = training(
    topics.map(vector),
    topics.map((t) => skills[t].map((p) => Number(draw.next() < p))),
  );
  const fitted = await router.fit(train, { clusters: 10 }, CONTEXT);
  const predicted = await qualities(fitted, batch(topics.map(vector)));
  const reached = predicted.map((row, i) => skills[topics[i]][row.indexOf(Math.max(...row))])
    .reduce((a, b) => a + b) / topics.length;
  assert.ok(reached > .72, `${reached}; best single .55, optimum .783`);
});

Deno.test("UniRoute (LearnedMap): a new model is its mean scores per hard cluster, mixed by the old map", async () => {
  const fitted = await router.fit(ARC, { clusters: 2 }, CONTEXT);
  // Known on both sides of the clusters' border: .2 on the one, .8 on the other; "b" on no query.
  const newcomers = profiles(
    ["a", "b"],
    [.1, .2, .7, .9].map(point),
    [[.1, undefined], [.3, undefined], [.7, undefined], [.9, undefined]],
  );
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "b", "m0", "m1", "m2"]);
  const queries = batch([.05, .35, .95].map(point));
  const old = await qualities(fitted, queries), now = await qualities(extended, queries);
  // m0 scores about .6 and 0 in the clusters, so its prediction tells Φ.
  const means = await hard.fit(ARC, { clusters: 2 }, CONTEXT);
  const [[first], [second]] = await qualities(means, batch([.05, .95].map(point)));
  assert.ok(Math.abs(first - .6) < .01 && second === 0);
  old.forEach(([m0, ...rest], i) => {
    const phi = m0 / first;
    const [a, b, ...kept] = now[i];
    assert.ok(Math.abs(a - (.2 * phi + .8 * (1 - phi))) < 1e-6, `${a}`);
    assert.ok(Number.isNaN(b));
    assert.deepEqual(kept, [m0, ...rest]);
  });
  // At t = .35, inside the first cluster, where K-means would say .2.
  assert.ok(now[0][0] < .21 && now[1][0] > .3 && now[2][0] > .79);
});
