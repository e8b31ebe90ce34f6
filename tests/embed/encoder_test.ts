/** Cutting, padding and pooling, with numbers small enough to check by eye. */
import assert from "node:assert/strict";
import { row } from "../../src/linalg/matrix.ts";
import { type Batch, batchSize, cutter, embedTexts, pad, pool } from "../../src/embed/encoder.ts";

/** One token a character, between 101 and 102. */
const encode = (text: string, special: boolean): number[] => {
  const ids = [...text].map((c) => c.codePointAt(0)!);
  return special ? [101, ...ids, 102] : ids;
};

Deno.test("a long text is cut, its closing token stays", () => {
  const cut = cutter(encode, 8);
  assert.deepEqual(cut("xyz"), [101, 120, 121, 122, 102]);
  assert.deepEqual(cut("zzzzzz"), [101, 122, 122, 122, 122, 122, 122, 102]);
  assert.deepEqual(cut("z".repeat(50)), [101, 122, 122, 122, 122, 122, 122, 102]);
});

Deno.test("a tokenizer without closing token is cut at the end", () => {
  const open = cutter((text, special) => encode(text, special).filter((id) => id !== 102), 4);
  assert.deepEqual(open("zzzzzz"), [101, 122, 122, 122]);
});

Deno.test("padding is on the right and masked", () => {
  const { ids, mask, rows, length } = pad([[7], [1, 2, 3]]);
  assert.deepEqual([rows, length], [2, 3]);
  assert.deepEqual([...ids].map(Number), [7, 0, 0, 1, 2, 3]);
  assert.deepEqual([...mask].map(Number), [1, 0, 0, 1, 1, 1]);
});

Deno.test("pooling takes real tokens only and gives length 1", () => {
  const batch = pad([[1, 1], [1, 1, 1]]);
  // Text 0: (3, 0), (0, 4), padding (9, 9). Text 1: (1, 0), (0, 0), (0, -2).
  const states = [3, 0, 0, 4, 9, 9, 1, 0, 0, 0, 0, -2];
  const pooled = (i: number, pooling: "mean" | "cls" | "last_token"): number[] => {
    const out = new Float32Array(2);
    pool(states, batch, i, pooling, out);
    return [...out].map((x) => Math.round(x * 1e4) / 1e4);
  };
  assert.deepEqual(pooled(0, "mean"), [0.6, 0.8]);
  assert.deepEqual(pooled(0, "cls"), [1, 0]);
  assert.deepEqual(pooled(0, "last_token"), [0, 1]);
  assert.deepEqual(pooled(1, "mean"), [0.4472, -0.8944]);
  assert.deepEqual(pooled(1, "last_token"), [0, -1]);
});

Deno.test("batches go by length, rows come back in the order of the texts", async () => {
  const lengths: number[] = [];
  const run = (batch: Batch): Promise<number[]> => {
    lengths.push(batch.rows, batch.length);
    // State of a token: (id, 1).
    return Promise.resolve([...batch.ids].flatMap((id) => [Number(id), 1]));
  };
  const plan = { width: 2, pooling: "cls", maxTokens: 8, batch: 2 } as const;
  const seen: number[] = [];
  const bare = (text: string): number[] => encode(text, false);
  const out = await embedTexts(["zzz", "y", "xx"], bare, run, plan, (done) => seen.push(done));
  assert.deepEqual(lengths, [2, 2, 1, 3], "first y and xx, then zzz");
  assert.deepEqual(seen, [2, 3]);
  for (const [i, id] of [122, 121, 120].entries()) {
    assert.ok(Math.abs(row(out, i)[0] / row(out, i)[1] - id) < 1e-3);
  }
});

Deno.test("int8 models run one text at a time", () => {
  assert.deepEqual(["onnx/model_quantized.onnx", "q8", "int8", "q4"].map(batchSize), [1, 1, 1, 1]);
  assert.deepEqual(["onnx/model.onnx", "fp32", "fp16"].map(batchSize), [8, 8, 8]);
});
