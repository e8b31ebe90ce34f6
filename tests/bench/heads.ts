/**
 * Fits the routers with small trained networks (MLP, EmbedLLM's factorisation, RouterDC's head) and the same
 * networks written in PyTorch, on the same invented data, with the same sizes, epochs, batches and
 * optimiser, one thread each.
 * @module
 */
import * as embedllm from "../../baselines/embedllm.ts";
import * as mlp from "../../baselines/mlp.ts";
import routerdc from "../../baselines/routerdc.ts";
import { repoPath } from "../../src/base/files.ts";
import type { PointPredictions, Router } from "../../src/router/contract.ts";
import { clusters } from "../../src/router/training.ts";
import { type Invented, invented, lastFit, write } from "./invented.ts";
import { bestOf, type Row } from "./measure.ts";
import { python, type PythonProcess } from "./python.ts";

const SIZES = { train: 3000, test: 1000, width: 384, models: 10 }, ROUNDS = 3;
/** Sizes that `routerdc.ts` keeps to itself. */
const ROUTERDC = { batch: 256, epochs: 13, rate: 1e-3, decay: 0, width: 128, negatives: 3 };

interface Task {
  readonly router: Router;
  readonly config: unknown;
  /** What sets its predictions apart from PyTorch's. */
  readonly apart?: string;
  /** What heads_reference.py is told. */
  readonly told: Record<string, unknown>;
}

const TASKS: Record<string, Task> = {
  MLP: {
    router: mlp.default as Router,
    config: mlp.default.grid[0],
    told: { kind: "mlp", decay: 0, ...mlp.TRAINING, ...mlp.default.grid[0] },
  },
  "EmbedLLM": {
    router: embedllm.default as Router,
    apart: "a linear map, ours in float64",
    config: embedllm.default.grid[0],
    told: { kind: "mf", out: true, ...embedllm.TRAINING, ...embedllm.default.grid[0] },
  },
  "RouterDC": {
    router: routerdc as Router,
    config: routerdc.grid[0],
    told: { kind: "routerdc", ...ROUTERDC, ...routerdc.grid[0] },
  },
};

/** Milliseconds by the clock, and the mean score of the models chosen. */
interface Report {
  readonly fit: number;
  /** First call after a fit. */
  readonly first: number;
  /** The quickest of later calls. */
  readonly later: number;
  readonly score: number;
}

const LATER = 20;

const PARTS = {
  fit: "fit",
  first: "first prediction after a fit",
  later: "later predictions",
} as const;

/** Rows for fits, first and later predictions. Python needs PyTorch. */
export async function headRows(progress: (task: string) => void): Promise<Row[]> {
  const data = invented(SIZES), rows: Row[] = [];
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache") });
  try {
    await writeTask(folder, data);
    const theirs: PythonProcess = python("heads_reference.py", [folder], {
      OMP_NUM_THREADS: "1",
      MKL_NUM_THREADS: "1",
    });
    const { version } = await theirs.answer<{ version: string }>();
    for (const [name, task] of Object.entries(TASKS)) {
      progress(`${name}, fit and prediction`);
      const reports: [ours: Report, theirs: Report][] = [];
      for (let round = 0; round <= ROUNDS; round++) { // in turns, after one round to warm up
        const pair: [Report, Report] = [
          await ours(task, data),
          await theirs.ask<Report>(JSON.stringify(task.told)),
        ];
        if (round > 0) reports.push(pair);
      }
      const [[own, other]] = reports;
      for (const [part, title] of Object.entries(PARTS)) {
        rows.push({
          task: `${name}: ${title}`,
          peer: `PyTorch ${version}`,
          threads: 1,
          ...bestOf(reports.map(([a, b]) => [a[part as "fit"], b[part as "fit"]])),
          note: part === "fit"
            ? `choices score ${own.score.toFixed(3)}, theirs ${other.score.toFixed(3)}`
            : task.apart ?? (part === "first" ? "ours compiles its graph here" : ""),
        });
      }
    }
    await theirs.close();
    return rows;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One fit, a first prediction and later ones. Clusters are in the batch's memo after the first round. */
async function ours({ router, config }: Task, { train, test, truth }: Invented): Promise<Report> {
  const fit = await timed(async () => await router.fit(train, config, lastFit(router.name)));
  const predict = async () => await fit.value.predict(test) as PointPredictions;
  const first = await timed(predict);
  let later = Infinity;
  for (let i = 0; i < LATER; i++) later = Math.min(later, (await timed(predict)).took);
  const { quality } = first.value, M = SIZES.models;
  let score = 0;
  for (let i = 0; i < SIZES.test; i++) {
    const row = quality.subarray(i * M, (i + 1) * M);
    score += truth[i * M + row.indexOf(Math.max(...row))] / SIZES.test;
  }
  return { fit: fit.took, first: first.took, later, score };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; took: number }> {
  const start = performance.now(), value = await work();
  return { value, took: performance.now() - start };
}

async function writeTask(folder: string, { train, test, truth }: Invented): Promise<void> {
  const { seed } = lastFit("routerdc");
  const { assignment } = await clusters(train.queries, routerdc.grid[0].clusters, seed);
  await write(`${folder}/train.f32`, train.queries.vectors.data);
  await write(`${folder}/test.f32`, test.vectors.data);
  await write(`${folder}/scores.f32`, Float32Array.from(train.scores));
  await write(`${folder}/truth.f64`, truth);
  await write(`${folder}/clusters.i32`, Int32Array.from(assignment));
  await Deno.writeTextFile(`${folder}/sizes.json`, JSON.stringify({ ...SIZES, later: LATER }));
}
