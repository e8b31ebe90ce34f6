/**
 * GraphRouter, used by `graph_router.ts` and `graph_router_label.ts`, which differ in where a query's task comes from.
 * Queries and models are the nodes of a graph, outcomes its edges, routing is edge prediction.
 *
 *   h_q⁰ = [T·task ; Q·φ(x)],  h_m⁰ = a learned vector,  e_qm = ReLU(A·s(q,m) + a)
 *   h_m¹ = ReLU(norm(h_m⁰ + mean_q(W₁ h_q⁰ + E₁ e_qm))),  h_q¹ = ReLU(norm(h_q⁰))
 *   h_m² =      norm(h_m¹ + mean_q(W₂ h_q¹ + E₂ e_qm))
 *   ŝ(q,m) = σ(mean_d(h_q⁰ ⊙ h_m²)),  label 1 for the models that are best on q, else 0
 *
 * Edges run from queries to models, so only model nodes collect messages, and the initial vector of a query
 * is all that is needed to route it. Edges carry outcomes: a training step hides a random half of its edges
 * and predicts these from messages over the visible ones. At prediction all training edges are visible.
 *
 * A new model is a new node with the mean of the known initial vectors and its labelled edges. While
 * training, some nodes forget their own vector for it, to learn to live on messages.
 *
 * A message is a sum of a query part and an edge part, averaged over queries: it can tell a node how good
 * the model is, not on which queries. That is in the initial vector alone, and new models lack it.
 *
 * One training serves the whole grid: its weights are kept at the numbers of steps that are compared. What was
 * validated is what is tested, without another fit, as two fits may leave a plateau at different steps.
 * @module
 */
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  QueryBatch,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import { byId, expectLabel, gather, masked, onceFor } from "../src/router/mod.ts";
import { type Matrix, sideBySide, takeRows } from "../src/linalg/mod.ts";
import { add, binaryCrossEntropy, matmul, mean, mul, split, sub } from "../src/nn/mod.ts";
import { Blocks, type Parameters, Programs, type Tensor, trainNetwork } from "../src/nn/mod.ts";
import { averaging, hide, modelNodes, queryNodes, start } from "./_graph_network.ts";

/** One configuration of the grid. */
export interface Config {
  /** Steps whose weights are taken, of the {@link STEPS} that training takes. */
  readonly steps: number;
}

/** A step takes a subgraph of 256 queries; from 2,560 queries on there are 2,000 steps, however many the queries. */
const TRAINING = { batch: 256, rate: 0.01, decay: 1e-4 }, STEPS = 2000, MOST_PASSES = 200;
/** Numbers of steps to choose from. */
const GRID = [2000, 1500, 1000, 500];
/** h: half the width of a node, the task's and the text's share of a query. */
const HALF = 32;
/** Share of the model nodes that forget their own vector in a step. */
const FORGET = 0.2;

/** Where tasks come from. */
export interface Tasks {
  /** How many there are, T. */
  readonly count: number;
  /** Shares of the tasks in each query, [Q × T]. */
  of(queries: QueryBatch): Promise<Matrix>;
}

/** What both rows depart in, as their statements say it. */
export const DEPARTURES: string =
  "learned model vectors and one-hot tasks in place of descriptions; " +
  "label 1 for every best model of a query, where the released code names one; messages averaged " +
  "and layer-normalised, not summed and batch-normalised; edges carry scores alone; h = 32; 2,000 " +
  "steps on subgraphs of 256 queries at rate 0.01 (at most 200 passes), or the first 500 to 1,500, chosen on validation " +
  "rows, which are not trained on; a new node starts from the mean vector, which a fifth of the nodes get in training";

