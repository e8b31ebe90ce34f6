/**
 * Evaluation of the new-model protocol: quality of every arm at every profile size, against the best
 * single model *estimated from the same n labels*, which is the baseline to beat.
 * @module
 */
import { gapClosed, holm, oracle, overSeeds, sampleMean } from "../metrics/mod.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Column } from "../run/curve.ts";
import type { Split } from "../splits/split.ts";
import { differences, pairedOverSeeds, unitsOf } from "./paired.ts";
import { joinFolds, type SeedRows, seedRows, type SplitDecisions } from "./decisions.ts";
import { earnedBy } from "./earn.ts";
import { REFERENCES } from "../router/references.ts";

/** One arm of one router at one profile size. */
export interface ArmReport {
  /** Router id. */
  readonly router: string;
  /** How the new models were taken in. */
  readonly arm: NonNullable<Column["arm"]>;
  /** Labelled queries per new model; null where the arm uses none or all. */
  readonly n: number | null;
  /** Models to choose from. */
  readonly pool: "all" | "new";
  /** Mean over splits. */
  readonly quality: number;
  /** Standard deviation over splits. */
  readonly sd: number | null;
  /** Share of the gap from best single (same n, same pool) to oracle closed; null if there is none. */
  readonly gapClosed: number | null;
  /** Against best single at the same n and pool; null for best single itself and where it has no such row. */
  readonly vsBestSingle: Versus | null;
  /**
   * A router's own arm (not retrained) against the own arms of {@link RIVALS} at the same n, where the pool
   * is `all`; Holm is over all of these in the table. Absent where there are none.
   */
  readonly vsRouters?: readonly (Versus & { readonly router: string })[];
}

/** Routers that every router's own arm is compared with, besides best single. */
export const RIVALS = ["knn", "ridge", "uniroute"] as const;

/** A paired difference with its 95% interval and p-values. */
export interface Versus {
  /** Mean difference per query. */
  readonly difference: number;
  /** 95% interval, low end; null where units are too few. */
  readonly low: number | null;
  /** 95% interval, high end; null where units are too few. */
  readonly high: number | null;
  /** Two-sided p-value; null where units are too few. */
  readonly p: number | null;
  /** p after Holm over all arms of the pool, which share a table; null where units are too few. */
  readonly pHolm: number | null;
}

/** All numbers of a new-model result. */
export interface NewModelEvaluation {
  /** Mean oracle quality of the pools. */
  readonly oracle: { readonly all: number; readonly new: number };
  /** Mean expected quality of a random choice. */
  readonly random: { readonly all: number; readonly new: number };
  /** Independent units of the test queries: queries, or templates of generated ones. */
  readonly units: number;
  /** As many units of equal size say as much. */
  readonly effectiveUnits: number;
  /** Every arm of every router. */
  readonly arms: readonly ArmReport[];
}

/** Scores per split of one arm. */
interface ArmScores {
  readonly router: string;
  readonly column: Column;
  readonly scores: readonly Float64Array[];
}

/** Evaluates all arms; every split (seed × model subset) counts the same. */
export function evaluateNewModel(
  table: OutcomeTable,
  splits: readonly Split[],
  decisions: readonly SplitDecisions[],
  units: ArrayLike<number>,
): NewModelEvaluation {
  // A subset of models is a trial of its own: one SeedRows a split, although folds share test rows.
  const trials = splits.map((split) => seedRows(table, [split])[0]);
  const arms = [...Map.groupBy(decisions, (d) => d.router)].flatMap(
    ([router, parts]): ArmScores[] => {
      const bySplit = trials.map(({ splits: [split] }) =>
        joinFolds([parts.find((d) => d.seed === split.seed && d.fold === split.fold)!])
      );
      // Profiles may differ a little in size between seeds; a budget counts where all splits reach it.
      const positions = bySplit.map(({ columns }) =>
        new Map(columns.map((column, p) => [keyOf(column), p]))
      );
      return bySplit[0].columns
        .filter((column) => positions.every((known) => known.has(keyOf(column))))
        .map((column) => ({
          router,
          column,
          scores: trials.map((trial, t) =>
            earnedBy(bySplit[t], positions[t].get(keyOf(column))!, trial).score
          ),
        }));
    },
  );
  const single = (column: Column): ArmScores | undefined =>
    arms.find((a) =>
      a.router === "best-single" && a.column.pool === column.pool &&
      (column.n === undefined ? a.column.arm === column.arm : a.column.n === column.n)
    );
  const versus = new Map((["all", "new"] as const).flatMap((pool) => {
    const tested = arms.filter((a) =>
      a.column.pool === pool && a.router !== "best-single" && single(a.column)
    );
    return [...compareArms(tested, tested.map((a) => single(a.column)!), trials, units)];
  }));
  const rivals = compareWithRivals(arms, trials, units);
  const bounds = { all: poolBounds(table, trials, "all"), new: poolBounds(table, trials, "new") };
  return {
    oracle: { all: bounds.all.oracle, new: bounds.new.oracle },
    random: { all: bounds.all.random, new: bounds.new.random },
    ...unitsOf(trials, units),
    arms: arms.map((a) => {
      const { mean, sd } = overSeeds(Float64Array.from(a.scores, sampleMean));
      const base = single(a.column);
      const pool = a.column.pool!;
      return {
        router: a.router,
        arm: a.column.arm!,
        n: a.column.n ?? null,
        pool,
        quality: mean,
        sd,
        gapClosed: base
          ? gapClosed(
            mean,
            sampleMean(Float64Array.from(base.scores, sampleMean)),
            bounds[pool].oracle,
          )
          : null,
        vsBestSingle: versus.get(a) ?? null,
        ...(rivals.has(a) ? { vsRouters: rivals.get(a)! } : {}),
      };
    }),
  };
}

