/**
 * A result as text: for the terminal and as Markdown.
 * @module
 */
import { isNewModel, type Result } from "../results/result.ts";
import type { Evaluation } from "../results/evaluate.ts";
import type { Speed } from "../protocol/speed.ts";
import { frontierText } from "./frontier_text.ts";
import { byQuality, type Leaderboard, leaderboard } from "./leaderboard.ts";
import { metricTables } from "./metric_tables.ts";
import { newModelNotes, newModelTable } from "./new_model_table.ts";
import { digits, percent, signed } from "./numbers.ts";
import {
  markdownTable,
  shortened,
  type TableColumn,
  textTable,
  widthOf,
  wrapped,
} from "./text_table.ts";

const WIDTH = 100;

/** The speed sheet beside a result. */
export type SpeedSheet = Readonly<Record<string, Speed>>;

/** What a result is of, in one line. */
export function headline({ dataset, protocol, embedding }: Result): string {
  const control = protocol.control === "none" ? "" : ` · CONTROL: ${protocol.control}`;
  return `${dataset.name}@${dataset.version}${dataset.synthetic ? " (synthetic)" : ""} · ` +
    `${protocol.name} · ${embedding.name} · ${dataset.queries} queries × ${dataset.models.length} models${control}`;
}

/** A result for a terminal of 100 columns. */
export function terminalReport(result: Result, speed?: SpeedSheet): string {
  const { evaluation } = result;
  const blocks = [`\n${headline(result)}`];
  if (isNewModel(evaluation)) {
    for (const pool of ["all", "new"] as const) {
      blocks.push(tableText(newModelTable(result, evaluation, pool)));
    }
    blocks.push(notesText(newModelNotes(result)));
    return blocks.join("\n\n");
  }
  blocks.push(tableText(leaderboard(result, evaluation)));
  const drawing = frontier(result, evaluation);
  if (drawing) blocks.push(drawing);
  if (speed && Object.keys(speed).length > 0) {
    blocks.push(textTable(SPEED_COLUMNS, speedRows(result, speed)));
  }
  return blocks.join("\n\n");
}

/** A result as Markdown, with folds, regret and routing. */
export function markdownReport(result: Result, speed?: SpeedSheet): string {
  const { evaluation } = result;
  const blocks = [`## ${headline(result)}`];
  if (isNewModel(evaluation)) {
    for (const pool of ["all", "new"] as const) {
      blocks.push(...tableMarkdown(newModelTable(result, evaluation, pool)));
    }
    blocks.push(listMarkdown(newModelNotes(result)));
  } else {
    const names = new Map(result.routers.map((r) => [r.id, r.name]));
    blocks.push(...tableMarkdown(leaderboard(result, evaluation)));
    const drawing = frontier(result, evaluation);
    if (drawing) blocks.push("### Accuracy-cost frontier", "```text\n" + drawing + "\n```");
    blocks.push("### Metrics, mean ± sd over seeds");
    blocks.push(...metricTables(byQuality(evaluation.routers), names));
    // Folds of the id protocol are random parts: nothing is held out that has a name.
    if (evaluation.routers[0].folds.length > 0 && !result.protocol.name.startsWith("id")) {
      blocks.push("### Quality by held-out fold", foldTable(result, evaluation));
    }
    blocks.push(
      "### Regret by how many models solve the query (first seed)",
      regretTable(result, evaluation),
    );
    blocks.push(
      "### Routing: share of queries per model (first seed)",
      sharesTable(result, evaluation),
    );
  }
  if (speed && Object.keys(speed).length > 0) {
    blocks.push("### Speed (this machine)", markdownTable(SPEED_COLUMNS, speedRows(result, speed)));
  }
  blocks.push("### Leakage audit", auditText(result), `Made by \`${result.command}\`.`);
  return blocks.join("\n\n") + "\n";
}

function tableText({ columns, rows, notes }: Leaderboard): string {
  return `${fitted(columns, rows)}\n${notesText(notes)}`;
}

