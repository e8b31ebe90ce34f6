/**
 * What is seen in episodes, as numbers: the query, and of every model what it said, if it was asked.
 *
 * Models stand in order of id, so that no order of columns changes what is learned.
 */
import type { Observation, TrainingData } from "../src/router/mod.ts";
import { byId, columnMeans, takeTraining } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import {
  formScaling,
  REPLY_WIDTH,
  replyFeatures,
  scaleForm,
  type Scaling,
} from "./_reply_features.ts";

/** Numbers of a model: whether it was asked, its reply, and how many other replies end in the same answer. */
const SLOT = REPLY_WIDTH + 2;

/** Reads replies as the training rows taught it to scale them. */
export class ReplyReader {
  /** Columns of the models in order of id. */
  readonly columns: readonly number[];
  /** By column: 1 where a model has any score. */
  readonly known: Uint8Array;
  /** Mean cost of a call over the pool, US dollars. */
  readonly reference: number;
  readonly #scalings: readonly Scaling[];
  readonly #queryWidth: number;

  /**
   * Learns the scale of the replies' form, model by model.
   * @param hops most visits of an episode
   */
  constructor(train: TrainingData, private readonly hops: number) {
    const { models, queries, scores, meanCosts } = train, M = models.length;
    this.columns = [...byId({ ids: models })];
    this.known = Uint8Array.from(columnMeans(scores, M), (mean) => Number(!Number.isNaN(mean)));
    this.reference = this.columns.reduce((sum, m) => sum + meanCosts[m], 0) / M || 1;
    this.#queryWidth = queries.vectors.width;
    const texts = queries.texts.flatMap((text) => models.map(() => text));
    const features = replyFeatures(texts, train.replies!), order = byId(queries);
    this.#scalings = models.map((_, m) => formScaling(features, order.map((i) => i * M + m)));
  }

  /** Numbers of an episode. */
  get width(): number {
    return this.#queryWidth + this.columns.length * SLOT + this.hops + 2;
  }

  /** Features of the replies seen, as `replyFeatures` but scaled, [E·step × REPLY_WIDTH]. */
  features({ queries: { texts }, step, visited, replies }: Observation): Matrix {
    const asked = Array.from(visited, (_, at) => texts[Math.floor(at / step)]);
    const said = replyFeatures(asked, replies);
    visited.forEach((m, at) => scaleForm(said, [at], this.#scalings[m]));
    return said;
  }

  /**
   * φ(x); of every model whether it was asked, its reply and agreement; how many were asked (one of hops + 1);
   * log(1 + C / C_ref), C what they cost together, 0 where unknown, and C_ref the mean cost of a call.
   * @param further columns after these, left 0
   * @returns [E × (width + further)]
   */
  read(seen: Observation, further = 0): Matrix {
    const { queries: { vectors }, step, visited, replies, paid } = seen, D = vectors.width;
    const said = this.features(seen).data, E = vectors.rows;
    const out = matrix(E, this.width + further);
    for (let e = 0; e < E; e++) {
      const row = out.data.subarray(e * out.width, (e + 1) * out.width);
      row.set(vectors.data.subarray(e * D, (e + 1) * D));
      for (let from = e * step; from < (e + 1) * step; from++) {
        const at = D + this.columns.indexOf(visited[from]) * SLOT;
        row[at] = 1;
        row.set(said.subarray(from * REPLY_WIDTH, (from + 1) * REPLY_WIDTH), at + 1);
        row[at + SLOT - 1] = agreeing(replies.slice(e * step, (e + 1) * step), from - e * step);
      }
      const rest = D + this.columns.length * SLOT;
      row[rest + step] = 1;
      row[rest + this.hops + 1] = Math.log1p((paid[e] || 0) / this.reference);
    }
    return out;
  }
}

/** How many other replies end in the same answer as the k-th; 0 where it has none. */
export function agreeing(replies: Observation["replies"], k: number): number {
  const { final } = replies[k];
  if (final === undefined) return 0;
  return replies.filter((other) => other.final === final).length - 1;
}

/** What would be seen in episodes of training rows after given visits of the same number each. */
export function observed(
  train: TrainingData,
  rows: readonly number[],
  paths: readonly (readonly number[])[],
): Observation {
  const M = train.models.length, { queries } = takeTraining(train, rows, "episodes");
  const cells = paths.map((path, e) => path.map((m) => rows[e] * M + m));
  return {
    queries,
    step: paths[0]?.length ?? 0,
    visited: Uint16Array.from(paths.flat()),
    replies: cells.flat().map((at) => train.replies![at]),
    paid: Float64Array.from(
      cells,
      (path) => path.reduce((sum, at) => sum + (train.costs[at] || 0), 0),
    ),
  };
}
