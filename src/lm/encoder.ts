/**
 * BERT encoders (MiniLM, gte, bge, e5): a folder with `config.json`, `tokenizer.json` and `model.safetensors`.
 * Every token sees every other; each half of a block adds to its input and normalises after it.
 * @module
 */
import { join } from "node:path";
import { DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { random } from "../base/random.ts";
import type { Tensor } from "../nn/graph.ts";
import { attention, geluErf, layerNorm } from "../nn/layers.ts";
import { add, linear, lookup, reshape, slice, transpose } from "../nn/ops.ts";
import { type Bound, Parameters, values } from "../nn/parameters.ts";
import { readIndexed } from "../nn/safetensors_folder.ts";
import type { DecodeOptions, StateModel } from "./backbone.ts";
import { checkShapes } from "./decoder.ts";
import {
  type EncoderConfig,
  encoderConfig,
  encoderShapes,
  isIdleInEncoder,
} from "./encoder_config.ts";
import { openTokenizer } from "./tokenizer.ts";

const WORDS = "embeddings.word_embeddings.weight", PLACES = "embeddings.position_embeddings.weight";
const SEGMENTS = "embeddings.token_type_embeddings.weight", NORM = "embeddings.LayerNorm";

/** An encoder. Its input rows can be made inside a graph too, so that all of it can be trained. */
export interface Encoder extends StateModel {
  /** Input rows of tokens inside a graph: ids int64 [batch × length], result [batch × length × width]. */
  rows(parameter: Bound, ids: Tensor): Tensor;
}

/**
 * Opens an encoder.
 * @param blocks loads the first blocks only
 * @throws {DataError} naming file and tensor or field, when something is missing, damaged or unexplained
 * @throws {CapabilityError} when the model computes something not built here
 */
export async function openEncoder(folder: string, blocks?: number): Promise<Encoder> {
  const path = join(folder, "config.json"), whole = encoderConfig(await readJson(path), path);
  const config = { ...whole, layers: Math.min(whole.layers, blocks ?? whole.layers) };
  const stored = await readIndexed(folder);
  checkShapes(stored, encoderShapes(whole), folder, "bert model", isIdleInEncoder);
  const parameters = new Parameters(random(0));
  for (const [name, shape] of encoderShapes(config)) {
    parameters.add(name, shape, values((await stored.read(name)).data));
  }
  const { width, layers, longest } = config;
  return {
    ...{ width, layers, longest, parameters, causal: false },
    tokenizer: await openTokenizer(folder),
    embed: (ids) => embed(config, parameters, ids),
    rows: (parameter, ids) => {
      const places = slice(parameter(PLACES), 0, 0, ids.shape[1]);
      const around = add(places, slice(parameter(SEGMENTS), 0, 0, 1));
      return add(lookup(parameter(WORDS), ids), around);
    },
    states: (parameter, rows, { blocks = layers, mask }: DecodeOptions = {}) => {
      let x = normalise(rows, parameter, NORM, config);
      for (let i = 0; i < blocks; i++) {
        x = block(x, parameter, `encoder.layer.${i}`, config, mask);
      }
      return x;
    },
  };
}

/** Word, place and segment of every token of one text, [ids × width]. */
function embed(
  { width, vocabulary, longest }: EncoderConfig,
  parameters: Parameters,
  ids: readonly number[],
): Float32Array {
  if (ids.length > longest) {
    throw new DataError(`${ids.length} tokens, the encoder takes ${longest}`);
  }
  const [words, places, segments] = [WORDS, PLACES, SEGMENTS].map((n) => parameters.get(n).data);
  const out = new Float32Array(ids.length * width);
  ids.forEach((id, t) => {
    if (!(id >= 0 && id < vocabulary)) throw new RangeError(`token ${id} of ${vocabulary}`);
    for (let j = 0; j < width; j++) {
      out[t * width + j] = words[id * width + j] + segments[j] + places[t * width + j];
    }
  });
  return out;
}

function block(
  x: Tensor,
  parameter: Bound,
  layer: string,
  config: EncoderConfig,
  mask?: Tensor,
): Tensor {
  const dense = (z: Tensor, name: string): Tensor =>
    linear(z, parameter(`${layer}.${name}.weight`), parameter(`${layer}.${name}.bias`), {
      transposeWeight: true,
    });
  const [batch, length, width] = x.shape, { heads } = config;
  const cut = (name: string): Tensor =>
    transpose(
      reshape(dense(x, `attention.self.${name}`), [batch, length, heads, width / heads]),
      [0, 2, 1, 3],
    );
  const seen = attention(cut("query"), cut("key"), cut("value"), mask);
  const joined = reshape(transpose(seen, [0, 2, 1, 3]), [batch, length, width]);
  const h = normalise(
    add(x, dense(joined, "attention.output.dense")),
    parameter,
    `${layer}.attention.output.LayerNorm`,
    config,
  );
  const hidden = geluErf(dense(h, "intermediate.dense"));
  return normalise(
    add(h, dense(hidden, "output.dense")),
    parameter,
    `${layer}.output.LayerNorm`,
    config,
  );
}

function normalise(x: Tensor, parameter: Bound, name: string, { epsilon }: EncoderConfig): Tensor {
  return layerNorm(x, parameter(`${name}.weight`), parameter(`${name}.bias`), epsilon);
}
