/**
 * All metrics of one router on one seed, from its decisions and the outcomes.
 * @module
 */
import {
  apgr,
  averages,
  type CallPoint,
  callRate,
  callsNeeded,
  choiceDistribution,
  collapseIndex,
  type CurvePoint,
  datasetMeans,
  type Earned,
  gapToOracle,
  optimality,
  regretByDifficulty,
  relativeGain,
  sampleMean,
  shareOfGapClosed,
} from "../metrics/mod.ts";
import type { OperatingPoints } from "../run/tune.ts";
import type { SeedDecisions, SeedRows } from "./decisions.ts";
import {
  costMetrics,
  operatingMetrics,
  ratio,
  type References,
  type RowMetrics,
} from "./cost_metrics.ts";
import { decisionsOf, earnedBy } from "./earn.ts";

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

/** A router on one seed: its decisions, what is known of them, and what tuning chose on each split. */
export interface JudgedSeed {
  /** Its decisions. */
  readonly decisions: SeedDecisions;
  /** What the headline decisions (λ = 0) earned. */
  readonly headline: Earned;
  /** The quality-cost curve. */
  readonly curve: readonly CurvePoint[];
  /** Curve positions chosen on validation, split by split. */
  readonly operating: readonly (OperatingPoints | undefined)[];
}

/** Computes the report of one router's headline decisions and curve. */
export function reportRow(
  seed: SeedRows,
  { decisions, headline, curve, operating }: JudgedSeed,
  references: References,
): SeedReport {
  const { outcomes } = seed;
  const chosen = decisionsOf(decisions, 0, seed);
  const quality = averages(headline.score, outcomes);
  const gainRandom = relativeGain(headline.score, references.random, outcomes);
  const gainSingle = relativeGain(headline.score, references.bestSingle.score, outcomes);
  const gainInDatasets = relativeGain(headline.score, references.bestInDatasetMean, outcomes);
  const gapOracle = gapToOracle(headline.score, references.oracle, outcomes);
  const [closed, closedInDatasets] = [references.bestSingle.score, references.bestInDatasetMean]
    .map((single) => shareOfGapClosed(headline.score, single, references.oracle, outcomes));
  const hindsight = Math.max(...references.modelQualities);
  const spread = choiceDistribution(chosen, outcomes.models);
  const spent = decisions.paths && headline.cost;
  const best = optimality(outcomes, chosen, outcomes.solvedFrom, spent);
  const plain = decisions.columns.findIndex((c) => c.kind === "default");
  return {
    seed: seed.seed,
    metrics: {
      quality: quality.sample,
      quality_dataset_mean: quality.dataset,
      quality_default_config: plain < 0 ? null : sampleMean(earnedBy(decisions, plain, seed).score),
      gain_random: gainRandom.datasetRatios,
      gain_random_sample_means: gainRandom.sampleMeans,
      gain_random_dataset_means: gainRandom.datasetMeans,
      gain_best_single: gainInDatasets.datasetRatios,
      gain_best_single_sample_means: gainSingle.sampleMeans,
      gain_best_single_dataset_means: gainInDatasets.datasetMeans,
      gap_to_oracle: gapOracle.datasetMeans,
      gap_to_oracle_sample_means: gapOracle.sampleMeans,
      gap_to_oracle_dataset_ratios: gapOracle.datasetRatios,
      gap_closed: closed.sample,
      gap_closed_dataset_mean: closedInDatasets.dataset,
      v_b: ratio(quality.sample, sampleMean(references.bestSingle.score)),
      v_b_hindsight: ratio(quality.sample, hindsight),
      entropy_bits: spread.entropy,
      entropy_normalised: spread.normalised,
      effective_models: spread.effective,
      collapse: spread.collapse,
      opt_sel: best.selection,
      opt_acc: best.accuracy,
      rci: outcomes.costs ? collapseIndex(outcomes, chosen) : null,
      ...(outcomes.costs ? costMetrics(headline, curve, references, best.cost) : {}),
      ...(outcomes.costs ? operatingMetrics(decisions, seed, references, operating) : {}),
      ...(outcomes.models === 2 ? twoModelMetrics(decisions, seed, references) : {}),
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

function twoModelMetrics(
  { columns, choices }: SeedDecisions,
  seed: SeedRows,
  { modelQualities: [a, b] }: References,
): RowMetrics {
  const calls = columns.flatMap((c, p) => c.kind === "calls" ? [p] : []);
  if (!choices || calls.length === 0) return {};
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
