/**
 * The answer of a language model to "will this model solve this query?", as a graph: the record is read once,
 * and all target queries attend to it and to themselves, never to each other (icl-router.md §3.3). By causal
 * attention that is what one sequence per (query, model) would compute.
 * @module
 */
import type { Graph, Tensor } from "../../nn/graph.ts";
import { lookup, reshape, slice, sub } from "../../nn/ops.ts";
import type { Bound } from "../../nn/parameters.ts";
import type { Feeds } from "../../nn/program.ts";
import type { KeysValues } from "../../nn/transformer.ts";
import type { Record } from "../record.ts";
import { sharedPrefixAttention } from "../shared_prefix.ts";
import { checkLength, padded, slotted, slottedFeed } from "./batch.ts";
import { recordPrompt } from "./prompts.ts";
import type { TextRouter } from "./model.ts";

/** What the language model keeps of a record prompt of `length` tokens with K slots, one pair a layer. */
export function readRecord(
  graph: Graph,
  parameter: Bound,
  { backbone, input }: TextRouter,
  length: number,
  K: number,
): KeysValues[] {
  const vectors = graph.input("record vectors", [K, input]);
  const rows = slotted(graph, parameter, backbone, "record", length, vectors);
  return backbone.remember(parameter, reshape(rows, [1, length, backbone.width]));
}

/**
 * Feeds of {@link readRecord}, and the number of tokens of the prompt.
 * @throws {DataError} when the prompt does not fit the language model
 */
export function recordFeed(
  { backbone }: TextRouter,
  { vectors, labels }: Record,
): { readonly length: number; readonly feeds: Feeds } {
  const ids = recordPrompt(backbone.tokenizer, labels);
  checkLength(backbone, ids.length, `a record of ${labels.length} queries`);
  const feeds = { ...slottedFeed(backbone, "record", ids), "record vectors": vectors };
  return { length: ids.length, feeds };
}

/**
 * ℓ = logit(Yes) − logit(No) of B target queries, [B].
 * @param memory of {@link readRecord}, or inputs in its place
 * @param length tokens of a target prompt, padding included
 */
export function answerTargets(
  graph: Graph,
  parameter: Bound,
  { backbone }: TextRouter,
  memory: readonly KeysValues[],
  B: number,
  length: number,
): Tensor {
  const { width, tokenizer: { yes, no } } = backbone, start = memory[0].keys.shape[2];
  const tokens = backbone.tokens(graph, parameter, "target tokens", B * length);
  const decoded = backbone.decode(parameter, reshape(tokens, [1, B * length, width]), {
    positions: Array.from({ length: B * length }, (_, i) => start + i % length),
    attend: (layer, queries, own) => sharedPrefixAttention(queries, memory[layer], own, B),
  });
  const answering = graph.input("answering", [B], { type: "int64" });
  const rows = lookup(reshape(decoded, [B * length, width]), answering);
  const logits = backbone.logits(parameter, rows, [yes, no]);
  return reshape(sub(slice(logits, 1, 0, 1), slice(logits, 1, 1, 2)), [B]);
}

/**
 * Feeds of {@link answerTargets}: prompts of at most `length` tokens, behind a record of `start`.
 * @throws {DataError} when a prompt does not fit the language model
 */
export function targetFeed(
  { backbone }: TextRouter,
  prompts: readonly (readonly number[])[],
  length: number,
  start: number,
): Feeds {
  const ends = prompts.map((ids, b) => {
    checkLength(backbone, start + ids.length, "a record with a target query");
    return BigInt(b * length + ids.length - 1);
  });
  const ids = padded(prompts, length, backbone.tokenizer.end);
  return { ...backbone.feed("target tokens", ids), answering: BigInt64Array.from(ends) };
}
