/**
 * All metrics of one router on one seed, from its decisions and the outcomes.
 * @module
 */
import {
  aiqCode,
  aiqCommon,
  aiqPaper,
  apgr,
  arenaScore,
  averages,
  type CallPoint,
  callRate,
  callsNeeded,
  choiceDistribution,
  collapseIndex,
  costSave,
  type CurvePoint,
  datasetMeans,
  deferralArea,
  type Earned,
  gapToOracle,
  hullQuality,
  modelCosts,
  modelQualities,
  naucOrbit,
  optimality,
  peak,
  perfGain,
  qnc,
  regretByDifficulty,
  relativeGain,
  sampleMean,
  shareOfGapClosed,
} from "../metrics/mod.ts";
import type { OperatingPoints } from "../protocol/tune.ts";
import type { SeedDecisions, SeedRows } from "./decisions.ts";
import { curvePoints, decisionsOf, earnedBy } from "./earn.ts";

/** What the reference rows earned on the same seed. */
export interface References {
  /** Expected score of a random choice, per query. */
  readonly random: Float64Array;
  /** What the best single model earned. */
  readonly bestSingle: Earned;
  /** Oracle score per query. */
  readonly oracle: Float64Array;
  /** Zero-router hull on the test rows, chosen on validation; absent without costs. */
  readonly hull?: readonly CurvePoint[];
  /** Largest mean cost over the curves of all compared routers, for AIQ as RouterBench's code has it. */
  readonly largestCost?: number;
}

/** Metrics of a seed; `null` where undefined. Named after where they come from (see metrics/). */
export type RowMetrics = Readonly<Record<string, number | null>>;

/** Everything about one router on one seed. */
export interface SeedReport {
  /** The seed. */
  readonly seed: number;
  /** All metrics by name. */
  readonly metrics: RowMetrics;
  /** Mean score per benchmark, by table.benchmarks; null where a benchmark has no test row. */
  readonly benchmarks: readonly (number | null)[];
  /** Share of queries sent to each model. */
  readonly shares: readonly number[];
  /** Regret by how many models solve the query. */
  readonly regret: readonly {
    solvers: number;
    queries: number;
    accuracy: number;
    regret: number;
  }[];
  /** The quality-cost curve. */
  readonly curve: readonly CurvePoint[];
}

/** Computes the report of one router's headline decisions and curve. */
export function reportRow(
  seed: SeedRows,
  decisions: SeedDecisions,
  references: References,
  operating: readonly (OperatingPoints | undefined)[],
): SeedReport {
  const { outcomes } = seed;
  const headline = earnedBy(decisions, 0, seed);
  const chosen = decisionsOf(decisions, 0, seed);
  const quality = averages(headline.score, outcomes);
  const gainRandom = relativeGain(headline.score, references.random, outcomes);
  const gainSingle = relativeGain(headline.score, references.bestSingle.score, outcomes);
  const gapOracle = gapToOracle(headline.score, references.oracle, outcomes);
  const closed = shareOfGapClosed(
    headline.score,
    references.bestSingle.score,
    references.oracle,
    outcomes,
  );
  const hindsight = Math.max(...modelQualities(outcomes, "sample"));
  const spread = choiceDistribution(chosen, outcomes.models);
  const best = optimality(outcomes, chosen, outcomes.solvedFrom);
  const plain = decisions.columns.findIndex((c) => c.kind === "default");
  const curve = curvePoints(decisions, seed);
  return {
    seed: seed.seed,
    metrics: {
      quality: quality.sample,
      quality_dataset_mean: quality.dataset,
      quality_default_config: plain < 0 ? null : sampleMean(earnedBy(decisions, plain, seed).score),
      gain_random: gainRandom.datasetRatios,
      gain_random_sample_means: gainRandom.sampleMeans,
      gain_random_dataset_means: gainRandom.datasetMeans,
      gain_best_single: gainSingle.datasetRatios,
      gain_best_single_sample_means: gainSingle.sampleMeans,
      gain_best_single_dataset_means: gainSingle.datasetMeans,
      gap_to_oracle: gapOracle.datasetMeans,
      gap_to_oracle_sample_means: gapOracle.sampleMeans,
      gap_to_oracle_dataset_ratios: gapOracle.datasetRatios,
      gap_closed: closed.sample,
      gap_closed_dataset_mean: closed.dataset,
      v_b: ratio(quality.sample, sampleMean(references.bestSingle.score)),
      v_b_hindsight: ratio(quality.sample, hindsight),
      entropy_bits: spread.entropy,
      entropy_normalised: spread.normalised,
      effective_models: spread.effective,
      collapse: spread.collapse,
      opt_sel: best.selection,
      opt_acc: best.accuracy,
      rci: outcomes.costs ? collapseIndex(outcomes, chosen) : null,
      ...(outcomes.costs ? costMetrics(seed, headline, curve, references, best.cost) : {}),
      ...(outcomes.costs ? operatingMetrics(decisions, seed, references, operating) : {}),
      ...(outcomes.models === 2 ? twoModelMetrics(decisions, seed) : {}),
    },
    benchmarks: Array.from(
      datasetMeans(headline.score, outcomes),
      (mean) => Number.isNaN(mean) ? null : mean,
    ),
    shares: Array.from(spread.shares),
    regret: regretByDifficulty(outcomes, headline).map((
      { solvers, queries, accuracy, regret },
    ) => ({
      solvers,
      queries,
      accuracy,
      regret,
    })),
    curve,
  };
}

