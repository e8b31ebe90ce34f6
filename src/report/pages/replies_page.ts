/**
 * `results/replies.md`: what reading replies is worth, in points and in money. A row for every router that reads
 * replies and has a result with episodes beside it (`deno task episodes`).
 * @module
 */
import type { Difference } from "../../evaluate/episodes.ts";
import type { EpisodeReport } from "../../results/episode_file.ts";
import {
  boundsOf,
  pathTable,
  type Reader,
  readersOf,
  readingTable,
} from "../tables/episode_table.ts";
import { DASH, digits, money } from "../tables/numbers.ts";
import { columnsOf, markdownTable, type Table } from "../tables/text_table.ts";
import { belongs, type Cell, cellsOf, labelOf, type ResultFile, statementsOf } from "./cells.ts";
import { points } from "./points.ts";
import { footnotes } from "./tables.ts";

/** A result file with its episodes. */
type Told = ResultFile & { readonly episodes: EpisodeReport };

/** A reader with where it stands. */
interface Line {
  readonly cell: Cell;
  readonly file: Told;
  readonly reader: Reader;
}

/** The page; undefined where no result has episodes. */
export function repliesPage(files: readonly ResultFile[]): string | undefined {
  const told = files.filter((file): file is Told => file.episodes !== undefined);
  const cells = cellsOf(told), lines = cells.flatMap(linesOf);
  if (lines.length === 0) return undefined;
  const shown = [...new Set(lines.map(({ file }) => file))];
  return [
    "# What reading replies is worth",
    ...answers(lines),
    "A router that reads replies pays for each of them. *Over*: its mean score less that of the other row, in " +
    "points, with the 95% interval (paired, over queries or templates, the seeds of a query together), and what it pays more " +
    "or less per 1,000 queries. *Reading alone*: over the same router for which every reply is empty, in learning " +
    "and in acting. *To the bound*: points below a perfect judge that may ask two models, in the order that is best for " +
    "the test rows, stops at the first right reply and pays every call. Headline settings (λ = 0, quality first), " +
    "mean over the seeds. Made by `deno task pages`.",
    firstTable(lines),
    ...shown.flatMap((file) => section(lines.find((line) => line.file === file)!.cell, file)),
    "## How to read it",
    "± sd over the seeds. Δ: difference to best single, 95% interval. *calls*: models asked a query, all paid. " +
    "*bound*: the judge sees the test scores, so no router that asks one list in one order can score more; it is " +
    "chosen in hindsight and a little too kind. A router that reads replies in training alone has one call. No model " +
    "is asked twice in an episode, so a prompt cache would save nothing here " +
    "([rule](../docs/metrics.md#cost-of-episodes-prompt-caches-seconds)).",
    "The picture of the paths is in [notebook 9](../notebooks/09-replies.ipynb), and single episodes step by step in " +
    "`deno task report`. Methods: [docs/methods/replies.md](../docs/methods/replies.md).",
    ...footnotes(statementsOf(shown, (entry) => belongs(entry) && entry.needs.includes("replies"))),
  ].join("\n\n") + "\n";
}

/** The readers of a cell, each from the first file that has it. */
function linesOf(cell: Cell): Line[] {
  const seen = new Set<string>();
  return (cell.files as readonly Told[]).flatMap((file) =>
    readersOf(file.result).filter(({ entry }) => !seen.has(entry.id)).map((reader) => {
      seen.add(reader.entry.id);
      return { cell, file, reader };
    })
  );
}

