/**
 * Llama, Qwen2 and Qwen3 checkpoints as a {@link Backbone}: a folder with `config.json`, `tokenizer.json` and
 * `model.safetensors` (or its index and shards), as models are published.
 *
 * All numbers become float32: four bytes a weight, and twelve more for each trained one (gradient and moments).
 * @module
 */
import { join } from "node:path";
import { DataError } from "../base/errors.ts";
import { hashJson, sha256 } from "../base/hash.ts";
import type { Random } from "../base/random.ts";
import type { Tensor } from "../nn/graph.ts";
import { linear, lookup } from "../nn/ops.ts";
import { addAdapters, isAdapter, type LoraOptions, withAdapters } from "../nn/lora.ts";
import { type Bound, Parameters, values } from "../nn/parameters.ts";
import { readIndexed, type TensorFolder } from "../nn/safetensors_folder.ts";
import { attention, causalAttention } from "../nn/layers.ts";
import { block, dense, type KeysValues, keysValues, normalise } from "../nn/transformer.ts";
import type { Backbone, DecodeOptions } from "./backbone.ts";
import {
  type DecoderConfig,
  decoderShapes,
  HEAD,
  NORM,
  readDecoderConfig,
  TABLE,
} from "./config.ts";
import { type LmTokenizer, openTokenizer } from "./tokenizer.ts";

/** What is trained of a language model: nothing, everything, or low-rank adapters of its blocks' matrices. */
export type Tuning = "frozen" | "full" | LoraOptions;

/** How a model is opened. */
export interface DecoderOptions {
  /** What is trained. */
  readonly tuning: Tuning;
  /** Load the first blocks only; `decode` then is that of the shorter model. All if absent. */
  readonly blocks?: number;
  /** Leave out the blocks before this one, and the token table: rows enter behind them, as states. Default 0. */
  readonly from?: number;
  /** Names the streams that new parameters (adapters, a projector) start from. */
  readonly random: Random;
}

/**
 * Opens a model.
 * @throws {DataError} naming file and tensor or field, when something is missing, damaged, of another shape,
 *   or when there are tensors that the configuration does not explain
 * @throws {CapabilityError} when the model computes something not built here, see {@link readDecoderConfig}
 */
export async function openDecoder(folder: string, options: DecoderOptions): Promise<Backbone> {
  const whole = await readDecoderConfig(join(folder, "config.json"));
  const config = { ...whole, layers: Math.min(whole.layers, options.blocks ?? whole.layers) };
  const tokenizer = await openTokenizer(folder);
  const from = options.from ?? 0;
  if (from > 0 && from >= config.layers) {
    throw new RangeError(`blocks from ${from} of ${config.layers}`);
  }
  const parameters = await loadWeights(folder, whole, { config, from }, options.random);
  return decoderOf(config, parameters, tokenizer, options);
}

/**
 * A model of weights that are in memory, under the names of {@link decoderShapes}; adapters are added to them.
 * @param options as {@link openDecoder} takes them; `blocks` is that of the configuration
 */
export function decoderOf(
  config: DecoderConfig,
  parameters: Parameters,
  tokenizer: LmTokenizer,
  { tuning, from = 0 }: Pick<DecoderOptions, "tuning" | "from">,
): Backbone {
  const vectors = [...parameters].filter(([, { shape }]) => shape.length === 1)
    .map(([, { data }]) => sha256(new Uint8Array(data.buffer)));
  const size = parameters.count;
  if (typeof tuning === "object") addAdapters(parameters, inBlocks(tuning));
  return {
    ...network(config, from, parameters, tuning),
    description:
      `${config.kind}, ${describeBlocks(from, config.layers)} of width ${config.block.width}, ` +
      `${(size / 1e6).toFixed(1)} M parameters, ${describeTuning(tuning)}`,
    fingerprint: hashJson({
      config,
      ...(from ? { from } : {}),
      tokenizer: tokenizer.hash,
      vectors,
    }),
    tokenizer,
  };
}

function describeBlocks(from: number, layers: number): string {
  return from ? `layers ${from + 1} to ${layers}` : `${layers} layers`;
}

/** The projections that LoRA adapts by default: all of attention and of the feed-forward part. */
export function everyProjection(name: string): boolean {
  return name.endsWith("_proj");
}

/** `full fine-tuning`, `LoRA of rank 16, α 32`. */
export function describeTuning(tuning: Tuning): string {
  if (tuning === "full") return "full fine-tuning";
  return tuning === "frozen" ? "frozen" : `LoRA of rank ${tuning.rank}, α ${tuning.alpha}`;
}

/** Adapters belong to the blocks: the table and the head are not applied as adaptable matrices. */
function inBlocks({ adapts, ...rest }: LoraOptions): LoraOptions {
  return { ...rest, adapts: (name) => name.startsWith("model.layers.") && adapts(name) };
}

