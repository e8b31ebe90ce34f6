/**
 * What the project needs of a pre-trained language model, and nothing else: token rows, a causal decoder over
 * rows of any origin, logits, a tokenizer. `decoder.ts` provides it for Llama, Qwen2 and Qwen3 checkpoints.
 * @module
 */
import type { Graph, Tensor } from "../nn/graph.ts";
import type { Bound, Parameters } from "../nn/parameters.ts";
import type { Feeds } from "../nn/program.ts";
import type { KeysValues } from "../nn/transformer.ts";
import type { LmTokenizer } from "./tokenizer.ts";

/** Attention of a layer's queries over its own keys and values, and perhaps others. */
export type Attend = (layer: number, queries: Tensor, own: KeysValues) => Tensor;

/** Who sees whom, and where rows stand. */
export interface DecodeOptions {
  /** Blocks that the rows went through already; those that were not loaded if absent. */
  readonly from?: number;
  /** The last block that is run; the last that was loaded if absent. */
  readonly blocks?: number;
  /** Position of every row; 0, 1, 2 … if absent. */
  readonly positions?: readonly number[];
  /** Added to attention scores in place of the causal rule: 0 = seen, −10⁹ = hidden. */
  readonly mask?: Tensor;
  /** Another attention, in place of the causal rule and the mask. */
  readonly attend?: Attend;
}

/** A model that gives a state for every token of a text: a decoder, or an encoder. */
export interface StateModel {
  /** Width of a state, and of what may be fed as a row. */
  readonly width: number;
  /** Number of blocks that were loaded. */
  readonly layers: number;
  /** Most tokens of a text. */
  readonly longest: number;
  /** Whether a token sees only those before it; else padding has to be hidden by a mask. */
  readonly causal: boolean;
  /** Its tokenizer. */
  readonly tokenizer: LmTokenizer;
  /** Weights, under the names of the checkpoint; those of adapters beside them. */
  readonly parameters: Parameters;
  /**
   * Input rows of the tokens of one text, looked up outside of any graph, row-major [ids × width].
   * @throws {RangeError} when an id is not in the vocabulary
   */
  embed(ids: readonly number[]): Float32Array;
  /** The states behind some blocks, as the next would take them: rows and result [batch × length × width]. */
  states(parameter: Bound, rows: Tensor, options?: DecodeOptions): Tensor;
}

/** A decoder language model. */
export interface Backbone extends StateModel {
  /** As printed: kind, sizes, what is trained. */
  readonly description: string;
  /** Tells models apart that are not interchangeable under trained adapters. */
  readonly fingerprint: string;
  /** Number of tokens there are. */
  readonly vocabulary: number;
  /** Whether a parameter of the language model is trained; the others stay as they were loaded. */
  trains(name: string): boolean;
  /**
   * Input rows of `count` tokens inside a graph, [count × width]: looked up there if the table is trained, fed
   * as numbers otherwise, so that a large frozen table never enters a graph.
   */
  tokens(graph: Graph, parameter: Bound, name: string, count: number): Tensor;
  /** What {@link tokens} of that name have to be fed. */
  feed(name: string, ids: readonly number[]): Feeds;
  /** Runs all blocks over rows [batch × length × width] and normalises the result, of the same shape. */
  decode(parameter: Bound, rows: Tensor, options?: DecodeOptions): Tensor;
  /** Keys and values that later rows need of rows [batch × length × width], one pair a layer, one a key-value head. */
  remember(parameter: Bound, rows: Tensor): KeysValues[];
  /** Shape of one such tensor, for a batch of one. */
  memoryShape(length: number): readonly number[];
  /** Next-token logits of decoded rows [rows × width] for some tokens, or all: [rows × ids]. */
  logits(parameter: Bound, rows: Tensor, ids?: readonly number[]): Tensor;
}