/** What both rows have in common. */
export function graphRouter(
  tasksOf: (train: TrainingData) => Tasks,
): Pick<Router<Config>, "grid" | "effort" | "unseen" | "unseenGrid" | "scale" | "refit" | "fit"> {
  const paths = onceFor<Promise<Path>>();
  return {
    effort: "seconds",
    grid: GRID.map((steps) => ({ steps })),
    unseen: "zero-update",
    unseenGrid: [{}], // a new node's edges are read: there is nothing to choose
    scale: "rank",
    refit: "train",
    async fit(train, { steps }, context) {
      const pool = ascending(train);
      const path = paths(train.scores, () => trained(pool, tasksOf(train), context), context.seed);
      const { edges, tasks, at } = await path, parameters = at(steps), { models } = pool;
      const own = parameters.get("models").data;
      return routed(parameters, tasks, await collect(parameters, own, edges, models));
    },
  };
}

/** The same with models in order of id: over 2,000 steps the order in which numbers are added can tell. */
function ascending(train: TrainingData): TrainingData {
  const { models, scores } = train, M = models.length, sorted = models.toSorted();
  if (sorted.every((model, m) => model === models[m])) return train;
  const column = sorted.map((model) => models.indexOf(model));
  return {
    ...train,
    models: sorted,
    scores: scores.map((_, at) => scores[at - at % M + column[at % M]]),
  };
}

/** A training. */
interface Path {
  readonly edges: Edges;
  readonly tasks: Tasks;
  /** The weights after a number of steps of the grid. */
  at(steps: number): Parameters;
}

async function trained(
  train: TrainingData,
  tasks: Tasks,
  context: FitContext,
): Promise<Path> {
  const { models } = train, M = models.length, T = tasks.count, { random } = context;
  const edges = await edgesOf(train, tasks), { x, task, known, scores, labels } = edges;
  const parameters = start(2 * HALF, x.width, T, models, random);
  const examples = [...Array(x.rows).keys()]
    .filter((i) => known.subarray(i * M, (i + 1) * M).includes(1));
  const size = Math.min(TRAINING.batch, examples.length);
  const steps = Math.min(STEPS, Math.ceil(MOST_PASSES * examples.length / size));
  const kept = new Map<number, Parameters>();
  await trainNetwork({
    ...TRAINING,
    epochs: steps * size / examples.length,
    parameters,
    examples,
    random: random.fork("training"),
    loss: (g, parameter, { size, take }) => {
      const cells = (name: string): Tensor => g.input(name, [size, M]);
      const q = queryNodes(parameter, take(x.data, x.width), take(task.data, T));
      const mine = parameter("models"), all = mean(mine, [0]);
      const own = add(all, mul(g.input("own", [M, 1]), sub(mine, all)));
      const nodes = modelNodes(parameter, own, q, take(scores, M), cells("visible"));
      const logits = matmul(q, nodes, { transposeB: true, factor: 1 / (2 * HALF) });
      return binaryCrossEntropy(logits, take(labels, M), cells("hidden"));
    },
    feed: (batch, draw) => ({
      own: Float32Array.from(models, (id) => +(draw.fork("own", id).next() >= FORGET)),
      ...hide(gather(known, M, batch), models, draw),
    }),
  }, {
    signal: context.signal,
    progress: (share) => {
      const step = Math.round(share * steps);
      if (GRID.includes(step)) kept.set(step, parameters.copy());
      context.progress(share);
    },
  });
  return { edges, tasks, at: (steps) => kept.get(steps) ?? parameters }; // nothing to learn, no steps
}

/** Queries in order of id, and what is known of their edges. */
interface Edges {
  /** φ(x), [N × D]. */
  readonly x: Matrix;
  /** Shares of the tasks, [N × T]. */
  readonly task: Matrix;
  /** 1 where an outcome is known, [N × M]. */
  readonly known: Float32Array;
  /** Scores, 0 where unknown, [N × M]. */
  readonly scores: Float32Array;
  /** As {@link bestOf}. */
  readonly labels: Float32Array;
}

