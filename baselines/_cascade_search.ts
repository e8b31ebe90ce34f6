/**
 * FrugalGPT's search for cascades: ordered lists of up to three models with thresholds, and what each earns and
 * costs on labelled queries whose scores g(x,m) are known before any model is called. Used by `cascade.ts` and
 * `cascade_replies.ts`.
 *
 * Every ordered list is tried. Thresholds are 40 quantiles of g among the queries still left, and of these no model
 * accepts a larger share than the one before it, as in the released code. The second model's thresholds are rounded
 * down to one of 256 quantiles over all queries, so that a list with all its thresholds takes one pass over the
 * queries.
 * @module
 */
import { byId, columnMeans, TIE, tieOrder, type TrainingData } from "../src/router/mod.ts";

/** Thresholds a model may have, and what the second model's are rounded to. */
const QUANTILES = 40, FINE = 256;

/** Who is paid: the model that is accepted, or all that were asked. */
export type Paying = "accepted" | "all";

/** A list with its thresholds, and what it does on the training queries. */
export interface Cascade {
  /** Columns in the order of asking; one to three. */
  readonly list: readonly number[];
  /** g from which a model is accepted; the last model, which has none, always is. */
  readonly thresholds: readonly number[];
  /** Mean score; NaN if it could not be measured. */
  readonly quality: number;
  /** Mean cost of those who are paid, US dollars. */
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
 * is none. Counted are the queries on which all models that have scores are known; without such queries the
 * best single model is all there is.
 * @param g [N × M], NaN = unknown
 * @param shares falling
 */
export function search(
  train: TrainingData,
  g: Float64Array,
  shares: readonly number[],
  paying: Paying = "accepted",
): Cascade[] {
  const { queries, models, scores, costs, meanCosts } = train, M = models.length;
  const means = columnMeans(scores, M), order = [...tieOrder({ models, meanCosts })];
  const scored = order.filter((m) => means[m] >= 0),
    candidates = scored.length > 0 ? scored : order;
  const known = (at: number): boolean => scores[at] >= 0 && !Number.isNaN(g[at]);
  const rows = byId(queries).filter((i) => candidates.every((m) => known(i * M + m)));
  const bestOf = <T>(all: readonly T[], mean: (of: T) => number): T =>
    all.reduce((best, one) => mean(one) > mean(best) + TIE ? one : best);
  if (rows.length === 0) {
    const m = bestOf(candidates, (m) => means[m]);
    return shares.map(() => ({ list: [m], thresholds: [], quality: NaN, cost: meanCosts[m] }));
  }
  const arms = candidates.map((model): Arm => {
    const column = (cells: Float64Array): Float64Array =>
      Float64Array.from(rows, (i) => cells[i * M + model]);
    const own = column(g), sorted = own.slice().sort();
    const cost = column(costs).map((c) => Number.isNaN(c) ? meanCosts[model] : c);
    return {
      model,
      first: quantiles(own, sorted, QUANTILES),
      second: quantiles(own, sorted, Math.min(FINE, rows.length)),
      scores: column(scores),
      costs: cost,
    };
  });
  const costOf = (arm: Arm): number => sum(arm.costs) / rows.length;
  const low = Math.min(...arms.map(costOf)), high = costOf(bestOf(arms, (arm) => sum(arm.scores)));
  return within(
    arms,
    shares.map((share) => share < 1 ? low + share * (high - low) : Infinity),
    paying,
  );
}

/** Thresholds of a model at even quantiles of its g. */
interface Quantiles {
  /** Rising; the first is the smallest g. */
  readonly from: readonly number[];
  /** The largest threshold that g reaches, by query: it is accepted at thresholds 0 … bin. */
  readonly bin: Uint8Array;
}

/** @param sorted the same numbers, rising */
function quantiles(own: Float64Array, sorted: Float64Array, count: number): Quantiles {
  const from = Array.from({ length: count }, (_, k) => sorted[Math.floor(k * own.length / count)]);
  const bin = Uint8Array.from(own, (value) => {
    let low = 0, high = count; // from[low] ≤ value < from[high]
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (from[middle] <= value) low = middle;
      else high = middle;
    }
    return low;
  });
  return { from, bin };
}

/** A model that may be in a list, with what it does on the counted queries. */
interface Arm {
  readonly model: number;
  /** Thresholds as the first model of a list. */
  readonly first: Quantiles;
  /** Thresholds as the second. */
  readonly second: Quantiles;
  readonly scores: Float64Array;
  readonly costs: Float64Array;
}

/**
 * The best of all lists with all thresholds for every budget. The list (a, b, c) that accepts a from its threshold
 * i and b from its threshold t has the sum
 *
 *   Σ a + Σ_{bin_a < i} (b − a) + Σ_{bin_a < i, bin_b < t} (c − b)
 *
 * over queries, where t is the quantile j ≥ i of b among those with bin_a < i. Of costs, where all that were asked are
 * paid, the two sums are of b and of c with nothing taken off. Queries are taken in order of bin_a: those that a leaves
 * are always the first ones.
 */
