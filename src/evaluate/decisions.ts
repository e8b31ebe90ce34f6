/**
 * Decisions of a whole run: per router and split, which model each test query was sent to. The unit that
 * results are recomputed from.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Outcomes, Visits } from "../metrics/mod.ts";
import type { Split } from "../splits/split.ts";
import type { Column } from "../run/curve.ts";
import { outcomesOf } from "../run/join.ts";

/** Decisions of one router on one split. */
export interface SplitDecisions {
  /** Router id. */
  readonly router: string;
  /** Seed of the split. */
  readonly seed: number;
  /** Fold number among those of its seed. */
  readonly fold: number;
  /** What the columns of the choices are. */
  readonly columns: readonly Column[];
  /** Models the choices index. */
  readonly models: readonly string[];
  /** Model index, row-major [T × columns]; empty for a mixture. */
  readonly choice: Uint16Array;
  /** Of a sequential router: the models visited, row-major [T × columns × horizon]; M stands after the last. */
  readonly paths?: Visits;
  /** Query-independent mixtures, one a column. */
  readonly mixtures?: readonly (readonly number[])[];
}

/** All test rows of one seed, folds one after the other. */
export interface SeedRows {
  /** Seed of the split. */
  readonly seed: number;
  /** Splits of this seed in fold order. */
  readonly splits: readonly Split[];
  /** Table rows, concatenated over the folds. Length N. */
  readonly rows: Uint32Array;
  /** Fold index of each row. Length N. */
  readonly fold: Uint16Array;
  /** Their outcomes; costs only where every cell has one. */
  readonly outcomes: Outcomes;
}

/** Test rows of a split, ascending. */
export function testRows(split: Split): Uint32Array {
  const rows: number[] = [];
  for (let i = 0; i < split.roles.length; i++) if (split.roles[i] === "e") rows.push(i);
  return Uint32Array.from(rows);
}

/** Groups splits by seed and joins the outcomes of their test rows. */
export function seedRows(table: OutcomeTable, splits: readonly Split[]): SeedRows[] {
  return [...Map.groupBy(splits, (s) => s.seed)].map(([seed, own]) => {
    const parts = own.toSorted((a, b) => a.fold - b.fold);
    const rows = Uint32Array.from(parts.flatMap((s) => [...testRows(s)]));
    const fold = Uint16Array.from(parts.flatMap((s, f) => [...testRows(s)].fill(f)));
    return { seed, splits: parts, rows, fold, outcomes: outcomesOf(table, rows) };
  });
}

/** Decisions of one router on all rows of a seed, per column position. */
export interface SeedDecisions {
  /** What the columns of the choices are. */
  readonly columns: readonly Column[];
  /** [columns][N] model per row; absent for a mixture. */
  readonly choices?: readonly Uint16Array[];
  /** [columns] models visited on the way to the choices; absent where only the chosen ones were called. */
  readonly paths?: readonly Visits[];
  /** [columns][folds] mixture weights [M]. */
  readonly mixtures?: readonly (readonly Float64Array[])[];
}

/** Concatenates a router's decisions over the folds of a seed, in fold order. */
export function joinFolds(parts: readonly SplitDecisions[]): SeedDecisions {
  const { columns } = parts[0];
  if (parts[0].mixtures) {
    const mixtures = columns.map((_, p) => parts.map((d) => Float64Array.from(d.mixtures![p])));
    return { columns, mixtures };
  }
  const P = columns.length;
  const rows = parts.reduce((n, d) => n + d.choice.length / P, 0);
  const choices = columns.map(() => new Uint16Array(rows));
  let at = 0;
  for (const { choice } of parts) {
    for (let i = 0; i < choice.length / P; i++, at++) {
      for (let p = 0; p < P; p++) choices[p][at] = choice[i * P + p];
    }
  }
  return { columns, choices, ...(parts[0].paths && { paths: joinPaths(parts) }) };
}

/** Decisions of a router on all rows of a seed. */
export function decidedIn(
  entries: readonly SplitDecisions[],
  router: string,
  { seed, splits }: SeedRows,
): SeedDecisions {
  return joinFolds(
    splits.map(({ fold }) =>
      entries.find((e) => e.router === router && e.seed === seed && e.fold === fold)!
    ),
  );
}

/** Paths of every column, fold after fold. Pools of the folds are one, and so is the horizon. */
function joinPaths(parts: readonly SplitDecisions[]): Visits[] {
  const P = parts[0].columns.length, { horizon } = parts[0].paths!;
  return parts[0].columns.map((_, p) => ({
    horizon,
    visited: Uint16Array.from(
      parts.flatMap(({ choice, paths }) =>
        Array.from({ length: choice.length / P }, (_, i) => {
          const from = (i * P + p) * horizon;
          return [...paths!.visited.subarray(from, from + horizon)];
        }).flat()
      ),
    ),
  }));
}
