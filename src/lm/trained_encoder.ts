/**
 * An encoder that is trained whole under a loss of its caller's, on texts of a fixed number of tokens.
 *
 * A text's vector is the mean of its tokens' states behind the last block. Training has one graph, of texts cut and
 * filled up to the same length; texts to be read afterwards go through graphs of a quarter, half and all of
 * it. What a text is filled up with is hidden, so its vector depends on nothing but itself.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import type { Graph, Tensor } from "../nn/graph.ts";
import { matmul, reshape } from "../nn/ops.ts";
import type { Bound, Parameters } from "../nn/parameters.ts";
import type { Feeds } from "../nn/program.ts";
import { Programs } from "../nn/programs.ts";
import { verifySafetensors } from "../nn/safetensors_stream.ts";
import { join } from "node:path";
import { type Encoder, openEncoder } from "./encoder.ts";
import { findModel } from "./store.ts";

/** Which tokens of a long text are kept. */
export type Kept = "first" | "last";

/** How an encoder is opened. */
export interface TrainedEncoderOptions {
  /** Tokens of a text, those around it included. */
  readonly tokens: number;
  /** Which of a long text are kept. */
  readonly keep: Kept;
  /** The store of models; that of this machine unless told. */
  readonly root?: string;
}

/** Characters looked at for every token kept: a text of a million letters is not cut into tokens whole. */
const CHARACTERS = 16;

/** Added to the attention scores of padding. */
const HIDDEN = -1e9;

/** Tokens of a batch of texts to be read, padding included. */
const BATCH_TOKENS = 1024;

/** Ids of the tokens of texts. */
export type TokenLists = readonly (readonly number[])[];

/** An encoder with all its weights open to training. */
export class TrainedEncoder {
  /** Its weights; a caller adds its own. */
  readonly parameters: Parameters;
  /** Width of a vector. */
  readonly width: number;

  private constructor(
    private readonly encoder: Encoder,
    /** SHA-256 of the weights that it starts from. */
    readonly sha256: string,
    private readonly tokens: number,
    private readonly keep: Kept,
  ) {
    this.parameters = encoder.parameters;
    this.width = encoder.width;
  }

  /**
   * Opens a model of the store.
   * @throws {UsageError} for an id that is no name of anything
   * @throws {CapabilityError} when it is not on this machine, with the commands that bring it; or is no encoder
   * @throws {DataError} when its files are damaged
   */
  static async open(
    id: string,
    { tokens, keep, root }: TrainedEncoderOptions,
  ): Promise<TrainedEncoder> {
    const { folder, config, sha256 } = await findModel(id, root);
    if (config.model_type !== "bert") {
      throw new CapabilityError(
        `${id} is a ${config.model_type} model, expected an encoder (bert)`,
      );
    }
    await verifySafetensors(join(folder, "model.safetensors"));
    const encoder = await openEncoder(folder);
    return new TrainedEncoder(encoder, sha256, Math.min(tokens, encoder.longest), keep);
  }

  /** Cuts texts into tokens, and off. */
  cut(texts: readonly string[]): TokenLists {
    const { tokens, keep, encoder: { tokenizer } } = this, most = CHARACTERS * tokens;
    return texts.map((text) =>
      tokenizer.surrounded(
        keep === "first" ? text.slice(0, most) : text.slice(-most),
        tokens,
        keep,
      )
    );
  }

  /** Vectors of a batch inside a graph, [size × width]; {@link feed} feeds what they are made of. */
  vectors(graph: Graph, parameter: Bound, size: number, length = this.tokens): Tensor {
    const ids = graph.input("ids", [size, length], { type: "int64" });
    const mask = graph.input("mask", [size, 1, 1, length]);
    const shares = graph.input("shares", [size, 1, length]);
    const states = this.encoder.states(parameter, this.encoder.rows(parameter, ids), { mask });
    return reshape(matmul(shares, states), [size, this.width]);
  }

  /** What {@link vectors} of so many texts is fed; where there are fewer, the first is repeated. */
  feed(texts: TokenLists, size = texts.length, length = this.tokens): Feeds {
    const ids = new BigInt64Array(size * length), shares = new Float32Array(size * length);
    const mask = new Float32Array(size * length).fill(HIDDEN);
    for (let b = 0; b < size; b++) {
      const own = texts[b] ?? texts[0], start = b * length;
      own.forEach((id, t) => ids[start + t] = BigInt(id));
      shares.fill(1 / own.length, start, start + own.length);
      mask.fill(0, start, start + own.length);
    }
    return { ids, shares, mask };
  }

  /**
   * Applies the encoder and what a caller puts behind it to texts.
   * @param head from vectors [size × width] to numbers [size × columns]
   * @returns a function from texts to numbers, row-major [texts × columns]
   */
  reader(
    head: (parameter: Bound, vectors: Tensor) => Tensor,
  ): (texts: readonly string[]) => Promise<Float64Array> {
    const programs = new Programs(this.parameters, { most: 4 });
    const lengths = [...new Set([4, 2, 1].map((part) => Math.ceil(this.tokens / part)))];
    return async (texts) => {
      const cut = this.cut(texts), rows: Float32Array[] = [];
      for (const [l, length] of lengths.entries()) {
        const shorter = lengths[l - 1] ?? 0;
        const own = [...cut.keys()]
          .filter((i) => cut[i].length > shorter && cut[i].length <= length);
        const size = texts.length === 1 ? 1 : Math.max(1, Math.floor(BATCH_TOKENS / length));
        for (let at = 0; at < own.length; at += size) {
          const members = own.slice(at, at + size);
          const { y } = await programs.run(`${size} × ${length}`, (graph, parameter) => {
            graph.output("y", head(parameter, this.vectors(graph, parameter, size, length)));
          }, this.feed(members.map((i) => cut[i]), size, length));
          const columns = y.length / size;
          members.forEach((i, b) => rows[i] = y.slice(b * columns, (b + 1) * columns));
        }
      }
      return Float64Array.from(rows.flatMap((row) => [...row]));
    };
  }
}
