/**
 * Made-up worlds: real query vectors, answered by models that do not exist. The network learns from nothing else, so
 * what is drawn here is all it expects of models (its prior).
 *
 * A model solves a query with probability c + (1 − c − e) σ(skill + discrimination · (ease of the query + luck)
 * + strengths): ease and strengths are sums of smooth functions of the vector at random scales, bumps around single
 * queries, and offsets of benchmarks and tasks; luck is a query's own, not to be known from its vector. Most strengths
 * are shared factors that models have more or less of, so known models say something of a new one.
 * @module
 */
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { nearest } from "../linalg/nearest.ts";
import type { Random } from "../base/random.ts";
import { Functions } from "./made_up_functions.ts";
import {
  between,
  drawQueries,
  MOST_TASKS,
  octaves,
  often,
  type Queries,
  type Texts,
} from "./made_up_queries.ts";
import { ownAround } from "./own_record.ts";
import {
  AROUND,
  type KnownPool,
  knownPool,
  type Surroundings,
  surroundings,
} from "./surroundings.ts";

/** A pool of made-up models with their records, and others to read. */
export interface World {
  /** Known models with their records. */
  readonly pool: KnownPool;
  /** Of recorded queries, then of targets. */
  readonly around: Surroundings;
  /** Of recorded queries, then of targets, [queries × D]. */
  readonly vectors: Matrix;
  /** Number of recorded queries; the targets are the rows behind them. */
  readonly recorded: number;
  /** P(right) of every query and model to read, its luck not known, [queries × readers]. */
  readonly truth: Float64Array;
  /** What came of it; NaN = missing, [queries × readers]. */
  readonly outcomes: Float64Array;
  /** Number of models to read. */
  readonly readers: number;
  /** The first so many readers are known models, with whole records: of each what it says, as `ownAround` does. */
  readonly members: number;
  /** What these records say, [members × queries × OWN]. */
  readonly ofMembers: Float32Array;
  /** Column of the first of them in the pool. */
  readonly firstMember: number;
  /** Recorded rows by how many known models solve them, for records chosen to discriminate. */
  readonly levels: readonly (readonly number[])[];
}

const READERS = 16;
/** Widest pool of a world, to which the network's input is filled up. */
export const MOST_MODELS = 16;

/** Means of the eight equally likely parts of a standard normal. */
const LUCKS = [-1.647, -0.895, -0.491, -0.158, 0.158, 0.491, 0.895, 1.647];

/** Draws a world. */
export async function drawWorld(texts: Texts, r: Random): Promise<World> {
  const queries = drawQueries(texts, r.fork("queries"));
  const { vectors, recorded, tasks, benchmarks } = queries, Q = vectors.rows;
  const known = 2 + r.integer(MOST_MODELS - 1), all = known + READERS;
  const { chances, truth } = drawModels(queries, all, r.fork("models"));
  const outcomes = drawOutcomes(chances, r.fork("outcomes"));
  // Readers that are of the pool themselves, as when a router answers for the models it was fitted with.
  const own = often(r, 0.6) ? Math.min(known, READERS / 2) : 0;
  const columns = (
    from: Float64Array,
    first: number,
    count: number,
    rows: number,
  ): Float64Array => {
    const out = new Float64Array(rows * count);
    for (let i = 0; i < rows; i++) {
      for (let m = 0; m < count; m++) out[i * count + m] = from[i * all + first + m];
    }
    return out;
  };
  const first = known - own; // readers are the columns from here on
  const scores = columns(outcomes, 0, known, recorded);
  const stored = matrix(recorded, vectors.width, vectors.data.slice(0, recorded * vectors.width));
  const near = await nearest(vectors, stored, AROUND + 1);
  const finer = often(r, 0.5) ? tasks : benchmarks;
  const records = {
    vectors: stored,
    scores,
    models: known,
    tasks: finer,
    taskCount: MOST_TASKS,
    order: Uint32Array.from({ length: recorded }, (_, i) => i),
  };
  const pool = knownPool(records, near);
  const self = Int32Array.from({ length: Q }, (_, i) => i < recorded ? i : -1);
  const levels: number[][] = Array.from({ length: known + 1 }, () => []);
  for (let i = 0; i < recorded; i++) {
    let solved = 0;
    for (let m = 0; m < known; m++) if (scores[i * known + m] >= 0.5) solved++;
    levels[solved].push(i);
  }
  const around = surroundings(pool, near, self);
  return {
    pool,
    around,
    vectors,
    recorded,
    truth: columns(truth, first, READERS, Q),
    outcomes: columns(outcomes, first, READERS, Q),
    readers: READERS,
    members: own,
    firstMember: first,
    ofMembers: ownAround(
      {
        scores: columns(outcomes, first, own, recorded),
        models: own,
        rows: self.subarray(0, recorded),
        columns: Int32Array.from({ length: own }, (_, m) => first + m),
      },
      pool,
    )(around.votes, near, self),
    levels: levels.slice(1, Math.floor(known / 2) + 1).filter((rows) => rows.length > 0),
  };
}