function within(arms: readonly Arm[], budgets: readonly number[], paying: Paying): Cascade[] {
  const N = arms[0].scores.length, found = new Best(budgets, N);
  for (const [at, { first: { bin } }] of arms.entries()) {
    const order = Uint32Array.from(Array(N).keys()).sort((x, y) => bin[x] - bin[y] || x - y);
    const left = Uint32Array.from({ length: QUANTILES }, (_, i) => {
      const end = order.findIndex((q) => bin[q] >= i);
      return end < 0 ? N : end;
    });
    const ordered = arms.map((arm) => inOrder(arm, order)), a = ordered[at];
    // Summed as its budget was: another order may be another last bit, and the cheapest model out of budget.
    found.offer(sum(arms[at].scores), sum(arms[at].costs), [a]);
    for (const b of ordered) if (b !== a) beginningWith(a, b, left, ordered, found, paying);
  }
  return found.cascades();
}

function inOrder(arm: Arm, order: Uint32Array): Arm {
  const numbers = (of: Float64Array): Float64Array => Float64Array.from(order, (q) => of[q]);
  const { second: { from, bin }, scores, costs } = arm;
  return {
    ...arm,
    second: { from, bin: Uint8Array.from(order, (q) => bin[q]) },
    scores: numbers(scores),
    costs: numbers(costs),
  };
}

/**
 * Offers all lists that begin with a and b.
 * @param left queries that a leaves at each of its thresholds; they are the first of all
 */
function beginningWith(
  a: Arm,
  b: Arm,
  left: Uint32Array,
  arms: readonly Arm[],
  found: Best,
  paying: Paying,
): void {
  const back = paying === "all" ? 0 : 1; // what is taken off of the cost of a model left
  const { scores: bs, costs: bd, second: { bin, from } } = b, F = from.length;
  const pair = { scores: new Float64Array(QUANTILES), costs: new Float64Array(QUANTILES) };
  for (let i = 1, q = 0, score = sum(a.scores), cost = sum(a.costs); i < QUANTILES; i++) {
    for (; q < left[i]; q++) {
      score += b.scores[q] - a.scores[q], cost += b.costs[q] - back * a.costs[q];
    }
    pair.scores[i] = score, pair.costs[i] = cost;
    found.offer(score, cost, [a, b], i);
  }
  const cuts = cutsOf(bin, left, F);
  const score = new Float64Array(F), cost = new Float64Array(F); // Σ (c − b) over those left, by bin_b
  for (const c of arms) {
    if (c === a || c === b) continue;
    const list = [a, b, c], { scores: s, costs: d } = c;
    score.fill(0), cost.fill(0);
    for (let i = 1, q = 0; i < QUANTILES; i++) {
      for (; q < left[i]; q++) score[bin[q]] += s[q] - bs[q], cost[bin[q]] += d[q] - back * bd[q];
      let scores = pair.scores[i], costs = pair.costs[i];
      for (let j = i, y = 0; j < QUANTILES; j++) {
        const t = cuts[i * QUANTILES + j];
        if (t === y) continue; // said before
        for (; y < t; y++) scores += score[y], costs += cost[y];
        found.offer(scores, costs, list, i, t);
      }
    }
  }
}

/**
 * The thresholds of b among the queries that a leaves at its thresholds: [i × j] bins, of which the smaller ones are
 * rejected, for quantile j of those left at threshold i.
 */
function cutsOf(bin: Uint8Array, left: Uint32Array, F: number): Uint8Array {
  const cuts = new Uint8Array(QUANTILES ** 2), counts = new Uint32Array(F);
  for (let i = 1, q = 0; i < QUANTILES; i++) {
    for (; q < left[i]; q++) counts[bin[q]]++;
    for (let j = 0, t = 0, below = 0; j < QUANTILES; j++) {
      while (t < F - 1 && (below + counts[t]) * QUANTILES <= j * left[i]) below += counts[t++];
      cuts[i * QUANTILES + j] = t;
    }
  }
  return cuts;
}

/** The best cascade found for every budget. */
class Best {
  /** Of the cascades that are within this budget and not within the next one. */
  readonly #best: (Cascade | undefined)[];

  /** @param budgets falling */
  constructor(private readonly budgets: readonly number[], private readonly queries: number) {
    this.#best = budgets.map(() => undefined);
  }

  /**
   * Takes the sums of a list over the queries.
   * @param i number of the first model's threshold
   * @param t number of the second model's
   */
  offer(scores: number, costs: number, list: readonly Arm[], i = 0, t = 0): void {
    const quality = scores / this.queries, cost = costs / this.queries;
    let k = -1;
    while (cost <= this.budgets[k + 1]) k++;
    if (k < 0 || !better(quality, cost, this.#best[k])) return;
    const [{ first }, b] = list, thresholds = [first.from[i], b?.second.from[t]];
    this.#best[k] = {
      list: list.map(({ model }) => model),
      thresholds: thresholds.slice(0, list.length - 1),
      quality,
      cost,
    };
  }

  cascades(): Cascade[] {
    const { length } = this.#best, all = new Array<Cascade>(length);
    for (let k = length - 1, best: Cascade | undefined; k >= 0; k--) {
      const own = this.#best[k];
      if (own && better(own.quality, own.cost, best)) best = own;
      all[k] = best!;
    }
    return all;
  }
}

/** Whether the score is higher, or the same at lower cost, than another's or nobody's. */
function better(quality: number, cost: number, other?: Cascade): boolean {
  if (!other) return true;
  const gain = quality - other.quality;
  return gain > TIE || (gain >= -TIE && cost < other.cost * (1 - TIE));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
