/**
 * Results with ICL-Router rows, sorted for one page: a cell is everything that was run on one dataset under
 * one protocol with one embedding, in however many files.
 *
 * Rows of a cell may have been run with different seeds. A difference is taken over the seeds that both
 * rows have, on the same splits, and never over anything else.
 * @module
 */
import type { Comparison } from "../../evaluate/compare.ts";
import type { RouterReport } from "../../evaluate/evaluate.ts";
import { isNewModel, type Result, type RouterEntry } from "../../results/result.ts";
import { BASE, DATASETS, PROTOCOLS } from "./icl_plan.ts";

/** What a fitted router said of itself. */
export interface IclCard {
  /** Router id. */
  readonly router: string;
  /** Seed of the split. */
  readonly seed: number;
  /** Fold among those of its seed. */
  readonly fold: number;
  /** Learned numbers. */
  readonly parameters: number;
  /** Lines of the router card. */
  readonly notes: readonly string[];
}

/** A result file with the cards of its ICL rows. */
export interface IclFile {
  /** Path below the folder of results. */
  readonly path: string;
  /** The result. */
  readonly result: Result;
  /** Cards of all routers, split by split. */
  readonly cards: readonly IclCard[];
}

/** Everything run on one dataset under one protocol with one embedding. */
export interface Cell {
  /** Dataset as on the command line, `reasoning-gym/easy`. */
  readonly dataset: string;
  /** Generated data: shown, but never counted. */
  readonly synthetic: boolean;
  /** As on the command line, but `ood:k` for any number of folds. */
  readonly protocol: string;
  /** Name of the embedding. */
  readonly embedding: string;
  /** What differs from the plain set-up (device, validation, selection); empty where nothing does. */
  readonly special: string;
  /** Files, those with more seeds first. */
  readonly files: readonly IclFile[];
}

/** A row of an ID or OOD cell. */
export interface Row {
  /** What the method is. */
  readonly entry: RouterEntry;
  /** Its numbers. */
  readonly report: RouterReport;
  /** Where it stands. */
  readonly file: IclFile;
}

/** A difference of mean scores over the seeds that two rows share. */
export interface Difference {
  /** Mean over the seeds. */
  readonly mean: number;
  /** Least of the seeds. */
  readonly least: number;
  /** Greatest of the seeds. */
  readonly most: number;
  /** How many. */
  readonly seeds: number;
  /**
   * `clear`: the rows' 95% intervals against best single, on the same splits, do not overlap. `leaning`: at
   * least one point, with the same sign on every shared seed, of which there are two or more. `none`:
   * neither.
   */
  readonly level: "clear" | "leaning" | "none";
  /** Whether such intervals, of both rows on the same splits, are stored. */
  readonly tested: boolean;
}

/** Least difference of mean scores that is called leaning. */
const LEAST = 0.01;

/** Sorts files into cells; negative controls of the data (shuffled labels, constant text) are left out. */
export function cellsOf(files: readonly IclFile[]): Cell[] {
  const kept = files.filter(({ result }) => result.protocol.control === "none")
    .toSorted((a, b) =>
      b.result.protocol.seeds.length - a.result.protocol.seeds.length ||
      (a.path < b.path ? -1 : 1)
    );
  const cells = [...Map.groupBy(kept, keyOf).values()].map((own): Cell => {
    const { dataset, protocol, embedding } = own[0].result;
    return {
      dataset: dataset.name.replace(/\/all$/, ""),
      synthetic: dataset.synthetic,
      protocol: kind(protocol.name),
      embedding: embedding.name,
      special: specialOf(own[0].result),
      files: own,
    };
  });
  const rank = (known: readonly string[], name: string): number =>
    (known.indexOf(name) + known.length + 1) % (known.length + 1);
  return cells.sort((a, b) =>
    rank(PROTOCOLS, a.protocol) - rank(PROTOCOLS, b.protocol) ||
    Number(a.synthetic) - Number(b.synthetic) ||
    rank(DATASETS, a.dataset) - rank(DATASETS, b.dataset) ||
    (labelOf(a) < labelOf(b) ? -1 : 1)
  );
}

/** Folds of whole domains are as many as a dataset has domains for, five at most: one protocol. */
function kind(protocol: string): string {
  return protocol.replace(/^ood:\d+$/, "ood:k");
}

/** How a cell is called in tables. */
export function labelOf({ dataset, synthetic, embedding, special }: Cell): string {
  return dataset + (synthetic ? " (synthetic)" : "") +
    (embedding === "static" ? "" : ` · ${embedding}`) + (special && ` · ${special}`);
}

