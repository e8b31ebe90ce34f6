/**
 * Routers that read replies as tables: what they earn beside a perfect judge and routers that ask once, and the
 * paths they take.
 * @module
 */
import { controlOf, costOfPath, type TakenPath } from "../../evaluate/episodes.ts";
import type { RouterReport } from "../../evaluate/evaluate.ts";
import type { EpisodeReport } from "../../results/episode_file.ts";
import { isNewModel, type Result, type RouterEntry } from "../../results/result.ts";
import { comparisonWith, intervalCell } from "./leaderboard.ts";
import { DASH, digits, money, percent, withSpread } from "./numbers.ts";
import { columnsOf, type Table, textTable } from "./text_table.ts";

/** Rows that frame a table of readers, in printing order. */
const FRAME = ["best-single", "knn", "ridge"];

/** Paths that a table shows. */
const SHOWN = 6;

/** A router that reads replies, with its controls. */
export interface Reader {
  /** What the method is. */
  readonly entry: RouterEntry;
  /** Its numbers. */
  readonly report: RouterReport;
  /** Its controls and variants, as they stand in the result. */
  readonly controls: readonly Reader[];
}

/** The readers of a result, best first. */
export function readersOf({ routers, evaluation }: Result): Reader[] {
  if (isNewModel(evaluation)) return [];
  const reading = routers.filter(({ needs, notApplicable }) =>
    needs.includes("replies") && notApplicable === null
  );
  const ids = reading.map(({ id }) => id);
  const made = (entry: RouterEntry): Reader => ({
    entry,
    report: evaluation.routers.find(({ router }) => router === entry.id)!,
    controls: reading.filter(({ id }) => controlOf(id, ids) === entry.id).map(made),
  });
  const quality = ({ report }: Reader): number => report.mean.quality ?? -Infinity;
  return reading.filter(({ id }) => controlOf(id, ids) === undefined).map(made)
    .sort((a, b) => quality(b) - quality(a));
}

/** Everything of one result: frame, readers with their controls, bounds. */
export function readingTable(result: Result, episodes: EpisodeReport): Table {
  const { evaluation, routers } = result;
  if (isNewModel(evaluation)) throw new TypeError("the new-model protocol has no episodes");
  const report = (id: string): RouterReport | undefined =>
    evaluation.routers.find(({ router }) => router === id);
  const calls = new Map(episodes.routers.map(({ router, calls }) => [router, calls]));
  const single = report("best-single")!;
  const line = (id: string): string[][] => {
    const found = report(id);
    if (!found) return [];
    const { mean, sd } = found, test = comparisonWith(evaluation.comparisons, id, "best-single");
    return [[
      routers.find((r) => r.id === id)!.name,
      withSpread(mean.quality, sd.quality),
      test ? intervalCell(test) : "",
      money(mean.cost),
      times(mean.cost, single.mean.cost),
      (calls.get(id) ?? 1).toFixed(2),
    ]];
  };
  const readers = readersOf(result);
  const bounds = boundsOf(episodes).map(({ asked, quality, cost }) => [
    `bound: perfect judge, ${asked} asked`,
    digits(quality),
    "",
    money(cost),
    times(cost, single.mean.cost),
    "",
  ]);
  return {
    columns: columnsOf(["", "score", "Δ best single [95%]", "$/1k", "× best single", "calls"]),
    rows: [
      ...FRAME.flatMap(line),
      [],
      ...readers.flatMap(({ entry, controls }) =>
        [entry.id, ...controls.map((c) => c.entry.id)].flatMap(line)
      ),
      [],
      ...bounds,
    ],
  };
}

/** A bound, mean over the seeds. */
export interface Bound {
  /** Most models asked for a query. */
  readonly asked: number;
  /** Mean score. */
  readonly quality: number;
  /** US dollars a query. */
  readonly cost: number;
}

/** What the perfect judge earns, by how many it may ask. */
export function boundsOf({ judged }: EpisodeReport): Bound[] {
  return [...Map.groupBy(judged, ({ asked }) => asked)].map(([asked, own]) => ({
    asked,
    quality: own.reduce((sum, j) => sum + j.quality, 0) / own.length,
    cost: own.reduce((sum, j) => sum + j.cost, 0) / own.length,
  }));
}

/** The most frequent paths of a router; the rest in one line. */
export function pathTable(episodes: EpisodeReport, router: string): Table {
  const { paths } = episodes.routers.find((r) => r.router === router)!;
  const all = paths.reduce((sum, { queries }) => sum + queries, 0);
  const shown = paths.slice(0, SHOWN), rest = paths.slice(SHOWN);
  const left = rest.reduce((sum, { queries }) => sum + queries, 0);
  const mean = (of: (path: TakenPath) => number): number =>
    rest.reduce((sum, path) => sum + path.queries * of(path), 0) / left;
  return {
    columns: columnsOf(["asked, in this order", "answer of", "queries", "score", "$/1k"], 2),
    rows: [
      ...shown.map((path) => [
        path.asked.map(stem).join(" → "),
        path.answer === path.asked.at(-1) ? "the last" : stem(path.answer),
        percent(path.queries / all),
        digits(path.quality),
        money(costOfPath(path)),
      ]),
      ...(left > 0
        ? [[
          `${rest.length} other paths`,
          "",
          percent(left / all),
          digits(mean(({ quality }) => quality)),
          money(mean(costOfPath)),
        ]]
        : []),
    ],
  };
}

/** A model without who made it: `meta-llama/llama-4-scout`. */
function stem(model: string): string {
  return model.split("/").at(-1)!;
}

/** All of it for a terminal. */
export function episodeTables(result: Result, episodes: EpisodeReport): string {
  const { dataset, protocol } = result;
  const text = ({ columns, rows }: Table): string => textTable(columns, rows);
  const visiting = readersOf(result).filter(({ entry }) =>
    episodes.routers.some(({ router }) => router === entry.id)
  );
  return [
    `${dataset.name}, ${protocol.name}, seeds ${protocol.seeds.join(", ")}`,
    text(readingTable(result, episodes)),
    ...visiting.map(({ entry }) => `${entry.name}\n${text(pathTable(episodes, entry.id))}`),
  ].join("\n\n");
}

function times(cost: number | null, of: number | null): string {
  return cost && of ? (cost / of).toPrecision(2) : DASH;
}