/** Names an arm at a profile size in a pool. */
function keyOf({ arm, n, pool }: Column): string {
  return `${arm} ${n} ${pool}`;
}

/** Own arms of all competing routers against those of the rivals, at the same n. */
function compareWithRivals(
  arms: readonly ArmScores[],
  trials: readonly SeedRows[],
  units: ArrayLike<number>,
): Map<ArmScores, (Versus & { router: string })[]> {
  const own = arms.filter(({ router, column: { arm, pool } }) =>
    pool === "all" && (arm === "zero-update" || arm === "fit-new-vector") &&
    !REFERENCES.some(({ id }) => id === router)
  );
  const pairs = own.flatMap((arm) =>
    own.filter(({ router, column }) =>
      router !== arm.router && column.n === arm.column.n &&
      RIVALS.some((rival) => rival === router)
    ).map((rival) => ({ arm, rival }))
  );
  const tests = bootstrapPairs(
    pairs.map(({ arm }) => arm),
    pairs.map(({ rival }) => rival),
    trials,
    units,
  );
  const found = new Map<ArmScores, (Versus & { router: string })[]>();
  pairs.forEach(({ arm, rival }, i) =>
    found.set(arm, [...found.get(arm) ?? [], { router: rival.router, ...tests[i] }])
  );
  return found;
}

function compareArms(
  arms: readonly ArmScores[],
  bases: readonly ArmScores[],
  trials: readonly SeedRows[],
  units: ArrayLike<number>,
): Map<ArmScores, Versus> {
  const tests = bootstrapPairs(arms, bases, trials, units);
  return new Map(arms.map((arm, i) => [arm, tests[i]]));
}

/** Paired tests of arms against bases, Holm over all of them. */
function bootstrapPairs(
  arms: readonly ArmScores[],
  bases: readonly ArmScores[],
  trials: readonly SeedRows[],
  units: ArrayLike<number>,
): Versus[] {
  if (arms.length === 0) return [];
  const gains = arms.map((arm, a) => differences(arm.scores, bases[a].scores));
  const intervals = pairedOverSeeds(gains, trials, units);
  const adjusted = holm(intervals.map(({ p }) => p));
  return intervals.map(({ mean, low, high, p }, i) => ({
    difference: mean,
    low,
    high,
    p,
    pHolm: adjusted[i],
  }));
}

/** Oracle and random expectation of a pool, mean over trials. */
function poolBounds(
  table: OutcomeTable,
  trials: readonly SeedRows[],
  pool: "all" | "new",
): { oracle: number; random: number } {
  const oracles: number[] = [], randoms: number[] = [];
  for (const { outcomes, splits: [split] } of trials) {
    const inPool = table.models.flatMap((m, i) =>
      pool === "all" || split.heldOutModels.includes(m) ? [i] : []
    );
    const scores = new Float64Array(outcomes.rows * inPool.length);
    for (let i = 0; i < outcomes.rows; i++) {
      inPool.forEach((m, j) =>
        scores[i * inPool.length + j] = outcomes.scores[i * outcomes.models + m]
      );
    }
    const { costs: _costs, ...bare } = outcomes;
    oracles.push(sampleMean(oracle({ ...bare, models: inPool.length, scores }).score));
    randoms.push(sampleMean(scores));
  }
  const mean = (values: number[]): number => sampleMean(Float64Array.from(values));
  return { oracle: mean(oracles), random: mean(randoms) };
}
