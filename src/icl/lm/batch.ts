/**
 * Prompts with slots as rows of a decoder: tokens come from the model's table, slots from the projector.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { Graph, Tensor } from "../../nn/graph.ts";
import { concat, lookup } from "../../nn/ops.ts";
import type { Bound } from "../../nn/parameters.ts";
import type { Feeds } from "../../nn/program.ts";
import type { TextBackbone } from "./tokenizer.ts";
import { project } from "../network.ts";

/** Prefix of the projector's parameters, beside those of the language model. */
export const PROJECTOR = "projector";

/** The next number among 32, 64, 128 …: few lengths, few programs of gigabytes each. */
export function roundedLength(n: number): number {
  let length = 32;
  while (length < n) length *= 2;
  return length;
}

/** Compiled programs that are kept, of as many lengths. */
export const KEPT_PROGRAMS = 3;

/**
 * Input rows of `count` tokens, some of them slots, [count × width]. Fed by {@link slottedFeed}.
 * @param vectors query vectors, a row each [slots × input]
 */
export function slotted(
  graph: Graph,
  parameter: Bound,
  backbone: TextBackbone,
  name: string,
  count: number,
  vectors: Tensor,
): Tensor {
  const tokens = backbone.tokens(graph, parameter, `${name} tokens`, count);
  const rows = concat([tokens, project(parameter, PROJECTOR, vectors)], 0);
  return lookup(rows, graph.input(`${name} rows`, [count], { type: "int64" }));
}

/** Feeds of {@link slotted}: the i-th slot token becomes the i-th vector. */
export function slottedFeed(backbone: TextBackbone, name: string, ids: readonly number[]): Feeds {
  const rows = new BigInt64Array(ids.length), { slot } = backbone.tokenizer;
  let slots = 0;
  ids.forEach((id, i) => rows[i] = BigInt(id === slot ? ids.length + slots++ : i));
  return { ...backbone.feed(`${name} tokens`, ids), [`${name} rows`]: rows };
}

/** Lists of ids one after the other, each filled up at its end; a causal decoder never looks there. */
export function padded(
  lists: readonly (readonly number[])[],
  length: number,
  pad: number,
): number[] {
  return lists.flatMap((ids) => [...ids, ...new Array<number>(length - ids.length).fill(pad)]);
}

/**
 * Prompts are never cut, so they have to fit.
 * @throws {DataError} when one has more positions than the language model knows
 */
export function checkLength(backbone: TextBackbone, length: number, what: string): void {
  if (length <= backbone.longest) return;
  throw new DataError(
    `${what} has ${length} tokens, the language model takes ${backbone.longest}: prompts are not cut`,
  );
}