function costMetrics(
  { outcomes }: SeedRows,
  headline: Earned,
  curve: readonly CurvePoint[],
  { bestSingle, hull, largestCost }: References,
  optCost: number | null,
): RowMetrics {
  const cost = sampleMean(headline.cost!), quality = sampleMean(headline.score);
  const single = { cost: sampleMean(bestSingle.cost!), quality: sampleMean(bestSingle.score) };
  const models = modelQualities(outcomes, "sample"), costs = modelCosts(outcomes);
  const hindsight = models.indexOf(Math.max(...models));
  const dearest = Math.max(...costs), cheapest = Math.min(...costs);
  const coin = hull ? hullQuality(hull, cost) : null;
  return {
    cost,
    opt_cost: optCost,
    above_hull: coin === null ? null : quality - coin,
    arena_score: cost > 0 ? arenaScore(quality, cost * 1000) : null,
    ...(curve.length > 0
      ? {
        area: deferralArea(curve, dearest),
        area_50: deferralArea(curve, dearest, 0.5),
        nauc_orbit: naucOrbit(curve, single.cost),
        qnc: qnc(curve, single),
        qnc_hindsight: qnc(curve, { cost: costs[hindsight], quality: models[hindsight] }),
        aiq_paper: aiqPaper(curve),
        aiq_code: largestCost ? aiqCode(curve, largestCost) : null,
        aiq_common: aiqCommon(curve, cheapest, dearest),
        peak_hindsight: peak(curve),
        perf_gain_hindsight: perfGain(curve, single),
        cost_save_hindsight: costSave(curve, single),
      }
      : {}),
  };
}

/** Quality and cost at the curve positions that validation chose, each fold at its own. */
function operatingMetrics(
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
    cost_save_val: 1 - same.cost / single.cost,
    perf_gain_val: ratio(same.quality, single.quality, 1),
    half_cost_quality_at_val: half.quality,
    half_cost_cost_at_val: half.cost,
  };
}

function twoModelMetrics({ columns, choices }: SeedDecisions, seed: SeedRows): RowMetrics {
  const calls = columns.flatMap((c, p) => c.kind === "calls" ? [p] : []);
  if (!choices || calls.length === 0) return {};
  const [a, b] = modelQualities(seed.outcomes, "sample");
  const strong = a > b ? 0 : 1;
  const models = { weak: Math.min(a, b), strong: Math.max(a, b) };
  const line = calls.map((p): CallPoint => ({
    callRate: callRate(choices[p], strong),
    quality: sampleMean(earnedBy({ columns, choices }, p, seed).score),
  }));
  return {
    apgr: apgr(line, models),
    cpt_20: callsNeeded(line, models, 0.2),
    cpt_50: callsNeeded(line, models, 0.5),
    cpt_80: callsNeeded(line, models, 0.8),
  };
}

/** a / b − less; null where b is too close to 0. */
function ratio(a: number, b: number, less = 0): number | null {
  return b < 0.01 ? null : a / b - less;
}
