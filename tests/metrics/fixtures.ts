/**
 * Hand fixtures and a generator of random outcome tables.
 * @module
 */
import assert from "node:assert/strict";
import { type Random, random } from "../../src/base/random.ts";
import {
  type CurvePoint,
  modelCosts,
  modelQualities,
  type Outcomes,
} from "../../src/metrics/mod.ts";

/** Columns of F1. */
export const S = 0, M = 1, L = 2;

/** F1: queries a1…a5, b1…b3; models S, M, L at 1, 4, 10 dollars a call. */
export const F1: Outcomes = {
  rows: 8,
  models: 3,
  scores: Float64Array.from([
    [1, 1, 1],
    [0, 1, 1],
    [0, 1, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 1],
    [0, 0, 1],
    [0, 0, 0],
  ].flat()),
  costs: Float64Array.from(Array(8).fill([1, 4, 10]).flat()),
  dataset: Uint16Array.of(0, 0, 0, 0, 0, 1, 1, 1),
  datasets: 2,
  options: new Uint16Array(8),
  solvedFrom: new Float64Array(8).fill(0.5),
};

/** F1: the router's choices. */
export const F1_CHOICE = Uint16Array.of(S, L, M, M, L, S, M, M);

/** F1: best model per dataset (A → M, B → L). */
export const F1_PER_DATASET = Uint16Array.of(M, M, M, M, M, L, L, L);

/** F1: cheapest first. */
export const F1_PREFERENCE = [S, M, L];

/** F2: a router's curve. */
export const F2: CurvePoint[] = [
  { cost: 1, quality: 0.25 },
  { cost: 4, quality: 0.6 },
  { cost: 8, quality: 0.7 },
];

/** F2: the best single model, also the most expensive. */
export const F2_SINGLE: CurvePoint = { cost: 10, quality: 0.65 };

/** Every model as a point: mean cost and mean score. */
export function modelPoints(outcomes: Outcomes): CurvePoint[] {
  const quality = modelQualities(outcomes);
  return Array.from(modelCosts(outcomes), (cost, m) => ({ cost, quality: quality[m] }));
}

/** Points from [cost, quality] pairs. */
export function points(...pairs: [cost: number, quality: number][]): CurvePoint[] {
  return pairs.map(([cost, quality]) => ({ cost, quality }));
}

/** Equal to the digits given. */
export function near(actual: number | null, expected: number, digits = 6): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= 0.5000001 * 10 ** -digits,
    `${actual} is not ${expected} to ${digits} digits`,
  );
}

/** Equal up to summation order; null only with null. */
export function same(actual: number | null, expected: number | null, message = ""): void {
  if (actual === null || expected === null) return assert.equal(actual, expected, message);
  const tolerance = 1e-9 * Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= tolerance, `${message}: ${actual} is not ${expected}`);
}

/** A random table: graded or 0/1 scores, realised costs that vary from query to query. */
export function randomOutcomes(seed: number): Outcomes {
  const g = random(seed, "outcomes");
  const rows = 5 + g.integer(60), models = 2 + g.integer(6), datasets = 1 + g.integer(5);
  const graded = seed % 3 === 0;
  const options = [0, 2, 4, 10][g.integer(4)];
  return {
    rows,
    models,
    datasets,
    scores: fill(rows * models, () => graded ? g.integer(5) / 4 : g.integer(2)),
    costs: fill(rows * models, (at) => (1 + (at % models)) * (0.5 + g.next())),
    dataset: Uint16Array.from({ length: rows }, () => g.integer(datasets)),
    options: new Uint16Array(rows).fill(options),
    solvedFrom: new Float64Array(rows).fill(0.5),
  };
}

/** A random choice per query. */
export function randomChoice({ rows, models }: Outcomes, g: Random): Uint16Array {
  return Uint16Array.from({ length: rows }, () => g.integer(models));
}

/** The same table with models and queries in another order: new place k holds old `rowOrder[k]`. */
export function permuted(
  o: Outcomes,
  rowOrder: ArrayLike<number>,
  modelOrder: ArrayLike<number>,
): Outcomes {
  const cells = (values: Float64Array): Float64Array => permutedCells(values, rowOrder, modelOrder);
  return {
    ...o,
    scores: cells(o.scores),
    costs: o.costs && cells(o.costs),
    dataset: Uint16Array.from(rowOrder, (i) => o.dataset[i]),
    options: Uint16Array.from(rowOrder, (i) => o.options[i]),
    solvedFrom: Float64Array.from(rowOrder, (i) => o.solvedFrom[i]),
  };
}

/** A row-major [N × M] column with models and queries in another order. */
export function permutedCells(
  values: Float64Array,
  rowOrder: ArrayLike<number>,
  modelOrder: ArrayLike<number>,
): Float64Array {
  const models = modelOrder.length;
  return fill(
    values.length,
    (at) => values[rowOrder[Math.floor(at / models)] * models + modelOrder[at % models]],
  );
}

/** A column made cell by cell. */
export function fill(length: number, make: (at: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, at) => make(at));
}
