/**
 * `results/leaderboard.md`: every router on every recorded dataset, one number a cell.
 * @module
 */
import { isNewModel } from "../../results/result.ts";
import { oracleQuality, qncCell, SOME_SEEDS } from "../tables/leaderboard.ts";
import { reachedIn } from "../tables/reached.ts";
import { DASH, digits, signed, signedFinely } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";
import {
  armAt,
  type Cell,
  cellsOf,
  counts,
  entriesOf,
  isPlain,
  isUnseen,
  ownArms,
  type ResultFile,
  rowsOf,
  SIZE,
  standingIn,
  statementsOf,
} from "./cells.ts";
import { meanOf, summary } from "./points.ts";
import { footnotes, medianSpeed } from "./tables.ts";

/** Protocols of the page, the first one orders the lines of the standing. */
const COLUMNS: Readonly<Record<string, string>> = {
  id: "ID",
  ood: "OOD",
  "new-model": `unseen models, n=${SIZE}`,
};

/** Headings of the tables, each with what its cells are. */
const TITLES: Readonly<Record<string, readonly [title: string, note: string]>> = {
  id: ["Known benchmarks (id)", "Queries of every benchmark are in training, validation and test."],
  ood: ["Unseen benchmarks (ood)", "Every benchmark is held out once."],
  "new-model": [
    `Unseen models, n=${SIZE} (new-model)`,
    `A third of the models is held out; each is then known by ${SIZE} labelled queries. Δ is to best single by ` +
    "the same labels.",
  ],
};

/** Routers that a run with prices must have to stand here; a smaller one is on its dataset's page. */
const FIELD = 10;

/** The page; the same files, in any order, give the same page. */
export function boardPage(files: readonly ResultFile[]): string {
  const cells = cellsOf(files).filter(isPlain);
  const main = cells.filter(counts);
  const shown = cells.filter((cell) =>
    cell.protocol in TITLES && !(isView(cell) && entriesOf(cell).size < FIELD)
  );
  return [
    "# Leaderboard",
    "`+1.7 (+1 −0 of 5)`: 1.7 points (hundredths of the mean score) above the best single model on average over " +
    "5 datasets, significantly above it on 1 and significantly below it on none.",
    "Made by `deno task pages`. Recorded data, static embedding; nothing was chosen on test outcomes. A difference " +
    "is significant when Holm's correction over all comparisons of its result leaves p < .05.",
    "## Standing",
    standing(main),
    "Means over fewer datasets than other rows have cannot be compared with theirs. fit, query: medians over the " +
    "datasets, on one core.",
    ...Object.entries(TITLES).flatMap(([protocol, [title, note]]) => {
      const own = shown.filter((cell) => cell.protocol === protocol);
      const plain = own.filter((cell) => !isView(cell));
      return plain.length === 0 ? [] : [
        `## ${title}`,
        `${note} Δ to best single, **bold** where significant; best single and oracle: mean score.`,
        matrix(plain),
        ...(matrix(plain).includes("¹")
          ? ["¹ Another run, with fewer seeds; Δ to best single of its own splits."]
          : []),
      ];
    }),
    ...priced(shown.filter((cell) => cell.protocol === "id" && isView(cell))),
    ...footnotes(statementsOf(shown.flatMap((cell) => cell.files))),
  ].join("\n\n") + "\n";
}

/** A view with prices repeats the scores of its dataset. */
function isView({ files: [{ result }] }: Cell): boolean {
  return result.dataset.priced;
}

