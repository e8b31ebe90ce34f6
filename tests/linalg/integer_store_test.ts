/** Inner products in 16-bit integers: exact, or refused. */
import assert from "node:assert/strict";
import { product } from "../../src/linalg/gemm.ts";
import { integerProducts, rowProducts, storeProducts } from "../../src/linalg/integer_store.ts";
import { type Matrix, matrix, takeRows } from "../../src/linalg/matrix.ts";
import { nearest } from "../../src/linalg/nearest.ts";
import { random } from "../../src/base/random.ts";
import { exactProduct, gridRows, permutation } from "./data.ts";

Deno.test("integer products are exact for every width and number of rows", () => {
  for (const width of [1, 2, 15, 16, 17, 33, 256]) {
    for (const rows of [1, 3, 4, 5, 130]) {
      const store = gridRows(rows, width, width), products = integerProducts(store)!;
      for (const many of [1, 2, 8, 19]) {
        const asked = gridRows(many, width, rows + 1000), out = new Float32Array(many * rows);
        assert.ok(products(asked, out));
        const expected = Array.from(
          out,
          (_, at) => exactProduct(asked, Math.floor(at / rows), store, at % rows),
        );
        assert.deepEqual([...out], expected, `${many} by ${rows} × ${width}`);
      }
    }
  }
});

Deno.test("integer products of long vectors are exact up to where float32 is, and refused from there", () => {
  const coordinates = (width: number, value: number) =>
    matrix(1, width, new Float32Array(width).fill(value));
  const store = coordinates(64, 0.25), out = new Float32Array(1); // of length 2
  const products = integerProducts(store)!;
  assert.ok(products(coordinates(64, 0.25 - 2 ** -11), out));
  assert.equal(out[0], exactProduct(coordinates(64, 0.25 - 2 ** -11), 0, store, 0));
  assert.equal(products(store, out), false); // 2 · 2 = 4: partial sums may need 25 bits
});

Deno.test("what is off the grid, not finite or needs more than 16 bits is refused", () => {
  const one = (...values: number[]): Matrix => matrix(1, values.length, Float32Array.from(values));
  const out = new Float32Array(1);
  for (const value of [2 ** -12, 0.1, NaN, Infinity, 16, -16 - 2 ** -11]) {
    assert.equal(integerProducts(one(value)), null, String(value));
  }
  const products = integerProducts(one(0.125, 0))!;
  for (const value of [2 ** -12, NaN, -Infinity, 16]) {
    assert.equal(products(one(value, 0), out), false, String(value));
  }
  assert.ok(products(one(-16, 1), out));
  assert.deepEqual([...out], [-2]);
  assert.equal(integerProducts(matrix(0, 3)), null);
});

Deno.test("products of a store's rows are the same when asked for again, twice at once or off the grid", async () => {
  const onGrid = gridRows(50, 24, 3), off = matrix(50, 24, onGrid.data.map((v) => v / 3));
  for (const store of [onGrid, off]) {
    const { data } = await product(store, store);
    for (const rows of [[7, 3, 7], [3, 9, 49], [7, 9]]) {
      const found = await rowProducts(rows, store);
      rows.forEach((i, at) =>
        assert.deepEqual(found[at], data.subarray(i * 50, (i + 1) * 50), `row ${i}`)
      );
    }
    assert.deepEqual((await storeProducts(store, store)).data, data);
  }
});

/** Stores whose rows are strewn, in narrow clusters, copies of few, equal or zero. */
const stores: Record<string, Matrix> = {
  random: gridRows(700, 48, 1, 700),
  clustered: near(gridRows(6, 48, 2), 700, 1),
  tied: matrix(700, 4, Float32Array.from({ length: 2800 }, (_, at) => Number(at % 4 === at % 3))),
  duplicates: takeRows(gridRows(9, 48, 3), Array.from({ length: 700 }, (_, i) => i % 9)),
  zeros: matrix(700, 48),
};

/** Copies of rows, each moved by so many steps of the grid in one coordinate. */
function near(of: Matrix, rows: number, steps: number): Matrix {
  const out = takeRows(of, Array.from({ length: rows }, (_, i) => i % of.rows));
  const draw = random(7, "moved");
  for (let i = 0; i < rows; i++) out.data[i * of.width + draw.integer(of.width)] += steps / 2048;
  return out;
}

for (const [name, store] of Object.entries(stores)) {
  Deno.test(`nearest, ${name}: single queries have the neighbours that float32 products give`, async () => {
    const queries = takeRows(store, [3, 77, 200, 201, 202, 500]), rank = permutation(700, 5);
    const { data } = await product(queries, store);
    for (const k of [1, 10, 300, 700]) {
      const together = await nearest(queries, store, k, rank);
      for (let q = 0; q < queries.rows; q++) {
        const values = data.subarray(q * 700, (q + 1) * 700);
        const order = [...values.keys()].sort((i, j) => values[j] - values[i] || rank[i] - rank[j]);
        const { index, similarity } = await nearest(takeRows(queries, [q]), store, k, rank);
        assert.deepEqual([...index], order.slice(0, k));
        assert.deepEqual([...similarity], order.slice(0, k).map((i) => values[i]));
        assert.deepEqual(index, together.index.subarray(q * k, (q + 1) * k));
      }
    }
  });
}
