/**
 * Do an in-context router's probabilities mean what they say, for every model of the pool, and a
 * correction if not (icl-router §8).
 *
 * The correction is Platt's, one for the whole pool: a new model has no validation rows of its own.
 * @module
 */
import type { ReliabilityBin } from "../metrics/calibration.ts";

/** Predicted against observed, of one model. */
export interface ModelReliability {
  /** Model id. */
  readonly model: string;
  /** Cells that have both prediction and outcome. */
  readonly cells: number;
  /** Mean prediction; null without cells. */
  readonly predicted: number | null;
  /** Mean outcome; null without cells. */
  readonly observed: number | null;
}

/** Calibration of p̂ over all cells (query × model). */
export interface Reliability {
  /** Cells that have both prediction and outcome. */
  readonly cells: number;
  /** Brier score ↓: mean (p̂ − s)². */
  readonly brier: number;
  /** Expected calibration error ↓ over {@link bins}: Σ count/cells · |mean p̂ − mean s|. */
  readonly error: number;
  /**
   * At most ten bins of about equal counts, ascending; `from` and `to` are the least and the greatest
   * prediction in a bin. Equal predictions share a bin.
   */
  readonly bins: readonly ReliabilityBin[];
  /** Every model of the pool, in pool order. */
  readonly models: readonly ModelReliability[];
}

/** Bins of {@link Reliability}. */
const BINS = 10;

/**
 * Reliability of predicted probabilities.
 *
 * @param models pool, length M
 * @param predicted p̂, row-major [N × M]; NaN = no prediction, left out
 * @param outcomes scores in [0, 1], row-major [N × M]; NaN = missing, left out
 * @throws {RangeError} when the shapes differ or no cell has both
 */
export function reliability(
  models: readonly string[],
  predicted: Float64Array,
  outcomes: Float64Array,
): Reliability {
  const M = models.length;
  const known = knownCells(predicted, outcomes);
  if (known.length === 0) throw new RangeError("no cell has both a prediction and an outcome");
  const order = known.sort((a, b) => predicted[a] - predicted[b] || a - b);
  let squares = 0;
  for (const at of order) squares += (predicted[at] - outcomes[at]) ** 2;
  const bins: ReliabilityBin[] = [];
  for (let b = 0, from = 0; b < BINS; b++) {
    let to = Math.max(from, Math.round((b + 1) * order.length / BINS));
    while (to > from && to < order.length && predicted[order[to]] === predicted[order[to - 1]]) {
      to++;
    }
    if (to > from) {
      bins.push({
        from: predicted[order[from]],
        to: predicted[order[to - 1]],
        ...means(order.subarray(from, to), predicted, outcomes),
      });
    }
    from = to;
  }
  const own = Map.groupBy(order, (at) => at % M);
  return {
    cells: order.length,
    brier: squares / order.length,
    error: bins.reduce(
      (sum, bin) => sum + bin.count / order.length * Math.abs(bin.predicted! - bin.observed!),
      0,
    ),
    bins,
    models: models.map((model, m): ModelReliability => {
      const { count, ...mean } = means(own.get(m) ?? [], predicted, outcomes);
      return { model, cells: count, ...mean };
    }),
  };
}

/** σ(a·ℓ + b) in place of σ(ℓ). */
export interface Platt {
  /** Slope a > 0: the order of the models stays as it is. */
  readonly slope: number;
  /** Shift b. */
  readonly shift: number;
  /** Cells it was fitted on. */
  readonly cells: number;
  /**
   * `fitted`; `none`: no validation cells, the identity; `reversed`: the best slope is not positive, i.e.
   * higher logits do not go with better outcomes, and a correction would reverse the ranking, so that
   * the identity is used instead.
   */
  readonly status: "fitted" | "none" | "reversed";
}

/** Weight of the prior (½·10⁻³·((a − 1)² + b²), beside a mean loss): what holds a where it is free. */
const RIDGE = 1e-3;
/** The loss is strictly convex, and Newton with halved steps needs about ten. */
const MOST_STEPS = 200;

/**
 * Fits Platt's scaling on validation cells of all models together: the mean cross-entropy of σ(a·ℓ + b),
 * plus a weak pull to a = 1, b = 0, by Newton's method. Where outcomes are separable by the logit, or all
 * alike, the pull keeps the answer finite. Graded outcomes count by their share.
 *
 * @param logits ℓ; NaN = no prediction, left out
 * @param outcomes scores in [0, 1], as long; NaN = missing, left out
 * @throws {RangeError} when the lengths differ, a logit is infinite or an outcome is outside [0, 1]
 */