/** P(right) of every query and model, [queries × models]: with the query's own luck, and on average over luck. */
function drawModels(
  queries: Queries,
  models: number,
  r: Random,
): { chances: Float64Array; truth: Float64Array } {
  const Q = queries.vectors.rows, functions = new Functions(queries, r);
  const ease = functions.draw(r), easeSize = octaves(r, 0.2, 2.5);
  const luckSize = often(r, 0.2) ? 0 : octaves(r, 0.2, 3);
  const luck = Float64Array.from({ length: Q }, () => luckSize * r.normal());
  const factors = Array.from({ length: 1 + r.integer(4) }, () => functions.draw(r));
  const factorSize = often(r, 0.15) ? 0 : octaves(r, 0.1, 1.6) / Math.sqrt(factors.length);
  const ownSize = often(r, 0.25) ? 0 : octaves(r, 0.1, 1.2);
  const level = 0.4 + 1.3 * r.normal(), gap = octaves(r, 0.1, 1.5), variety = between(r, 0, 0.4);
  const guess = guesses(queries, r), slip = often(r, 0.5) ? 0 : between(r, 0, 0.08);
  const family = often(r, 0.4) ? between(r, 0.2, 0.8) : 0;
  const own = Array.from({ length: 6 }, () => functions.draw(r)); // a few, mixed anew for every model
  const drawn: { skill: number; loads: number[] }[] = [], chances = new Float64Array(Q * models);
  const truth = new Float64Array(Q * models);
  for (let m = 0; m < models; m++) {
    const parent = m > 0 && often(r, family) ? drawn[r.integer(m)] : undefined,
      mix = parent ? 0.35 : 1;
    const inherit = (from: number | undefined): number =>
      (from ?? 0) * (parent ? 1 : 0) + mix * r.normal();
    const skill = inherit(parent?.skill);
    const loads = Array.from(
      { length: factors.length + own.length },
      (_, f) => inherit(parent?.loads[f]),
    );
    drawn.push({ skill, loads });
    const discrimination = Math.exp(variety * r.normal());
    const sizes = loads.map((load, f) =>
      load * (f < factors.length ? factorSize : ownSize / Math.sqrt(own.length))
    );
    for (let i = 0; i < Q; i++) {
      let logit = level + gap * skill + discrimination * easeSize * ease[i];
      sizes.forEach((size, f) =>
        logit += size * (f < factors.length ? factors[f] : own[f - factors.length])[i]
      );
      const chance = (luck: number): number =>
        guess[i] + (1 - guess[i] - slip) / (1 + Math.exp(-logit - discrimination * luck));
      chances[i * models + m] = chance(luck[i]);
      truth[i * models + m] = LUCKS.reduce((sum, z) => sum + chance(luckSize * z), 0) /
        LUCKS.length;
    }
  }
  return { chances, truth };
}

/** What is right by chance, the same in a whole benchmark. */
function guesses({ benchmarks, vectors }: Queries, r: Random): Float64Array {
  const chances = [0, 0, 0, 0.1, 0.25, 0.5], one = often(r, 0.5) ? r.integer(chances.length) : -1;
  const made = Array.from(
    { length: 16 },
    () => chances[one >= 0 ? one : r.integer(chances.length)],
  );
  return Float64Array.from({ length: vectors.rows }, (_, i) => made[benchmarks[i]]);
}

/** Right or wrong, or the mean of four tries; in some worlds a share is missing or noted wrongly. */
function drawOutcomes(truth: Float64Array, r: Random): Float64Array {
  const tries = often(r, 0.15) ? 4 : 1;
  const missing = often(r, 0.15) ? between(r, 0, 0.3) : 0,
    wrong = often(r, 0.2) ? between(r, 0, 0.05) : 0;
  return truth.map((p) => {
    let right = 0;
    for (let t = 0; t < tries; t++) right += Number(r.next() < p);
    if (missing > 0 && often(r, missing)) return NaN;
    return (wrong > 0 && often(r, wrong) ? tries - right : right) / tries;
  });
}
