/**
 * Invented training data and queries for benchmarks, and their arrays as files that Python reads.
 * @module
 */
import { random } from "../../src/base/random.ts";
import { takeRows } from "../../src/linalg/matrix.ts";
import type { FitContext, QueryBatch, TrainingData } from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { columnMeans } from "../../src/router/training.ts";
import { gridRows } from "../linalg/data.ts";

/** How much data. */
export interface Sizes {
  /** Training queries. */
  readonly train: number;
  /** Queries to predict. */
  readonly test: number;
  /** Of a vector. */
  readonly width: number;
  /** In the pool. */
  readonly models: number;
}

/** Training rows, queries, and the true P(solved) of these, [test × models]. */
export interface Invented {
  readonly train: TrainingData;
  readonly test: QueryBatch;
  readonly truth: Float64Array;
}

const SEED = 1, CENTRES = 40;

/** Models are good near some centres and bad near others; outcomes are drawn. */
export function invented({ train, test, width, models }: Sizes): Invented {
  const all = gridRows(train + test, width, SEED, CENTRES), draw = random(SEED, "outcomes");
  const directions = gridRows(models, width, SEED + 1, CENTRES);
  const chance = Float64Array.from({ length: all.rows * models }, (_, at) => {
    const i = Math.floor(at / models), m = at % models;
    let cosine = 0;
    for (let d = 0; d < width; d++) {
      cosine += all.data[i * width + d] * directions.data[m * width + d];
    }
    return 1 / (1 + Math.exp(-20 * cosine - 0.1 * m));
  });
  const batch = (name: string, start: number, rows: number): QueryBatch => {
    const ids = Array.from({ length: rows }, (_, i) => `${name}${String(i).padStart(5, "0")}`);
    const vectors = takeRows(all, ids.map((_, i) => start + i));
    return { ids, texts: ids, benchmarks: ids.map(() => "b"), vectors, memo: createMemo(name) };
  };
  const scores = chance.slice(0, train * models).map((p) => Number(draw.next() < p));
  const costs = scores.map(() => NaN);
  return {
    train: {
      queries: batch("train", 0, train),
      models: Array.from({ length: models }, (_, m) => `m${m}`),
      scores,
      costs,
      meanCosts: columnMeans(costs, models),
      solvedFrom: new Float64Array(train).fill(1),
      tasks: Array.from({ length: train }, () => "b"),
    },
    test: batch("test", train, test),
    truth: chance.slice(train * models),
  };
}

/** The same queries as a batch for which nothing was worked out yet. */
export function fresh(batch: QueryBatch): QueryBatch {
  return { ...batch, memo: createMemo(batch.memo.id) };
}

/** A context of the last fit, for a stream of random numbers by this name. */
export function lastFit(name: string): FitContext {
  return {
    stage: "final",
    seed: SEED,
    random: random(SEED, name),
    device: "cpu",
    progress: () => {},
    signal: new AbortController().signal,
  };
}

/** Writes an array to a file. */
export async function write(
  path: string,
  { buffer, byteOffset, byteLength }: Float32Array | Float64Array | Int32Array,
): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}