function network(
  { block: shape, layers, vocabulary, longest, tied }: DecoderConfig,
  from: number,
  parameters: Parameters,
  tuning: Tuning,
): Omit<Backbone, "description" | "fingerprint" | "tokenizer"> {
  const { width, kvHeads, headWidth } = shape;
  const base = new Set([...parameters].map(([name]) => name).filter((name) => !isAdapter(name)));
  const trains = (name: string): boolean =>
    tuning === "full" ? base.has(name) : tuning !== "frozen" && isAdapter(name);
  const apply = typeof tuning === "object" ? withAdapters(tuning) : dense;
  const layer = (i: number): string => `model.layers.${i}`;

  const embed = (ids: readonly number[]): Float32Array => {
    const rows = new Float32Array(ids.length * width), table = parameters.get(TABLE).data;
    ids.forEach((id, i) => {
      if (!(id >= 0 && id < vocabulary)) throw new RangeError(`token ${id} of ${vocabulary}`);
      rows.set(table.subarray(id * width, (id + 1) * width), i * width);
    });
    return rows;
  };
  const run = (
    parameter: Bound,
    rows: Tensor,
    count: number,
    { from: first = from, positions, mask, attend }: DecodeOptions,
  ): Tensor => {
    let x = rows;
    for (let i = first; i < count; i++) {
      x = block(x, parameter, layer(i), shape, (q, own) => {
        if (attend) return attend(i, q, own);
        const { keys, values } = own;
        return mask ? attention(q, keys, values, mask) : causalAttention(q, keys, values);
      }, { positions, apply });
    }
    return x;
  };
  return {
    ...{ width, vocabulary, longest, layers, parameters, trains, embed, causal: true as const },
    tokens: (graph, parameter, name, count) =>
      trains(TABLE)
        ? lookup(parameter(TABLE), graph.input(name, [count], { type: "int64" }))
        : graph.input(name, [count, width]),
    feed: (name, ids) => ({ [name]: trains(TABLE) ? BigInt64Array.from(ids, BigInt) : embed(ids) }),
    decode: (parameter, rows, options = {}) =>
      normalise(run(parameter, rows, options.blocks ?? layers, options), parameter, NORM, shape),
    states: (parameter, rows, options = {}) =>
      run(parameter, rows, options.blocks ?? layers, options),
    remember: (parameter, rows) => {
      const memory: KeysValues[] = [], last = layers - 1;
      const x = run(parameter, rows, last, {
        attend: (_, q, own) => {
          memory.push(own);
          return causalAttention(q, own.keys, own.values);
        },
      });
      // What the last block makes of these rows is never looked at.
      const h = normalise(x, parameter, `${layer(last)}.input_layernorm`, shape);
      return [...memory, keysValues(h, parameter, layer(last), shape, { apply })];
    },
    memoryShape: (length) => [1, kvHeads, length, headWidth],
    logits: (parameter, rows, ids) => {
      const name = tied ? TABLE : HEAD, { graph } = rows;
      const chosen = (): Tensor => {
        if (!ids) return parameter(name);
        const list = `${name} ${ids}`, { data } = parameters.get(name);
        // Of a frozen matrix, which may take a gigabyte, only these rows enter the graph.
        return trains(name)
          ? lookup(
            parameter(name),
            graph.constant(list, [ids.length], () => BigInt64Array.from(ids, BigInt)),
          )
          : graph.constant(
            list,
            [ids.length, width],
            () =>
              Float32Array.from(
                { length: ids.length * width },
                (_, at) => data[ids[Math.floor(at / width)] * width + at % width],
              ),
          );
      };
      return linear(rows, chosen(), undefined, { transposeWeight: true });
    },
  };
}

/** Shapes are checked before the first weight is read, so that a wrong folder is refused at once. */
async function loadWeights(
  folder: string,
  whole: DecoderConfig,
  { config, from }: { readonly config: DecoderConfig; readonly from: number },
  random: Random,
): Promise<Parameters> {
  const stored = await readIndexed(folder), shapes = decoderShapes(whole);
  checkShapes(stored, shapes, folder, `${whole.kind} model`, (name) => isIdle(name, whole));
  const parameters = new Parameters(random);
  const wanted = [...decoderShapes(config)].filter(([name]) => from === 0 || isBehind(name, from));
  for (const [name, shape] of wanted) {
    parameters.add(name, shape, values((await stored.read(name)).data));
  }
  return parameters;
}

/** Whether a tensor is needed when rows enter behind the blocks before `from`. */
function isBehind(name: string, from: number): boolean {
  const [, layer] = /^model\.layers\.(\d+)\./.exec(name) ?? [];
  return layer === undefined ? name !== TABLE : Number(layer) >= from;
}

/** Old files store the rotary frequencies, and some a second copy of a tied table. */
export function isIdle(name: string, { tied }: Pick<DecoderConfig, "tied">): boolean {
  return name.endsWith(".rotary_emb.inv_freq") || (tied && name === HEAD);
}

/**
 * Checks that a folder holds the tensors that its configuration explains, and no others.
 * @param idle whether a tensor may be there and is not read
 * @throws {DataError} naming the folder and the tensor
 */
export function checkShapes(
  stored: Pick<TensorFolder, "names" | "entry">,
  shapes: ReadonlyMap<string, readonly number[]>,
  folder: string,
  what: string,
  idle: (name: string) => boolean,
): void {
  for (const [name, shape] of shapes) {
    const found = stored.entry(name).shape;
    if (found.join() !== shape.join()) {
      throw new DataError(`${folder}: "${name}": shape [${found}], config.json says [${shape}]`);
    }
  }
  const unknown = stored.names().find((name) => !shapes.has(name) && !idle(name));
  if (unknown !== undefined) {
    throw new DataError(`${folder}: "${unknown}" is no tensor of a ${what}`);
  }
}
