/**
 * From decisions and outcomes to every number of a result. `bench` calls this once all decisions are
 * hashed; `verify` calls it again on the stored decisions and compares.
 * @module
 */
import {
  type CurvePoint,
  type Earned,
  earned,
  modelCosts,
  modelQualities,
  oracle,
  overSeeds,
  type ParetoPlace,
  paretoPlaces,
  sampleMean,
  uniformMixture,
} from "../metrics/mod.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { OperatingPoints } from "../run/tune.ts";
import { hashJson } from "../base/hash.ts";
import { bestInDatasetMean } from "./best_single.ts";
import { compare, type Comparison } from "./compare.ts";
import { joinFolds, type SeedDecisions, type SeedRows, type SplitDecisions } from "./decisions.ts";
import { curvePoints, earnedBy } from "./earn.ts";
import { type Panel, panelOf } from "./panel.ts";
import type { References } from "./cost_metrics.ts";
import { reportRow, type SeedReport } from "./row_metrics.ts";

/** Decisions of a split with what tuning chose. */
export interface JudgedSplit extends SplitDecisions {
  /** Curve positions chosen on validation. */
  readonly operating?: OperatingPoints;
}

/** All numbers of one router. */
export interface RouterReport {
  /** Router id. */
  readonly router: string;
  /** Mean over seeds of every metric that is defined in all of them. */
  readonly mean: Readonly<Record<string, number | null>>;
  /** Standard deviation over seeds. */
  readonly sd: Readonly<Record<string, number | null>>;
  /** Seed by seed. */
  readonly seeds: readonly SeedReport[];
  /** Mean score per fold (held-out benchmark), over seeds. */
  readonly folds: readonly {
    readonly name: string;
    readonly quality: number;
    readonly cost: number | null;
  }[];
  /** Against the pooled frontier of all routers of the result; absent without costs. */
  readonly pareto?: ParetoPlace;
}

/** All numbers of a result. */
export interface Evaluation {
  /** Reference numbers, seed by seed. */
  readonly panels: readonly ({ readonly seed: number } & Panel)[];
  /** In the order of the decisions. */
  readonly routers: readonly RouterReport[];
  /** Every competing router against every reference present. */
  readonly comparisons: readonly Comparison[];
  /** Hash of the set of routers that share the pooled frontier. */
  readonly paretoSet: string;
}

/**
 * Evaluates an ID or OOD run.
 *
 * @param seeds test rows and outcomes, as `seedRows` gives them
 * @param decisions of every router that decided, all splits
 * @param units resampling unit of each table row
 * @param competing ids of the rows that compete (references are compared with, not tested)
 */
export function evaluate(
  table: OutcomeTable,
  seeds: readonly SeedRows[],
  decisions: readonly JudgedSplit[],
  units: ArrayLike<number>,
  competing: readonly string[],
): Evaluation {
  const rows = [...Map.groupBy(decisions, (d) => d.router)].map(([id, parts]): Row => {
    const splits = seeds.map((seed) => partsOf(parts, seed)), joined = splits.map(joinFolds);
    return {
      id,
      splits,
      seeds: joined,
      headlines: seeds.map((seed, s) => earnedBy(joined[s], 0, seed)),
      curves: seeds.map((seed, s) => curvePoints(joined[s], seed)),
    };
  });
  const row = new Map(rows.map((r) => [r.id, r]));
  const earnedScores = new Map(
    rows.map(({ id, headlines }) => [id, headlines.map(({ score }) => score)]),
  );
  const inDatasetMean = seeds.map((seed) => bestInDatasetMean(table, seed));
  const references = seeds.map((seed, s): References => {
    const { outcomes } = seed;
    const costs = outcomes.costs && modelCosts(outcomes);
    return {
      random: earned(outcomes, uniformMixture(outcomes.models)).score,
      bestSingle: row.get("best-single")!.headlines[s],
      bestInDatasetMean: inDatasetMean[s],
      oracle: oracle(outcomes).score,
      modelQualities: modelQualities(outcomes),
      modelCosts: costs,
      hull: row.get("zero-router")?.curves[s].toReversed(),
      largestCost: costs &&
        Math.max(...rows.flatMap(({ curves }) => curves[s]).map(({ cost }) => cost), ...costs),
    };
  });
  const routers = rows.map((r): RouterReport => {
    const reports = seeds.map((seed, s) =>
      reportRow(seed, {
        decisions: r.seeds[s],
        headline: r.headlines[s],
        curve: r.curves[s],
        operating: r.splits[s].map((d) => d.operating),
      }, references[s])
    );
    return { router: r.id, ...summary(reports), seeds: reports, folds: foldMeans(seeds, r) };
  });
  const places = pareto(routers);
  return {
    panels: seeds.map((seed) => ({ seed: seed.seed, ...panelOf(table, seed) })),
    routers: routers.map((r) => places[r.router] ? { ...r, pareto: places[r.router] } : r),
    comparisons: compare(
      earnedScores,
      seeds,
      units,
      table.benchmark,
      competing,
      new Map([["best-single", inDatasetMean]]),
    ),
    paretoSet: hashJson(Object.keys(places).sort()),
  };
}

