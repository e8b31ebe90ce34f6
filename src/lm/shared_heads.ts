/**
 * What is kept of a prefix, keys and values once a key-value head, and attention over it.
 * @module
 */
import type { Tensor } from "../nn/graph.ts";
import { repeatHeads, softmax } from "../nn/layers.ts";
import { add, concat, matmul, reshape, slice } from "../nn/ops.ts";
import type { Feeds } from "../nn/program.ts";
import { copied, type Programs } from "../nn/programs.ts";
import { type KeysValues, memoryOutputs } from "../nn/transformer.ts";
import type { Backbone } from "./backbone.ts";

/**
 * What a model keeps of rows for later ones, computed: what inputs of the names of `memoryInputs` are fed.
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
    memoryOutputs(graph, model.remember(parameter, x));
  }, { rows });
  return copied(made);
}

/**
 * Attention over a prefix kept so and the rows' own keys and values, as one softmax. Query heads that share keys are
 * put together, so that the prefix, which may be long, is neither repeated nor copied. No backward rule.
 * @param q queries [1 × heads × n × width]
 * @param prefix keys and values [1 × kvHeads × length × width]
 * @param own keys and values of the rows [1 × kvHeads × n × width]
 * @param mask added to the scores of own keys [n × n]
 */
export function behindPrefix(
  q: Tensor,
  prefix: KeysValues,
  own: KeysValues,
  mask: Tensor,
): Tensor {
  const [, heads, n, width] = q.shape, [, kvHeads, length] = prefix.keys.shape;
  const grouped = [1, kvHeads, heads / kvHeads * n], factor = 1 / Math.sqrt(width);
  const past = matmul(reshape(q, [...grouped, width]), prefix.keys, { transposeB: true, factor });
  const present = add(matmul(q, repeatHeads(own.keys, heads), { transposeB: true, factor }), mask);
  const p = softmax(concat([reshape(past, [1, heads, n, length]), present], 3));
  const pPast = reshape(slice(p, 3, 0, length), [...grouped, length]);
  const seen = reshape(matmul(pPast, prefix.values), q.shape);
  return add(seen, matmul(slice(p, 3, length, length + n), repeatHeads(own.values, heads)));
}
