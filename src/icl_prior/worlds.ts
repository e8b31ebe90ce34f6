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
import { type Matrix, matrix, normaliseToGrid, row } from "../linalg/matrix.ts";
import { nearest } from "../linalg/nearest.ts";
import type { Random } from "../base/random.ts";
import {
  AROUND,
  type KnownPool,
  knownPool,
  ownAround,
  type Surroundings,
  surroundings,
} from "./surroundings.ts";

/** Texts to draw queries from. */
export interface Texts {
  /** Raw embeddings: means over word pieces, so the mean of two is about that of the joined text. */
  readonly vectors: Matrix;
  /** Rows by topic, of topics by area. */
  readonly areas: readonly (readonly (readonly number[])[])[];
}

/** A pool of made-up models with their records, and others to read. */
export interface World {
  readonly pool: KnownPool;
  /** Of recorded queries, then of targets. */
  readonly around: Surroundings;
  readonly vectors: Matrix;
  /** Number of recorded queries; the targets are the rows behind them. */
  readonly recorded: number;
  /** P(right) of every query and model to read, its luck not known, [queries × readers]. */
  readonly truth: Float64Array;
  /** What came of it; NaN = missing, [queries × readers]. */
  readonly outcomes: Float64Array;
  readonly readers: number;
  /** The first so many readers are known models, with whole records: of each what it says, as `ownAround` does. */
  readonly members: number;
  /** Column of the first of them in the pool. */
  readonly firstMember: number;
  readonly ofMembers: Float32Array;
  /** Recorded rows by how many known models solve them, for records chosen to discriminate. */
  readonly levels: readonly (readonly number[])[];
}

const READERS = 16, TARGETS = 160, WAVES = 64;
/** Widest pool and most tasks of a world, to which the network's inputs are filled up. */
export const MOST_MODELS = 16, MOST_TASKS = 48;

/** Means of the eight equally likely parts of a standard normal. */
const LUCKS = [-1.647, -0.895, -0.491, -0.158, 0.158, 0.491, 0.895, 1.647];

/** Uniform, and of equal weight in every octave. */
const between = (r: Random, low: number, high: number): number => low + (high - low) * r.next();
const octaves = (r: Random, low: number, high: number): number => low * (high / low) ** r.next();
const often = (r: Random, share: number): boolean => r.next() < share;

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
      around.votes,
      near,
      self,
    ),
    levels: levels.slice(1, Math.floor(known / 2) + 1).filter((rows) => rows.length > 0),
  };
}

interface Queries {
  readonly vectors: Matrix;
  readonly recorded: number;
  readonly benchmarks: Int32Array;
  readonly tasks: Int32Array;
}

/** Benchmarks of a few topics each; a text may be several joined ones, behind a preamble that its benchmark shares. */
function drawQueries({ vectors: { data, width: D, rows }, areas }: Texts, r: Random): Queries {
  const recorded = Math.round(octaves(r, 60, 900)), Q = recorded + TARGETS;
  const count = 1 + Math.floor(14 * r.next() ** 1.5), topics: number[][] = [];
  const benchmarks = Array.from({ length: count }, () => {
    const area = areas[r.integer(areas.length)], mixed = often(r, 0.3);
    const own = Array.from({ length: 1 + Math.floor(8 * r.next() ** 2) }, () => {
      const from = mixed ? areas[r.integer(areas.length)] : area;
      topics.push(from[r.integer(from.length)] as number[]);
      return topics.length - 1;
    });
    return {
      topics: own,
      joined: 1 + Math.floor(6 * r.next() ** 2),
      preamble: r.integer(rows),
      share: often(r, 0.5) ? between(r, 0, 0.7) : 0,
      size: octaves(r, 0.2, 2),
    };
  });
  const fresh = count > 1 && often(r, 0.35)
    ? Math.max(1, Math.floor(count * between(r, 0, 0.6)))
    : 0;
  const out = matrix(Q, D);
  const ofBenchmark = new Int32Array(Q), tasks = new Int32Array(Q);
  for (let i = 0; i < Q; i++) {
    // Fresh benchmarks have targets but no recorded query.
    const [low, high] = fresh === 0 ? [0, count] : i < recorded ? [fresh, count] : [0, fresh];
    const b = low + drawBySize(benchmarks.slice(low, high).map(({ size }) => size), r);
    const { topics: own, joined, preamble, share } = benchmarks[b],
      topic = own[r.integer(own.length)];
    ofBenchmark[i] = b;
    tasks[i] = topic % MOST_TASKS;
    for (let t = 0; t < joined; t++) {
      const at = topics[topic][r.integer(topics[topic].length)] * D;
      for (let j = 0; j < D; j++) out.data[i * D + j] += (1 - share) * data[at + j] / joined;
    }
    for (let j = 0; share > 0 && j < D; j++) out.data[i * D + j] += share * data[preamble * D + j];
  }
  if (often(r, 0.4)) centre(out, recorded);
  return { vectors: normaliseToGrid(out), recorded, benchmarks: ofBenchmark, tasks };
}

