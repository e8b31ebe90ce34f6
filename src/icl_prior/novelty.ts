/**
 * How likely a query is of a benchmark that is not recorded, by how near the nearest recorded queries are.
 *
 * Two normal distributions of that nearness are compared: of recorded queries as they are, and of recorded queries with
 * all of their own benchmark struck out, as if it had never been seen (as ICL-Router+ does with tasks).
 * @module
 */
import { type Matrix, takeRows } from "../linalg/matrix.ts";
import { nearest } from "../linalg/nearest.ts";
import { NEAREST } from "./surroundings.ts";

/** Mean gate that is left to queries of benchmarks struck out. */
const LEFT = 0.1;
/** Least deviation of a nearness: one that never varies says nothing. */
const LEAST = 0.01;

/** 0 (of an unknown benchmark) to 1, of a nearness. */
export type Gate = (nearness: number) => number;

/**
 * Learns the gate; it is always open where there is one benchmark only, or where striking out does not make queries
 * more distant.
 * @param known nearness of all recorded queries, ascending
 * @param benchmarks of every row
 */
export async function noveltyGate(
  vectors: Matrix,
  known: Float64Array,
  benchmarks: readonly string[],
): Promise<Gate> {
  const novel: number[] = [];
  for (const own of new Set(benchmarks)) {
    const rows = [...benchmarks.keys()];
    const inside = rows.filter((i) => benchmarks[i] === own);
    const outside = rows.filter((i) => benchmarks[i] !== own);
    if (outside.length === 0) return () => 1;
    const store = takeRows(vectors, outside);
    const { similarity, k } = await nearest(takeRows(vectors, inside), store, NEAREST);
    for (let i = 0; i < inside.length; i++) {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += similarity[i * k + j];
      novel.push(sum / k);
    }
  }
  // Sorted, so that no sum depends on the order of the rows.
  const struck = Float64Array.from(novel).sort(), near = normal(known), far = normal(struck);
  if (!(far.mean < near.mean)) return () => 1;
  const evidence = (x: number): number => logDensity(near, x) - logDensity(far, x);
  const gate = (bias: number): Gate => (x) =>
    // Nearer than recorded queries are among themselves is not novel, whatever the tails of the two say.
    1 / (1 + Math.exp(-evidence(Math.min(x, near.mean)) - bias));
  const left = (bias: number): number =>
    struck.reduce((sum, x) => sum + gate(bias)(x), 0) / struck.length;
  let low = -30, high = 0;
  if (left(high) <= LEFT) return gate(high);
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (left(middle) > LEFT) high = middle;
    else low = middle;
  }
  return gate(low);
}

interface Normal {
  readonly mean: number;
  readonly deviation: number;
}

function normal(sorted: Float64Array): Normal {
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  const variance = sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sorted.length;
  return { mean, deviation: Math.max(LEAST, Math.sqrt(variance)) };
}

function logDensity({ mean, deviation }: Normal, x: number): number {
  return -(((x - mean) / deviation) ** 2) / 2 - Math.log(deviation);
}
