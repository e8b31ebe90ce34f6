/** RouterRetriever's rule between experts, and what they find, by hand. */
import assert from "node:assert/strict";
import { matrix } from "../../src/linalg/mod.ts";
import { hitsOf } from "../../src/preferences/experts.ts";
import { route, trainingData } from "../../src/preferences/routing.ts";

const rows = (...vectors: number[][]) =>
  matrix(vectors.length, 2, Float32Array.from(vectors.flat()));

Deno.test("routing by hand: a pilot a domain and expert, the closest on average or the closest of all", async () => {
  // Domain a: expert 0 is best at (1, 0), expert 1 at (.6, .8). Domain b: expert 0 is best at (0, 1); at the
  // last query both do as well, so it says nothing.
  const part = { ids: ["1", "2", "3", "4"], vectors: rows([1, 0], [.6, .8], [0, 1], [-1, 0]) };
  const scores = Float64Array.of(.9, .1, .2, .8, .7, .3, .5, .5);
  const taught = trainingData(part, ["a", "a", "b", "b"], ["x", "y"], scores);
  const test = { ids: ["t", "u"], vectors: rows([0, 1], [.8, .6]) };
  // t: x has 0 and 1, mean .5, y has .8. u: x has .8 and .6, mean .7, y has .96.
  assert.deepEqual([...await route("mean", taught, test, 42)], [1, 1]);
  assert.deepEqual([...await route("max", taught, test, 42)], [0, 1]);
});

Deno.test("routing: an expert that is best nowhere is never asked", async () => {
  const part = { ids: ["1"], vectors: rows([1, 0]) };
  const taught = trainingData(part, ["a"], ["x", "y"], Float64Array.of(0, 1));
  const test = { ids: ["t"], vectors: rows([-1, 0]) };
  assert.deepEqual([...await route("mean", taught, test, 42)], [1]);
});

Deno.test("hits by hand: bits by rank; a document does not find itself", async () => {
  const corpus = { vectors: rows([1, 0], [.8, .6], [0, 1]), labels: Int32Array.of(7, 8, 7) };
  const queries = { vectors: rows([1, 0]), labels: Int32Array.of(7) };
  assert.deepEqual([...await hitsOf(queries, corpus)], [0b101]);
  assert.deepEqual([...await hitsOf(queries, corpus, [0])], [0b10]);
});