export function fitPlatt(logits: Float64Array, outcomes: Float64Array): Platt {
  const cells = knownCells(logits, outcomes);
  for (const at of cells) {
    if (!Number.isFinite(logits[at])) throw new RangeError(`logit ${at} is ${logits[at]}`);
    if (!(outcomes[at] >= 0 && outcomes[at] <= 1)) {
      throw new RangeError(`outcome ${at} is ${outcomes[at]}, expected 0…1`);
    }
  }
  const n = cells.length;
  if (n === 0) return { slope: 1, shift: 0, cells: 0, status: "none" };
  const loss = (a: number, b: number): number => {
    let sum = 0;
    for (const at of cells) {
      const z = a * logits[at] + b;
      sum += Math.max(z, 0) - z * outcomes[at] + Math.log1p(Math.exp(-Math.abs(z)));
    }
    return sum / n + RIDGE / 2 * ((a - 1) ** 2 + b ** 2);
  };
  let a = 1, b = 0, now = loss(a, b);
  for (let step = 0; step < MOST_STEPS; step++) {
    let ga = 0, gb = 0, haa = 0, hab = 0, hbb = 0;
    for (const at of cells) {
      const l = logits[at], p = sigmoid(a * l + b), w = p * (1 - p), miss = p - outcomes[at];
      ga += miss * l, gb += miss;
      haa += w * l * l, hab += w * l, hbb += w;
    }
    ga = ga / n + RIDGE * (a - 1), gb = gb / n + RIDGE * b;
    haa = haa / n + RIDGE, hbb = hbb / n + RIDGE, hab /= n;
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant, db = (haa * gb - hab * ga) / determinant;
    let share = 1, next = loss(a - da, b - db);
    while (next >= now && share > 1e-10) next = loss(a - (share /= 2) * da, b - share * db);
    if (next >= now) break; // as low as rounding lets it be
    a -= share * da, b -= share * db, now = next;
  }
  if (a <= 0) return { slope: 1, shift: 0, cells: n, status: "reversed" };
  return { slope: a, shift: b, cells: n, status: "fitted" };
}

/** Calibrated probabilities σ(a·ℓ + b); NaN stays NaN. */
export function plattProbabilities({ slope, shift }: Platt, logits: Float64Array): Float64Array {
  return logits.map((l) => sigmoid(slope * l + shift));
}

/**
 * The pool's Platt scaling, and lines for the router card: what it is, how reliable it makes the scores.
 *
 * @param logits of validation rows, row-major [rows × models]
 * @param outcomes scores in [0, 1], as long; NaN = missing
 * @throws {RangeError} as {@link fitPlatt}
 */
export function calibrated(
  models: readonly string[],
  logits: Float64Array,
  outcomes: Float64Array,
): { readonly platt: Platt; readonly notes: readonly string[] } {
  const platt = fitPlatt(logits, outcomes);
  if (platt.cells === 0) return { platt, notes: [describePlatt(platt)] };
  const after = reliability(models, plattProbabilities(platt, logits), outcomes);
  return { platt, notes: [describePlatt(platt), describeCalibration(after)] };
}

/** One line for the router card. */
export function describeCalibration({ brier, error, cells, models }: Reliability): string {
  const off = models.filter((m) => m.cells > 0)
    .map(({ model, predicted, observed }) => ({ model, by: predicted! - observed! }))
    .reduce((a, b) => Math.abs(b.by) > Math.abs(a.by) ? b : a);
  const sign = off.by < 0 ? "−" : "+";
  return `validation: Brier ${brier.toFixed(4)}, calibration error ${
    error.toFixed(4)
  } on ${cells} ` +
    `cells; furthest off: ${off.model}, mean prediction ${sign}${Math.abs(off.by).toFixed(3)}`;
}

/** One line for the router card. */
export function describePlatt({ slope, shift, cells, status }: Platt): string {
  if (status === "none") return "Platt scaling: none, there are no validation outcomes";
  if (status === "reversed") {
    return `Platt scaling: none, on ${cells} validation cells higher logits go with worse outcomes`;
  }
  return `Platt scaling of the pool: slope ${slope.toFixed(3)}, shift ${shift.toFixed(3)}, on ` +
    `${cells} validation cells`;
}

/** Positions at which neither is missing. */
function knownCells(predicted: Float64Array, outcomes: Float64Array): Uint32Array {
  if (predicted.length !== outcomes.length) {
    throw new RangeError(`${predicted.length} predictions for ${outcomes.length} outcomes`);
  }
  return Uint32Array.from(predicted.keys()).filter((at) =>
    !Number.isNaN(predicted[at]) && !Number.isNaN(outcomes[at])
  );
}

function means(
  cells: ArrayLike<number>,
  predicted: Float64Array,
  outcomes: Float64Array,
): Pick<ReliabilityBin, "count" | "predicted" | "observed"> {
  let said = 0, got = 0;
  const count = cells.length;
  for (let i = 0; i < count; i++) said += predicted[cells[i]], got += outcomes[cells[i]];
  if (count === 0) return { count, predicted: null, observed: null };
  return { count, predicted: said / count, observed: got / count };
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
