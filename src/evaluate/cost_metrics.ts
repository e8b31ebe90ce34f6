/**
 * Metrics of a row that need costs: what it cost, its curve, and the points of it that validation chose.
 * @module
 */
import {
  aiqCode,
  aiqCommon,
  aiqPaper,
  arenaScore,
  costSave,
  type CurvePoint,
  deferralArea,
  type Earned,
  hullQuality,
  naucOrbit,
  peak,
  perfGain,
  qnc,
  sampleMean,
} from "../metrics/mod.ts";
import type { OperatingPoints } from "../run/tune.ts";
import type { SeedDecisions, SeedRows } from "./decisions.ts";
import { earnedBy } from "./earn.ts";

/** What the reference rows earned on the same seed. */
export interface References {
  /** Expected score of a random choice, per query. */
  readonly random: Float64Array;
  /** What the best single model earned. */
  readonly bestSingle: Earned;
  /** Score of the model that is best single in dataset mean: the reference of dataset means. */
  readonly bestInDatasetMean: Float64Array;
  /** Oracle score per query. */
  readonly oracle: Float64Array;
  /** Mean score of every model. */
  readonly modelQualities: Float64Array;
  /** Mean cost of every model; absent without costs. */
  readonly modelCosts?: Float64Array;
  /** Zero-router hull on the test rows, chosen on validation; absent without costs. */
  readonly hull?: readonly CurvePoint[];
  /** Largest mean cost over the curves of all compared routers, for AIQ as RouterBench's code has it. */
  readonly largestCost?: number;
}

/** Metrics of a seed; `null` where undefined. Named after where they come from (see metrics/). */
export type RowMetrics = Readonly<Record<string, number | null>>;

/** What a row cost, and its whole curve. Only where every outcome has a cost. */
export function costMetrics(
  headline: Earned,
  curve: readonly CurvePoint[],
  { bestSingle, modelQualities: models, modelCosts, hull, largestCost }: References,
  optCost: number | null,
): RowMetrics {
  const cost = sampleMean(headline.cost!), quality = sampleMean(headline.score);
  const single = { cost: sampleMean(bestSingle.cost!), quality: sampleMean(bestSingle.score) };
  const costs = modelCosts!;
  const hindsight = models.indexOf(Math.max(...models));
  const coin = hull ? hullQuality(hull, cost) : null;
  return {
    cost,
    opt_cost: optCost,
    above_hull: coin === null ? null : quality - coin,
    arena_score: cost > 0 ? arenaScore(quality, cost * 1000) : null,
    ...curveMetrics(curve, {
      single,
      hindsight: { cost: costs[hindsight], quality: models[hindsight] },
      cheapest: Math.min(...costs),
      highest: Math.max(...costs),
      largestCost,
    }),
  };
}

/** Single models on the same rows, and AIQ's largest cost. */
interface CurveReferences {
  readonly single: CurvePoint;
  readonly hindsight: CurvePoint;
  readonly cheapest: number;
  readonly highest: number;
  readonly largestCost?: number;
}

/**
 * Metrics of a whole curve. A row with one point (a single model, random) has no trade-off to measure:
 * extended flat to all costs, its point would get an area, and so a rank, that no budget below its
 * cost can reach. All are null there.
 */
function curveMetrics(curve: readonly CurvePoint[], of: CurveReferences): RowMetrics {
  const { single, hindsight, cheapest, highest, largestCost } = of;
  const on = (metric: () => number | null): number | null =>
    curve.length < 2 || highest === 0 ? null : metric();
  // Of a free model's cost nothing can be saved.
  const against = (model: CurvePoint, metric: typeof qnc): number | null =>
    on(() => model.cost > 0 ? metric(curve, model) : null);
  return {
    area: on(() => deferralArea(curve, highest)),
    area_50: on(() => deferralArea(curve, highest, 0.5)),
    nauc_orbit: against(single, (points, { cost }) => naucOrbit(points, cost)),
    qnc: against(single, qnc),
    qnc_hindsight: against(hindsight, qnc),
    aiq_paper: on(() => aiqPaper(curve)),
    aiq_code: on(() => largestCost ? aiqCode(curve, largestCost) : null),
    aiq_common: on(() => aiqCommon(curve, cheapest, highest)),
    peak_hindsight: on(() => peak(curve)),
    perf_gain_hindsight: on(() => perfGain(curve, single)),
    cost_save_hindsight: against(single, costSave),
  };
}

/** Quality and cost at the curve positions that validation chose, each fold at its own. */
export function operatingMetrics(
  decisions: SeedDecisions,
  seed: SeedRows,
  { bestSingle }: References,
  operating: readonly (OperatingPoints | undefined)[],
): RowMetrics {
  if (operating.some((o) => o === undefined)) return {};
  const first = decisions.columns.findIndex((c) => c.kind === "curve");
  const at = (position: keyof OperatingPoints): CurvePoint => {
    const positions = operating.map((o) => first + o![position]);
    const earned = new Map([...new Set(positions)].map((p) => [p, earnedBy(decisions, p, seed)]));
    const pick = (field: "score" | "cost"): number =>
      sampleMean(Float64Array.from(seed.fold, (f, i) => earned.get(positions[f])![field]![i]));
    return { quality: pick("score"), cost: pick("cost") };
  };
  const single = { cost: sampleMean(bestSingle.cost!), quality: sampleMean(bestSingle.score) };
  const same = at("sameQuality"), half = at("halfCost");
  return {
    same_quality_at_val: same.quality,
    same_quality_cost_at_val: same.cost,
    cost_save_val: single.cost > 0 ? 1 - same.cost / single.cost : null,
    perf_gain_val: ratio(same.quality, single.quality, 1),
    half_cost_quality_at_val: half.quality,
    half_cost_cost_at_val: half.cost,
  };
}

/** a / b − less; null where b is too close to 0 to divide by. */
export function ratio(a: number, b: number, less = 0): number | null {
  return b < 0.01 ? null : a / b - less;
}
