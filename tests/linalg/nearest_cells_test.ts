import assert from "node:assert/strict";
import { nearest } from "../../src/linalg/nearest.ts";
import { cutIntoCells, nearestInCells } from "../../src/linalg/nearest_cells.ts";
import { type Matrix, matrix, normaliseToGrid, row, takeRows } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";
import { permutation } from "./data.ts";

const WIDTH = 24;

/** Rows around `topics` centres, which are the same for every seed. */
function topical(rows: number, topics: number, seed: number): Matrix {
  const centres = random(1, "centres"), draw = random(seed, "rows"), out = matrix(rows, WIDTH);
  const centre = Float64Array.from({ length: topics * WIDTH }, () => centres.normal());
  for (let i = 0; i < rows; i++) {
    const topic = draw.integer(topics);
    for (let j = 0; j < WIDTH; j++) {
      out.data[i * WIDTH + j] = centre[topic * WIDTH + j] + 0.5 * draw.normal();
    }
  }
  return normaliseToGrid(out);
}

const rankOf = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => i);

Deno.test("nearest in cells: of a store in cells of points, the exact neighbours from one cell", async () => {
  // 64 places with 1,100 rows each: whoever looks into one cell at least has met all of a place.
  const places = topical(64, 64, 5), n = 64 * 1100;
  const store = takeRows(places, Array.from({ length: n }, (_, i) => i % 64));
  const cells = await cutIntoCells(store, rankOf(n));
  assert.ok(cells.centroids.rows <= 64, "no more cells than places");
  assert.deepEqual([cells.probes, cells.recall], [1, 1]);
  const found = await nearestInCells(places, cells, 40), exact = await nearest(places, store, 40);
  assert.deepEqual(found.index, exact.index, "ties go to the lower rank here too");
  assert.deepEqual(found.similarity, exact.similarity);
  assert.equal(found.measuredOn, 0, "64 queries are few");
});

Deno.test("nearest in cells: what is found is what the cells hold, and the recall says so", async () => {
  const store = topical(12_000, 30, 6), queries = topical(600, 30, 7);
  const cells = await cutIntoCells(store, rankOf(store.rows));
  assert.ok(cells.probes < cells.centroids.rows / 2, `${cells.probes} cells`);
  assert.ok(cells.recall > 0.9, `${cells.recall}`);
  const found = await nearestInCells(queries, cells, 50), exact = await nearest(queries, store, 50);
  let hits = 0;
  for (let q = 0; q < queries.rows; q++) {
    const truth = new Set(exact.index.subarray(q * 50, (q + 1) * 50));
    for (let i = q * 50; i < (q + 1) * 50; i++) {
      hits += Number(truth.has(found.index[i]));
      const [a, b] = [row(queries, q), row(store, found.index[i])];
      assert.equal(a.reduce((sum, value, j) => sum + value * b[j], 0), found.similarity[i]);
    }
  }
  assert.equal(found.measuredOn, 256);
  assert.ok(Math.abs(hits / exact.index.length - found.recall) < 0.02, "on the sample as on all");
  const all = await nearestInCells(queries, { ...cells, probes: cells.centroids.rows }, 50);
  assert.deepEqual(all.index, exact.index, "with all cells it is the exact search");
  assert.equal(all.recall, 1);
});

Deno.test("nearest in cells: neither row order, batch nor k is to be seen in the neighbours", async () => {
  const store = topical(9_000, 30, 8), queries = topical(300, 30, 9);
  const once = await nearestInCells(queries, await cutIntoCells(store, rankOf(9_000)), 60);
  const shuffle = permutation(9_000, 10); // row i of the shuffled store is row shuffle[i] of the first
  const cells = await cutIntoCells(takeRows(store, shuffle), shuffle);
  const again = await nearestInCells(queries, cells, 60);
  assert.deepEqual(again.index.map((i) => shuffle[i]), once.index);
  const alone = await nearestInCells(takeRows(queries, [123]), cells, 7);
  assert.deepEqual(alone.index, again.index.slice(123 * 60, 123 * 60 + 7));
});