/** One sentence or two a cell: the best reader beside best single, kNN and the bound. */
function answers(lines: readonly Line[]): string[] {
  return [...Map.groupBy(lines, ({ cell }) => cell)].map(([cell, own]) => {
    const quality = ({ reader }: Line): number => reader.report.mean.quality!;
    const best = own.reduce((a, b) => quality(b) > quality(a) ? b : a);
    const { file, reader: { entry, report, controls } } = best;
    const single = over(best, "best-single")!, knn = over(best, "knn");
    const blank = over(best, blankedOf(controls));
    const [bound] = boundsOf(file.episodes);
    return `**${
      labelOf(cell)
    }, ${cell.protocol}: the best router that reads replies, ${entry.name}, scores ` +
      `${digits(report.mean.quality)}, ${points(single.score.mean)} points ${
        ends(single.score)
      } over best single for ` +
      `${dollars(single.cost.mean)} per 1,000 queries` +
      (knn
        ? `; over kNN, which asks one model, ${points(knn.score.mean)} ${ends(knn.score)} for ${
          dollars(knn.cost.mean)
        }`
        : "") +
      `.** ${
        blank
          ? `Reading alone is worth ${points(blank.score.mean)} ${ends(blank.score)} for ${
            dollars(blank.cost.mean)
          }; a`
          : "A"
      } perfect judge of two replies would score ${digits(bound.quality)} at $${
        money(bound.cost)
      }.`;
  });
}

function firstTable(lines: readonly Line[]): string {
  return markdownTable(
    columnsOf(
      [
        ...[
          "pool",
          "router",
          "score",
          "$/1k",
          "calls",
          "over best single",
          "over kNN",
          "over ridge",
        ],
        ...["reading alone", "to the bound"],
      ],
      2,
    ),
    lines.map((line) => {
      const { cell, file: { episodes }, reader: { entry, report: { mean }, controls } } = line;
      const calls = episodes.routers.find(({ router }) => router === entry.id)?.calls ?? 1;
      const [bound] = boundsOf(episodes);
      return [
        `${labelOf(cell)}, ${cell.protocol}`,
        entry.name,
        digits(mean.quality),
        money(mean.cost),
        calls.toFixed(2),
        ...["best-single", "knn", "ridge", blankedOf(controls)].map((id) =>
          priceCell(over(line, id))
        ),
        points(mean.quality! - bound.quality),
      ];
    }),
  );
}

/** The control of a router that takes away what it reads. */
function blankedOf(controls: readonly Reader[]): string | undefined {
  return controls.find(({ entry }) => entry.id.endsWith("_blanked"))?.entry.id;
}

function over(
  { file: { episodes }, reader: { entry } }: Line,
  other: string | undefined,
): EpisodeReport["pairs"][number] | undefined {
  return episodes.pairs.find((pair) => pair.router === entry.id && pair.other === other);
}

/** `+1.2 [+0.3, +2.0] for +$0.41`. */
function priceCell(found: EpisodeReport["pairs"][number] | undefined): string {
  if (!found) return DASH;
  const { score, cost } = found;
  return `${points(score.mean)} ${ends(score)} for ${dollars(cost.mean)}`;
}

function ends({ low, high }: Difference): string {
  return low === null || high === null ? `[${DASH}]` : `[${points(low)}, ${points(high)}]`;
}

/** A cost difference per 1,000 queries with its sign. */
function dollars(perQuery: number): string {
  return `${perQuery < 0 ? "−" : "+"}$${money(Math.abs(perQuery))}`;
}

function section(cell: Cell, { path, result, episodes }: Told): string[] {
  const { seeds } = result.protocol;
  const visiting = readersOf(result).filter(({ entry }) =>
    episodes.routers.some(({ router }) => router === entry.id)
  );
  return [
    `## ${labelOf(cell)}, ${cell.protocol}, ${seeds.length === 1 ? "seed" : "seeds"} ${
      seeds.join(", ")
    }`,
    markdown(readingTable(result, episodes)),
    ...visiting.flatMap(({ entry }) => [
      `Whom ${entry.name} asks, most frequent paths:`,
      markdown(pathTable(episodes, entry.id)),
    ]),
    `[${path}](${path}): \`${result.command}\``,
  ];
}

function markdown({ columns, rows }: Table): string {
  return markdownTable(columns, rows);
}
