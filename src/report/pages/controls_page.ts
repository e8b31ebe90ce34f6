/**
 * `results/controls.md`: what routers still gain when there is nothing to learn.
 * @module
 */
import { isNewModel } from "../../results/result.ts";
import { intervalCell, marks } from "../tables/leaderboard.ts";
import { DASH } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";
import { belongs, cellsOf, comparisonOf, type ResultFile, type Row, standingOf } from "./cells.ts";

/** Controls in printing order, with what each takes away. */
const CONTROLS: Readonly<Record<string, string>> = {
  "shuffled-labels": "shuffled labels",
  "constant-text": "constant text",
};

/** The page; empty where no control was run. */
export function controlsPage(files: readonly ResultFile[]): string | undefined {
  const runs = files.filter(({ result }) => result.protocol.control !== "none")
    .sort((a, b) => a.path < b.path ? -1 : 1);
  if (runs.length === 0) return undefined;
  const tested = runs.flatMap((run) =>
    rowsIn(run).map((row) => ({
      run,
      name: row.entry.name,
      found: comparisonOf(row, "best-single"),
    }))
  ).flatMap(({ run, name, found }) => found ? [{ run, name, ...standingOf(found) }] : []);
  const above = tested.filter(({ sign }) => sign > 0);
  const recorded = above.filter(({ run }) => !run.result.dataset.synthetic);
  const folders = [...Map.groupBy(runs, ({ result }) => result.dataset.name)]
    .sort(([, [a]], [, [b]]) =>
      Number(a.result.dataset.synthetic) - Number(b.result.dataset.synthetic)
    );
  return [
    "# Controls",
    above.length === 0
      ? `Without anything to learn no router is significantly above the best single model (${tested.length} rows).`
      : `Without anything to learn ${above.length} of ${tested.length} rows are significantly above the best single ` +
        `model, ${recorded.length} of them on recorded data: ${
          [...new Set(above.map(({ run, name }) => `${name} (${run.result.dataset.name})`))].join(
            ", ",
          )
        }.`,
    "Shuffled labels: training scores are permuted among the queries. Constant text: every query reads the same. " +
    "What a router still gains under them, it does not owe to learning from queries. Made by `deno task pages`.",
    "Δ to best single, 95% interval; vs: significant after Holm against S best single, Z zero router, K tuned kNN.",
    ...folders.flatMap(([dataset, own]) => [
      `## ${dataset.replace(/\/all$/, "")}${own[0].result.dataset.synthetic ? " (synthetic)" : ""}`,
      ...otherCode(own, files),
      table(own, files),
    ]),
    "## Files",
    runs.map(({ path, result }) => `- [${path}](${path}): \`${result.command}\``).join("\n"),
  ].join("\n\n") + "\n";
}

/** The plain run of the same data and protocol. */
function plainOf(
  [{ result: first }]: readonly ResultFile[],
  files: readonly ResultFile[],
): ResultFile | undefined {
  return cellsOf(files).find(({ files: [{ result }] }) =>
    result.dataset.sha256 === first.dataset.sha256 &&
    result.protocol.name === first.protocol.name &&
    result.embedding.key === first.embedding.key
  )?.files[0];
}

/** Says where controls were made by other code than the run beside them. */
function otherCode(runs: readonly ResultFile[], files: readonly ResultFile[]): string[] {
  const plain = plainOf(runs, files);
  const other = runs.filter(({ result: { harness } }) =>
    plain && harness.sha256 !== plain.result.harness.sha256
  );
  if (!plain || other.length === 0) return [];
  const code = ({ result: { harness } }: ResultFile): string =>
    `\`${harness.sha256.slice(0, 12)}\``;
  const what = other.map((run) =>
    `${CONTROLS[run.result.protocol.control] ?? run.result.protocol.control} by ${code(run)}`
  );
  return [
    `Not made by the same code: real data by ${code(plain)}, ${
      what.join(", ")
    }. Differences between the ` +
    "columns may owe something to that.",
  ];
}

/** Router × control, with the plain run of the same protocol beside them. */
function table(runs: readonly ResultFile[], files: readonly ResultFile[]): string {
  const plain = plainOf(runs, files);
  const columns = [
    ...(plain ? [["real data", plain] as const] : []),
    ...Object.entries(CONTROLS).flatMap(([control, title]) => {
      const run = runs.find(({ result }) => result.protocol.control === control);
      return run ? [[title, run] as const] : [];
    }),
  ];
  const names = new Map(runs.flatMap(rowsIn).map(({ entry }) => [entry.id, entry.name]));
  return markdownTable(
    [
      { title: "router" },
      ...columns.flatMap(([title]) => [{ title, align: "right" as const }, { title: "vs" }]),
    ],
    [...names].sort(([, a], [, b]) => a.toLowerCase() < b.toLowerCase() ? -1 : 1).map((
      [id, name],
    ) => [
      name,
      ...columns.flatMap(([, run]) => {
        const row = rowsIn(run).find(({ entry }) => entry.id === id);
        const found = row && comparisonOf(row, "best-single");
        const { evaluation } = run.result;
        if (!found || isNewModel(evaluation)) return [DASH, ""];
        return [intervalCell(found), marks(evaluation.comparisons, id)];
      }),
    ]),
  );
}

/** Competing rows of one file, whatever its control. */
function rowsIn(file: ResultFile): Row[] {
  const { result: { evaluation, routers } } = file;
  if (isNewModel(evaluation)) return [];
  return evaluation.routers.flatMap((report) => {
    const entry = routers.find(({ id }) => id === report.router);
    return entry && belongs(entry) ? [{ entry, report, file }] : [];
  });
}