/** The table in {@link WIDTH} columns; if need be, names in its first column are cut short. */
function fitted(columns: Leaderboard["columns"], rows: Leaderboard["rows"]): string {
  const table = textTable(columns, rows);
  const excess = Math.max(...table.split("\n").map(widthOf)) - WIDTH;
  if (excess <= 0) return table;
  const longest = Math.max(...rows.map(([name = ""]) => widthOf(name))) - excess;
  return textTable(
    columns,
    rows.map(([name, ...cells]) => name === undefined ? [] : [shortened(name, longest), ...cells]),
  );
}

function notesText(notes: readonly string[]): string {
  return notes.flatMap((note) => wrapped(`  ${note}`, WIDTH, "    ")).join("\n");
}

function tableMarkdown({ columns, rows, notes }: Leaderboard): string[] {
  return [markdownTable(columns, rows), listMarkdown(notes)];
}

function listMarkdown(notes: readonly string[]): string {
  return notes.map((note) => `- ${note}`).join("\n");
}

function frontier(result: Result, { routers, panels }: Evaluation): string | undefined {
  const entries = new Map(result.routers.map((r) => [r.id, r]));
  const drawn = byQuality(routers).filter(({ router }) =>
    !entries.get(router)!.reference || router === "zero-router"
  );
  const names = new Map(result.routers.map((r) => [r.id, r.name]));
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const models = panels[0].models.map(({ cost }, m) => ({
    quality: mean(panels.map((p) => p.models[m].quality)),
    cost: cost === null ? null : mean(panels.map((p) => p.models[m].cost!)),
  }));
  return frontierText(drawn, models, names);
}

const SPEED_COLUMNS: readonly TableColumn[] = [
  { title: "speed" },
  { title: "fit s", align: "right" },
  { title: "µs/query (batch)", align: "right" },
  { title: "single p50", align: "right" },
  { title: "single p95", align: "right" },
  { title: "parameters", align: "right" },
  { title: "heap MB", align: "right" },
];

function speedRows(result: Result, speed: SpeedSheet): string[][] {
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

function foldTable(result: Result, { routers }: Evaluation): string {
  const title = new Map(result.routers.map((r) => [r.id, r.name]));
  const single = routers.find((r) => r.router === "best-single")!;
  return markdownTable(
    [
      { title: "held out" },
      ...routers.map((r) => ({ title: title.get(r.router)!, align: "right" as const })),
    ],
    single.folds.map((fold, f) => [
      fold.name,
      ...routers.map((r) =>
        r === single
          ? digits(r.folds[f].quality)
          : `${digits(r.folds[f].quality)} (${signed(r.folds[f].quality - fold.quality)})`
      ),
    ]),
  );
}

function regretTable(result: Result, { routers }: Evaluation): string {
  const title = new Map(result.routers.map((r) => [r.id, r.name]));
  const groups = routers[0].seeds[0].regret;
  return markdownTable(
    [
      { title: "router" },
      ...groups.map((g) => ({ title: `${g.solvers} (n=${g.queries})`, align: "right" as const })),
    ],
    routers.map((r) => [title.get(r.router)!, ...r.seeds[0].regret.map((g) => digits(g.regret))]),
  );
}

function sharesTable(result: Result, { routers }: Evaluation): string {
  const title = new Map(result.routers.map((r) => [r.id, r.name]));
  const { models } = result.dataset;
  return markdownTable(
    [{ title: "router" }, ...models.map((m) => ({ title: m, align: "right" as const }))],
    routers.map((r) => [
      title.get(r.router)!,
      ...models.map((_, m) => percent(r.seeds[0].shares[m])),
    ]),
  );
}

function auditText({ audit, dataset }: Result): string {
  const dropped = Object.entries(dataset.dropped).map(([why, n]) => `${n} ${why}`).join(", ") ||
    "none";
  return [
    `- rows left out: ${dropped}`,
    `- strict duplicates: ${audit.strict.dropped} rows merged, ${audit.strict.conflicts} sets with conflicting scores`,
    `- groups kept on one side: ${audit.groups.sets} of ${audit.groups.rows} rows, ${audit.groups.acrossBenchmarks} across benchmarks`,
    `- templates of more than three rows: ${audit.templates.sets} of ${audit.templates.rows} rows (resampled together)`,
  ].join("\n");
}
