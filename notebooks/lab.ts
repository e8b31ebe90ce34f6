/** What several notebooks do in the same way, so that their cells can tell a story instead. */
import { DataError } from "../src/base/errors.ts";
import { repoPath } from "../src/base/files.ts";
import { random } from "../src/base/random.ts";
import { resultFiles } from "../src/results/find.ts";
import { openProvider } from "../src/embed/mod.ts";
import type { OutcomeTable } from "../src/outcomes/table.ts";
import { auditedDataset } from "../src/audit/audited.ts";
import { finalTraining } from "../src/run/job.ts";
import { type OpenedSplit, openSplit } from "../src/run/open_split.ts";
import { makeSplits } from "../src/splits/make.ts";
import type { Figure, Trace } from "../src/report/figures/figure.ts";
import { layout } from "../src/report/figures/style.ts";
import { readResult, type Result } from "../src/results/result.ts";
import type {
  FitContext,
  FittedRouter,
  Router,
} from "../src/router/contract.ts";

export { markdown, show, table } from "../src/api/shown.ts";

/** Committed results of recorded outcomes by protocol, static embedding, as run by default; one a dataset. */
export async function recorded(
  protocol: "id" | "ood" | "new-model",
  { priced = false } = {},
): Promise<Result[]> {
  const files = (await resultFiles([repoPath("results")]))
    .filter((path) => path.endsWith(`/${protocol}.static.json`));
  const all = await Promise.all(files.map(readResult));
  return all.filter(({ dataset }) =>
    !dataset.synthetic && /[-/]priced$/.test(dataset.name) === priced
  );
}

/** The demo's results; `control` is one of the two negative controls. */
export async function demoResult(
  protocol: "id" | "ood" | "new-model",
  control?: "shuffled-labels" | "constant-text",
): Promise<Result> {
  const name = [protocol, "static", ...control ? [control] : []].join(".");
  return await readResult(repoPath("results", "demo@1", `${name}.json`));
}

/** The demo pool, split and embedded: what a router may be fitted on, and the table to judge it with. */
export interface Demo {
  /** All outcomes. */
  readonly table: OutcomeTable;
  /** What routers see. */
  readonly opened: OpenedSplit;
}

/** Opens the demo pool as the harness does; `fold` counts the held-out benchmarks or sets of models. */
export async function openDemo(
  protocol: "id" | "ood" | "new-model:1",
  { seed = 42, fold = 0 } = {},
): Promise<Demo> {
  const { table, groups } = await auditedDataset("demo");
  const split = makeSplits(table, groups, protocol, [seed])[fold];
  if (!split) {
    throw new DataError(`the demo has no fold ${fold} of ${protocol}`);
  }
  const provider = await openProvider("static");
  const raw = await provider.embed(table.texts);
  return {
    table,
    opened: openSplit({ table, raw, preparation: provider.preparation }, split),
  };
}

/** Fits a router as the harness does after tuning: on training and validation rows, its first configuration. */
export async function fit<C>(
  id: string,
  router: Router<C>,
  { opened }: Demo,
  config: C = router.grid[0],
): Promise<FittedRouter> {
  const context: FitContext = {
    stage: "final",
    seed: opened.split.seed,
    random: random(opened.split.seed, "router", id, opened.split.fold),
    device: "cpu",
    profile: opened.split.profile?.order.map((row) =>
      opened.all.queries.ids[row]
    ),
    progress: () => {},
    signal: new AbortController().signal,
  };
  return await router.fit(
    finalTraining(router as Router, opened),
    config,
    context,
  );
}

/** Mean score and US dollars per 1,000 queries of decisions for the test rows. */
export function judge(
  { table, opened }: Demo,
  models: readonly string[],
  choice: ArrayLike<number>,
): { score: number; dollars: number } {
  const M = table.models.length, rows = opened.testRows;
  const column = models.map((model) => table.models.indexOf(model));
  const mean = (cells: Float64Array): number =>
    rows.reduce((sum, row, i) => sum + cells[row * M + column[choice[i]]], 0) /
    rows.length;
  return { score: mean(table.scores), dollars: 1000 * mean(table.costs) };
}

/** A figure of a notebook's own. */
export function figure(
  id: string,
  title: string,
  caption: string,
  data: readonly Trace[],
  own: Parameters<typeof layout>[1] = {},
): Figure {
  return { id, title, caption, data, layout: layout(title, own) };
}

/** The mean of numbers that are there. */
export function mean(values: Iterable<number>): number {
  const known = [...values].filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
