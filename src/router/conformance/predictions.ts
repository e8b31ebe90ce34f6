/**
 * Predictions under test: is their shape right, which models do they choose, are two of them the same?
 * @module
 */
import type { FittedRouter, PointPredictions, Predictions } from "../contract.ts";
import { decide, type Pool } from "../decide.ts";
import { columnMeans } from "../training.ts";
import type { Rows } from "./fixture.ts";

/** A broken rule, in words for the router's author. */
export class Violation extends Error {
  /** Tells it from a router's own errors. */
  override name = "Violation";
}

/** Query id → model id, or for a mixture the same weights for every query. */
export type Choices = ReadonlyMap<string, string>;

/** c̄ by model id. */
export function prices({ models, costs }: Pick<Rows, "models" | "costs">): Map<string, number> {
  const means = columnMeans(costs, models.length);
  return new Map(models.map((model, m) => [model, means[m]]));
}

/**
 * The choice at λ = 0 for every query; of a mixture its headline.
 * @throws {Violation} naming the query for which no model can be chosen
 */
export function choices(
  { models }: FittedRouter,
  predictions: Predictions,
  { ids }: Pick<Rows, "ids">,
  price: ReadonlyMap<string, number>,
): Choices {
  if ("mixtures" in predictions) {
    const weights = models.map((model, m) => [model, predictions.mixtures[0][m]] as const)
      .filter(([, weight]) => weight > 0).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([model, weight]) => `${model} with ${weight.toFixed(6)}`).join(", ");
    return new Map(ids.map((id) => [id, weights]));
  }
  const pool: Pool = { models, meanCosts: Float64Array.from(models, (m) => price.get(m) ?? NaN) };
  const { quality } = predictions, M = models.length;
  const empty = ids.findIndex((_, i) => quality.subarray(i * M, (i + 1) * M).every(Number.isNaN));
  if (empty >= 0) {
    throw new Violation(
      `no model can be chosen for query ${ids[empty]}: all its qualities are NaN`,
    );
  }
  const choice = decide(predictions, pool);
  return new Map(ids.map((id, i) => [id, models[choice[i]]]));
}

/**
 * Checks shape and values of predictions.
 * @throws {Violation} naming the first cell that is wrong
 */
export function wellFormed(
  models: readonly string[],
  predictions: Predictions,
  ids: readonly string[],
): void {
  const M = models.length;
  const list = (value: unknown, field: string, length: number, of: string): Float64Array => {
    if (!(value instanceof Float64Array)) {
      throw new Violation(`${field}: expected a Float64Array, got ${kindOf(value)}`);
    }
    if (value.length !== length) {
      throw new Violation(`${field}: expected ${length} values (${of}), got ${value.length}`);
    }
    return value;
  };
  if (predictions === null || typeof predictions !== "object") {
    throw new Violation(`predict: expected an object, got ${kindOf(predictions)}`);
  }
  if ("mixtures" in predictions) return mixturesWellFormed(predictions.mixtures, models, list);
  const shape = `${ids.length} queries × ${M} models`;
  const quality = list(predictions.quality, "quality", ids.length * M, shape);
  const cell = (at: number): string => `query ${ids[Math.floor(at / M)]}, model ${models[at % M]}`;
  const infinite = quality.findIndex((q) => q === Infinity || q === -Infinity);
  if (infinite >= 0) {
    throw new Violation(`quality is ${quality[infinite]} for ${cell(infinite)}; NaN means "never"`);
  }
  if (predictions.cost === undefined) return;
  const cost = list(predictions.cost, "cost", ids.length * M, shape);
  const bad = cost.findIndex((c, at) => !Number.isFinite(c) && !Number.isNaN(quality[at]));
  if (bad >= 0) throw new Violation(`cost is ${cost[bad]} for ${cell(bad)}, which can be chosen`);
  const below = cost.findIndex((c) => c < 0);
  if (below >= 0) throw new Violation(`cost is ${cost[below]} for ${cell(below)}, below 0`);
}

function mixturesWellFormed(
  mixtures: readonly Float64Array[],
  models: readonly string[],
  list: (value: unknown, field: string, length: number, of: string) => Float64Array,
): void {
  if (!Array.isArray(mixtures) || mixtures.length === 0) {
    throw new Violation("mixtures: expected a list with at least one probability vector");
  }
  for (const [n, weights] of mixtures.entries()) {
    list(weights, `mixtures[${n}]`, models.length, "one a model");
    const bad = weights.findIndex((w: number) => !(w >= 0));
    if (bad >= 0) throw new Violation(`mixtures[${n}]: ${weights[bad]} for model ${models[bad]}`);
    const sum = weights.reduce((a: number, b: number) => a + b, 0);
    if (Math.abs(sum - 1) > 1e-9) throw new Violation(`mixtures[${n}] sums to ${sum}, not to 1`);
  }
}

/**
 * Compares choices query by query.
 * @throws {Violation} with the number of changed queries and the first of them
 */
export function sameChoices(before: Choices, after: Choices, what: string): void {
  const changed = [...after].filter(([id, model]) => before.get(id) !== model);
  if (changed.length === 0) return;
  const [id, model] = changed[0];
  throw new Violation(
    `${what}, ${changed.length} of ${after.size} queries get another model; ` +
      `first ${id}: ${before.get(id)} before, ${model} after`,
  );
}

/**
 * Compares predictions bit by bit.
 * @throws {Violation} with the first cell that differs
 */
export function sameBits(
  { models }: FittedRouter,
  ids: readonly string[],
  before: Predictions,
  after: Predictions,
  what: string,
): void {
  const M = models.length;
  const [a, b] = [tables(before), tables(after)];
  for (const field of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(field), b.get(field)];
    if (!x || !y) throw new Violation(`${what}, only one of two predictions has ${field}`);
    const at = x.findIndex((value, i) => !Object.is(value, y[i]));
    if (at < 0) continue;
    const query = field.startsWith("mixtures") ? "" : ` for query ${ids[Math.floor(at / M)]}`;
    throw new Violation(
      `${what}, ${field}${query}, model ${models[at % M]}: ${x[at]}, then ${y[at]}`,
    );
  }
}

/** A copy that later predictions cannot overwrite. */
export function snapshot(predictions: Predictions): Predictions {
  if ("mixtures" in predictions) return { mixtures: predictions.mixtures.map((w) => w.slice()) };
  const { quality, cost } = predictions as PointPredictions;
  return { quality: quality.slice(), ...(cost ? { cost: cost.slice() } : {}) };
}

function tables(predictions: Predictions): Map<string, Float64Array> {
  if ("mixtures" in predictions) {
    return new Map(predictions.mixtures.map((weights, n) => [`mixtures[${n}]`, weights]));
  }
  const { quality, cost } = predictions;
  return new Map([["quality", quality], ...(cost ? [["cost", cost] as const] : [])]);
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return value.constructor?.name ?? "an object";
}
