import assert from "node:assert/strict";
import { nearest } from "../../src/linalg/nearest.ts";
import { product } from "../../src/linalg/gemm.ts";
import { type Matrix, matrix, row, takeRows } from "../../src/linalg/matrix.ts";
import { setProductThreads } from "../../src/linalg/runtime.ts";
import { gridRows, permutation } from "./data.ts";

/** Every similarity, sorted. */
async function bySorting(
  queries: Matrix,
  store: Matrix,
  k: number,
  rank: ArrayLike<number>,
): Promise<{ index: number[]; similarity: number[] }> {
  const { data } = await product(queries, store);
  const index: number[] = [], similarity: number[] = [];
  for (let q = 0; q < queries.rows; q++) {
    const row = data.subarray(q * store.rows, (q + 1) * store.rows);
    const order = [...row.keys()].sort((i, j) => row[j] - row[i] || rank[i] - rank[j]).slice(0, k);
    index.push(...order);
    similarity.push(...order.map((i) => row[i]));
  }
  return { index, similarity };
}

Deno.test("nearest: a hand example, ties to the lower rank", async () => {
  const store = matrix(4, 2, Float32Array.of(1, 0, 0, 1, 1, 0, -1, 0));
  const query = matrix(1, 2, Float32Array.of(1, 0));
  const byRow = await nearest(query, store, 3);
  assert.deepEqual([...byRow.index], [0, 2, 1]);
  assert.deepEqual([...byRow.similarity], [1, 1, 0]);
  const byRank = await nearest(query, store, 4, Uint32Array.of(3, 2, 1, 0));
  assert.deepEqual([...byRank.index], [2, 0, 1, 3]);
  assert.deepEqual([...byRank.similarity], [1, 1, 0, -1]);
});

Deno.test("nearest equals sorting everything, for any k, ties and blocks included", async () => {
  // 260 queries against 640 rows of which a third are copies, in two blocks of the product
  const distinct = gridRows(430, 32, 5);
  const store = takeRows(distinct, Array.from({ length: 640 }, (_, i) => i % 430));
  const queries = gridRows(260, 32, 6), rank = permutation(640, 7);
  for (const k of [1, 7, 100, 640]) {
    const expected = await bySorting(queries, store, k, rank);
    const { index, similarity } = await nearest(queries, store, k, rank);
    assert.deepEqual([...index], expected.index, `k = ${k}`);
    assert.deepEqual([...similarity], expected.similarity, `k = ${k}`);
  }
});

Deno.test("nearest: whichever rows a sample of the store sees", async () => {
  const near = gridRows(1, 32, 5), far = gridRows(639, 32, 6), queries = gridRows(3, 32, 5);
  const rank = permutation(640, 7);
  for (const at of [0, 1]) { // every 16th row is near, the rows of the sample or those beside them
    const rows = matrix(640, 32);
    for (let i = 0; i < 640; i++) {
      rows.data.set(row(i % 16 === at ? near : far, i % 16 === at ? 0 : i % 639), i * 32);
    }
    for (const k of [5, 40, 60]) {
      const expected = await bySorting(queries, rows, k, rank);
      assert.deepEqual(
        [...(await nearest(queries, rows, k, rank)).index],
        expected.index,
        `${at} ${k}`,
      );
    }
  }
});

Deno.test("nearest: a store in another order has the same neighbours, threads do not matter", async () => {
  const store = takeRows(gridRows(900, 64, 8), Array.from({ length: 1200 }, (_, i) => i % 900));
  const queries = gridRows(150, 64, 9);
  const shuffle = permutation(1200, 10); // row i of the shuffled store is row shuffle[i] of the first
  const once = await nearest(queries, store, 50);
  setProductThreads(2);
  const again = await nearest(queries, takeRows(store, shuffle), 50, shuffle);
  setProductThreads(1);
  assert.deepEqual(again.index.map((i) => shuffle[i]), once.index);
  assert.deepEqual(again.similarity, once.similarity);
});

Deno.test("nearest: vectors of any length and sign", async () => {
  const scaled = (m: Matrix, by: number): Matrix =>
    matrix(m.rows, m.width, m.data.map((v) => v * by));
  const store = scaled(gridRows(300, 16, 11), -64), queries = scaled(gridRows(20, 16, 12), 8);
  const rank = permutation(300, 1);
  const expected = await bySorting(queries, store, 25, rank);
  assert.deepEqual([...(await nearest(queries, store, 25, rank)).index], expected.index);
});

Deno.test("nearest: zero vectors tie with everything, k is cut to the store", async () => {
  const found = await nearest(matrix(1, 4), gridRows(3, 4, 1), 10);
  assert.equal(found.k, 3);
  assert.deepEqual([...found.index], [0, 1, 2]);
  assert.equal((await nearest(gridRows(2, 4, 1), matrix(0, 4), 5)).k, 0);
});

Deno.test("nearest refuses what it cannot order", async () => {
  const broken = matrix(2, 2, Float32Array.of(1, 0, NaN, 0));
  await assert.rejects(nearest(broken, gridRows(5, 2, 1), 2), /query row 1: a vector with NaN/);
  await assert.rejects(nearest(gridRows(5, 2, 1), broken, 1), /store row 1: a vector with NaN/);
  await assert.rejects(nearest(broken, broken, -1), /neighbours: expected/);
  await assert.rejects(nearest(broken, matrix(2 ** 21 + 1, 0), 1), /2097153 rows/);
});
