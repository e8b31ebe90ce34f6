/**
 * How likely a query is of a benchmark that is not recorded, by how near the nearest recorded queries are.
 *
 * Two normal distributions of that nearness are compared: of recorded queries as they are, and of recorded queries with
 * all of their own benchmark struck out, as if it had never been seen (as ICL-Router+ does with tasks).
 * @module
 */
import { takeRows } from "../linalg/matrix.ts";
import { nearest } from "../linalg/nearest.ts";
import type { QueryBatch } from "../router/contract.ts";
import { neighbours } from "../router/neighbours.ts";
import { partsOf } from "./joined.ts";
import { AROUND, NEAREST } from "./surroundings.ts";

/** Mean gate that is left to queries of benchmarks struck out. */
const LEFT = 0.1;
/** Least deviation of a nearness: one that never varies says nothing. */
const LEAST = 0.01;

/** 0 (of an unknown benchmark) to 1, of a nearness. */
export type Gate = (nearness: number) => number;

/**
 * Learns the gate; it is always open where there is one benchmark only, or where striking out does not make queries
 * more distant.
 * @param queries the recorded ones, with their benchmarks
 * @param known nearness of all recorded queries, ascending
 */
export async function noveltyGate(queries: QueryBatch, known: Float64Array): Promise<Gate> {
  if (new Set(queries.benchmarks).size < 2) return () => 1;
  const novel: number[] = [];
  for (const part of partsOf(queries)) {
    const lists: Float32Array[] = [];
    for (const store of partsOf(queries)) lists.push(await strangers(part, store));
    for (let at = 0; at < part.ids.length * NEAREST; at += NEAREST) {
      const all = lists.flatMap((list) => [...list.subarray(at, at + NEAREST)]);
      const near = all.filter((x) => x > -Infinity).sort((a, b) => b - a).slice(0, NEAREST);
      novel.push(near.reduce((sum, x) => sum + x, 0) / near.length);
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

/**
 * Likeness of every query to the nearest stored ones of other benchmarks, [queries × NEAREST]; −∞ where there are
 * fewer. Most of these are among the neighbours that are known already.
 */
function strangers(queries: QueryBatch, store: QueryBatch): Promise<Float32Array> {
  return queries.memo(`strangers/${store.memo.id}`, async () => {
    const own = queries.benchmarks!, others = store.benchmarks!;
    const { index, similarity, k } = await neighbours(queries, store, AROUND + 1);
    const out = new Float32Array(own.length * NEAREST).fill(-Infinity), open: number[] = [];
    own.forEach((name, i) => {
      let found = 0;
      for (let at = i * k; at < (i + 1) * k && found < NEAREST; at++) {
        if (others[index[at]] !== name) out[i * NEAREST + found++] = similarity[at];
      }
      if (found < NEAREST) open.push(i);
    });
    for (const name of new Set(own)) {
      const rows = open.filter((i) => own[i] === name);
      const outside = [...others.keys()].filter((i) => others[i] !== name);
      const found = await nearest(
        takeRows(queries.vectors, rows),
        takeRows(store.vectors, outside),
        NEAREST,
      );
      rows.forEach((row, i) =>
        out.set(found.similarity.subarray(i * found.k, (i + 1) * found.k), row * NEAREST)
      );
    }
    return out;
  });
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
