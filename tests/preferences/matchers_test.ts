/** Matchers and their thresholds, worked out by hand in two dimensions. */
import assert from "node:assert/strict";
import { matrix, takeRows } from "../../src/linalg/mod.ts";
import { chooseThreshold, withOther } from "../../src/preferences/choose.ts";
import { type Level, MATCHERS } from "../../src/preferences/matchers.ts";

const rows = (...vectors: number[][]) =>
  matrix(vectors.length, 2, Float32Array.from(vectors.flat()));

/** Two routes, and a query that belongs to neither. */
const LEVEL: Level = {
  routes: 2,
  names: rows([1, 0], [0, 1]),
  descriptions: rows([0, 1], [1, 0]),
  queries: rows([1, 0], [.6, .8], [0, 1], [.8, .6]),
  ids: ["a", "b", "c", "d"],
  labels: Int32Array.of(0, 1, 1, 2),
};

async function matched(id: string, setting = 0): Promise<[number, number]> {
  const fits = await MATCHERS.find((matcher) => matcher.id === id)!.fit(LEVEL, 42);
  const { route, support } = await fits[setting](rows([.8, .6]));
  return [route[0], Number(support[0].toFixed(3))];
}

Deno.test("matchers by hand: names, descriptions, mean queries", async () => {
  assert.deepEqual(await matched("names"), [0, .8]);
  assert.deepEqual(await matched("descriptions"), [1, .8]);
  // The mean of b and c points to (.316, .949).
  assert.deepEqual(await matched("prototypes"), [1, .822]);
});

Deno.test("matchers by hand: kNN counts queries out of scope, examples are of routes only", async () => {
  assert.deepEqual(await matched("knn", 0), [2, 1]);
  // Of all four: .8 / 4 for the first route, (.96 + .6) / 4 for the second, 1 / 4 for neither.
  assert.deepEqual(await matched("knn", 1), [1, .39]);
  assert.deepEqual(await matched("examples", 0), [1, .96]);
});

Deno.test("matchers: logistic regression learns the routes, and that a query has none", async () => {
  const copies = Array.from({ length: 20 }).flatMap(() => [0, 1, 2, 3]);
  const labels = Int32Array.from(copies, (i) => LEVEL.labels[i]);
  const many = { ...LEVEL, queries: takeRows(LEVEL.queries, copies), labels };
  const [fitted] = await MATCHERS.find(({ id }) => id === "logistic")!.fit(many, 42);
  const { route, support } = await fitted(rows([1, 0], [0, 1], [.8, .6]));
  assert.deepEqual([...route.subarray(0, 2)], [0, 1]);
  assert.ok(support[2] < support[0] && support[2] < support[1], `${support}`);
});

Deno.test("threshold by hand: both kinds of queries count half", () => {
  const match = {
    route: Int32Array.of(0, 0, 1, 1),
    support: Float64Array.of(.9, .6, .7, .2),
  };
  const labels = [0, 2, 1, 2];
  assert.deepEqual(chooseThreshold(match, labels, 2), { least: .7, value: 1 });
  assert.deepEqual([...withOther(match, .7, 2)], [0, 2, 1, 2]);
  // With both wrong ones above the right ones no threshold helps one kind without harming the other.
  const worse = { ...match, support: Float64Array.of(.1, .6, .2, .7) };
  assert.deepEqual(chooseThreshold(worse, labels, 2), { least: -Infinity, value: .5 });
});

Deno.test("threshold: equal supports fall together", () => {
  const match = { route: Int32Array.of(0, 0), support: Float64Array.of(.5, .5) };
  assert.deepEqual(chooseThreshold(match, [0, 1], 1), { least: -Infinity, value: .5 });
});
