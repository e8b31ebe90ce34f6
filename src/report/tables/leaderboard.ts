/**
 * The leaderboard of a result: one row a router, with error bars, significance and cost.
 * @module
 */
import { COMPARED_WITH, type Comparison } from "../../evaluate/compare.ts";
import type { Evaluation, RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import { FEWEST_UNITS } from "../../metrics/mod.ts";
import { closingNotes } from "./notes.ts";
import { DASH, digits, money, percent, signed, withSpread } from "./numbers.ts";
import { reachedIn } from "./reached.ts";
import type { Table } from "./text_table.ts";

/** Rows ready to print. An empty row separates references from routers. */
export interface Leaderboard extends Table {
  /** What the marks mean, what is missing and why, sentences a method must carry. */
  readonly notes: readonly string[];
}

/** Level of significance after Holm's correction, in all tables. */
export const LEVEL: number = 0.05;

/** Marks and names of the references. */
export const MARKS: Readonly<
  Record<typeof COMPARED_WITH[number], readonly [mark: string, name: string]>
> = {
  "best-single": ["S", "best single"],
  "zero-router": ["Z", "zero router"],
  knn: ["K", "tuned kNN"],
};

/** Builds the leaderboard of an ID or OOD result. */
export function leaderboard(result: Result, evaluation: Evaluation): Leaderboard {
  const { priced } = result.dataset;
  const entry = new Map(result.routers.map((r) => [r.id, r]));
  const row = (r: RouterReport): string[] => {
    const single = comparisonWith(evaluation.comparisons, r.router, "best-single");
    return [
      entry.get(r.router)!.name,
      withSpread(r.mean.quality, r.sd.quality),
      single ? intervalCell(single) : "",
      marks(evaluation.comparisons, r.router),
      percent(r.mean.gap_closed),
      ...(priced ? [money(r.mean.cost), digits(r.mean.area), qncCell(r)] : []),
      percent(r.mean.collapse),
    ];
  };
  const { references, competing } = ranked(result, evaluation.routers);
  return {
    columns: [
      { title: "router" },
      { title: "quality", align: "right" },
      { title: "Δ single [95% CI]", align: "right" },
      { title: "vs", align: "left" },
      { title: "gap", align: "right" },
      ...(priced
        ? ["$/1k", "Area", "QNC"].map((title) => ({ title, align: "right" as const }))
        : []),
      { title: "top", align: "right" },
    ],
    rows: [
      oracleRow(evaluation, priced),
      ...references.map(row),
      [],
      ...competing.map(row),
    ],
    notes: notesOf(result, evaluation),
  };
}

/** Rows by mean quality, best first; equal ones keep their order. */
export function byQuality(routers: readonly RouterReport[]): RouterReport[] {
  return routers.toSorted((a, b) => b.mean.quality! - a.mean.quality!);
}

/** Rows as all tables list them: references by quality, then the competing rows by quality. */
export function ranked(
  { routers }: Result,
  rows: readonly RouterReport[],
): { references: RouterReport[]; competing: RouterReport[] } {
  const references = new Set(routers.filter((r) => r.reference).map((r) => r.id));
  const [first = [], second = []] = [true, false].map((wanted) =>
    byQuality(rows.filter((r) => references.has(r.router) === wanted))
  );
  return { references: first, competing: second };
}

/** Which comparisons are significant: S best single, Z zero router, K tuned kNN; + better, − worse. */
export function marks(comparisons: readonly Comparison[], router: string): string {
  return COMPARED_WITH.flatMap((reference) => {
    const c = comparisonWith(comparisons, router, reference);
    if (!c || !isSignificant(c)) return [];
    return [MARKS[reference][0] + (c.difference > 0 ? "+" : "−")];
  }).join("");
}

/** Whether a difference is significant after Holm's correction; never where units were too few for a test. */
export function isSignificant({ pHolm }: { readonly pHolm: number | null }): boolean {
  return pHolm !== null && pHolm < LEVEL;
}

/** Why there are no intervals and no marks; empty where there are. */
export function tooFewUnits(
  { units, effectiveUnits }: { readonly units: number; readonly effectiveUnits: number },
): string[] {
  const unequal = effectiveUnits < units - 0.05
    ? ` of unequal size, which say as much as ${effectiveUnits.toFixed(1)} of equal size`
    : "";
  return [
    `no intervals and no marks: ${units} independent queries or templates${unequal}; at least ` +
    `${FEWEST_UNITS} are needed.`,
  ];
}

/** A row's test against a reference, if there was one. */
export function comparisonWith(
  comparisons: readonly Comparison[],
  router: string,
  reference: string,
): Comparison | undefined {
  return comparisons.find((c) => c.router === router && c.reference === reference);
}

/** A difference with its interval: `+.012 [−.003, +.027]`; `+.012 [–]` where units are too few for one. */
export function intervalCell(
  { difference, low, high }: Pick<Comparison, "difference" | "low" | "high">,
): string {
  const interval = low === null || high === null ? DASH : `${signed(low)}, ${signed(high)}`;
  return `${signed(difference)} [${interval}]`;
}

/** The oracle's quality, mean over seeds. */
export function oracleQuality({ panels }: Evaluation): number {
  return meanOf(panels, (panel) => panel.oracle.sample);
}

/**
 * QNC over the seeds in which the curve reaches best single's quality: `74%`, `74% (4/5)` where one of five
 * does not, `never` where none does. A row without a curve has none.
 */
export function qncCell(report: RouterReport): string {
  if (report.seeds[0].curve.length < 2) return DASH;
  const { mean, seeds, of } = reachedIn(report, "qnc");
  return mean === null ? "never" : percent(mean) + (seeds < of ? ` (${seeds}/${of})` : "");
}

/** What {@link qncCell} prints where not every seed has a value. */
export const SOME_SEEDS: string =
  "(4/5): mean over the 4 of 5 seeds that reach it; never: none does";

/** The oracle closes all of a gap, where there is one. */
export function oracleGap({ routers }: Evaluation): string {
  const single = routers.find(({ router }) => router === "best-single");
  return typeof single?.mean.gap_closed === "number" ? "100%" : DASH;
}

function oracleRow(evaluation: Evaluation, priced: boolean): string[] {
  return [
    "oracle",
    digits(oracleQuality(evaluation)),
    "",
    "",
    oracleGap(evaluation),
    ...(priced ? [money(meanOf(evaluation.panels, (p) => p.oracleCost ?? NaN)), DASH, DASH] : []),
    DASH,
  ];
}

function notesOf(result: Result, { panels, comparisons, routers }: Evaluation): string[] {
  const { protocol, dataset } = result;
  const seeds = protocol.seeds.length;
  const [first] = comparisons;
  const untested = first !== undefined && comparisons.every(({ low }) => low === null);
  const someSeeds = routers.some((r) => qncCell(r).includes("/"));
  const compared = COMPARED_WITH.filter((id) => comparisons.some((c) => c.reference === id));
  const unpriced = dataset.unpriced.length > 0
    ? `${dataset.unpriced.length} of ${dataset.models.length} models have no price`
    : "some queries have no known cost";
  return [
    `quality: mean score${seeds > 1 ? `, ± sd over ${seeds} seeds` : " of one seed"}` +
    (untested || first === undefined ? "." : `; CI: paired, over ${first.units} ` +
      `${first.units === dataset.queries ? "queries" : "independent queries or templates"}.`),
    ...(untested ? tooFewUnits(first) : []),
    ...(compared.length > 0 && !untested
      ? [
        `vs: significant after Holm (p < .05) against ${
          compared.map((id) => MARKS[id].join(" ")).join(", ")
        }; + better, − worse.`,
      ]
      : []),
    "Δ single: to best single. gap: share of best single → oracle closed. top: share of queries sent to " +
    "the most used model.",
    ...(dataset.priced
      ? [
        "$/1k: US dollars per 1,000 queries. Area, QNC: UniRoute's, curve tuned on validation." +
        (someSeeds ? ` QNC ${SOME_SEEDS}.` : ""),
      ]
      : dataset.notes.some((note) => note.startsWith("no cost columns"))
      ? [] // Among the notes on the data, with the cells that are missing.
      : [`no cost columns: ${unpriced}.`]),
    `best per benchmark in hindsight ${
      digits(meanOf(panels, (p) => p.bestPerBenchmarkHindsight.sample))
    }; ${
      panels.some((p) => p.guessFloor > 0)
        ? `oracle without lucky guesses ${digits(meanOf(panels, (p) => p.discountedOracle))}; `
        : ""
    }random ${digits(meanOf(panels, (p) => p.random.sample))}.`,
    ...closingNotes(result),
  ];
}

type Panels = Evaluation["panels"];

function meanOf(panels: Panels, pick: (panel: Panels[number]) => number): number {
  return panels.reduce((sum, panel) => sum + pick(panel), 0) / panels.length;
}