/** Whether a cell counts in sentences: a dataset of the plan, not a view of it; recorded, the plain set-up. */
export function counts({ dataset, synthetic, embedding, special }: Cell): boolean {
  return DATASETS.includes(dataset) && !synthetic && embedding === "static" && special === "";
}

/** Whether a cell is of the new-model protocol. */
export function isUnseen({ files: [{ result }] }: Cell): boolean {
  return isNewModel(result.evaluation);
}

/** Rows of an ID or OOD cell by router id; a router that stands in several files is taken from the first. */
export function rowsOf({ files }: Cell): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const file of files) {
    const { evaluation, routers } = file.result;
    if (isNewModel(evaluation)) continue;
    for (const report of evaluation.routers) {
      const entry = routers.find(({ id }) => id === report.router);
      if (entry && !rows.has(entry.id)) rows.set(entry.id, { entry, report, file });
    }
  }
  return rows;
}

/** A row's stored comparison with a reference row of its own file. */
export function comparisonOf({ entry, file }: Row, reference: string): Comparison | undefined {
  const { evaluation } = file.result;
  if (isNewModel(evaluation)) return undefined;
  return evaluation.comparisons.find((c) => c.router === entry.id && c.reference === reference);
}

/** a − b over the seeds that both have in this cell; undefined where they share none. */
export function difference(cell: Cell, a: string, b: string = BASE): Difference | undefined {
  const [first, second] = [a, b].map((id) => qualities(cell, id));
  const gains = [...first].flatMap(([key, quality]) => {
    const other = second.get(key);
    return other === undefined ? [] : [quality - other];
  });
  if (gains.length === 0) return undefined;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const least = Math.min(...gains), most = Math.max(...gains);
  const sameSign = gains.length > 1 && (least > 0 || most < 0);
  const apart = intervalsApart(cell, a, b);
  const level = apart ? "clear" : sameSign && Math.abs(mean) >= LEAST ? "leaning" : "none";
  return { mean, least, most, seeds: gains.length, level, tested: apart !== undefined };
}

/** The card of a router on the first split of a cell. */
export function cardOf(cell: Cell, router: string): IclCard | undefined {
  for (const { cards } of cell.files) {
    const own = cards.find((card) => card.router === router);
    if (own) return own;
  }
}

/** Mean score by split of the seed: the same key, the same test rows and training rows. */
function qualities({ files }: Cell, id: string): Map<string, number> {
  const known = new Map<string, number>();
  for (const { result: { evaluation, splits } } of files) {
    if (isNewModel(evaluation)) continue;
    for (const { seed, metrics: { quality } } of reportOf(evaluation.routers, id)?.seeds ?? []) {
      const parts = splits.parts.filter((part) => part.seed === seed).map((part) => part.sha256);
      const key = parts.join(" ");
      if (typeof quality === "number" && !known.has(key)) known.set(key, quality);
    }
  }
  return known;
}

function reportOf(reports: readonly RouterReport[], id: string): RouterReport | undefined {
  return reports.find(({ router }) => router === id);
}

/**
 * Whether the stored intervals of two rows against best single do not overlap, in the first two files (or
 * the one) with the same splits that have them; undefined where there are none.
 */
function intervalsApart({ files }: Cell, a: string, b: string): boolean | undefined {
  for (const first of files) {
    const x = againstSingle(first, a);
    for (const second of files) {
      const y = againstSingle(second, b);
      const same = first.result.splits.sha256 === second.result.splits.sha256;
      if (x && y && same) return x.high < y.low || y.high < x.low;
    }
  }
}

function againstSingle({ result: { evaluation } }: IclFile, id: string): Comparison | undefined {
  if (isNewModel(evaluation)) return undefined;
  return evaluation.comparisons.find((c) => c.router === id && c.reference === "best-single");
}

function keyOf({ result }: IclFile): string {
  const { dataset, protocol, embedding } = result;
  return [dataset.sha256, protocol.name, embedding.key, specialOf(result)].join(" ");
}

function specialOf({ protocol }: Result): string {
  const { name, validation, selection, device } = protocol;
  return [
    ...(device === "cpu" ? [] : [device]),
    ...(name.startsWith("ood") && validation !== "benchmarks" ? ["random validation rows"] : []),
    ...(selection && selection !== "random" ? [`${selection} profile`] : []),
  ].join(", ");
}
