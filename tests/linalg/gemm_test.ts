import assert from "node:assert/strict";
import { forEachProductBlock, product, productF64 } from "../../src/linalg/gemm.ts";
import { type Matrix, matrix, normaliseToGrid } from "../../src/linalg/matrix.ts";
import { dense, setProductThreads } from "../../src/linalg/runtime.ts";
import { repoPath } from "../../src/base/files.ts";
import { exactProduct, gridRows, gridUnits, normals } from "./data.ts";

// 700 × 300 × 64 = 13 million multiplications: the runtime's share
const large = gridRows(700, 64, 1), other = gridRows(300, 64, 2);

/** In float64 on whole numbers below 2⁵³, which is exact. */
function reference(a: Matrix, b: Matrix): Float32Array {
  const x = gridUnits(a), y = gridUnits(b), out = new Float32Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      let sum = 0;
      for (let t = 0; t < a.width; t++) sum += x[i * a.width + t] * y[j * b.width + t];
      out[i * b.rows + j] = sum / 2 ** 22;
    }
  }
  return out;
}

Deno.test("products of grid rows are exact, by BigInt", async () => {
  const { data } = await product(large, other);
  for (let at = 0; at < data.length; at += 997) {
    assert.equal(data[at], exactProduct(large, Math.floor(at / 300), other, at % 300));
  }
});

Deno.test("blocks of any size and 1 or 2 threads give the same bits", async () => {
  const expected = reference(large, other);
  for (const threads of [1, 2]) {
    setProductThreads(threads);
    assert.deepEqual((await product(large, other)).data, expected);
    for (const blockBytes of [1, 200 * 300 * 4, 2 ** 30]) {
      const seen = new Float32Array(700 * 300), starts: number[] = [];
      await forEachProductBlock(large, other, (start, block, rows) => {
        assert.equal(block.length, rows * 300);
        seen.set(block, start * 300);
        starts.push(start);
      }, { blockBytes });
      assert.deepEqual(seen, expected, `${threads} threads, blocks of ${blockBytes} bytes`);
      assert.equal(starts.length, { 1: 6, 240000: 4, 1073741824: 1 }[blockBytes]);
    }
  }
  setProductThreads(1);
});

Deno.test("the plain loop and the runtime agree bit for bit", async () => {
  const a = gridRows(37, 48, 3), b = gridRows(11, 48, 4);
  const byRuntime = await dense(
    { data: a.data, rows: 37, columns: 48 },
    { data: b.data, rows: 11, columns: 48 },
    "right",
    new Float32Array(37 * 11),
  );
  assert.deepEqual((await product(a, b)).data, byRuntime);
  assert.deepEqual(byRuntime, reference(a, b));
});

Deno.test("a product without rows is empty, a zero width gives zeros", async () => {
  assert.equal((await product(matrix(0, 8), gridRows(3, 8, 1))).data.length, 0);
  assert.deepEqual((await product(matrix(2, 0), matrix(2, 0))).data, new Float32Array(4));
});

Deno.test("vectors in shared memory are accepted", async () => {
  const shared = new Float32Array(new SharedArrayBuffer(large.data.byteLength));
  shared.set(large.data);
  const { data } = await product(matrix(700, 64, shared), other);
  assert.deepEqual(data, reference(large, other));
});

Deno.test("float64 products, plain and by the runtime", async () => {
  // [1 2; 3 4; 5 6] · [1 0 2; 0 1 3]
  assert.deepEqual(
    await productF64(Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(1, 0, 2, 0, 1, 3), 3, 2, 3),
    Float64Array.of(1, 2, 8, 3, 4, 18, 5, 6, 28),
  );
  const n = 200, k = 180, m = 190, a = normals(n * k, 1), b = normals(k * m, 2);
  const c = await productF64(a, b, n, k, m);
  for (const [i, j] of [[0, 0], [17, 101], [199, 189]]) {
    let sum = 0;
    for (let t = 0; t < k; t++) sum += a[i * k + t] * b[t * m + j];
    assert.ok(Math.abs(c[i * m + j] - sum) < 1e-12, `${c[i * m + j]} for ${sum}`);
  }
});

Deno.test("shapes that do not fit are refused", async () => {
  await assert.rejects(product(gridRows(2, 4, 1), gridRows(2, 5, 1)), /width 4 .* width 5/);
  await assert.rejects(
    productF64(new Float64Array(5), new Float64Array(6), 3, 2, 3),
    /3 × 2 by 2 × 3/,
  );
  await assert.rejects(
    dense(
      { data: new Float32Array(6), rows: 2, columns: 3 },
      { data: new Float32Array(6), rows: 2, columns: 3 },
      "none",
      new Float32Array(4),
    ),
    /2 × 3 with 2 × 3 \(transposed: none\)/,
  );
  assert.throws(() => setProductThreads(0), /expected a whole number/);
});

Deno.test("small products need neither the runtime nor its permission", async () => {
  const folder = await Deno.makeTempDir();
  const run = async (rows: number): Promise<{ ok: boolean; text: string }> => {
    await Deno.writeTextFile(
      `${folder}/try.ts`,
      `import { product } from ${JSON.stringify(repoPath("src/linalg/gemm.ts"))};
       import { matrix } from ${JSON.stringify(repoPath("src/linalg/matrix.ts"))};
       console.log((await product(matrix(${rows}, 64), matrix(${rows}, 64))).data.length);`,
    );
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        `--config=${repoPath("deno.json")}`,
        `${folder}/try.ts`,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    return { ok: success, text: decode(success ? stdout : stderr) };
  };
  assert.deepEqual(await run(100), { ok: true, text: "10000\n" });
  const refused = await run(1000);
  assert.ok(!refused.ok && /ffi/.test(refused.text), refused.text);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("normalised rows lie on the grid, near unit length; a zero row stays zero", () => {
  const m = normaliseToGrid(matrix(2, 3, Float32Array.of(3, 0, 4, 0, 0, 0)));
  // 0.6 · 2048 = 1228.8, 0.8 · 2048 = 1638.4
  assert.deepEqual(m.data, Float32Array.of(1229 / 2048, 0, 1638 / 2048, 0, 0, 0));
  const { data } = gridRows(50, 32, 9);
  assert.ok(data.every((v) => Number.isInteger(v * 2048)));
  for (let i = 0; i < 50; i++) {
    const length = Math.hypot(...data.subarray(i * 32, i * 32 + 32));
    assert.ok(Math.abs(length - 1) < 2e-3, `${length}`);
  }
});

Deno.test("productF64: small products have the bits of plain loops, whatever the remainders", async () => {
  for (const n of [0, 1, 3, 64, 65, 130]) {
    for (const [k, m] of [[0, 1], [1, 7], [5, 2], [40, 8], [40, 10], [7, 23]]) {
      const a = normals(n * k, 1), b = normals(k * m, 2), expected = new Float64Array(n * m);
      for (let at = 0; at < n * m; at++) {
        const i = Math.floor(at / m), j = at % m;
        for (let t = 0; t < k; t++) expected[at] += a[i * k + t] * b[t * m + j];
      }
      assert.deepEqual(await productF64(a, b, n, k, m), expected, `${n} × ${k} by ${m}`);
    }
  }
});
