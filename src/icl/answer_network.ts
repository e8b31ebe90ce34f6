/**
 * What stage 2 trains and the reader runs: a network that reads models' records and says, for other queries, whether
 * each of these models solves them. There are two: a small transformer from scratch (`network.ts`), and the middle
 * of a pre-trained language model (`lm/fused.ts`).
 * @module
 */
import type { Tensor } from "../nn/graph.ts";
import type { Group } from "../nn/adamw.ts";
import type { Bound, Parameters } from "../nn/parameters.ts";
import type { TrainedParameters } from "../nn/checkpoint.ts";
import { trainedOf } from "../nn/trainer.ts";
import type { BlockOptions, KeysValues } from "../nn/transformer.ts";

/** Label of a record's query whose outcome is not told: it is to be predicted. Beside 0, not solved, and 1, solved. */
export const NOT_TOLD = 2;

/** A network that answers from records. */
export interface AnswerNetwork {
  /** Its numbers, frozen ones included. */
  readonly parameters: Parameters;
  /** Width of the query vectors it reads. */
  readonly input: number;
  /** Layers that keep keys and values. */
  readonly layers: number;
  /** Width of the states that its head reads. */
  readonly width: number;
  /** Whether models are known by a learned token in place of their record (a control). */
  readonly byName: boolean;
  /** Tokens of a record of K queries. */
  recordLength(K: number): number;
  /** Shape of the keys, and of the values, of one record of so many tokens. */
  memoryShape(length: number): readonly number[];
  /** How a parameter is trained, null = not at all. @param decay weight decay of matrices */
  group(name: string, shape: readonly number[], decay: number): Group | null;
  /**
   * Reads the records of G models on the same K queries: the keys and values that targets attend to, a pair a layer.
   * @param vectors query vectors of the record [K × input]
   * @param labels int64 [G × K], 1 = solved, 0 = not, {@link NOT_TOLD}
   */
  read(
    parameter: Bound,
    vectors: Tensor,
    labels: Tensor,
    options?: BlockOptions,
  ): readonly KeysValues[];
  /** The control: each model's prefix is one learned token. @param models int64 [G × 1] */
  readNames(parameter: Bound, models: Tensor, options?: BlockOptions): readonly KeysValues[];
  /**
   * ℓ = logit(solved) − logit(not solved) of every target for every model, [G × B].
   * @param vectors query vectors of the targets [B × input]
   */
  answer(
    parameter: Bound,
    vectors: Tensor,
    memory: readonly KeysValues[],
    options?: BlockOptions,
  ): Tensor;
  /** What the head reads to say so, model by model: [G·B × width]. Arguments as of {@link answer}. */
  states(
    parameter: Bound,
    vectors: Tensor,
    memory: readonly KeysValues[],
    options?: BlockOptions,
  ): Tensor;
  /** ℓ of states [rows × width], [rows × 1]. */
  head(parameter: Bound, states: Tensor): Tensor;
}

/** The parameters that are trained, by name. */
export function trainedParameters(
  { parameters, group }: Pick<AnswerNetwork, "parameters" | "group">,
): TrainedParameters {
  return trainedOf(parameters, (name, shape) => group(name, shape, 0));
}
