/**
 * Plans that visit models and answer with the reply of one, and V(s, a): what a plan at s is worth that takes action a
 * next. If a is a visit, its reply is not read yet: V helps to choose the visit, and the reply comes after it. Used by
 * `iro_plans.ts`.
 */
import type { Observation, Random } from "../src/router/mod.ts";
import { type Matrix } from "../src/linalg/mod.ts";
import { Blocks, type Bound, linear, normal, Parameters, relu } from "../src/nn/mod.ts";
import { type Tensor, values, zeros } from "../src/nn/mod.ts";
import { leastSquares, type Lessons } from "./_least_squares.ts";
import type { ReplyReader } from "./_reply_reader.ts";

/** A plan, as far as it has gone. Its models are numbered in order of id. */
export interface Plan {
  /** Models visited, in order. */
  readonly asked: readonly number[];
  /** The model whose reply is the answer; absent while the plan goes on. */
  readonly commit?: number;
  /** Σ log π_base of its actions. */
  readonly logBase: number;
  /** log π_base + Σ V_i/β_i, V_i at its last action. */
  readonly score: number;
}

/** Where a plan stands: its query, what it has read, and what money is worth. */
export interface States {
  /** What is seen. */
  readonly seen: Observation;
  /** ŝ of the frozen router, one [M] an episode, in order of id. */
  readonly base: readonly Float64Array[];
  /** Position of λ in the dial, one an episode. */
  readonly lambda: readonly number[];
}

/** Inputs of a value function: what is read, ŝ of the frozen router, λ as one of `lambdas`. */
export function inputsOf(
  reader: ReplyReader,
  { seen, base, lambda }: States,
  lambdas: number,
): Matrix {
  const M = reader.columns.length, x = reader.read(seen, M + lambdas);
  base.forEach((cells, e) => {
    const at = e * x.width + reader.width;
    x.data.set(cells, at);
    x.data[at + M + lambda[e]] = 1;
  });
  return x;
}

/** The frozen router's log-probabilities of a plan's next actions, visits then commits, [2M]. */
export type BasePolicy = (base: Float64Array, asked: readonly number[]) => Float64Array;

/** Temperature of ŝ. */
const TAU = 0.1;

/**
 * π_base: a first visit; from then on half of the plans end. Models are visited, and answered with, in proportion to
 * exp(ŝ/τ). After `hops` visits, or when no model is left, a plan ends.
 * @param known 1 where a model may be visited
 */
export function basePolicy(hops: number, known: ArrayLike<number>): BasePolicy {
  return (base, asked) => {
    const M = base.length, out = new Float64Array(2 * M).fill(-Infinity);
    const left = [...base.keys()].filter((m) => known[m] && !asked.includes(m));
    const goesOn = asked.length < hops && left.length > 0;
    const share = Math.log(goesOn && asked.length > 0 ? 0.5 : 1);
    if (goesOn) softmax(base, left).forEach((log, k) => out[left[k]] = share + log);
    softmax(base, asked).forEach((log, k) => out[M + asked[k]] = share + log);
    return out;
  };
}

function softmax(base: Float64Array, among: readonly number[]): number[] {
  const logits = among.map((m) => base[m] / TAU), most = Math.max(...logits);
  const total = logits.reduce((sum, z) => sum + Math.exp(z - most), 0);
  return logits.map((z) => z - most - Math.log(total));
}

/** A fitted value function. */
export interface PlanValue {
  /** V of all actions, visits then commits, [E × 2M]. */
  values(x: Matrix): Promise<Float64Array>;
  /** Learned numbers. */
  readonly parameters: number;
  /** Mean loss at the end of training. */
  readonly loss: number;
}

const HIDDEN = 64, TRAINING = { batch: 128, rate: 0.003 };

const value = (parameter: Bound, x: Tensor): Tensor =>
  linear(relu(linear(x, parameter("W"), parameter("c"))), parameter("E"), parameter("b"));

/**
 * Fits V to what plans earned, one a row: w is 1 for the action taken, else 0. Before learning V is the mean of that.
 * @param look is shown V so far after every step
 */
export async function fitValue(
  lessons: Lessons,
  random: Random,
  signal: AbortSignal,
  look?: (soFar: PlanValue["values"], steps: number) => Promise<void> | void,
): Promise<PlanValue> {
  const { x, targets, weights } = lessons, actions = targets.length / x.rows;
  const mean = targets.reduce((sum, r, at) => sum + weights[at] * r, 0) /
    weights.reduce((a, b) => a + b, 0);
  const parameters = new Parameters(random);
  parameters.add("W", [x.width, HIDDEN], normal(0.3));
  parameters.add("c", [HIDDEN], zeros);
  parameters.add("E", [HIDDEN, actions], zeros);
  parameters.add("b", [actions], values(new Float64Array(actions).fill(mean)));
  const blocks = new Blocks(parameters, (_, parameter, x) => value(parameter, x));
  const V: PlanValue["values"] = (rows) => blocks.apply(rows);
  const examples = Uint32Array.from({ length: x.rows }, (_, i) => i);
  const loss = await leastSquares(
    lessons,
    value,
    { ...TRAINING, parameters, examples, random },
    { signal, look: look && ((steps) => look(V, steps)) },
  );
  return { values: V, parameters: parameters.count, loss };
}
