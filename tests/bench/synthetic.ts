/**
 * How much of the gap from the best single model to the Bayes-optimal choice every router closes on the
 * synthetic pool, whose true probabilities are known: a check of the methods without sampling noise in the
 * outcomes.
 *
 *     deno run -A --lock=full.lock tests/bench/synthetic.ts [--queries 12000] [--routers knn,ridge] [--slow]
 *
 * The pool of the demo has 3,000 queries, too few for anybody to learn 28 task families × 10 models from;
 * with 12,000 a good router closes more than half.
 */
import { parseArgs } from "@std/cli/parse-args";
import { demoTable } from "../../datasets/demo/generate.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { runJob } from "../../src/run/job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { textTable } from "../../src/report/tables/text_table.ts";
import { percent } from "../../src/report/tables/numbers.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { loadRouters } from "../../src/router/discover.ts";
import { alone } from "../splits/tables.ts";
import { column, OPTIONS } from "../run/scene.ts";

const flags = parseArgs(Deno.args, { string: ["queries", "routers"], boolean: ["slow"] });
const table = demoTable({ queries: Number(flags.queries ?? 12_000) });
const M = table.models.length, truth = table.truth!;
const provider = await openProvider("static");
const raw = await provider.embed(table.texts);
const [frozen] = makeSplits(table, alone(table), "id", [11]);
const split = openSplit({ table, raw, preparation: provider.preparation }, frozen);
const rows = [...split.testRows];

/** Mean true P(solved) of a choice. */
const value = (choice: (row: number, i: number) => number): number =>
  rows.reduce((sum, row, i) => sum + truth[row * M + choice(row, i)], 0) / rows.length;
const best = (row: number): number =>
  Array.from({ length: M }, (_, m) => m)
    .reduce((top, m) => truth[row * M + m] > truth[row * M + top] ? m : top);
const singles = Array.from({ length: M }, (_, m) => value(() => m));
const low = Math.max(...singles), high = value(best);

const lines: string[][] = [];
for (const { id, router } of await loadRouters(flags.routers?.split(","))) {
  if (isSequential(router) || router.effort === "minutes" && !flags.slow) continue;
  const start = performance.now();
  const outcome = await runJob(id, router, split, OPTIONS);
  if (outcome.status !== "decided") continue;
  const choice = column(outcome, 0), own = value((_, i) => choice[i]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  lines.push([router.name, own.toFixed(3), percent((own - low) / (high - low)), seconds]);
}
lines.sort((a, b) => Number(b[1]) - Number(a[1]));
console.log(
  `${table.ids.length} queries; best single ${low.toFixed(3)}, Bayes-optimal ${high.toFixed(3)}`,
);
console.log(textTable(
  ["router", "P(solved)", "gap closed", "seconds"]
    .map((title, i) => ({ title, align: i > 0 ? "right" as const : "left" as const })),
  lines,
));
