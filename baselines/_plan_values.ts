/**
 * Plans that visit models and answer with the reply of one, and V(s, a): what a plan is worth that has come to s and takes
 * the action a next, before anything is seen of what a brings. Used by `iro_plans.ts`.
 *
 * A reply is seen only once its visit is over, so a value that has read it could not have been used to choose the visit.
 */
import type { Observation, Random } from "../src/router/mod.ts";
import { type Matrix } from "../src/linalg/mod.ts";
import {
  Blocks,
  type Bound,
  div,
  type Graph,
  linear,
  mul,
  normal,
  Parameters,
  relu,
  scale,
  sub,
  sumAll,
  type Tensor,
  trainNetwork,
  values,
  zeros,
} from "../src/nn/mod.ts";
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

/** What a value function is fitted on; rows in an order that is a property of the data. */
export interface ValueData {
  /** Inputs [P × width]. */
  readonly x: Matrix;
  /** What the plan earned, by the action taken, [P × 2M]. */
  readonly targets: Float32Array;
  /** 1 for the action taken, else 0, [P × 2M]. */
  readonly taken: Float32Array;
}

const HIDDEN = 64, BATCH = 128, EPOCHS = 10, RATE = 0.003, DECAY = 0.01;

const hidden = (_: Graph, parameter: Bound, x: Tensor): Tensor =>
  linear(relu(linear(x, parameter("W"), parameter("c"))), parameter("E"), parameter("b"));

/**
 * Fits V by ½ mean (V(s, a) − r)² over the actions taken. Before learning V is the mean of r.
 * @param look is shown V so far after every step
 */
export async function fitValue(
  { x, targets, taken }: ValueData,
  random: Random,
  signal: AbortSignal,
  look?: (soFar: PlanValue["values"], steps: number) => Promise<void> | void,
): Promise<PlanValue> {
  const actions = targets.length / x.rows, parameters = new Parameters(random);
  const mean = targets.reduce((sum, r, at) => sum + taken[at] * r, 0) /
    taken.reduce((a, b) => a + b, 0);
  parameters.add("W", [x.width, HIDDEN], normal(0.3));
  parameters.add("c", [HIDDEN], zeros);
  parameters.add("E", [HIDDEN, actions], zeros);
  parameters.add("b", [actions], values(new Float64Array(actions).fill(mean)));
  const blocks = new Blocks(parameters, hidden);
  const V: PlanValue["values"] = (rows) => blocks.apply(rows);
  const { loss } = await trainNetwork({
    parameters,
    examples: Uint32Array.from({ length: x.rows }, (_, i) => i),
    batch: BATCH,
    epochs: EPOCHS,
    rate: RATE,
    decay: DECAY,
    random,
    loss: (graph, parameter, { take }) => {
      const w = take(taken, actions);
      const error = sub(hidden(graph, parameter, take(x.data, x.width)), take(targets, actions));
      return scale(div(sumAll(mul(w, mul(error, error))), sumAll(w)), 0.5);
    },
  }, { signal, look: look && ((steps) => look(V, steps)) });
  return { values: V, parameters: parameters.count, loss };
}
