/**
 * Results sorted for the pages: a cell is everything that was run on one dataset under one protocol with one
 * embedding, in however many files.
 *
 * A router that stands in several files of a cell counts as the first one has it: the file with most seeds,
 * then with most routers, whose table asks most of a difference before it calls it significant. Rows of other
 * files may have other seeds; their differences to best single are to that of their own splits.
 * @module
 */
import type { Comparison } from "../../evaluate/compare.ts";
import type { RouterReport } from "../../evaluate/evaluate.ts";
import { isNewModel, type Result, type RouterEntry } from "../../results/result.ts";
import type { ArmReport } from "../../evaluate/evaluate_new_model.ts";
import type { EpisodeReport } from "../../results/episode_file.ts";
import type { SpeedSheet } from "../tables/print.ts";
import { isSignificant } from "../tables/leaderboard.ts";

/** What a fitted router said of itself. */
export interface RouterCard {
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

/** A result file with what stands beside it. */
export interface ResultFile {
  /** Path below the folder of results. */
  readonly path: string;
  /** The result. */
  readonly result: Result;
  /** What was timed; absent = nothing. */
  readonly speed?: SpeedSheet;
  /** Cards of the routers that have something to say on a page, split by split; absent = none were read. */
  readonly cards?: readonly RouterCard[];
  /** What its routers did that read replies; absent = none was written. */
  readonly episodes?: EpisodeReport;
}

/** ICL-Router, the paper's method; its variants and controls are measured against it. */
export const BASE: string = "icl_router";

/** ICL-Router+. */
export const PLUS: string = "icl_router_plus";

/** ICL-Router (prior-fitted). */
export const PRIOR: string = "icl_router_prior";

/** ICL-Router on a language model. */
export const LM: string = "icl_router_lm";

/** Datasets that are counted in sentences and means, in printing order: recorded, more than two models. */
export const DATASETS: readonly string[] = [
  "reasoning-gym/easy",
  "reasoning-gym/hard",
  "mmlu-pro",
  "lookahead",
  "llmrouter",
];

/** Protocols in printing order. */
const PROTOCOLS: readonly string[] = ["id", "ood", "ood:k", "task", "new-model"];

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
  /** Files: those with more seeds first, then those with more routers. */
  readonly files: readonly ResultFile[];
}

