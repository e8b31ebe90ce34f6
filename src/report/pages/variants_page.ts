/**
 * `results/<folder>/variants.md`: runs of a dataset view that a person chose: other embeddings, coarser folds, variants
 * and controls of ICL-Router, fewer seeds. Every table is one result file with the tests of its own. And
 * `results/variants.md`, which lists these pages.
 * @module
 */
import { isNewModel, type Result } from "../../results/result.ts";
import { leaderboard } from "../tables/leaderboard.ts";
import { markdownTable } from "../tables/text_table.ts";
import { belongs, type Cell, cellsOf, type ResultFile, statementsOf } from "./cells.ts";
import { folderOf, nameOf, shownOf } from "./dataset_page.ts";
import { footnotes, seedsOf, UNSEEN_LEGEND, unseenTable } from "./tables.ts";

/** What variants are, for both kinds of pages. */
const WHAT =
  "Runs with routers, seeds, folds or an embedding chosen by hand. They answer questions of their own";

/** The pages by their path, the list first; none where there is no such run. */
export function variantsPages(files: readonly ResultFile[]): [path: string, text: string][] {
  const found = [...Map.groupBy(files, folderOf)].flatMap(([folder, own]) => {
    const main = new Set(shownOf(own).flatMap(mainFiles));
    const runs = own.filter((file) =>
      file.result.protocol.control === "none" && !main.has(file) && !file.episodes
    );
    return runs.length > 0 ? [{ folder, runs, main }] : [];
  });
  if (found.length === 0) return [];
  const list = [
    "# Variants",
    `${WHAT}, one page a dataset. The default runs are on the pages of the datasets, those of routers that read ` +
    "replies in [replies.md](replies.md); conclusions about ICL-Router are in [icl-router.md](icl-router.md).",
    found.map(({ folder, runs }) =>
      `- [${viewOf(runs[0])}](${folder}/variants.md): ${
        [...Map.groupBy(runs, setUpOf)]
          .map(([setUp, { length }]) => `${setUp}${length > 1 ? ` (${length} runs)` : ""}`).join(
            "; ",
          )
      }`
    ).join("\n"),
    "Made by `deno task pages`.",
  ].join("\n\n") + "\n";
  return [
    ["variants.md", list],
    ...found.map(({ folder, runs, main }) =>
      [`${folder}/variants.md`, page(runs, [...main])] as [string, string]
    ),
  ];
}

function page(runs: readonly ResultFile[], main: readonly ResultFile[]): string {
  const explained = new Set(main.flatMap(({ result }) => result.routers.map(({ id }) => id)));
  return [
    `# ${viewOf(runs[0])}: variants`,
    `${WHAT}; the default runs are on [this dataset's page](README.md).`,
    "Made by `deno task pages`; all of them: [variants](../variants.md). Columns as on the other pages " +
    "([how to read](../../docs/results.md#how-to-read-a-table)); significance is over the comparisons of one table, so a " +
    "small table calls more differences significant than a large one. " + UNSEEN_LEGEND,
    ...runs.toSorted((a, b) => a.path < b.path ? -1 : 1).flatMap(section),
    // What stands on the dataset's page is explained there.
    ...footnotes(statementsOf(runs, ({ id, reference }) => !reference && !explained.has(id))),
  ].join("\n\n") + "\n";
}

function viewOf({ result }: ResultFile): string {
  return result.dataset.name.replace(/\/all$/, "");
}

/** Protocol and embedding. */
function setUpOf({ result: { protocol, embedding } }: ResultFile): string {
  return `${protocol.name}, ${embedding.name}`;
}

/** Files whose rows the table of a cell is made of. */
function mainFiles({ files }: Cell): ResultFile[] {
  const [first, ...rest] = files;
  if (!isNewModel(first.result.evaluation)) {
    return [
      first,
      ...rest.filter((file) => fills(first, file)),
    ];
  }
  // Arms of the same splits are merged; what the first file has, another only repeats.
  return [first, ...files.filter(({ result }) => isDefault(result, first.result))];
}

/** Whether a file without variants has rows that the first lacks: they stand in the same table. */
function fills({ result: first }: ResultFile, { result: { routers } }: ResultFile): boolean {
  const known = new Set(first.routers.map(({ id }) => id));
  return routers.every((entry) => entry.reference || belongs(entry)) &&
    routers.some(({ id }) => !known.has(id));
}

/** A run of the same splits with all arms. */
function isDefault({ protocol, splits }: Result, first: Result): boolean {
  return splits.sha256 === first.splits.sha256 && protocol.arms === undefined;
}

function section(file: ResultFile): string[] {
  const { result } = file, { evaluation, dataset: { limit } } = result;
  const title = `## ${setUpOf(file)}, ${seedsOf(result)}${
    limit ? `, ${limit.toLocaleString("en")} queries` : ""
  }`;
  const name = nameOf(file.path), source = `[${name}](${name}): \`${result.command}\``;
  if (isNewModel(evaluation)) return [`${title}\n${source}`, everyArm(file)];
  const { columns, rows } = leaderboard(result, evaluation);
  // A variant is held against what it varies; how a random choice does stands on the dataset's page.
  const held = rows.filter(([name]) => name !== "random");
  return [`${title}\n${source}`, markdownTable(columns, held)];
}

/** The own arms of one file, variants among them. */
function everyArm(file: ResultFile): string {
  const [cell] = cellsOf([file]);
  return unseenTable(cell, () => true);
}
