/**
 * The page of one dataset view, `results/<folder>/README.md`: first the answer, then the tables of its default
 * runs, then what the data and methods are not.
 * @module
 */
import { auditLines } from "../tables/detail_tables.ts";
import { answerOf } from "./answer.ts";
import { type Cell, cellsOf, isUnseen, type ResultFile, statementsOf } from "./cells.ts";
import {
  footnotes,
  othersNote,
  sizeOf,
  splitLegend,
  splitTable,
  UNSEEN_LEGEND,
  unseenTable,
} from "./tables.ts";

/** Protocols of the page, in its order. */
const TITLES: Readonly<Record<string, string>> = {
  id: "Known benchmarks (id)",
  ood: "Unseen benchmarks (ood)",
  task: "Unseen tasks (task)",
  "new-model": "Unseen models (new-model)",
};

/** The cells a page shows: those of its protocols with the static embedding and the plain set-up. */
export function shownOf(files: readonly ResultFile[]): Cell[] {
  return cellsOf(files).filter(({ protocol, embedding, special }) =>
    protocol in TITLES && embedding === "static" && special === ""
  ).sort((a, b) => rank(a) - rank(b));
}

function rank({ protocol }: Cell): number {
  return Object.keys(TITLES).indexOf(protocol);
}

/**
 * The page.
 *
 * @param files all results of the folder, in any order
 * @param title of the dataset, in a few words
 * @param variants whether the folder has a page of runs chosen by hand
 */
export function datasetPage(
  files: readonly ResultFile[],
  title: string,
  variants = false,
): string {
  const cells = shownOf(files);
  const sorted = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const { result } = cells[0]?.files[0] ?? sorted[0];
  const { dataset } = result;
  const answers = cells.flatMap(answerOf);
  return [
    `# ${dataset.name.replace(/\/all$/, "")}`,
    ...(dataset.synthetic
      ? ["Synthetic: invented models, generated queries. It says nothing about any real model."]
      : []),
    ...answers,
    `${title}: ${
      sizeOf(result)
    }. Made by \`deno task pages\` from the results in this folder; all pages: ` +
    "[results](../README.md).",
    ...cells.flatMap((cell, c) => section(cell, !cells.slice(0, c).some((of) => !isUnseen(of)))),
    ...missing(cells),
    "More of the same results (every metric, quality by benchmark, regret, routing, figures, single queries): " +
    `\`deno task report results/${folderOf(sorted[0])}\`.` +
    (variants ? " Runs chosen by hand: [variants](variants.md)." : ""),
    ...footnotes(statementsOf(cells.flatMap((cell) => cell.files))),
    "## The data",
    [...dataset.notes, ...auditLines(result).map((line) => `audit: ${line}`)]
      .map((note) => `- ${note}`).join("\n"),
    "## Files",
    sorted.map(({ path, result }) => `- [${nameOf(path)}](${nameOf(path)}): \`${result.command}\``)
      .join("\n"),
  ].join("\n\n") + "\n";
}

/** @param first the first table of its kind on the page, which says what its columns are */
function section(cell: Cell, first: boolean): string[] {
  const { result } = cell.files[0], { seeds } = result.protocol;
  const runs = `${seeds.length === 1 ? "Seed" : "Seeds"} ${seeds.join(", ")}.`;
  return [
    `## ${TITLES[cell.protocol]}`,
    isUnseen(cell) ? unseenTable(cell) : splitTable(cell),
    [runs, ...(isUnseen(cell) ? [UNSEEN_LEGEND] : othersNote(cell))].join(" "),
    ...(first && !isUnseen(cell) ? [splitLegend(result.dataset.priced, "../../")] : []),
  ];
}

/** Routers that could not be run, by their reason, of the first table. */
function missing(cells: readonly Cell[]): string[] {
  const found =
    cells[0]?.files[0].result.routers.filter(({ needs, notApplicable }) =>
      notApplicable !== null && !needs.includes("truth")
    ) ?? [];
  return [...Map.groupBy(found, ({ notApplicable }) => notApplicable)].map(([reason, of]) =>
    `Not run: ${of.map(({ name }) => name).join(", ")} (${reason}).`
  );
}

/** `mmlu-pro@1`. */
export function folderOf({ path }: ResultFile): string {
  return path.split("/").slice(0, -1).join("/");
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.split("/").at(-1)!;
}
