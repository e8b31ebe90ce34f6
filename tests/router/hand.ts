/**
 * Training data, queries and profiles from a few numbers, for cases worked out by hand.
 * @module
 */
import assert from "node:assert/strict";
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  PointPredictions,
  QueryBatch,
  TrainingData,
} from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { columnMeans } from "../../src/router/training.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";

/** Rows of numbers; `undefined` = missing. */
export type Cells = readonly (readonly (number | undefined)[])[];

/** Queries at the given vectors, called q0, q1, … unless named. */
export function batch(
  vectors: readonly (readonly number[])[],
  extra: Partial<QueryBatch> & { readonly name?: string } = {},
): QueryBatch {
  const { name = "queries", ...fields } = extra;
  const ids = vectors.map((_, i) => `q${i}`);
  return {
    ids,
    texts: ids,
    vectors: matrix(vectors.length, vectors[0]?.length ?? 0, Float32Array.from(vectors.flat())),
    memo: createMemo(name),
    ...fields,
  };
}

/** Sets of rows made so far: each gets a name of its own, for memos go by names. */
let made = 0;

/** Every item ten times, one after the other: clusters are not made of fewer queries. */
export function tenfold<T>(items: readonly T[]): T[] {
  return items.flatMap((item) => Array<T>(10).fill(item));
}

/** Row-major cells; `undefined` becomes NaN. */
export function cells(rows: Cells): Float64Array {
  return Float64Array.from(rows.flat(), (value) => value ?? NaN);
}

/** Training rows at the given vectors; models are m0, m1, … and cost nothing known unless told. */
export function training(
  vectors: readonly (readonly number[])[],
  scores: Cells,
  { costs, benchmarks, ids, validation }: {
    readonly costs?: Cells;
    readonly benchmarks?: readonly string[];
    readonly ids?: readonly string[];
    readonly validation?: TrainingData;
  } = {},
): TrainingData {
  const models = scores[0].map((_, m) => `m${m}`);
  const known = cells(costs ?? scores.map((row) => row.map(() => undefined)));
  const labels = benchmarks ?? vectors.map(() => "b");
  return {
    queries: batch(vectors, {
      name: `train ${made++}`,
      benchmarks: labels,
      ...(ids ? { ids } : {}),
    }),
    models,
    scores: cells(scores),
    costs: known,
    meanCosts: columnMeans(known, models.length),
    solvedFrom: new Float64Array(vectors.length).fill(1),
    tasks: labels,
    ...(validation ? { validation } : {}),
  };
}

/** Profiles of new models at the given vectors. */
export function profiles(
  models: readonly string[],
  vectors: readonly (readonly number[])[],
  scores: Cells,
  costs?: Cells,
): ModelProfiles {
  return {
    queries: batch(vectors, { name: `profile ${made++}`, benchmarks: vectors.map(() => "b") }),
    models,
    scores: cells(scores),
    costs: cells(costs ?? scores.map((row) => row.map(() => undefined))),
    solvedFrom: new Float64Array(vectors.length).fill(1),
  };
}

/** The context of a last fit. */
export const CONTEXT: FitContext = {
  stage: "final",
  seed: 42,
  random: random(42, "hand"),
  device: "cpu",
  progress: () => {},
  signal: new AbortController().signal,
};

/** Predicted qualities, one list a query. */
export async function qualities(fitted: FittedRouter, queries: QueryBatch): Promise<number[][]> {
  return rowsOf(await fitted.predict(queries) as PointPredictions, fitted.models.length);
}

/** Qualities of a prediction, one list a query. */
export function rowsOf({ quality }: PointPredictions, models: number): number[][] {
  return Array.from(
    { length: quality.length / models },
    (_, i) => [...quality.subarray(i * models, (i + 1) * models)],
  );
}

/** Fails unless two tables of numbers agree within 10⁻⁶, NaN with NaN. */
export function near(
  actual: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
): void {
  const same = actual.length === expected.length &&
    actual.every((row, i) =>
      row.length === expected[i].length &&
      row.every((value, j) =>
        Number.isNaN(value) ? Number.isNaN(expected[i][j]) : Math.abs(value - expected[i][j]) < 1e-6
      )
    );
  assert.ok(same, `got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}