/** A row of an ID or OOD cell. */
export interface Row {
  /** What the method is. */
  readonly entry: RouterEntry;
  /** Its numbers. */
  readonly report: RouterReport;
  /** Where it stands. */
  readonly file: ResultFile;
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
export function cellsOf(files: readonly ResultFile[]): Cell[] {
  const kept = files.filter(({ result }) => result.protocol.control === "none")
    .toSorted((a, b) =>
      b.result.protocol.seeds.length - a.result.protocol.seeds.length ||
      rowsIn(b) - rowsIn(a) ||
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

/** How many competing rows a result has. */
function rowsIn({ result: { routers } }: ResultFile): number {
  return routers.filter(({ reference, notApplicable }) => !reference && notApplicable === null)
    .length;
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

/** Recorded data, the plain set-up and the common embedding. */
export function isPlain({ synthetic, embedding, special }: Cell): boolean {
  return !synthetic && embedding === "static" && special === "";
}

/** Whether a cell counts in sentences and means: a plain one of a dataset, not of a view of it. */
export function counts(cell: Cell): boolean {
  return DATASETS.includes(cell.dataset) && isPlain(cell);
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

/** A difference to best single, in score units. */
export interface Standing {
  /** Mean difference. */
  readonly difference: number;
  /** +1 significantly above, −1 below, 0 neither. */
  readonly sign: number;
}

/** A difference with the sign of its test. */
export function standingOf(
  { difference, pHolm }: { difference: number; pHolm: number | null },
): Standing {
  return { difference, sign: isSignificant({ pHolm }) ? Math.sign(difference) : 0 };
}

/** Labelled queries a new model at which unseen models are compared in one number. */
export const SIZE = 64;

/** A router against best single in one cell; undefined where it was not run or not tested. */
export function standingIn(cell: Cell, router: string, n: number = SIZE): Standing | undefined {
  const found = isUnseen(cell)
    ? armAt(ownArms(cell, router), router, n)?.vsBestSingle
    : againstIn(cell, router, "best-single");
  return found ? standingOf(found) : undefined;
}

/** A row's stored comparison with a reference; undefined where there is no such row. */
export function againstIn(cell: Cell, router: string, reference: string): Comparison | undefined {
  const row = rowsOf(cell).get(router);
  return row && comparisonOf(row, reference);
}

/** A router's arm at a profile size, all models to choose from. */
export function armAt(
  arms: readonly ArmReport[],
  router: string,
  n: number,
  pool: ArmReport["pool"] = "all",
): ArmReport | undefined {
  return arms.find((a) => a.router === router && a.n === n && a.pool === pool);
}

/**
 * The own arms of a cell at every n, from the files with the splits of the first file that has the router;
 * of a router in several of them, the first file's.
 */
export function ownArms({ files }: Cell, router?: string): ArmReport[] {
  const has = ({ result: { evaluation } }: ResultFile): boolean =>
    isNewModel(evaluation) && evaluation.arms.some((arm) => arm.router === router);
  const first = (router === undefined ? files[0] : files.find(has))?.result;
  if (!first) return [];
  const seen = new Set<string>();
  return files.filter(({ result }) => result.splits.sha256 === first.splits.sha256)
    .flatMap(({ result: { evaluation } }) => {
      if (!isNewModel(evaluation)) return [];
      const fresh = evaluation.arms.filter(({ router, arm, n }) =>
        !seen.has(router) && n !== null && (arm === "zero-update" || arm === "fit-new-vector")
      );
      for (const { router } of fresh) seen.add(router);
      return fresh;
    });
}

/** Variants and controls, by id: they have pages of their own. */
const VARIANTS: readonly RegExp[] = [
  /^icl_(?!router(_plus|_prior|_lm|_paper)?$)/,
  /^(rtd|optmerge|best_reply)/,
  /^(lookahead|iro_plans|router_r1|rag_router)_/,
  /_(blanked|one_hop)$/,
];

/** Whether a router has a line in the main tables: neither a reference nor a variant or control. */
export function belongs({ id, reference }: RouterEntry): boolean {
  return !reference && !VARIANTS.some((form) => form.test(id));
}

/** The routers of a cell that have a line, by id. */
export function entriesOf(cell: Cell): Map<string, RouterEntry> {
  const entries = new Map<string, RouterEntry>();
  for (const { result } of cell.files) {
    for (const entry of result.routers) {
      if (belongs(entry) && !entries.has(entry.id)) entries.set(entry.id, entry);
    }
  }
  return entries;
}

/** Name and sentence of every router of these results that has to carry one, by name. */
export function statementsOf(
  files: readonly ResultFile[],
  wanted: (entry: RouterEntry) => boolean = belongs,
): [name: string, statement: string][] {
  const found = new Map<string, string>();
  for (const { result } of files) {
    for (const entry of result.routers) {
      const { name, statement, notApplicable } = entry;
      if (statement && notApplicable === null && wanted(entry) && !found.has(name)) {
        found.set(name, statement);
      }
    }
  }
  return [...found].sort(([a], [b]) => a.toLowerCase() < b.toLowerCase() ? -1 : 1);
}

/** The card of a router on the first split of a cell. */
export function cardOf(cell: Cell, router: string): RouterCard | undefined {
  for (const { cards } of cell.files) {
    const own = cards?.find((card) => card.router === router);
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
      if (!x || !y || !same) continue;
      if (x.low === null || x.high === null || y.low === null || y.high === null) return undefined;
      return x.high < y.low || y.high < x.low;
    }
  }
}

function againstSingle({ result: { evaluation } }: ResultFile, id: string): Comparison | undefined {
  if (isNewModel(evaluation)) return undefined;
  return evaluation.comparisons.find((c) => c.router === id && c.reference === "best-single");
}

function keyOf({ result }: ResultFile): string {
  const { dataset, protocol, embedding } = result;
  return [dataset.sha256, protocol.name, embedding.key, specialOf(result)].join(" ");
}

function specialOf({ protocol, dataset: { limit } }: Result): string {
  const { name, validation, selection, device } = protocol;
  return [
    ...(device === "cpu" ? [] : [device]),
    ...(limit ? [`${limit.toLocaleString("en-US")} of its queries`] : []),
    ...(name.startsWith("ood") && validation !== "benchmarks" ? ["random validation rows"] : []),
    ...(selection && selection !== "random" ? [`${selection} profile`] : []),
  ].join(", ");
}
