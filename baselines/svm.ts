/**
 * SVM on the router embedding: one support-vector regression per model, with an RBF kernel.
 *
 *   ŝ(x, m) = Σ_i β_im K(x, x_i) + b_m,   K(x, x') = exp(−γ|z(x) − z(x')|²),   z = standardised φ
 *
 * Errors up to ε are free, larger ones cost C each (`linalg/svr.ts`). γ is a multiple of 1/(D · var z). The
 * kernel is exact, so quadratic in the rows: at most 1,500 are kept, stratified by benchmark. It
 * depends on the queries alone, so that all models and configurations share it.
 *
 * A new model is one more regression, on its own labelled rows and the old ones' scale.
 */
import type { FittedRouter, QueryBatch, Router, TrainingData } from "../src/router/mod.ts";
import { byId, expectLabel, extendPool, oncePerBatch, stratified } from "../src/router/mod.ts";
import { type Matrix, matrix, rbfKernel, svrFit, svrPredict } from "../src/linalg/mod.ts";

/** A way of taking in new models. */
export interface Cost {
  /** C, the price of an error beyond ε. */
  readonly cost: number;
}

/** One configuration of the grid. */
export interface Config extends Cost {
  /** γ as a multiple of 1/(D · var z). */
  readonly gamma: number;
  /** ε, the error that is free. */
  readonly epsilon: number;
}

/** Rows that a kernel is made of. */
const MOST_ROWS = 1500;

/** Regressions of some models on the same rows. */
interface Machine {
  readonly inputs: Matrix;
  /** [n × models] */
  readonly coefficients: Float64Array;
  /** Length models. */
  readonly bias: Float64Array;
}

/** z(φ) = (φ − mean) / deviation, per coordinate. */
interface Scale {
  readonly mean: Float64Array;
  /** Standard deviations, 1 for a coordinate that never varies. */
  readonly deviation: Float64Array;
  /** D · var z: the number of coordinates that vary. */
  readonly spread: number;
  /** Names the rows it is of. */
  readonly id: string;
}

/** The router. */
const router: Router<Config, Cost> = {
  name: "SVM (RBF, ≤ 1,500 rows)",
  summary: "one support-vector regression per model on the standardised query embedding",
  source: "ORBIT's SVR; RouterBench and LLMRouter have relatives",
  statement:
    "one ε-SVR per model, exact RBF kernel on standardised φ; from more than 1,500 training rows " +
    "a stratified sample of 1,500; C and γ each at 1 or 0.1, ε = 0.1.",
  effort: "seconds",
  grid: [
    { cost: 1, gamma: 1, epsilon: 0.1 },
    { cost: 0.1, gamma: 1, epsilon: 0.1 },
    { cost: 1, gamma: 0.1, epsilon: 0.1 },
    { cost: 0.1, gamma: 0.1, epsilon: 0.1 },
  ],
  unseen: "fit-new-vector",
  unseenGrid: [1, 0.1, 0.01].map((cost) => ({ cost })),
  async fit(train, config, { seed }) {
    const { queries, models } = train;
    const scale = queries.memo("svm/scale", () => scaleOf(queries));
    const machine = await regress(train, scale, config, seed);
    const notes = [`${machine.inputs.rows} of ${queries.ids.length} training rows`];
    return routed(models, scale, [part(models, machine, scale, config)], config, seed, notes);
  },
};
export default router;

/** Models with the machine that predicts them. */
interface Part {
  readonly models: readonly string[];
  readonly machine: Machine;
  readonly predict: (queries: QueryBatch) => Promise<Float64Array>;
}

function part(
  models: readonly string[],
  machine: Machine,
  scale: Scale,
  config: Config,
): Part {
  const predict = oncePerBatch(({ ids, vectors }) => {
    const inputs = standardised(vectors, [...ids.keys()], scale);
    return svrPredict(inputs, machine.inputs, config.gamma / scale.spread, machine);
  });
  return { models, machine, predict };
}