/** One router's decisions. */
interface Row {
  readonly id: string;
  /** [seeds][folds] */
  readonly splits: readonly (readonly JudgedSplit[])[];
  /** [seeds], folds joined. */
  readonly seeds: readonly SeedDecisions[];
  /** [seeds] what the headline decisions earned. */
  readonly headlines: readonly Earned[];
  /** [seeds] the quality-cost curve. */
  readonly curves: readonly (readonly CurvePoint[])[];
}

/** The decisions of one seed in fold order. */
function partsOf(parts: readonly JudgedSplit[], { seed, splits }: SeedRows): JudgedSplit[] {
  return splits.map((split) => {
    const part = parts.find((d) => d.seed === seed && d.fold === split.fold);
    if (!part) throw new RangeError(`no decisions for seed ${seed}, fold ${split.fold}`);
    return part;
  });
}

function summary(reports: readonly SeedReport[]): Pick<RouterReport, "mean" | "sd"> {
  const mean: Record<string, number | null> = {}, sd: Record<string, number | null> = {};
  for (const name of Object.keys(reports[0].metrics)) {
    const values = reports.map((r) => r.metrics[name]);
    const known = values.filter((v): v is number => v !== null && v !== undefined);
    const whole = known.length === values.length ? overSeeds(Float64Array.from(known)) : null;
    mean[name] = whole?.mean ?? null;
    // Seeds that agree differ by the rounding of sums at most; that is no spread.
    const isNoise = whole?.sd && whole.sd <= 1e-12 * Math.abs(whole.mean);
    sd[name] = isNoise ? 0 : whole?.sd ?? null;
  }
  return { mean, sd };
}

/** Mean headline quality and cost of every fold, over the seeds; none where there is one fold. */
function foldMeans(seeds: readonly SeedRows[], row: Row): RouterReport["folds"] {
  const { splits } = seeds[0];
  if (splits.length < 2) return [];
  const earnings = row.headlines;
  const mean = (field: "score" | "cost", fold: number): number =>
    sampleMean(
      Float64Array.from(seeds, ({ fold: folds }, s) =>
        sampleMean(earnings[s][field]!.filter((_, i) => folds[i] === fold))),
    );
  return splits.map(({ foldName }, f) => ({
    name: foldName,
    quality: mean("score", f),
    cost: earnings[0].cost ? mean("cost", f) : null,
  }));
}

/** ParetoRatio and ParetoDist on the curves averaged over seeds. */
function pareto(routers: readonly RouterReport[]): Record<string, ParetoPlace> {
  const methods = Object.fromEntries(
    routers.filter((r) => r.seeds.every((s) => s.curve.length > 0)).map((
      r,
    ) => [r.router, meanCurve(r.seeds)]),
  );
  return Object.keys(methods).length > 0 ? paretoPlaces(methods) : {};
}

/** A router's curve averaged over seeds, point by point. */
export function meanCurve(seeds: readonly SeedReport[]): CurvePoint[] {
  return seeds[0].curve.map((_, p) => ({
    cost: seeds.reduce((sum, s) => sum + s.curve[p].cost, 0) / seeds.length,
    quality: seeds.reduce((sum, s) => sum + s.curve[p].quality, 0) / seeds.length,
  }));
}
