/**
 * `results/README.md`: what lies in the folder, and one line a dataset.
 * @module
 */
import { isNewModel } from "../../results/result.ts";
import { intervalCell, isSignificant, oracleQuality } from "../tables/leaderboard.ts";
import { DASH, digits } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";
import { topOf } from "./answer.ts";
import { type Cell, comparisonOf, DATASETS, type ResultFile, rowsOf } from "./cells.ts";
import { folderOf, shownOf } from "./dataset_page.ts";

/** The other pages, with what they hold. */
const PAGES: Readonly<Record<string, string>> = {
  "leaderboard.md": "every router on every dataset, one number a cell",
  "icl-router.md": "ICL-Router and ICL-Router+: what the paper said, what we got",
  "paper-vs-ours.md": "method by method: what the paper reports, what we get, why they may differ",
  "replies.md": "what reading replies is worth, in points and in money",
  "controls.md": "what routers still gain when there is nothing to learn",
  "preferences.md": "routes in words and retrieval experts, on CLINC150",
  "variants.md": "runs with routers, seeds, folds or an embedding chosen by hand",
};

/**
 * The page.
 * @param files all results
 * @param pages names of the other pages that are there
 */
export function indexPage(files: readonly ResultFile[], pages: readonly string[]): string {
  const folders = [...Map.groupBy(files, folderOf)].map(([folder, own]) => ({
    folder,
    own,
    facts: (own.find(({ result }) => !result.dataset.limit) ?? own[0]).result.dataset,
    cells: shownOf(own),
  })).filter(({ cells }) => cells.length > 0).sort((a, b) =>
    Number(a.facts.synthetic) - Number(b.facts.synthetic) ||
    Number(a.facts.priced) - Number(b.facts.priced) || place(a.facts.name) - place(b.facts.name) ||
    (a.folder < b.folder ? -1 : 1)
  );
  return [
    "# Results",
    "One line a dataset: the best single model, and the router with the highest mean score under each protocol, with " +
    "its difference to best single, 95% interval; **bold** where significant after Holm's correction over the whole " +
    "table.",
    markdownTable(
      [
        { title: "dataset" },
        { title: "queries × models" },
        { title: "best single", align: "right" },
        { title: "best router, known benchmarks (ID)" },
        { title: "best router, unseen benchmarks (OOD)" },
        { title: "oracle", align: "right" },
      ],
      folders.map(({ folder, facts, cells }) => {
        const of = (protocol: string): Cell | undefined =>
          cells.find((cell) => cell.protocol === protocol);
        const id = of("id") ?? cells[0];
        return [
          `[${facts.name.replace(/\/all$/, "")}](${folder}/README.md)${
            facts.synthetic ? " (synthetic)" : ""
          }`,
          `${facts.queries.toLocaleString("en")} × ${facts.models.length}`,
          digits(rowsOf(id).get("best-single")?.report.mean.quality),
          best(of("id")),
          best(of("ood")),
          oracle(id),
        ];
      }),
    ),
    "best single: the one model with the best mean score on training and validation rows. oracle: the best answer any " +
    "model gave, known beforehand. A view with prices has the models that have one. Best of many routers, chosen by " +
    "the test rows themselves, flatters: what counts is whether it is bold.",
    "## More pages",
    pages.filter((page) => page in PAGES).map((page) => `- [${page}](${page}): ${PAGES[page]}`)
      .join("\n"),
    "## The files",
    "A result is one run of some routers on one dataset under one protocol: `<dataset>@<version>/<protocol>.<embedding>" +
    ".json` with every number, and beside it the decisions and splits those numbers come from. The command that made a " +
    "result stands in it and on its dataset's page; `deno task verify` computes every number again. A short hash in a " +
    "name means that routers, seeds or arms were chosen by hand. More: [docs/results.md](../docs/results.md).",
    "All pages here are made by `deno task pages`; do not edit them. Results of your own data are never taken up: " +
    "`deno task report <folder>` shows them, and everything about a result that these pages leave out.",
  ].join("\n\n") + "\n";
}

/** Datasets of the means first, in their order. */
function place(name: string): number {
  const known = DATASETS.indexOf(name.replace(/\/all$/, ""));
  return known < 0 ? DATASETS.length : known;
}

function best(cell: Cell | undefined): string {
  const top = cell && topOf(cell), found = top && comparisonOf(top.row, "best-single");
  if (!found) return DASH;
  const text = intervalCell(found);
  return `${top.name}: ${isSignificant(found) ? `**${text}**` : text}`;
}

function oracle({ files: [{ result: { evaluation } }] }: Cell): string {
  return digits(isNewModel(evaluation) ? evaluation.oracle.all : oracleQuality(evaluation));
}
