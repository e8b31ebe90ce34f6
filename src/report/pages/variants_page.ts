/**
 * `results/variants.md`: runs that a person chose: other embeddings, coarser folds, variants and controls of
 * ICL-Router, fewer seeds. Every table is one result file with the tests of its own.
 * @module
 */
import { isNewModel, type Result } from "../../results/result.ts";
import { leaderboard } from "../tables/leaderboard.ts";
import { markdownTable } from "../tables/text_table.ts";
import { belongs, type Cell, cellsOf, type ResultFile, statementsOf } from "./cells.ts";
import { shownOf } from "./dataset_page.ts";
import { footnotes, UNSEEN_LEGEND, unseenTable } from "./tables.ts";

/** The page; undefined where there is no such run. */
export function variantsPage(files: readonly ResultFile[]): string | undefined {
  const main = new Set(
    [...Map.groupBy(files, ({ result }) => result.dataset.sha256).values()]
      .flatMap(shownOf).flatMap(mainFiles),
  );
  const runs = files
    .filter((file) => file.result.protocol.control === "none" && !main.has(file) && !file.episodes)
    .sort((a, b) => a.path < b.path ? -1 : 1);
  if (runs.length === 0) return undefined;
  const explained = new Set([...main].flatMap(({ result }) => result.routers.map(({ id }) => id)));
  return [
    "# Variants",
    "Runs with routers, seeds, folds or an embedding chosen by hand. They answer questions of their own; the default " +
    "runs are on the pages of the datasets, those of routers that read replies in [replies.md](replies.md). Conclusions " +
    "about ICL-Router are in [icl-router.md](icl-router.md).",
    "Made by `deno task pages`. Columns as on the other pages ([how to read](../docs/results.md#how-to-read-a-table)); " +
    "significance is over the comparisons of one table, so a small table calls more differences significant than a " +
    "large one. " + UNSEEN_LEGEND,
    ...[...Map.groupBy(runs, ({ result }) => result.dataset.name)].flatMap(([dataset, own]) => {
      const [first, ...rest] = own.flatMap(section);
      return [`## ${dataset.replace(/\/all$/, "")}\n${first}`, ...rest];
    }),
    // What stands on a dataset's page is explained there.
    ...footnotes(statementsOf(runs, ({ id, reference }) => !reference && !explained.has(id))),
  ].join("\n\n") + "\n";
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
  const { path, result } = file, { protocol, embedding, evaluation, dataset: { limit } } = result;
  const title = `### ${protocol.name}, ${embedding.name}, ${
    protocol.seeds.length === 1 ? "seed" : "seeds"
  } ${protocol.seeds.join(", ")}${limit ? `, ${limit.toLocaleString("en")} queries` : ""}`;
  const source = `[${path}](${path}): \`${result.command}\``;
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
