/**
 * Arithmetic on what is known of models that a router was not fitted with.
 * @module
 */
import type { ModelProfiles } from "./contract.ts";
import { clusterMeans, columnMeans } from "./training.ts";
import { CapabilityError } from "../base/errors.ts";
import { assign } from "../linalg/kmeans.ts";
import type { Matrix } from "../linalg/matrix.ts";

/**
 * Makes sure that a new model has a label.
 * @throws {CapabilityError} naming the router, when none of them has one
 */
export function expectLabel({ scores }: Pick<ModelProfiles, "scores">, router: string): void {
  if (scores.every(Number.isNaN)) {
    throw new CapabilityError(`${router} needs at least one labelled query of a new model`);
  }
}

/** A pool extended by the models of profiles: ascending ids, and where each column comes from. */
export interface ExtendedPool {
  /** Old and new model ids, ascending. */
  readonly models: string[];
  /** [rows × all models] from cells of the old models and cells of the new ones. */
  merge(old: Float64Array, fresh: Float64Array): Float64Array;
}

/** Joins the models of profiles to a pool; a model in both takes its profile's columns. */
export function extendPool(models: readonly string[], profiles: ModelProfiles): ExtendedPool {
  const all = [...new Set([...models, ...profiles.models])].sort();
  const old = all.map((m) => models.indexOf(m)), fresh = all.map((m) => profiles.models.indexOf(m));
  return {
    models: all,
    merge(oldCells, freshCells) {
      const rows = oldCells.length / models.length;
      const out = new Float64Array(rows * all.length);
      for (let i = 0; i < rows; i++) {
        for (let m = 0; m < all.length; m++) {
          out[i * all.length + m] = fresh[m] >= 0
            ? freshCells[i * profiles.models.length + fresh[m]]
            : oldCells[i * models.length + old[m]];
        }
      }
      return out;
    },
  };
}

/** c̄(m) of the old pool joined with the mean known cost of the new models on their profile rows. */
export function extendMeanCosts(
  pool: ExtendedPool,
  meanCosts: Float64Array,
  profiles: ModelProfiles,
): Float64Array {
  return pool.merge(meanCosts, columnMeans(profiles.costs, profiles.models.length));
}

/** A way of taking in new models. */
export interface TowardsKnown {
  /** Labels at the known models' mean score that a new model's own labels are weighed against; 0 = none. */
  readonly prior: number;
}

/** Weights of the known models' mean: none, or about what the spread of models in a pool is worth. */
export const PRIORS: readonly number[] = [0, 8];

/**
 * What is added to all predictions for a new model so that its mean score leans towards the known models':
 * few labels make some model look best by luck. Length k; 0 for a model without labels.
 *
 * @param known mean score of the known models
 */
export function leaning(
  { scores, models }: Pick<ModelProfiles, "scores" | "models">,
  known: number,
  { prior }: TowardsKnown,
): Float64Array {
  const k = models.length, labels = new Float64Array(k);
  scores.forEach((score, at) => labels[at % k] += Number.isNaN(score) ? 0 : 1);
  return columnMeans(scores, k).map((own, m) =>
    labels[m] > 0 && prior > 0 ? prior / (prior + labels[m]) * (known - own) : 0
  );
}

/**
 * Cluster means of new models: (n·mean + a·overall) / (n + a) per cluster, so that a cluster without a
 * labelled query gets the model's overall mean. [K × new models]
 */
export async function profileMeans(
  profiles: Pick<ModelProfiles, "queries" | "models">,
  cells: Float64Array,
  centroids: Matrix,
  shrink: number,
): Promise<Float64Array> {
  const k = profiles.models.length;
  const overall = columnMeans(cells, k);
  const { assignment } = await assign(profiles.queries.vectors, centroids);
  const { mean, count } = clusterMeans(cells, k, assignment, centroids.rows);
  return mean.map((value, at) => {
    const n = count[at], rest = overall[at % k];
    return n + shrink > 0 ? ((n > 0 ? n * value : 0) + shrink * rest) / (n + shrink) : rest;
  });
}

/** A way of describing new models by cluster means. */
export interface Shrunk extends TowardsKnown {
  /** Weight of a new model's overall mean in each of its cluster means, in rows. */
  readonly shrink: number;
}

/** Shrinkages, each with and without a prior. */
export const SHRINKAGES: readonly Shrunk[] = [5, 0, 20].flatMap((shrink) =>
  PRIORS.map((prior) => ({ shrink, prior }))
);

/** Cluster means of new models, shrunk as `way` says. [K × new models] */
export async function newModelMeans(
  profiles: Pick<ModelProfiles, "queries" | "models" | "scores">,
  centroids: Matrix,
  known: number,
  way: Shrunk,
): Promise<Float64Array> {
  const means = await profileMeans(profiles, profiles.scores, centroids, way.shrink);
  const lean = leaning(profiles, known, way);
  return means.map((mean, at) => mean + lean[at % lean.length]);
}
