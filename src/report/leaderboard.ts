/**
 * The leaderboard of a result: one row a router, with error bars, significance and cost.
 * @module
 */
import type { Comparison } from "../results/compare.ts";
import type { Evaluation, RouterReport } from "../results/evaluate.ts";
import type { Result } from "../results/result.ts";
import type { TableColumn } from "./text_table.ts";

/** Rows ready to print. An empty row separates references from routers. */
export interface Leaderboard {
  /** Column titles. */
  readonly columns: readonly TableColumn[];
  /** Cells; an empty row is a rule. */
  readonly rows: readonly (readonly string[])[];
  /** What the marks mean, what is missing and why, sentences a method must carry. */
  readonly notes: readonly string[];
}

/** Level of significance after Holm's correction. */
const LEVEL = 0.05;

/** Builds the leaderboard of an ID or OOD result. */
export function leaderboard(result: Result, evaluation: Evaluation): Leaderboard {
  const { priced } = result.dataset;
  const entry = new Map(result.routers.map((r) => [r.id, r]));
  const isReference = (r: RouterReport): boolean => entry.get(r.router)!.reference;
  const byQuality = evaluation.routers.toSorted((a, b) => b.mean.quality! - a.mean.quality!);
  const row = (r: RouterReport): string[] => {
    const single = find(evaluation.comparisons, r.router, "best-single");
    return [
      entry.get(r.router)!.name,
      withSpread(r.mean.quality, r.sd.quality),
      single ? `${signed(single.difference)} [${signed(single.low)}, ${signed(single.high)}]` : "",
      marks(evaluation.comparisons, r.router),
      percent(r.mean.gap_closed),
      ...(priced
        ? [
          money(r.mean.cost),
          digits(r.mean.area),
          r.seeds[0].curve.length === 0 ? "–" : r.mean.qnc === null ? "never" : percent(r.mean.qnc),
        ]
        : []),
      percent(r.mean.collapse),
    ];
  };
  return {
    columns: [
      { title: "router" },
      { title: "quality", align: "right" },
      { title: "Δ best single [95% CI]", align: "right" },
      { title: "vs", align: "left" },
      { title: "gap", align: "right" },
      ...(priced
        ? [
          { title: "$/1k", align: "right" } as const,
          { title: "Area", align: "right" } as const,
          { title: "QNC", align: "right" } as const,
        ]
        : []),
      { title: "top", align: "right" },
    ],
    rows: [
      oracleRow(evaluation, priced),
      ...byQuality.filter(isReference).map(row),
      [],
      ...byQuality.filter((r) => !isReference(r)).map(row),
    ],
    notes: notesOf(result, evaluation),
  };
}

/** Which comparisons are significant: S best single, Z zero router, K tuned kNN; + better, − worse. */
export function marks(comparisons: readonly Comparison[], router: string): string {
  return [["S", "best-single"], ["Z", "zero-router"], ["K", "knn"]].flatMap(
    ([letter, reference]) => {
      const c = find(comparisons, router, reference);
      if (!c || c.pHolm >= LEVEL) return [];
      return [letter + (c.difference > 0 ? "+" : "−")];
    },
  ).join(" ");
}

function find(
  comparisons: readonly Comparison[],
  router: string,
  reference: string,
): Comparison | undefined {
  return comparisons.find((c) => c.router === router && c.reference === reference);
}

function oracleRow({ panels }: Evaluation, priced: boolean): string[] {
  const qualities = panels.map((p) => p.oracle.sample),
    costs = panels.map((p) => p.oracleCost ?? NaN);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return [
    "oracle",
    digits(mean(qualities)),
    "",
    "",
    "100%",
    ...(priced ? [money(mean(costs)), "–", "–"] : []),
    "–",
  ];
}

function notesOf(result: Result, { routers, panels, comparisons }: Evaluation): string[] {
  const mean = (pick: (p: Evaluation["panels"][number]) => number): number =>
    panels.reduce((sum, p) => sum + pick(p), 0) / panels.length;
  const { protocol, dataset } = result;
  const units = comparisons[0]?.units;
  return [
    `quality: mean score, ± sd over ${protocol.seeds.length} seed(s); CI: paired bootstrap over ` +
    `${units ?? "–"} ${
      units === dataset.queries ? "queries" : "independent queries or templates"
    }.`,
    "vs: significant after Holm (p < .05): S best single, Z zero router, K tuned kNN; + better, − worse.",
    "gap: share of best single → oracle closed. top: share of queries sent to the most used model.",
    ...(dataset.priced
      ? ["$/1k: US dollars per 1,000 queries. Area, QNC: UniRoute's, curve tuned on validation."]
      : [
        `no cost columns: ${
          dataset.unpriced.length > 0
            ? `${dataset.unpriced.length} of ${dataset.models.length} models have no price`
            : "some queries have no known cost"
        }.`,
      ]),
    `best per benchmark in hindsight ${digits(mean((p) => p.bestPerBenchmarkHindsight.sample))}; ` +
    `oracle without lucky guesses ${digits(mean((p) => p.discountedOracle))}; random ${
      digits(mean((p) => p.random.sample))
    }.`,
    ...result.routers.filter((r) => r.notApplicable).map((r) =>
      `${r.name}: – (${r.notApplicable})`
    ),
    ...result.routers.filter((r) => r.statement && routers.some((x) => x.router === r.id))
      .map((r) => `${r.name}: ${r.statement}`),
    ...dataset.notes.map((note) => `data: ${note}`),
  ];
}

/** Three digits without the leading zero, as the field prints scores. */
export function digits(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toFixed(3).replace(/^(-?)0\./, "$1.");
}

/** A score with its standard deviation over seeds. */
export function withSpread(
  value: number | null | undefined,
  sd: number | null | undefined,
): string {
  return digits(value) + (sd ? `±${digits(sd)}` : "");
}

/** A signed difference. */
export function signed(value: number): string {
  return (value < 0 ? "−" : "+") + digits(Math.abs(value));
}

/** A share as whole percent. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${Math.round(100 * value)}%`;
}

/** US dollars per 1,000 queries, three significant digits. */
export function money(perQuery: number | null | undefined): string {
  if (perQuery === null || perQuery === undefined || Number.isNaN(perQuery)) return "–";
  return String(Number((perQuery * 1000).toPrecision(3)));
}
