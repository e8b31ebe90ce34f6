/**
 * What a new model adds: its record, where it is sent queries, and the score of decisions with it less without it.
 * @module
 */
import { type Interval, pairedBootstrap } from "../metrics/mod.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { columnMeans } from "../router/training.ts";
import type { Decided } from "../run/job.ts";

/** What a new model scored on its labelled queries, beside the best known model on the same ones. */
export interface RecordRow {
  /** Benchmark (of a pool of one: task); `all` for the sum. */
  readonly label: string;
  /** Labelled queries. */
  readonly labels: number;
  /** Mean score of the new model. */
  readonly score: number;
  /** The known model that did best on these queries, and its mean score. */
  readonly best: { readonly model: string; readonly score: number };
}

/** Queries of one label, and how many of them routers would send to the new model. */
export interface SentRow {
  /** Benchmark (of a pool of one: task); `all` for the sum. */
  readonly label: string;
  /** Test queries. */
  readonly queries: number;
  /** Share sent to the new model, router by router; null where one refused. */
  readonly shares: readonly (number | null)[];
}

/** Decisions with and without a new model. */
export interface Decisions {
  /** Table rows that were decided for. */
  readonly rows: Uint32Array;
  /** Decisions, which index the models of the table. */
  readonly job: Decided;
}

/**
 * Score with the new model known by n labels, less score without it, by row.
 * @param keep which rows count
 * @returns null where the router refused so many labels
 */
export function gainByRow(
  { rows, job: { columns, choice } }: Decisions,
  { scores, models }: OutcomeTable,
  n: number,
  keep: (row: number) => boolean = () => true,
): Map<number, number> | null {
  const P = columns.length, own = columnOf(columns, n);
  const without = columns.findIndex(({ arm }) => arm === "ignore");
  if (own < 0) return null;
  const score = (i: number, p: number): number =>
    scores[rows[i] * models.length + choice[i * P + p]];
  const gains = new Map<number, number>();
  rows.forEach((row, i) => keep(row) && gains.set(row, score(i, own) - score(i, without)));
  return gains;
}

/** Mean of gains with its 95% interval; null where one is. */
export function meanGain(
  parts: readonly (ReadonlyMap<number, number> | null)[],
  units: ArrayLike<number>,
): Interval | null {
  if (parts.includes(null)) return null;
  const rows = parts.flatMap((part) => [...part!]);
  const [interval] = pairedBootstrap([Float64Array.from(rows, ([, gain]) => gain)], {
    groups: rows.map(([row]) => units[row]),
  });
  return interval;
}

/** US dollars of a model's answers to some rows; null where one is not known. */
export function dollarsOf(
  { costs, models }: OutcomeTable,
  model: string,
  rows: readonly number[],
): number | null {
  const column = models.indexOf(model);
  const sum = rows.reduce((sum, row) => sum + costs[row * models.length + column], 0);
  return Number.isNaN(sum) ? null : sum;
}

/** A model's record on labelled rows: all, then label by label. */
export function recordOf(table: OutcomeTable, model: string, rows: readonly number[]): RecordRow[] {
  const { scores, models } = table, column = models.indexOf(model);
  const rowOf = (label: string, of: readonly number[]): RecordRow => {
    const means = columnMeans(scores, models.length, of);
    const [best] = [...means.keys()].filter((m) => m !== column)
      .sort((a, b) => means[b] - means[a] || a - b);
    const { length: labels } = of;
    return {
      label,
      labels,
      score: means[column],
      best: { model: models[best], score: means[best] },
    };
  };
  const parts = [...Map.groupBy(rows, labelOf(table))].sort(([a], [b]) => a < b ? -1 : 1);
  return [rowOf("all", rows), ...parts.map(([label, of]) => rowOf(label, of))];
}

/** Where routers send queries to a model that they know by n labels: all, then the labels with most for the first router. */
export function sentTo(
  table: OutcomeTable,
  model: string,
  decided: readonly Decisions[],
  n: number,
): SentRow[] {
  const column = table.models.indexOf(model), [{ rows }] = decided;
  const rowOf = (label: string, at: readonly number[]): SentRow => ({
    label,
    queries: at.length,
    shares: decided.map(({ job: { columns, choice } }) => {
      const p = columnOf(columns, n);
      return p < 0
        ? null
        : at.filter((i) => choice[i * columns.length + p] === column).length / at.length;
    }),
  });
  const label = labelOf(table), every = [...rows.keys()];
  const parts = [...Map.groupBy(every, (i) => label(rows[i]))].map(([name, at]) => rowOf(name, at));
  const first = ({ shares: [share] }: SentRow): number => share ?? 0;
  return [
    rowOf("all", every),
    ...parts.sort((a, b) => first(b) - first(a) || (a.label < b.label ? -1 : 1)),
  ];
}

/** The column of decisions in which the new model is known by n labels, beside all others; −1 if there is none. */
function columnOf(columns: Decided["columns"], n: number): number {
  return columns.findIndex((column) =>
    column.arm !== "ignore" && column.n === n && column.pool === "all"
  );
}

/** Labels of rows: benchmarks, or tasks where there is one benchmark. */
function labelOf({ benchmarks, benchmark, tasks, task }: OutcomeTable): (row: number) => string {
  return benchmarks.length > 1 ? (row) => benchmarks[benchmark[row]] : (row) => tasks[task[row]];
}
