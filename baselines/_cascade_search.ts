/**
 * FrugalGPT's search for cascades, used by `cascade.ts`: lists of up to three models with thresholds, and what
 * each earns and costs on labelled queries whose scores g(x,m) are known before any model is called.
 * @module
 */
import { byId, columnMeans, TIE, tieOrder, type TrainingData } from "../src/router/mod.ts";

/** Thresholds a model may have: the quantiles of its g. */
const QUANTILES = 40;

/** A list with its thresholds, and what it does on the training queries. */
export interface Cascade {
  /** Columns, by growing mean cost; one to three. */
  readonly list: readonly number[];
  /** g from which a model is accepted; the last model, which has none, always is. */
  readonly thresholds: readonly number[];
  /** Mean score; NaN if it could not be measured. */
  readonly quality: number;
  /** Mean cost of the accepted models, US dollars. */
  readonly cost: number;
}

/** The model of a cascade that answers a query with the scores g [M]. */
export function accepted({ list, thresholds }: Cascade, g: Float64Array): number {
  const at = thresholds.findIndex((threshold, k) => g[list[k]] >= threshold);
  return list[at < 0 ? list.length - 1 : at];
}

/**
 * For every budget the cascade of highest mean score within it, the cheapest of equals. A budget is said as a
 * share of the way from the mean cost of the cheapest model (0) to that of the best single one; at 1 there
 * is none. Counted are the queries on which all Pareto-optimal single models are known; without such
 * queries the best single model is all there is.
 * @param g [N × M], NaN = unknown
 */
export function search(
  train: TrainingData,
  g: Float64Array,
  shares: readonly number[],
): Cascade[] {
  const { queries, models, scores, costs, meanCosts } = train, M = models.length;
  const singles = paretoSingles(train);
  const known = (at: number): boolean => scores[at] >= 0 && !Number.isNaN(g[at]);
  const rows = byId(queries).filter((i) => singles.every((m) => known(i * M + m)));
  if (rows.length === 0) {
    const m = singles.at(-1)!, single = { list: [m], thresholds: [], quality: NaN };
    return shares.map(() => ({ ...single, cost: meanCosts[m] }));
  }
  const arms = singles.map((model): Arm => {
    const column = (cells: Float64Array): Float64Array =>
      Float64Array.from(rows, (i) => cells[i * M + model]);
    const own = column(g), sorted = own.slice().sort();
    const from = Array.from(
      { length: QUANTILES },
      (_, k) => sorted[Math.floor(k * rows.length / QUANTILES)],
    );
    const bin = Uint8Array.from(own, (value) => from.findLastIndex((least) => value >= least));
    const cost = column(costs).map((c) => Number.isNaN(c) ? meanCosts[model] : c);
    return { model, from, bin, values: [column(scores), cost] };
  });
  const low = sum(arms[0].values[1]) / rows.length,
    high = sum(arms.at(-1)!.values[1]) / rows.length;
  return within(arms, shares.map((share) => share < 1 ? low + share * (high - low) : Infinity));
}

/** Models that no other is at least as good and as cheap as, by growing mean cost; twins by smaller id. */
export function paretoSingles({ models, scores, meanCosts }: TrainingData): number[] {
  const means = columnMeans(scores, models.length), kept: number[] = [];
  for (const m of tieOrder({ models, meanCosts })) {
    if (kept.length === 0 ? means[m] >= 0 : means[m] > means[kept.at(-1)!] + TIE) kept.push(m);
  }
  return kept.length > 0 ? kept : [...tieOrder({ models, meanCosts })].slice(0, 1);
}

/** A model that may be in a list, with what it does on the counted queries. */
interface Arm {
  readonly model: number;
  /** Thresholds; the first is the smallest g. */
  readonly from: readonly number[];
  /** The largest threshold that g reaches: the query is accepted at thresholds 0 … bin. */
  readonly bin: Uint8Array;
  /** Scores, costs. */
  readonly values: readonly [Float64Array, Float64Array];
}

/**
 * The best of all lists with all thresholds for every budget; the accepted share does not fall along a list.
 * The list (a, b, c) that accepts a from its threshold i and b from its threshold j has the sum
 *
 *   Σ a + Σ_{bin_a < i} (b − a) + Σ_{bin_a < i, bin_b < j} (c − b)
 *
 * over queries, so it is read off a table of 40 × 40 sums, however many queries there are.
 */
function within(arms: readonly Arm[], budgets: readonly number[]): Cascade[] {
  const best: Cascade[] = [], n = arms[0].bin.length;
  const offer = (list: Arm[], thresholds: () => number[], sums: ArrayLike<number>): void => {
    const quality = sums[0] / n, cost = sums[1] / n;
    budgets.forEach((budget, k) => {
      const gain = quality - (best[k]?.quality ?? -Infinity);
      if (cost > budget || gain < -TIE || (gain <= TIE && cost >= best[k].cost)) return;
      best[k] = { list: list.map((arm) => arm.model), thresholds: thresholds(), quality, cost };
    });
  };
  for (const [first, a] of arms.entries()) {
    const alone = a.values.map(sum);
    offer([a], () => [], alone);
    for (let second = first + 1; second < arms.length; second++) {
      const b = arms[second], pair = moves(a, b, a.bin, QUANTILES), sums = [...alone];
      for (let i = 1; i < QUANTILES; i++) {
        for (const k of [0, 1]) sums[k] += pair[k][i - 1];
        offer([a, b], () => [a.from[i]], sums);
      }
      const cell = Uint16Array.from(a.bin, (x, i) => x * QUANTILES + b.bin[i]);
      for (const c of arms.slice(second + 1)) {
        const table = moves(b, c, cell, QUANTILES ** 2), sums = [...alone], deep = [0, 0];
        const rest = table.map(() => new Float64Array(QUANTILES)); // Σ_{bin_a < i} (c − b) by bin_b
        for (let i = 1; i < QUANTILES; i++) {
          for (const k of [0, 1]) {
            sums[k] += pair[k][i - 1];
            for (let y = 0; y < QUANTILES; y++) rest[k][y] += table[k][(i - 1) * QUANTILES + y];
            deep[k] = sums[k];
          }
          for (let j = 1; j <= i; j++) {
            for (const k of [0, 1]) deep[k] += rest[k][j - 1];
            offer([a, b, c], () => [a.from[i], b.from[j]], deep);
          }
        }
      }
    }
  }
  return best;
}

/** Σ (to − from) of scores and of costs over the queries of every cell. */
function moves(from: Arm, to: Arm, cell: ArrayLike<number>, cells: number): Float64Array[] {
  return from.values.map((values, k) => {
    const sums = new Float64Array(cells), others = to.values[k];
    for (let i = 0; i < values.length; i++) sums[cell[i]] += others[i] - values[i];
    return sums;
  });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
