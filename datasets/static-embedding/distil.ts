/**
 * Makes the static token table from all-MiniLM-L6-v2: `deno run -A datasets/static-embedding/distil.ts`.
 *
 * For every word piece t of the vocabulary: run `[CLS] t [SEP]` through the model, average the three token
 * states, subtract the mean over the vocabulary, keep the 256 principal components, weight by
 * 1e-4 / (1e-4 + p) with p from Zipf's law over the vocabulary's order (BERT lists word pieces by
 * frequency), quantise to int8 with a scale per piece.
 *
 * On one machine and onnxruntime version the bytes are always the same. Another instruction set may
 * change the last bits of the model's float32 output and with them a few codes by one.
 * @module
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { readBytes, repoPath, writeAtomic } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { DataError } from "../../src/base/errors.ts";
import { progress } from "../../src/base/progress.ts";
import { locatePreset, WEIGHTS_PACKAGE } from "../../src/embed/npm_weights.ts";
import { columnMeans, covariance } from "./covariance.ts";
import { eigenSymmetric } from "../../src/linalg/eigen.ts";
import { STATIC_TABLE } from "../../src/embed/static.ts";
import { decodeTable, encodeTable, quantise } from "../../src/embed/token_table.ts";

const WIDTH = 256;
const BATCH = 256;
/** Frequency at which a piece's weight is one half. */
const HALF_WEIGHT = 1e-4;

/** Mean token state of `[CLS] t [SEP]` for every piece t, row-major [vocabulary × hidden]. */
async function pieceVectors(model: Uint8Array, pieces: readonly string[]): Promise<Float32Array> {
  const [open, close] = [pieces.indexOf("[CLS]"), pieces.indexOf("[SEP]")].map(BigInt);
  const session = await InferenceSession.create(model);
  const line = progress("running the teacher", pieces.length);
  let out = new Float32Array(0);
  for (let start = 0; start < pieces.length; start += BATCH) {
    const rows = Math.min(BATCH, pieces.length - start);
    const ids = new BigInt64Array(rows * 3);
    for (let i = 0; i < rows; i++) ids.set([open, BigInt(start + i), close], 3 * i);
    const dims = [rows, 3];
    const { last_hidden_state } = await session.run({
      input_ids: new Tensor("int64", ids, dims),
      attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), dims),
      token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), dims),
    });
    const states = last_hidden_state.data as Float32Array;
    const hidden = last_hidden_state.dims[2];
    if (start === 0) out = new Float32Array(pieces.length * hidden);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < hidden; j++) {
        const at = 3 * i * hidden + j;
        out[(start + i) * hidden + j] = (states[at] + states[at + hidden] +
          states[at + 2 * hidden]) / 3;
      }
    }
    line.update(start + rows);
  }
  line.end();
  await session.release();
  return out;
}

/** Weight of every piece: near 1 for rare ones, less for the frequent ones that carry no topic. */
function zipfWeights(count: number): Float64Array {
  const total = Array.from({ length: count }, (_, r) => 1 / (r + 1)).reduce((a, b) => a + b);
  return Float64Array.from(
    { length: count },
    (_, r) => HALF_WEIGHT / (HALF_WEIGHT + 1 / (r + 1) / total),
  );
}

/** Distils the teacher and writes the table; prints what it kept. */
async function distil(): Promise<void> {
  const teacher = locatePreset("minilm");
  const model = await readBytes(`${teacher.path}/onnx/model.onnx`);
  if (sha256(model) !== teacher.sha256) {
    throw new DataError(`${teacher.path}: the model's sha256 is not the pinned ${teacher.sha256}`);
  }
  const list = await readBytes(`${teacher.path}/vocab.txt`);
  const vocabulary = new TextDecoder().decode(list).trimEnd().split("\n");
  const states = await pieceVectors(model, vocabulary);
  const hidden = states.length / vocabulary.length;
  const mean = columnMeans(states, hidden);
  const { values, vectors } = eigenSymmetric(covariance(states, mean));
  const kept = values.subarray(0, WIDTH).reduce((a, b) => a + b) / values.reduce((a, b) => a + b);
  const weights = zipfWeights(vocabulary.length);
  const table = new Float64Array(vocabulary.length * WIDTH);
  for (let r = 0; r < vocabulary.length; r++) {
    for (let k = 0; k < WIDTH; k++) {
      let sum = 0;
      for (let j = 0; j < hidden; j++) {
        sum += (states[r * hidden + j] - mean[j]) * vectors[k * hidden + j];
      }
      table[r * WIDTH + k] = weights[r] * sum;
    }
  }
  const facts = {
    model: "static table distilled from all-MiniLM-L6-v2",
    teacher: teacher.folder,
    teacher_package: WEIGHTS_PACKAGE,
    teacher_sha256: teacher.sha256,
    licence: teacher.licence,
  };
  const file = encodeTable(quantise(vocabulary, WIDTH, table, facts));
  await writeAtomic(repoPath(STATIC_TABLE), file);
  console.log(`${STATIC_TABLE}: ${file.length} bytes`);
  console.log(`sha256 of the uncompressed table: ${decodeTable(file, STATIC_TABLE).sha256}`);
  console.log(`${WIDTH} of ${hidden} components keep ${(100 * kept).toFixed(1)}% of the variance`);
}

if (import.meta.main) await distil();