async function edgesOf(data: TrainingData | ModelProfiles, tasks: Tasks): Promise<Edges> {
  const { queries, models, scores } = data, M = models.length, order = byId(queries);
  const sorted = new Float64Array(scores.length);
  order.forEach((row, i) => sorted.set(scores.subarray(row * M, (row + 1) * M), i * M));
  const { labels, weights } = masked(sorted);
  return {
    x: takeRows(queries.vectors, order),
    task: takeRows(await tasks.of(queries), order),
    known: weights,
    scores: labels,
    labels: bestOf(sorted, M),
  };
}

/** Labels of the edges, [N × M]: 1 for the models with the best known score of a query, all of them. */
export function bestOf(scores: Float64Array, M: number): Float32Array {
  const labels = new Float32Array(scores.length);
  for (let start = 0; start < scores.length; start += M) {
    let best = -Infinity;
    for (let at = start; at < start + M; at++) if (scores[at] > best) best = scores[at];
    for (let at = start; at < start + M; at++) labels[at] = scores[at] >= best ? 1 : 0;
  }
  return labels;
}

/** h_m² by model. */
type Nodes = ReadonlyMap<string, Float32Array>;

/** h_m² of every model, with all its edges visible; NaN for a model without edges. */
async function collect(
  parameters: Parameters,
  own: Float32Array,
  { x, task, known, scores }: Edges,
  models: readonly string[],
): Promise<Nodes> {
  const N = x.rows, M = models.length, width = own.length / M;
  const programs = new Programs(parameters);
  const { nodes } = await programs.run("nodes", (graph, parameter) => {
    const of = (name: string, { width }: Matrix): Tensor => graph.input(name, [N, width]);
    const q = queryNodes(parameter, of("vectors", x), of("tasks", task));
    const cells = (name: string): Tensor => graph.input(name, [N, M]);
    const start = graph.input("own", [M, width]);
    graph.output("nodes", modelNodes(parameter, start, q, cells("scores"), cells("visible")));
  }, { vectors: x.data, tasks: task.data, own, scores, visible: averaging(known.slice(), M) });
  const isKnown = (m: number): boolean => known.some((edge, at) => edge === 1 && at % M === m);
  const found = new Map(models.map((id, m) => {
    const node = nodes.slice(m * width, (m + 1) * width);
    return [id, isKnown(m) ? node : node.fill(NaN)];
  }));
  await programs.release();
  return found;
}

function routed(parameters: Parameters, tasks: Tasks, nodes: Nodes): FittedRouter {
  const models = [...nodes.keys()].sort(), vectors = models.map((id) => nodes.get(id)!);
  const T = tasks.count;
  const initial = new Blocks(parameters, (_, parameter, rows) => {
    const [x, task] = split(rows, [rows.shape[1] - T, T], 1);
    return queryNodes(parameter, x, task);
  });
  return {
    models,
    predict: async (queries) => {
      const rows = sideBySide(queries.vectors, await tasks.of(queries));
      const q = await initial.apply(rows), M = vectors.length;
      const quality = new Float64Array(queries.ids.length * M);
      for (let at = 0; at < quality.length; at++) {
        const node = vectors[at % M], width = node.length, start = Math.floor(at / M) * width;
        let logit = 0;
        for (let d = 0; d < width; d++) logit += q[start + d] * node[d] / width;
        quality[at] = 1 / (1 + Math.exp(-logit));
      }
      return { quality };
    },
    withModels: async (profiles) => {
      const { models: fresh } = profiles;
      expectLabel(profiles, "GraphRouter");
      const { shape: [M, width], data } = parameters.get("models");
      const own = new Float32Array(fresh.length * width);
      for (let at = 0; at < own.length; at++) {
        for (let m = 0; m < M; m++) own[at] += data[m * width + at % width] / M;
      }
      const edges = await edgesOf(profiles, tasks);
      const found = await collect(parameters, own, edges, fresh);
      return routed(parameters, tasks, new Map([...nodes, ...found]));
    },
    describe: () => ({ parameters: parameters.count }),
  };
}
