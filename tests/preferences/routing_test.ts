/** RouterRetriever's rule between experts, and what they find, by hand. */
import assert from "node:assert/strict";
import { VerificationError } from "../../src/base/errors.ts";
import { matrix } from "../../src/linalg/mod.ts";
import { domainsOf } from "../../src/preferences/encoded.ts";
import { hitsOf } from "../../src/preferences/experts.ts";
import type { Matched } from "../../src/preferences/matching.ts";
import { pack } from "../../src/preferences/packed.ts";
import { retrievalRows } from "../../src/preferences/retrieval_rows.ts";
import { route, trainingData } from "../../src/preferences/routing.ts";
import { invented } from "./scene.ts";

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

Deno.test("rows by hand: experts that find everything at home and nothing elsewhere", () => {
  const preferences = invented(), { test } = preferences;
  const home = [...domainsOf(test.labels, preferences)].filter((domain) => domain < 3);
  const run = {
    ...{ seed: 1, rate: 1, allRate: 1, validation: [0, 1, 0] },
    experts: [0, 1, 2].map((d) => pack(home.map((own) => own === d ? 1023 : 0))),
    all: pack(home.map(() => 1023)),
    mean: pack(home.map(() => 0)),
    max: pack(home),
  };
  // kNN calls every request out of scope: then the best single expert is asked.
  const knn: Matched = {
    ...{ level: "domains", matcher: "knn", seed: 1, setting: 0, least: null },
    ...{ routes: pack(test.ids.map(() => 3)), decisions: "" },
  };
  const retrieved = { frozen: pack(home.map(() => 1)), runs: [run] };
  const rows = retrievalRows(preferences, retrieved, [knn]).map(({ id, ndcg, toSingle, home }) =>
    [id, ...[ndcg.mean, toSingle.mean, home].map((v) => v && Number(v.toFixed(4)))].join(" ")
  );
  // A hit at rank 1 alone is worth 1 / 4.54356; every domain has a third of the requests.
  assert.deepEqual(rows, [
    "frozen encoder 0.2201 -0.1132 ",
    "one head for all domains 1 0.6667 ",
    "mean expert 0.3333 0 ",
    "best single expert 0.3333 0 0.3333",
    "RouterRetriever (mean) 0.3333 0 0.3333",
    "RouterRetriever (max) 1 0.6667 1",
    "expert of the domain that kNN guesses 0.3333 0 0.3333",
    "expert of the true domain 1 0.6667 1",
    "oracle 1 0.6667 ",
  ]);
  assert.throws(
    () => retrievalRows(preferences, { ...retrieved, frozen: "AA" }, []),
    VerificationError,
  );
});
