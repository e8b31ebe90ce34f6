/**
 * Keys and values that stand once for every query head, once for every key-value head: what is kept of a prefix.
 * @module
 */
import type { Tensor } from "../nn/graph.ts";
import { expand, reshape, slice } from "../nn/ops.ts";
import type { Bound } from "../nn/parameters.ts";
import type { Feeds } from "../nn/program.ts";
import { copied, type Programs } from "../nn/programs.ts";
import { type KeysValues, memoryOutputs } from "../nn/transformer.ts";
import type { Backbone } from "./backbone.ts";

/** What a model keeps of rows [batch × length × width] for later ones, a pair a layer. */
export function remembered(model: Backbone, parameter: Bound, rows: Tensor): KeysValues[] {
  return model.remember(parameter, rows).map((own) => once(own, model.kvHeads));
}

/**
 * The same, computed: what inputs of the names of `memoryInputs` are fed.
 * @param programs of the model's parameters
 * @param rows one sequence [length × width]
 */
export async function memoryOf(
  model: Backbone,
  programs: Programs,
  rows: Float32Array,
): Promise<Feeds> {
  const length = rows.length / model.width;
  const made = await programs.run(`memory of ${length}`, (graph, parameter) => {
    const x = graph.input("rows", [1, length, model.width]);
    memoryOutputs(graph, remembered(model, parameter, x));
  }, { rows });
  return copied(made);
}

/** Keys and values [batch × heads × length × width] as [batch × kvHeads × length × width]. */
function once({ keys, values }: KeysValues, kvHeads: number): KeysValues {
  const first = (x: Tensor): Tensor => {
    const [batch, heads, length, width] = x.shape;
    const apart = reshape(x, [batch, kvHeads, heads / kvHeads, length, width]);
    return reshape(slice(apart, 2, 0, 1), [batch, kvHeads, length, width]);
  };
  return { keys: first(keys), values: first(values) };
}

/** The same for every query head again: [batch × heads × length × width]. */
export function repeated({ keys, values }: KeysValues, heads: number): KeysValues {
  const again = (x: Tensor): Tensor => {
    const [batch, kvHeads, length, width] = x.shape, apart = [batch, kvHeads, 1, length, width];
    const made = expand(reshape(x, apart), apart.with(2, heads / kvHeads));
    return reshape(made, [batch, heads, length, width]);
  };
  return { keys: again(keys), values: again(values) };
}
