/**
 * A result as text: for the terminal and as Markdown.
 * @module
 */
import { isNewModel, type Result } from "../results/result.ts";
import type { Evaluation } from "../results/evaluate.ts";
import type { Speed } from "../protocol/speed.ts";
import { frontierText } from "./frontier_text.ts";
import { digits, type Leaderboard, leaderboard, signed, withSpread } from "./leaderboard.ts";
import { newModelTable } from "./new_model_table.ts";
import { markdownTable, type TableColumn, textTable } from "./text_table.ts";

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
  } else {
    blocks.push(...tableMarkdown(leaderboard(result, evaluation)));
    const drawing = frontier(result, evaluation);
    if (drawing) blocks.push("### Accuracy-cost frontier", "```text\n" + drawing + "\n```");
    blocks.push("### Metrics, mean ± sd over seeds", metricTable(result, evaluation));
    if (evaluation.routers[0].folds.length > 0) {
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
  return [textTable(columns, rows), ...notes.flatMap((note) => wrapped(`  ${note}`, 100))].join(
    "\n",
  );
}

function tableMarkdown({ columns, rows, notes }: Leaderboard): string[] {
  return [markdownTable(columns, rows), notes.map((note) => `- ${note}`).join("\n")];
}

function frontier(result: Result, { routers, panels }: Evaluation): string | undefined {
  const entries = new Map(result.routers.map((r) => [r.id, r]));
  const drawn = routers.filter(({ router }) =>
    !entries.get(router)!.reference || router === "zero-router"
  );
  const names = new Map(result.routers.map((r) => [r.id, r.name]));
  return frontierText(drawn, panels[0].models, names);
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

function metricTable(result: Result, { routers }: Evaluation): string {
  const names = [...new Set(routers.flatMap((r) => Object.keys(r.mean)))];
  const title = new Map(result.routers.map((r) => [r.id, r.name]));
  return markdownTable(
    [
      { title: "metric" },
      ...routers.map((r) => ({ title: title.get(r.router)!, align: "right" as const })),
    ],
    names.map((metric) => [
      metric,
      ...routers.map((r) =>
        metric.includes("cost") && !metric.includes("quality") && !metric.includes("save") &&
          metric !== "opt_cost"
          ? r.mean[metric]?.toPrecision(3) ?? "–"
          : withSpread(r.mean[metric], r.sd[metric])
      ),
    ]),
  );
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
      ...models.map((_, m) => `${(100 * (r.seeds[0].shares[m] ?? 0)).toFixed(0)}%`),
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

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && [...last].length + 1 + [...word].length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(lines.length > 0 ? `    ${word}` : word);
  }
  return lines;
}
