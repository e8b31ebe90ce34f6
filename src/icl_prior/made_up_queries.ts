/**
 * Queries of a made-up world: the vectors are of real texts, the benchmarks are invented.
 * @module
 */
import { type Matrix, matrix, normaliseToGrid } from "../linalg/matrix.ts";
import type { Random } from "../base/random.ts";

/** Texts to draw queries from. */
export interface Texts {
  /** Raw embeddings: means over word pieces, so the mean of two is about that of the joined text. */
  readonly vectors: Matrix;
  /** Rows by topic, of topics by area. */
  readonly areas: readonly (readonly (readonly number[])[])[];
}

/** Most tasks of a world, to which the network's input is filled up. */
export const MOST_TASKS = 48;
const TARGETS = 160;

/** Uniform. */
export const between = (r: Random, low: number, high: number): number =>
  low + (high - low) * r.next();
/** Of equal weight in every octave. */
export const octaves = (r: Random, low: number, high: number): number =>
  low * (high / low) ** r.next();
/** True in a share of all draws. */
export const often = (r: Random, share: number): boolean => r.next() < share;

/** Recorded queries, then targets. */
export interface Queries {
  /** Their vectors [Q × D]. */
  readonly vectors: Matrix;
  /** How many are recorded; the targets are the rows behind them. */
  readonly recorded: number;
  /** Benchmark of each, [Q]. */
  readonly benchmarks: Int32Array;
  /** Task of each, 0 to {@link MOST_TASKS} − 1, [Q]. */
  readonly tasks: Int32Array;
}

/** Benchmarks of a few topics each; a text may be several joined ones, behind a preamble that its benchmark shares. */
export function drawQueries(
  { vectors: { data, width: D, rows }, areas }: Texts,
  r: Random,
): Queries {
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
