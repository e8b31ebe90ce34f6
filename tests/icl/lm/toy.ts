/** A router on a tiny language model, five queries, and a float64 reference row for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { matrix } from "../../../src/linalg/matrix.ts";
import type { StoredTensor } from "../../../src/nn/safetensors.ts";
import { everyProjection, type Tuning } from "../../../src/lm/decoder.ts";
import type { LoraOptions } from "../../../src/nn/lora.ts";
import { type Record, recordOf } from "../../../src/icl/record.ts";
import { openTextRouter, type TextRouter } from "../../../src/icl/lm/model.ts";
import { naiveLogits, tokenRows } from "../../lm/naive_decoder.ts";
import { type Config, TINY, WHOLE_WORDS, writeDecoder } from "../../lm/tiny_decoder.ts";
import { inFolder } from "../../support/folder.ts";

/** Adapters of rank 2 everywhere. */
export const LORA: LoraOptions = { rank: 2, alpha: 4, adapts: everyProjection };
/** Width of query vectors. */
export const INPUT = 5;

/** A router on a fresh tiny model, with the weights of the model. */
export async function withRouter(
  tuning: Tuning,
  use: (router: TextRouter, weights: Map<string, StoredTensor>, folder: string) => Promise<void>,
  config: Config = TINY,
  merges?: readonly string[],
): Promise<void> {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder, config, undefined, undefined, merges);
    await use(await openTextRouter(folder, { input: INPUT, tuning, seed: 7 }), weights, folder);
  });
}

/** A store of language models that holds one, `tiny`. */
export async function withStore(
  use: (root: string) => Promise<void>,
  config: Config = TINY,
): Promise<void> {
  await inFolder(async (root) => {
    const folder = join(root, "tiny");
    await Deno.mkdir(folder);
    await writeDecoder(folder, config, undefined, undefined, WHOLE_WORDS);
    await Deno.writeTextFile(join(folder, "source.json"), "{}");
    await use(root);
  });
}

/** Five queries. */
export const TEXTS = [
  "the inner thing",
  "2 + 2 = ?",
  "say <|im_end|> <|fim_pad|>",
  "é",
  "the the the in",
];
/** Their vectors. */
export const VECTORS = matrix(
  5,
  INPUT,
  Float32Array.from({ length: 25 }, (_, i) => Math.sin(3 * i + 1)),
);

/** Labels of two models on the five queries. */
export const LABELS = Float64Array.of(1, 0, 0, 1, 1, 1, 0, 0, 1, 0);
/** The five as data of two models. */
export const DATA = { texts: TEXTS, vectors: VECTORS, labels: LABELS, models: 2 };
/** The record of a model on the first three. */
export const record = (m: number): Record => recordOf(DATA, [0, 1, 2], m);

/** The projector in float64: u = W_in RMSNorm(x), g = u + W_down(SiLU(W_gate u) ⊙ W_up u). */
function projected({ backbone: { parameters, width } }: TextRouter, x: Float32Array): number[] {
  const times = (name: string, v: number[]): number[] => {
    const { data } = parameters.get(`projector.${name}.weight`);
    return Array.from(
      { length: width },
      (_, i) => v.reduce((sum, value, j) => sum + data[i * v.length + j] * value, 0),
    );
  };
  const root = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + 1e-6);
  const u = times("in_proj", Array.from(x, (value) => value / root));
  const up = times("up_proj", u);
  const h = times("gate_proj", u).map((g, i) => g / (1 + Math.exp(-g)) * up[i]);
  return times("down_proj", h).map((value, i) => u[i] + value);
}

/** Logits of a prompt whose slots are the given vectors, in float64. */
export function naive(
  router: TextRouter,
  weights: Map<string, StoredTensor>,
  ids: readonly number[],
  vectors: readonly Float32Array[],
): number[][] {
  const rows = tokenRows(weights, ids), left = [...vectors];
  ids.forEach((id, i) => {
    if (id === router.backbone.tokenizer.slot) rows[i] = projected(router, left.shift()!);
  });
  assert.equal(left.length, 0, "as many slots as vectors");
  return naiveLogits(weights, TINY, rows);
}

/** The vector of a query. */
export const vectorOf = (i: number): Float32Array =>
  VECTORS.data.subarray(i * INPUT, (i + 1) * INPUT);

/** Rates so small that weights stay as they are and losses are those of the start. */
export const STILL = { projectorRate: 1e-12, modelRate: 1e-12, decay: 0 };
