/**
 * The aptitude test of Model-SAT: which queries probe the models, and the report on a model's answers. Used by
 * `model_sat.ts` and `_model_sat_lm.ts`.
 * @module
 */
import type { FitContext, ModelProfiles, QueryBatch, TrainingData } from "../src/router/mod.ts";
import {
  byId,
  CapabilityError,
  clusterMeans,
  clusters,
  columnMeans,
  fillMissing,
  labelledExamples,
} from "../src/router/mod.ts";

/** Probe queries a category, but never more than a third of it. */
const PROBES = 20;
/** Categories where the data name only one benchmark: k-means clusters. */
const CLUSTERS = 10;
/** A model with fewer labelled probe queries has no report. */
const LEAST = 4;

/** The probe queries and their categories. */
export interface AptitudeTest {
  /** Category of every probe query, by id. */
  readonly probes: ReadonlyMap<string, number>;
  /** Category of every training query. */
  readonly of: ArrayLike<number>;
  /** Accuracies per category [C × M], overall accuracy where a category has no answer; NaN = no report. */
  reports(answers: TrainingData | ModelProfiles): Float64Array;
  /**
   * The same of new models.
   * @throws {CapabilityError} when none of them has a report
   */
  newReports(profiles: ModelProfiles): Float64Array;
}

/**
 * Chooses the probe queries of every category. Where the queries are known on which new models will be
 * labelled, those are taken, first things first, so that all models answer the same test. Else those whose
 * solve rate is closest to ½.
 */
export async function aptitudeTest(
  train: TrainingData,
  context: FitContext,
): Promise<AptitudeTest> {
  const { queries, models: { length: M }, scores } = train;
  const { count, of } = await categories(queries, context.seed);
  const turn = new Map(context.profile?.map((id, at) => [id, at]));
  const luck = context.random.fork("probes");
  const rank = (i: number): number => {
    if (context.profile) return turn.get(queries.ids[i]) ?? NaN;
    const known = scores.subarray(i * M, (i + 1) * M).filter((score) => !Number.isNaN(score));
    const rate = known.reduce((a, b) => a + b, 0) / known.length;
    return Math.abs(rate - 0.5) + 1e-6 * luck.fork(queries.ids[i]).next();
  };
  const ranks = queries.ids.map((_, i) => rank(i));
  const probes = new Map<string, number>();
  for (let c = 0; c < count; c++) {
    const all = [...queries.ids.keys()].filter((i) => of[i] === c);
    const best = all.filter((i) => !Number.isNaN(ranks[i])).sort((a, b) => ranks[a] - ranks[b]);
    for (const i of best.slice(0, Math.min(PROBES, Math.ceil(all.length / 3)))) {
      probes.set(queries.ids[i], c);
    }
  }
  return {
    probes,
    of,
    reports: (answers) => marked(answers, probes, count),
    newReports(profiles) {
      const reports = marked(profiles, probes, count);
      if (!reports.every(Number.isNaN)) return reports;
      throw new CapabilityError(
        `Model-SAT describes a model by its answers to ${probes.size} probe queries and needs at least ${LEAST} of them`,
      );
    },
  };
}

/**
 * Training queries with a label that probe nobody, by id.
 * @throws {CapabilityError} when there is none
 */
export function learnable(train: TrainingData, { probes }: AptitudeTest): Uint32Array {
  const { ids } = train.queries;
  const found = labelledExamples(train).examples.filter((i) => !probes.has(ids[i]));
  if (found.length > 0) return found;
  throw new CapabilityError(
    `Model-SAT needs labelled training queries beside its ${probes.size} probe queries`,
  );
}

/** Benchmarks, or clusters where there is one benchmark only: how many, and the one of each query. */
async function categories(
  queries: QueryBatch,
  seed: number,
): Promise<{ count: number; of: ArrayLike<number> }> {
  const names = [...new Set(queries.benchmarks!)].sort();
  if (names.length > 1) {
    return { count: names.length, of: queries.benchmarks!.map((name) => names.indexOf(name)) };
  }
  const { centroids, assignment } = await clusters(queries, CLUSTERS, seed);
  return { count: centroids.rows, of: assignment };
}

/** The reports of all models that answered, see {@link AptitudeTest.reports}. */
function marked(
  { queries, models: { length: M }, scores }: TrainingData | ModelProfiles,
  probes: ReadonlyMap<string, number>,
  categories: number,
): Float64Array {
  const rows = Array.from(byId(queries)).filter((i) => probes.has(queries.ids[i]));
  const cells = new Float64Array(rows.length * M), answers = new Float64Array(M);
  rows.forEach((i, at) => cells.set(scores.subarray(i * M, (i + 1) * M), at * M));
  cells.forEach((score, at) => answers[at % M] += Number.isNaN(score) ? 0 : 1);
  const of = rows.map((i) => probes.get(queries.ids[i])!);
  const { mean } = clusterMeans(cells, M, of, categories);
  const report = fillMissing(mean, columnMeans(cells, M));
  return report.map((accuracy, at) => answers[at % M] < LEAST ? NaN : accuracy);
}
