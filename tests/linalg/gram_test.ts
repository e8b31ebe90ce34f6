import assert from "node:assert/strict";
import { crossGram, gram } from "../../src/linalg/gram.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { gridRows, gridUnits, normals } from "./data.ts";

// rows, width: a plain loop; one tile; several tiles and several portions of rows
for (const [rows, width] of [[40, 5], [3000, 50], [2500, 300]]) {
  Deno.test(`gram of ${rows} × ${width} grid rows is exact`, async () => {
    const x = gridRows(rows, width, 1), units = gridUnits(x);
    const g = await gram(x);
    for (let at = 0; at < width * width; at += width > 100 ? 1013 : 1) {
      const i = Math.floor(at / width), j = at % width;
      let sum = 0;
      for (let r = 0; r < rows * width; r += width) sum += units[r + i] * units[r + j];
      assert.equal(g[at], sum / 2 ** 22);
      assert.equal(g[j * width + i], g[at]);
    }
  });

  Deno.test(`crossGram of ${rows} × ${width} grid rows with 0-1 columns is exact`, async () => {
    const x = gridRows(rows, width, 2), units = gridUnits(x), m = 7;
    const y = normals(rows * m, 3).map((v) => Number(v > 0));
    const c = await crossGram(x, y, m);
    assert.equal(c.length, width * m);
    for (let at = 0; at < c.length; at++) {
      const i = Math.floor(at / m), j = at % m;
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += units[r * width + i] * y[r * m + j];
      assert.equal(c[at], sum / 2048);
    }
  });
}

Deno.test("off the grid the products are accurate to rounding", async () => {
  const rows = 2500, width = 60, m = 5;
  const x = matrix(rows, width, Float32Array.from(normals(rows * width, 4)));
  const y = normals(rows * m, 5), g = await gram(x), c = await crossGram(x, y, m);
  let squares = 0, products = 0;
  for (let r = 0; r < rows; r++) {
    squares += x.data[r * width + 7] ** 2;
    products += x.data[r * width + 7] * y[r * m + 2];
  }
  assert.ok(Math.abs(g[7 * width + 7] / squares - 1) < 1e-13);
  assert.ok(Math.abs(c[7 * m + 2] - products) < 1e-11);
});

Deno.test("crossGram refuses targets of another length", async () => {
  await assert.rejects(
    crossGram(gridRows(3, 2, 1), new Float64Array(5), 2),
    /3 × 2 targets: got 5/,
  );
});