/** Router × protocol, over the datasets that count. */
function standing(cells: readonly Cell[]): string {
  const lines = [...namesOf(cells)].map(([id, name]) => {
    const found = Object.keys(COLUMNS).map((protocol) =>
      cells.filter((cell) => cell.protocol === protocol)
        .flatMap((cell) => standingIn(cell, id) ?? [])
    );
    return { id, name, found };
  }).filter(({ found }) => found.some((of) => of.length > 0));
  lines.sort((a, b) =>
    b.found[0].length - a.found[0].length ||
    (meanOf(b.found[0]) ?? 0) - (meanOf(a.found[0]) ?? 0) || (a.id < b.id ? -1 : 1)
  );
  return markdownTable(
    columnsOf(["router", ...Object.values(COLUMNS), "fit", "query"]),
    lines.map(({ id, name, found }) => [
      name,
      ...found.map(summary),
      ...medianSpeed(cells.filter((cell) => cell.protocol === "id"), id),
    ]),
  );
}

/** Router × dataset under one protocol; the routers by their mean difference. */
function matrix(cells: readonly Cell[]): string {
  const lines = [...namesOf(cells)].map(([id, name]) => {
    const found = cells.map((cell) => standingIn(cell, id));
    return { name: name + (isOther(cells, id) ? " ¹" : ""), found };
  }).filter(({ found }) => found.some((of) => of !== undefined));
  const known = (of: typeof lines[number]["found"]) => of.filter((s) => s !== undefined);
  lines.sort((a, b) =>
    known(b.found).length - known(a.found).length ||
    meanOf(known(b.found))! - meanOf(known(a.found))! || (a.name < b.name ? -1 : 1)
  );
  return markdownTable(
    columnsOf(["router", ...cells.map(({ dataset }) => dataset)]),
    [
      ["oracle", ...cells.map(oracleCell)],
      ["best single", ...cells.map(singleCell)],
      ...lines.map(({ name, found }) => [
        name,
        ...found.map((of) => {
          if (!of) return DASH;
          return of.sign === 0 ? signed(of.difference) : `**${signedFinely(of.difference)}**`;
        }),
      ]),
    ],
  );
}

function oracleCell({ files: [{ result: { evaluation } }] }: Cell): string {
  return digits(isNewModel(evaluation) ? evaluation.oracle.all : oracleQuality(evaluation));
}

function singleCell(cell: Cell): string {
  return digits(
    isUnseen(cell)
      ? armAt(ownArms(cell), "best-single", SIZE)?.quality
      : rowsOf(cell).get("best-single")?.report.mean.quality,
  );
}

/** Whether a router's numbers are of other splits than the rest of its columns. */
function isOther(cells: readonly Cell[], id: string): boolean {
  return cells.some(({ files }) => {
    const file = files.find(({ result }) =>
      result.routers.some((r) => r.id === id && r.notApplicable === null)
    );
    return file !== undefined && file.result.splits.sha256 !== files[0].result.splits.sha256;
  });
}

/** What each router pays for best single's quality, on the views where every model has a price. */
function priced(cells: readonly Cell[]): string[] {
  if (cells.length === 0) return [];
  const lines = [...namesOf(cells)].map(([id, name]) => {
    const found = cells.map((cell) => rowsOf(cell).get(id)?.report);
    const reached = found.flatMap((r) => r ? [reachedIn(r, "qnc")] : []);
    const values = reached.flatMap(({ mean }) => mean ?? []);
    return {
      cells: [name, ...found.map((r) => r ? qncCell(r) : DASH)],
      reached: reached.reduce((sum, { seeds, of }) => sum + seeds / of, 0),
      mean: values.reduce((sum, v) => sum + v, 0) / values.length,
    };
  });
  lines.sort((a, b) =>
    b.reached - a.reached || a.mean - b.mean || (a.cells[0] < b.cells[0] ? -1 : 1)
  );
  return [
    "## What best single's quality costs (id, with prices)",
    "QNC: the smallest share of best single's cost at which the router's curve reaches best single's quality. " +
    `${SOME_SEEDS}. –: no curve.`,
    markdownTable(
      columnsOf(["router", ...cells.map(({ dataset }) => dataset)]),
      lines.map(({ cells }) => cells),
    ),
  ];
}

function namesOf(cells: readonly Cell[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const cell of cells) for (const [id, { name }] of entriesOf(cell)) names.set(id, name);
  return names;
}
