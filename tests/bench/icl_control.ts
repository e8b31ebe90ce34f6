/**
 * Ablation of ICL-Router's by-name control, which sees what the MLP baseline sees: one arm a JSON object, trained on
 * the training rows of one in-distribution split, chosen by its validation rows, reported on its test rows. Appends
 * a JSON line for each arm.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-write=runs,.cache --allow-env --allow-ffi --allow-sys \
 *       tests/bench/icl_control.ts reasoning-gym/hard runs/control.jsonl '{"router":"mlp"}' '{"batchModels":9}'
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { random } from "../../src/base/random.ts";
import { outcomesOf } from "../../src/run/join.ts";
import { runJob } from "../../src/run/job.ts";
import { type OpenedSplit, openSplit } from "../../src/run/open_split.ts";
import { planRun } from "../../src/run/plan.ts";
import { decide } from "../../src/router/decide.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { loadRouter } from "../../src/router/discover.ts";
import { columnMeans } from "../../src/router/training.ts";
import { buildProfile } from "../../src/icl/profile.ts";
import { CURRENT, fitArm, type Recipe } from "./icl_control_arms.ts";

/** An arm: changes to the recipe of the by-name control, or a router of the harness. */
type Arm = Partial<Recipe> & { readonly router?: string; readonly seed?: number };

/** What an arm reached. */
interface Reached {
  readonly validation?: number;
  readonly test: number;
  readonly [note: string]: unknown;
}

/** Mean score of choices [rows], of cells [rows × M]; missing ones left out. */
function meanChosen(choice: ArrayLike<number>, cells: Float64Array, M: number): number {
  const got = Array.from(choice, (m, i) => cells[i * M + m]).filter((s) => !Number.isNaN(s));
  return got.reduce((a, b) => a + b, 0) / got.length;
}

async function byRouter(split: OpenedSplit, name: string, test: Float64Array): Promise<Reached> {
  const { id, router } = await loadRouter(name);
  if (isSequential(router)) throw new Error(`${name} visits models`);
  const signal = new AbortController().signal;
  const outcome = await runJob(id, router, split, { device: "cpu", signal, progress: () => {} });
  if (outcome.status !== "decided") throw new Error(outcome.reason);
  const { columns, choice, models, tuning, card } = outcome;
  const headline = Array.from(choice).filter((_, at) => at % columns.length === 0);
  const validation = tuning.trials[tuning.score]?.score;
  const notes = [...card.notes, JSON.stringify(router.grid[tuning.score])];
  return { validation, test: meanChosen(headline, test, models.length), notes };
}

async function byRecipe(split: OpenedSplit, arm: Arm, test: Float64Array): Promise<Reached> {
  const { train, validation, all } = split, M = train.models.length;
  const { seed = 42, ...changes } = arm;
  const recipe: Recipe = { ...CURRENT, ...changes };
  const outside = recipe.rows === "all" ? new Set<number>() : new Set(
    buildProfile(
      train,
      Math.min(500, Math.floor(train.queries.ids.length / 4)),
      42,
    ).rows,
  );
  const pool = { models: train.models, meanCosts: all.meanCosts };
  const scoreOf = (quality: Float64Array, cells: Float64Array): number =>
    meanChosen(decide({ quality }, pool), cells, M);
  const stream = random(seed, "control");
  const judge = (quality: Float64Array): number => scoreOf(quality, validation.scores);
  const first = await fitArm(train, outside, recipe, stream, validation.queries.vectors, judge);
  const fitted = recipe.refit
    ? await fitArm(all, new Set(), { ...recipe, stop: first.share }, stream)
    : first;
  const quality = await fitted.predict(split.testFor({} as never).vectors);
  return {
    validation: Math.max(...first.looks),
    test: scoreOf(quality, test),
    looks: first.looks.map((x) => +x.toFixed(4)),
    loss: first.loss,
    steps: first.steps,
  };
}

if (import.meta.main) {
  const [data, out, ...arms] = Deno.args;
  const { setup, splits } = await planRun({
    data,
    protocol: "id",
    seeds: [42],
    embedding: "static",
    validation: "benchmarks",
    device: "cpu",
    routers: ["knn"],
  });
  const split = openSplit(setup.data, splits[0]), { models } = split.train;
  const test = outcomesOf(setup.data.table, split.testRows).scores;
  const rows = [split.train, split.validation].map(({ queries }) => queries.ids.length);
  const single = columnMeans(split.all.scores, models.length);
  const best = single.indexOf(Math.max(...single));
  console.log(
    data,
    `rows ${rows} ${split.testRows.length}, models ${models.length}, width ${split.train.queries.vectors.width}`,
    `best single ${columnMeans(test, models.length)[best].toFixed(4)}`,
  );
  for (const text of arms) {
    const arm: Arm = JSON.parse(text), start = cpuUsage();
    const reached = arm.router
      ? await byRouter(split, arm.router, test)
      : await byRecipe(split, arm, test);
    const { user, system } = cpuUsage(start), seconds = (user + system) / 1e6;
    console.log(
      text,
      `val ${reached.validation?.toFixed(4)} test ${reached.test.toFixed(4)}, ${
        seconds.toFixed(1)
      } s`,
      JSON.stringify(reached.looks ?? reached.notes),
    );
    const line = { data, arm, seconds, ...reached };
    await Deno.writeTextFile(out, JSON.stringify(line) + "\n", { append: true });
  }
}