/** @param parts the training models', then those of new ones; a later part replaces an earlier one's models */
function routed(
  models: readonly string[],
  scale: Scale,
  parts: readonly Part[],
  config: Config,
  seed: number,
  notes: readonly string[],
): FittedRouter<Cost> {
  const column = new Map(models.map((m, at) => [m, at]));
  return {
    models,
    async predict(queries) {
      const quality = new Float64Array(queries.ids.length * models.length);
      for (const { models: own, predict } of parts) {
        const predicted = await predict(queries);
        for (let at = 0; at < predicted.length; at++) {
          const row = Math.floor(at / own.length) * models.length;
          quality[row + column.get(own[at % own.length])!] = predicted[at];
        }
      }
      return { quality };
    },
    async withModels(profiles, way = config) {
      expectLabel(profiles, "SVM");
      const machine = await regress(profiles, scale, { ...config, cost: way.cost }, seed);
      const fresh = part(profiles.models, machine, scale, config);
      const all = extendPool(models, profiles).models;
      return routed(all, scale, [...parts, fresh], config, seed, notes);
    },
    describe: () => ({
      parameters: parts.reduce(
        (n, { machine: { inputs, coefficients, bias } }) =>
          n + inputs.data.length + coefficients.length + bias.length,
        2 * scale.mean.length,
      ),
      notes,
    }),
  };
}

/** Fits the models on at most {@link MOST_ROWS} of their rows. */
async function regress(
  { queries, models, scores }: Pick<TrainingData, "queries" | "models" | "scores">,
  scale: Scale,
  { cost, gamma, epsilon }: Config,
  seed: number,
): Promise<Machine> {
  const kept = sample(queries, seed), M = models.length, own = new Float64Array(kept.length * M);
  kept.forEach((i, to) => own.set(scores.subarray(i * M, (i + 1) * M), to * M));
  const key = `svm/${scale.id}/${seed}`;
  const inputs = queries.memo(key, () => standardised(queries.vectors, kept, scale));
  const kernel = await queries.memo(
    `${key}/${gamma}`,
    () => rbfKernel(inputs, gamma / scale.spread),
  );
  return { inputs, ...svrFit(kernel, own, { cost, epsilon }) };
}

/** Rows to keep, in the order of their ids; from too many, a fair share of every benchmark. */
function sample(queries: QueryBatch, seed: number): number[] {
  const { ids, benchmarks } = queries, rows = [...byId(queries)];
  if (rows.length <= MOST_ROWS) return rows;
  const keys = { id: (i: number) => ids[i], benchmark: (i: number) => benchmarks![i] };
  const kept = new Set(stratified(rows, keys, seed, "svm").slice(0, MOST_ROWS));
  return rows.filter((i) => kept.has(i));
}

/** Mean and deviation of every coordinate over all rows. */
function scaleOf({ vectors: { data, rows, width }, memo }: QueryBatch): Scale {
  const mean = new Float64Array(width), deviation = new Float64Array(width);
  for (let at = 0; at < data.length; at++) mean[at % width] += data[at] / rows;
  for (let at = 0; at < data.length; at++) {
    deviation[at % width] += (data[at] - mean[at % width]) ** 2 / rows;
  }
  let spread = 0;
  for (let d = 0; d < width; d++) {
    const varies = deviation[d] > 1e-12;
    deviation[d] = varies ? Math.sqrt(deviation[d]) : 1;
    if (varies) spread++;
  }
  return { id: memo.id, mean, deviation, spread: Math.max(1, spread) };
}

/** z of some rows. */
function standardised(
  { data, width }: Matrix,
  rows: ArrayLike<number>,
  { mean, deviation }: Scale,
): Matrix {
  const out = matrix(rows.length, width);
  for (let i = 0; i < rows.length; i++) {
    for (let d = 0; d < width; d++) {
      out.data[i * width + d] = (data[rows[i] * width + d] - mean[d]) / deviation[d];
    }
  }
  return out;
}
