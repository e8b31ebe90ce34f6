/**
 * The loss of a step of stage 2, as a graph and its feeds: binary cross-entropy of every target and model, and, where
 * it is asked for, a second loss between models.
 * @module
 */
import type { Graph, Tensor } from "../nn/graph.ts";
import { binaryCrossEntropy, type Dropout, logisticLoss } from "../nn/layers.ts";
import { add, reshape, scale, sub } from "../nn/ops.ts";
import type { Bound } from "../nn/parameters.ts";
import type { AnswerNetwork } from "./answer_network.ts";

/** Sizes of a step, and what there is to its loss. */
export interface AnswerStep {
  /** Models, G. */
  readonly models: number;
  /** Target queries, B. */
  readonly targets: number;
  /** Queries of a record, K. */
  readonly record: number;
  /** Whether ℓ are counted from log-odds that are fed. */
  readonly prior: boolean;
  /** Weight of the loss between models; none if absent. */
  readonly contrast?: number;
  /** Dropout of the residual branches. */
  readonly branches: Dropout;
  /** Dropout of the query vectors. */
  readonly vectors: Dropout;
}

/**
 * The loss of a step. Fed: `record` [K × input] and `labels` [G × K], or `models` [G × 1] of a network that knows them
 * by name; `targets` [B × input], `outcomes` and `weights` [G × B]; `prior` [G × B]; `better` of {@link betterBy}.
 */
export function answerLoss(
  graph: Graph,
  parameter: Bound,
  network: AnswerNetwork,
  step: AnswerStep,
): Tensor {
  const { models: G, targets: B, record: K, prior, contrast, branches, vectors } = step;
  const named = { drop: (x: Tensor, name: string): Tensor => branches.apply(x, name) };
  const memory = network.byName
    ? network.readNames(parameter, graph.input("models", [G, 1], { type: "int64" }), named)
    : network.read(
      parameter,
      vectors.apply(graph.input("record", [K, network.input]), "record"),
      graph.input("labels", [G, K], { type: "int64" }),
      named,
    );
  const targets = vectors.apply(graph.input("targets", [B, network.input]), "targets");
  const heard = network.answer(parameter, targets, memory, named);
  const logits = prior ? add(heard, graph.input("prior", [G, B])) : heard;
  const loss = binaryCrossEntropy(
    logits,
    graph.input("outcomes", [G, B]),
    graph.input("weights", [G, B]),
  );
  if (!contrast) return loss;
  const better = graph.input("better", [G, G, B]);
  return add(loss, scale(logisticLoss(differences(logits), better), contrast));
}

/** ℓ of the second model less ℓ of the first, for every pair of models and target [G × G × B]. */
function differences(logits: Tensor): Tensor {
  const [G, B] = logits.shape;
  return sub(reshape(logits, [1, G, B]), reshape(logits, [G, 1, B]));
}

/** By how much the first model of a pair scores more on a target than the second, 0 where it does not [G × G × B]. */
export function betterBy(
  outcomes: Float32Array,
  weights: Float32Array,
  G: number,
  B: number,
): Float32Array {
  const out = new Float32Array(G * G * B);
  for (let g = 0, at = 0; g < G; g++) {
    for (let h = 0; h < G; h++) {
      for (let b = 0; b < B; b++, at++) {
        const i = g * B + b, j = h * B + b;
        // A model beside itself says nothing, but keeps the sum of the weights above 0.
        if (g === h) out[at] = 1e-6;
        else if (weights[i] && weights[j]) out[at] = Math.max(0, outcomes[i] - outcomes[j]);
      }
    }
  }
  return out;
}
