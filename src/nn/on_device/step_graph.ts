/**
 * A training step as one graph: forward, backward, clipping to a global norm, AdamW.
 *
 * All trained parameters lie in one matrix ({@link Layout}), so that AdamW is a dozen operators instead of
 * a dozen for each parameter; what differs between groups (decay, share of the learning rate) is a column
 * beside it. Names of its own inputs begin with "trainer", names of outputs with "next".
 * @module
 */
import type { AdamWOptions, Group } from "../adamw.ts";
import { relu } from "../layers.ts";
import {
  add,
  div,
  gradients,
  mul,
  scalar,
  scale,
  shift,
  sqrt,
  square,
  sub,
  sum,
  sumAll,
} from "../ops.ts";
import { Graph, type Tensor } from "../graph.ts";
import { columnOf, cut, join, type Layout } from "./layout.ts";
import { bind, type Bound, type Parameters } from "../parameters.ts";

/** Which part of a step on several micro-batches a graph is. */
export interface Part {
  /** Whether the gradients of earlier micro-batches are fed, as "trainer sum". */
  readonly continues: boolean;
  /** Whether the weights change now; else the sum of gradients is given out, as "next sum". */
  readonly ends: boolean;
}

/** What a step is made of. */
export interface StepPlan extends AdamWOptions {
  /** The parameters, trained and frozen. */
  readonly parameters: Parameters;
  /** Places of the trained ones. */
  readonly layout: Layout;
  /** Group of a trained parameter. */
  readonly group: (name: string) => Group;
  /** Gradients are scaled down to this global norm; Infinity to leave them. */
  readonly clip: number;
}

/**
 * Builds the graph of a step.
 * @returns it, and the values of the frozen parameters, to be fed
 * @throws {RangeError} when the loss leaves a trained parameter out
 */
export function stepGraph(
  build: (graph: Graph, parameter: Bound) => Tensor,
  plan: StepPlan,
  { continues, ends }: Part,
): { readonly graph: Graph; readonly frozen: Bound["feeds"] } {
  const { parameters, layout } = plan;
  const graph = new Graph({ fused: false });
  const weights = graph.input("trainer weights", layout.shape);
  const bound = bindLaidOut(graph, parameters, layout, weights);
  const loss = build(graph, bound);
  graph.output("loss", loss);
  const trained = [...layout.places.keys()].map((name) => {
    const tensor = bound.used.get(name);
    if (!tensor) throw new RangeError(`the loss leaves "${name}" out: its group has to be null`);
    return tensor;
  });
  let total = join(layout, gradients(loss, trained));
  if (continues) total = add(graph.input("trainer sum", layout.shape), total);
  if (ends) descend(weights, total, plan);
  else graph.output("next sum", total);
  return { graph, frozen: bound.feeds };
}

/** As `bind`, with the trained parameters cut out of the matrix. */
function bindLaidOut(
  graph: Graph,
  parameters: Parameters,
  layout: Layout,
  weights: Tensor,
): Bound {
  const frozen = bind(graph, parameters, () => true), used = new Map<string, Tensor>();
  const tensor = (name: string): Tensor => {
    const known = used.get(name);
    if (known) return known;
    const made = layout.places.has(name)
      ? { ...cut(layout, weights, name), differentiable: true }
      : frozen(name);
    used.set(name, made);
    return made;
  };
  return Object.assign(tensor, { used, has: frozen.has, feeds: frozen.feeds });
}

/** AdamW as in `adamw.ts`, for every parameter at once. */
function descend(weights: Tensor, total: Tensor, plan: StepPlan): void {
  const { graph, shape } = weights, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = plan;
  const fed = (name: string): Tensor => graph.input(`trainer ${name}`, []);
  const mean = mul(total, fed("share"));
  // Row by row first: a device adds up many short rows at once, but one long row alone.
  const norm = sqrt(sumAll(sum(square(mean), [-1])));
  const g = plan.clip === Infinity ? mean : mul(mean, clipping(norm, plan.clip));
  const m = add(scale(graph.input("trainer first", shape), beta1), scale(g, 1 - beta1));
  const v = add(scale(graph.input("trainer second", shape), beta2), scale(square(g), 1 - beta2));
  const root = shift(sqrt(mul(v, fed("unbias2"))), epsilon);
  const step = div(mul(m, fed("unbias1")), root);
  const decay = column(graph, plan, "decay", ({ decay = 0 }) => decay);
  const share = column(graph, plan, "rate", ({ rate = 1 }) => rate);
  const change = mul(share, add(mul(decay, weights), step));
  graph.output("norm", norm);
  graph.output("next weights", sub(weights, mul(fed("rate"), change)));
  graph.output("next first", m);
  graph.output("next second", v);
}

/** min(1, clip / norm) = clip / (clip + max(norm − clip, 0)), of operators that every device has. */
function clipping(norm: Tensor, clip: number): Tensor {
  return div(scalar(norm.graph, clip), shift(relu(shift(norm, -clip)), clip));
}

function column(
  graph: Graph,
  { layout, group }: StepPlan,
  key: string,
  value: (group: Group) => number,
): Tensor {
  return graph.constant(
    `column ${key}`,
    [layout.shape[0], 1],
    () => columnOf(layout, (name) => value(group(name))),
  );
}