function drawBySize(sizes: number[], r: Random): number {
  let left = r.next() * sizes.reduce((a, b) => a + b, 0);
  const found = sizes.findIndex((size) => (left -= size) < 0);
  return found < 0 ? sizes.length - 1 : found;
}

function centre({ data, rows, width }: Matrix, of: number): void {
  const mean = new Float64Array(width);
  for (let i = 0; i < of; i++) for (let j = 0; j < width; j++) mean[j] += data[i * width + j] / of;
  for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) data[i * width + j] -= mean[j];
}

/** Functions of a query: draws one at a time, each of mean square about 1. */
class Functions {
  readonly #phases: Float64Array;

  /** Draws the random directions on which all smooth functions of a world are built. */
  constructor(private readonly queries: Queries, r: Random) {
    const { vectors: { data, rows, width } } = queries;
    this.#phases = new Float64Array(rows * WAVES);
    const directions = Float64Array.from({ length: WAVES * width }, () => r.normal());
    for (let i = 0; i < rows; i++) {
      for (let p = 0; p < WAVES; p++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += directions[p * width + j] * data[i * width + j];
        this.#phases[i * WAVES + p] = sum;
      }
    }
  }

  /** A sum of four kinds, in random shares. */
  draw(r: Random): Float64Array {
    const { vectors, benchmarks, tasks } = this.queries,
      Q = vectors.rows,
      out = new Float64Array(Q);
    const shares = [0, 1, 2, 3].map(() => often(r, 0.3) ? 0 : -Math.log(1 - r.next()));
    const total = shares.reduce((a, b) => a + b, 0) || 1;
    const [smooth, bumpy, byBenchmark, byTask] = shares.map((share) => Math.sqrt(share / total));
    const offsets = (labels: Int32Array, size: number): void => {
      const made = Float64Array.from(
        { length: labels.reduce((a, b) => Math.max(a, b), 0) + 1 },
        () => r.normal(),
      );
      for (let i = 0; i < Q; i++) out[i] += size * made[labels[i]];
    };
    if (smooth > 0) this.#addWaves(out, smooth, octaves(r, 0.4, 5), r);
    if (bumpy > 0) this.#addBumps(out, bumpy, r);
    if (byBenchmark > 0) offsets(benchmarks, byBenchmark);
    if (byTask > 0) offsets(tasks, byTask);
    return out;
  }

  /** Random Fourier features of a Gaussian kernel: larger `pitch`, shorter length scale. */
  #addWaves(out: Float64Array, size: number, pitch: number, r: Random): void {
    const size2 = size * Math.sqrt(2 / WAVES);
    const heights = Float64Array.from({ length: WAVES }, () => size2 * r.normal());
    const starts = Float64Array.from({ length: WAVES }, () => 2 * Math.PI * r.next());
    for (let i = 0; i < out.length; i++) {
      for (let p = 0; p < WAVES; p++) {
        out[i] += heights[p] * Math.cos(pitch * this.#phases[i * WAVES + p] + starts[p]);
      }
    }
  }

  /** Gains and losses around single queries. */
  #addBumps(out: Float64Array, size: number, r: Random): void {
    const { vectors } = this.queries, bumps = 1 + r.integer(6), width = octaves(r, 0.05, 0.4);
    for (let b = 0; b < bumps; b++) {
      const centre = row(vectors, r.integer(vectors.rows)), height = 1.5 * size * r.normal();
      for (let i = 0; i < out.length; i++) {
        const x = row(vectors, i);
        let cosine = 0;
        for (let j = 0; j < x.length; j++) cosine += x[j] * centre[j];
        out[i] += height * Math.exp(-(1 - cosine) / width);
      }
    }
  }
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
