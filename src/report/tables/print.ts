/**
 * A result as Markdown, and what its other forms share with it.
 * @module
 */
import { isNewModel, type Result } from "../../results/result.ts";
import type { Evaluation } from "../../evaluate/evaluate.ts";
import type { Speed } from "../../run/speed.ts";
import { frontierText } from "./frontier_text.ts";
import { auditLines, partsTable, printed, regretTable, sharesTable } from "./detail_tables.ts";
import { type Leaderboard, leaderboard, ranked } from "./leaderboard.ts";
import { type MetricTable, metricTables } from "./metric_tables.ts";
import { newModelNotes, newModelTable, rivalsTable } from "./new_model_table.ts";
import { markdownTable, type Table, type TableColumn } from "./text_table.ts";

/** The speed sheet beside a result. */
export type SpeedSheet = Readonly<Record<string, Speed>>;

/** How a result is printed in a terminal. */
export interface PrintOptions {
  /** Columns of the window; asked of it if absent. */
  readonly width?: number;
  /** Prints the sentences of methods and data in full, in place of one line that counts them. */
  readonly statements?: boolean;
}

/** What a result is of, in one line. */
export function headline({ dataset, protocol, embedding }: Result): string {
  const control = protocol.control === "none" ? "" : ` · CONTROL: ${protocol.control}`;
  return `${dataset.name}@${dataset.version}${dataset.synthetic ? " (synthetic)" : ""} · ` +
    `${protocol.name} · ${embedding.name} · ${dataset.queries} queries × ${dataset.models.length} models${control}`;
}

/** A result as Markdown, with folds, regret and routing. */
export function markdownReport(result: Result, speed?: SpeedSheet): string {
  const { evaluation } = result;
  const blocks = [`## ${headline(result)}`];
  if (isNewModel(evaluation)) {
    for (const pool of ["all", "new"] as const) {
      blocks.push(...tableMarkdown(newModelTable(result, evaluation, pool)));
    }
    const rivals = rivalsTable(result, evaluation);
    if (rivals) blocks.push(...tableMarkdown(rivals));
    blocks.push(listMarkdown(newModelNotes(result)));
  } else {
    const { references, competing } = ranked(result, evaluation.routers);
    const table = printed(result, [...references, ...competing]);
    blocks.push(...tableMarkdown(leaderboard(result, evaluation)));
    const drawing = frontierOf(result, evaluation);
    if (drawing) blocks.push("### Accuracy-cost frontier", "```text\n" + drawing + "\n```");
    blocks.push(
      "### Metrics, mean ± sd over seeds",
      ...metricTables(table).flatMap(metricMarkdown),
    );
    blocks.push("### Quality in parts", markdown(partsTable(result, table)));
    blocks.push(
      "### Regret by how many models solve the query (first seed)",
      markdown(regretTable(table)),
    );
    blocks.push(
      "### Routing: share of queries per model (first seed)",
      markdown(sharesTable(result, table)),
    );
  }
  if (speed && Object.keys(speed).length > 0) {
    blocks.push("### Speed (this machine)", markdownTable(SPEED_COLUMNS, speedRows(result, speed)));
  }
  blocks.push(
    "### Leakage audit",
    listMarkdown(auditLines(result)),
    `Made by \`${result.command}\`.`,
  );
  return blocks.join("\n\n") + "\n";
}

function tableMarkdown({ columns, rows, notes }: Leaderboard): string[] {
  return [markdownTable(columns, rows), listMarkdown(notes)];
}

function metricMarkdown({ title, table, legend }: MetricTable): string[] {
  return [
    `#### ${title}`,
    markdown(table),
    listMarkdown(
      legend.map(({ heading, key, source, meaning }) =>
        `**${heading}** (\`${key}\`, ${source}): ${meaning}.`
      ),
    ),
  ];
}

function markdown({ columns, rows }: Table): string {
  return markdownTable(columns, rows);
}

function listMarkdown(notes: readonly string[]): string {
  return notes.map((note) => `- ${note}`).join("\n");
}

/** The frontier in text, at most `width` columns. */
export function frontierOf(
  result: Result,
  { routers, panels }: Evaluation,
  width?: number,
): string | undefined {
  const { references, competing } = ranked(result, routers);
  const drawn = [...competing, ...references.filter((r) => r.router === "zero-router")];
  const { names } = printed(result, routers);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const models = panels[0].models.map(({ cost }, m) => ({
    quality: mean(panels.map((p) => p.models[m].quality)),
    cost: cost === null ? null : mean(panels.map((p) => p.models[m].cost!)),
  }));
  return frontierText(drawn, models, names, width);
}

/** Columns of {@link speedRows}. */
export const SPEED_COLUMNS: readonly TableColumn[] = [
  { title: "speed" },
  { title: "fit s", align: "right" },
  { title: "µs/query (batch)", align: "right" },
  { title: "single p50", align: "right" },
  { title: "single p95", align: "right" },
  { title: "parameters", align: "right" },
  { title: "heap MB", align: "right" },
];

/** What competing routers cost to fit and to ask, in the order of the result. */
export function speedRows(result: Result, speed: SpeedSheet): string[][] {
  return result.routers.filter((r) => speed[r.id] && !r.reference).map(({ id, name }) => [
    name,
    speed[id].fitSeconds.toPrecision(2),
    speed[id].batchMicroseconds.toPrecision(3),
    speed[id].p50Microseconds.toFixed(0),
    speed[id].p95Microseconds.toFixed(0),
    speed[id].parameters.toLocaleString("en"),
    (speed[id].heapBytes / 2 ** 20).toFixed(1),
  ]);
}
