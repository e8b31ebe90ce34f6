/** Arithmetic on training data, on tables of a few cells. */
import assert from "node:assert/strict";
import { EXACT_UP_TO, withSizeNotes } from "../../src/router/size_notes.ts";
import * as shared from "../../src/router/training.ts";
import { random } from "../../src/base/random.ts";
import { batch, cells, near, tenfold, training } from "./hand.ts";

Deno.test("columnMeans skips missing cells; an empty column has no mean", () => {
  const table = cells([[1, undefined, 4], [2, undefined, undefined], [6, undefined, 2]]);
  assert.deepEqual([...shared.columnMeans(table, 3)], [3, NaN, 3]);
  assert.deepEqual([...shared.columnMeans(table, 3, [1, 2])], [4, NaN, 2]);
  assert.deepEqual([...shared.columnMeans(table, 3, new Set([0, 1]).values())], [1.5, NaN, 4]);
  assert.deepEqual([...shared.columnMeans(table, 3, [])], [NaN, NaN, NaN]);
  assert.deepEqual([...shared.columnMeans(new Float64Array(), 2)], [NaN, NaN]);
});

Deno.test("clusterMeans: mean and support of every cluster and model", () => {
  const table = cells([[1, .5], [0, undefined], [.2, .4], [.6, undefined]]);
  const { mean, count } = shared.clusterMeans(table, 2, [0, 0, 2, 2], 3);
  near([[...mean]], [[.5, .5, NaN, NaN, .4, .4]]);
  assert.deepEqual([...count], [2, 1, 0, 0, 2, 1]);
});

Deno.test("fillMissing puts a model's overall value where a cluster has none", () => {
  const filled = shared.fillMissing(
    cells([[.1, undefined], [undefined, .4]]),
    Float64Array.of(.7, .8),
  );
  assert.deepEqual([...filled], [.1, .8, .7, .4]);
});

Deno.test("idRank: positions in ascending order of ids, worked out once", () => {
  const queries = batch([[0], [0], [0], [0]], { ids: ["c", "a", "B", "b"] });
  assert.deepEqual([...shared.idRank(queries)], [3, 1, 0, 2]);
  assert.equal(shared.idRank(queries), shared.idRank(queries));
});

Deno.test("clusters: once per number and seed; the order of rows does not matter", async () => {
  const points = tenfold([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]]);
  const queries = batch(points, { ids: points.map((_, i) => `q${i + 10}`) });
  const two = await shared.clusters(queries, 2, 7);
  const [a, b] = [two.assignment[0], two.assignment[20]];
  assert.notEqual(a, b);
  assert.deepEqual([...two.assignment], [...Array(20).fill(a), ...Array(30).fill(b)]);
  assert.equal(two.inertia, 0);
  assert.equal(await shared.clusters(queries, 2, 7), two);
  assert.notEqual(await shared.clusters(queries, 2, 8), two);
  assert.notEqual(await shared.clusters(queries, 1, 7), two);
  const turned = batch(points.toReversed(), { ids: queries.ids.toReversed() });
  const again = await shared.clusters(turned, 2, 7);
  assert.deepEqual([...again.assignment], [...two.assignment].reverse());
});

Deno.test("clusters: at most one for ten queries, and always one", async () => {
  const line = Array.from({ length: 39 }, (_, i) => [Math.cos(i / 30), Math.sin(i / 30)]);
  const queries = batch(line);
  const many = await shared.clusters(queries, 300, 7);
  assert.equal(many.centroids.rows, 3);
  assert.equal(await shared.clusters(queries, 3, 7), many);
  assert.equal((await shared.clusters(batch(line.slice(0, 5)), 4, 7)).centroids.rows, 1);
});

Deno.test("clusters: of a large pool a share makes them, whatever the order of rows, and a note says so", async () => {
  const n = EXACT_UP_TO + 2, ids = Array.from({ length: n }, (_, i) => `q${1e6 + i}`);
  const points = ids.map((_, i) => i % 3 === 0 ? [1, 0] : [0, 1]);
  const [found, notes] = await withSizeNotes(() => shared.clusters(batch(points, { ids }), 2, 7));
  const note = `at this size clusters are made of ${EXACT_UP_TO} of ${n} queries`;
  assert.deepEqual(notes, [note]);
  assert.equal(found.sizes.reduce((a, b) => a + b), n, "every query has its cluster");
  assert.equal(found.inertia, 0);
  const turned = batch(points.toReversed(), { ids: ids.toReversed() });
  const again = await shared.clusters(turned, 2, 7);
  assert.deepEqual(again.assignment.toReversed(), found.assignment);
});

Deno.test("storedCells counts known outcomes", () => {
  assert.equal(shared.storedCells(training([[1], [1]], [[1, undefined], [0, .5]])), 3);
});

Deno.test("labelledExamples: rows with a label by id; missing cells weigh nothing", () => {
  const train = training([[1, 0], [0, 1], [2, 0]], [[1, undefined], [undefined, undefined], [
    0,
    0.5,
  ]], {
    ids: ["c", "b", "a"],
  });
  const { examples, labels, weights } = shared.labelledExamples(train);
  assert.deepEqual([...examples], [2, 0]);
  assert.deepEqual([...labels], [1, 0, 0, 0, 0, 0.5]);
  assert.deepEqual([...weights], [1, 0, 0, 0, 1, 1]);
});

Deno.test("modelVectors: a model's vector depends on its id, not on its place", () => {
  const one = shared.modelVectors(["a", "b"], 3, 2, random(1));
  const other = shared.modelVectors(["b", "c", "a"], 3, 2, random(1));
  assert.deepEqual(one.subarray(0, 3), other.subarray(6));
  assert.deepEqual(one.subarray(3), other.subarray(0, 3));
  assert.notDeepEqual(one.subarray(0, 3), one.subarray(3));
});

Deno.test("oncePerBatch: the same vectors are asked for once, others for themselves", async () => {
  const asked: number[] = [];
  const rows = shared.oncePerBatch((queries) => {
    asked.push(queries.vectors.rows);
    return Promise.resolve(queries.vectors.rows);
  });
  const one = training([[1], [2]], [[1], [0]]).queries, other = training([[3]], [[1]]).queries;
  assert.deepEqual([await rows(one), await rows(one), await rows(other)], [2, 2, 1]);
  assert.deepEqual(asked, [2, 1]);
});

Deno.test("onceFor: made once for an object and a key, and again after a failure", async () => {
  const scores = new Float64Array(1), known = shared.onceFor<Promise<number>>();
  let made = 0;
  const make = (): Promise<number> => ++made === 1 ? Promise.reject("torn") : Promise.resolve(made);
  await assert.rejects(known(scores, make), (reason) => reason === "torn");
  assert.deepEqual([await known(scores, make), await known(scores, make)], [2, 2]);
  assert.deepEqual([await known(scores, make, 1), await known(scores.slice(), make)], [3, 4]);
});
