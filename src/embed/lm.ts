/**
 * Hidden states of a language model as an embedding: `lm:<id>`, `lm:<id>:<layer>`.
 *
 * A text's vector is the mean of its tokens' states behind a block, as they stand in the residual stream. A few
 * dimensions there are a thousand times as large as the others, so they are standardised on training rows
 * before use. Texts are cut; batches have one of a few shapes and are always full, so that few programs are
 * compiled and a text's numbers depend on nothing but itself.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { hashJson } from "../base/hash.ts";
import type { StateModel } from "../lm/backbone.ts";
import { defaultLayer } from "../lm/presets.ts";
import { findModel, openStates } from "../lm/store.ts";
import { type Matrix, matrix, row } from "../linalg/matrix.ts";
import type { Graph, Tensor } from "../nn/graph.ts";
import { matmul, reshape } from "../nn/ops.ts";
import type { Bound } from "../nn/parameters.ts";
import { Programs } from "../nn/programs.ts";
import { probeDevice } from "../onnx/device.ts";
import type { LmModel } from "./models.ts";
import type { Device, EmbeddingProvider, OnProgress } from "./provider.ts";

/** Raised when the same model would give other vectors. */
const VERSION = 1;

/** Tokens kept of a text unless told. */
const MOST_TOKENS = 128;

/** Characters looked at for every token kept: a text of a million letters is not cut into tokens whole. */
const CHARACTERS = 32;

/** Tokens of a batch, padding included: enough for the processor to be busy, little enough for memory. */
const BATCH_TOKENS = 1024;

/** All cores: embedding runs before the harness's workers start. */
const THREADS = 0;

/**
 * Opens the embedding. Weights are read and checked by the first `embed`.
 * @throws {UsageError} for an unknown model, or a layer that it does not have
 * @throws {CapabilityError} when the model or the device is not on this machine
 */
export async function openLm(options: LmModel): Promise<EmbeddingProvider> {
  const { name, id, tokens = MOST_TOKENS, device, root } = options;
  const model = await findModel(id, root), { config, source } = model;
  const depth = Number(config.num_hidden_layers), kind = String(config.model_type);
  const layer = options.layer ?? defaultLayer(kind, depth);
  if (layer > depth) throw new UsageError(`${name}: layer ${layer} of ${depth}`);
  const longest = Number(config.max_position_embeddings ?? Infinity);
  if (tokens > longest) {
    throw new UsageError(`${name}: tokens=${tokens}, the model takes ${longest}`);
  }
  await probeDevice(device);
  let states: Promise<States> | undefined;
  const width = Number(config.hidden_size), lengths = lengthsOf(tokens);
  const limits = { layer, pooling: "mean", tokens, lengths: lengths.join(" "), device };
  const identity = { sha256: model.sha256, config, ...limits, batch: BATCH_TOKENS };
  return {
    name,
    key: hashJson({ provider: "lm", version: VERSION, ...identity }),
    width,
    preparation: "standardise",
    facts: {
      model: id,
      from: source.from,
      precision: source.dtype,
      sha256: model.sha256,
      ...limits,
    },
    slow: true,
    embed: async (texts, onProgress) => {
      states ??= openStates(model, layer).then((opened) => new States(opened, layer, device));
      return await (await states).embed(texts, tokens, lengths, onProgress);
    },
  };
}

/** A quarter, half and all of the tokens kept. */
function lengthsOf(tokens: number): number[] {
  return [...new Set([Math.ceil(tokens / 4), Math.ceil(tokens / 2), tokens])];
}

/** Mean states of texts behind a block. */
class States {
  readonly #programs: Programs;

  constructor(
    private readonly model: StateModel,
    private readonly layer: number,
    device: Device,
  ) {
    this.#programs = new Programs(model.parameters, {
      ...{ device, threads: THREADS, most: 3 },
      fixed: true,
    });
  }

  async embed(
    texts: readonly string[],
    most: number,
    lengths: readonly number[],
    onProgress?: OnProgress,
  ): Promise<Matrix> {
    const { tokenizer, width } = this.model;
    const cut = (text: string): number[] =>
      tokenizer.surrounded(text.slice(0, CHARACTERS * most), most);
    // Nothing is as good as an empty line, of which a decoder has a state.
    const ids = texts.map((text) => cut(text)).map((list) => list.length > 0 ? list : cut("\n"));
    const out = matrix(texts.length, width);
    let done = 0;
    for (const [l, length] of lengths.entries()) {
      const shorter = l > 0 ? lengths[l - 1] : 0,
        size = Math.max(1, Math.floor(BATCH_TOKENS / length));
      const own = [...ids.keys()].filter((i) => ids[i].length > shorter && ids[i].length <= length);
      for (let at = 0; at < own.length; at += size) {
        const members = own.slice(at, at + size);
        const means = await this.#run(members.map((i) => ids[i]), size, length);
        members.forEach((i, b) => row(out, i).set(means.subarray(b * width, (b + 1) * width)));
        onProgress?.(done += members.length, texts.length);
      }
    }
    return out;
  }

  /** Means of a batch, which is filled up with its first text. */
  async #run(
    members: readonly (readonly number[])[],
    size: number,
    length: number,
  ): Promise<Float32Array> {
    const { width, causal } = this.model;
    const rows = new Float32Array(size * length * width), shares = new Float32Array(size * length);
    const mask = new Float32Array(size * length).fill(-1e9);
    for (let b = 0; b < size; b++) {
      const ids = members[b] ?? members[0], first = b * length;
      rows.set(this.model.embed(ids), first * width);
      shares.fill(1 / ids.length, first, first + ids.length);
      mask.fill(0, first, first + ids.length);
    }
    const feeds = { rows, shares, ...(causal ? {} : { mask }) };
    const build = (graph: Graph, parameter: Bound): void =>
      this.#build(graph, parameter, size, length);
    return (await this.#programs.run(`${length}`, build, feeds)).means;
  }

  #build(graph: Graph, parameter: Bound, size: number, length: number): void {
    const { width, causal } = this.model;
    const rows = graph.input("rows", [size, length, width]);
    const mask = causal ? undefined : graph.input("mask", [size, 1, 1, length]);
    const states: Tensor = this.model.states(parameter, rows, { blocks: this.layer, mask });
    // Padding has a share of zero; a causal model computed it from the text before it, so it is finite.
    const shares = graph.input("shares", [size, 1, length]);
    graph.output("means", reshape(matmul(shares, states), [size, width]));
  }
}
