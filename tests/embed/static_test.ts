/** The static table in the repository: stored vectors, meaning, odd texts. */
import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { readBytes, repoPath, writeAtomic } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { row } from "../../src/linalg/matrix.ts";
import { openStatic, STATIC_TABLE } from "../../src/embed/static.ts";
import { encodeTable, quantise } from "../../src/embed/token_table.ts";

const provider = await openStatic();

Deno.test("the table is the one described beside it, and below the size limit", async () => {
  const notice = await Deno.readTextFile(repoPath("datasets/static-embedding/NOTICE.md"));
  assert.ok(notice.includes(String(provider.facts.sha256)));
  assert.ok(notice.includes(String(provider.facts.teacher_sha256)));
  assert.equal(provider.width, 256);
  assert.equal(provider.facts.licence, "Apache-2.0");
  assert.ok((await Deno.stat(repoPath(STATIC_TABLE))).size < 8192 * 1024);
});

Deno.test("vectors are exactly those stored here, on every machine", async () => {
  const texts = [
    "What is the capital of France?",
    "def add(a, b): return a + b",
    "Ĉu vi parolas Esperanton? 你好",
  ];
  const { data } = await provider.embed(texts);
  assert.deepEqual(
    [...data.subarray(0, 3)],
    [-0.16777069866657257, -0.06946055591106415, -0.37425556778907776],
  );
  assert.equal(sha256(new Uint8Array(data.buffer)).slice(0, 16), "5d829d06057e8a54");
});

Deno.test("texts of one kind are nearer to each other than to another kind", async () => {
  const kinds = [
    ["What is the capital of France?", "Name the largest city of Italy."],
    ["Solve 3x + 5 = 20 for x.", "Compute the value of 7 * (12 - 4)."],
    ["Write a Python function that reverses a list.", "Implement a stack class in Java."],
    ["The patient has fever and a stiff neck.", "Which drug treats bacterial pneumonia?"],
  ];
  const vectors = await provider.embed(kinds.flat());
  const cosine = (i: number, j: number): number => {
    const [a, b] = [row(vectors, i), row(vectors, j)];
    const dot = (x: Float32Array, y: Float32Array): number =>
      x.reduce((s, v, k) => s + v * y[k], 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  for (let i = 0; i < 8; i++) {
    const others = [0, 1, 2, 3, 4, 5, 6, 7].filter((j) => j !== i);
    const nearest = others.reduce((best, j) => (cosine(i, j) > cosine(i, best) ? j : best));
    assert.equal(nearest, i ^ 1, `"${kinds.flat()[i]}" is nearest to "${kinds.flat()[nearest]}"`);
  }
});

Deno.test("a text is the mean of its pieces, whatever stands beside it", async () => {
  const all = await provider.embed(["dog", "cat", "dog cat", "cat dog dog cat"]);
  for (let j = 0; j < 256; j++) {
    const mean = (row(all, 0)[j] + row(all, 1)[j]) / 2;
    assert.ok(Math.abs(row(all, 2)[j] - mean) < 1e-7);
    assert.ok(Math.abs(row(all, 3)[j] - mean) < 1e-7);
  }
});

Deno.test("empty texts are zero, long ones are taken whole", async () => {
  const long = "The quick brown fox jumps over the lazy dog. ".repeat(2300) + "quark";
  assert.ok(long.length > 100_000);
  const vectors = await provider.embed(["", "  \n", long, long.replace("quark", "")]);
  assert.ok(row(vectors, 0).every((x) => x === 0));
  assert.ok(row(vectors, 1).every((x) => x === 0));
  assert.notDeepEqual(row(vectors, 2), row(vectors, 3), "the last word counts");
});

Deno.test("another table is another provider; a missing one is named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/tiny.gz`;
    const table = quantise(["[UNK]", "a", "##b"], 2, [0, 0, 1, 0, 0, 2], { licence: "none" });
    await writeAtomic(path, encodeTable(table));
    const tiny = await openStatic(path);
    assert.deepEqual([...(await tiny.embed(["ab a"])).data], [2 / 3, 2 / 3].map(Math.fround));
    assert.notEqual(tiny.key, provider.key);
    await Deno.writeFile(path, (await readBytes(path)).subarray(0, 40));
    await assert.rejects(openStatic(path), DataError);
    await assert.rejects(openStatic(`${folder}/none.gz`), /none\.gz: cannot be read/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
