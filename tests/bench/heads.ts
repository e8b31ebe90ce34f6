/**
 * Fits the routers with small trained networks (MLP, EmbedLLM's factorisation, RouterDC's head) and the same
 * networks written in PyTorch, on the same invented data, with the same sizes, epochs, batches and
 * optimiser, one thread each: times and what the choices score, side by side. For development only; needs
 * Python with PyTorch on this machine.
 *
 *     deno run -A tests/bench/heads.ts [--rounds 5]
 * @module
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import * as embedllm from "../../baselines/embedllm.ts";
import * as mlp from "../../baselines/mlp.ts";
import routerdc from "../../baselines/routerdc.ts";
import { random } from "../../src/base/random.ts";
import { takeRows } from "../../src/linalg/matrix.ts";
import type {
  FitContext,
  PointPredictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { clusters, columnMeans } from "../../src/router/training.ts";
import { gridRows } from "../linalg/data.ts";
import { hasModule, python } from "./python.ts";

const TRAIN = 3000, TEST = 1000, WIDTH = 384, MODELS = 10, CENTRES = 40, SEED = 1;
/** Sizes that `routerdc.ts` keeps to itself. */
const ROUTERDC = { batch: 256, epochs: 13, rate: 1e-3, decay: 0, width: 128, negatives: 3 };

interface Task {
  readonly router: Router;
  readonly config: unknown;
  /** What heads_reference.py is told. */
  readonly told: Record<string, unknown>;
}

const TASKS: Record<string, Task> = {
  MLP: {
    router: mlp.default as Router,
    config: mlp.default.grid[0],
    told: { kind: "mlp", decay: 0, ...mlp.TRAINING, ...mlp.default.grid[0] },
  },
  "EmbedLLM (MF)": {
    router: embedllm.default as Router,
    config: embedllm.default.grid[0],
    told: { kind: "mf", ...embedllm.TRAINING, ...embedllm.default.grid[0] },
  },
  "EmbedLLM (MF), theirs multiplied out too": {
    router: embedllm.default as Router,
    config: embedllm.default.grid[0],
    told: { kind: "mf", out: true, ...embedllm.TRAINING, ...embedllm.default.grid[0] },
  },
  "RouterDC (head)": {
    router: routerdc as Router,
    config: routerdc.grid[0],
    told: { kind: "routerdc", ...ROUTERDC, ...routerdc.grid[0] },
  },
};

/** Milliseconds, by the clock and of processor time, and the mean score of the models chosen. */
interface Report {
  fit: [clock: number, processor: number];
  /** First call after a fit. */
  first: [clock: number, processor: number];
  /** Later calls, their mean. */
  predict: [clock: number, processor: number];
  score: number;
}

const LATER = 20;

if (import.meta.main) await compare(parseArgs(Deno.args, { default: { rounds: 5 } }).rounds);

async function compare(rounds: number): Promise<void> {
  if (!await hasModule("torch")) {
    console.log("comparison skipped: python3 with PyTorch is not on this machine");
    return;
  }
  const { train, test, truth } = invented(), folder = await Deno.makeTempDir();
  try {
    await write(folder, train, test, truth);
    const theirs = await pyTorch(folder);
    console.log(
      `N = ${TRAIN}, D = ${WIDTH}, M = ${MODELS}; prediction of ${TEST} queries; one thread each, ` +
        `${rounds} rounds in turns after one to warm up; PyTorch ${theirs.version}; load ` +
        Deno.loadavg().map((load) => load.toFixed(1)).join(" "),
    );
    for (const [name, task] of Object.entries(TASKS)) {
      const reports: [ours: Report, theirs: Report][] = [];
      for (let round = 0; round <= rounds; round++) { // in turns, so that a busy machine hits both
        const pair: [Report, Report] = [
          await ours(task, train, test, truth),
          await theirs.run(task.told),
        ];
        if (round > 0) reports.push(pair);
      }
      print(name, reports);
    }
    await theirs.close();
    console.log(`load at the end ${Deno.loadavg().map((load) => load.toFixed(1)).join(" ")}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function print(name: string, reports: readonly [Report, Report][]): void {
  const median = (values: number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const round = (value: number): number => Number(value.toPrecision(3));
  const line = (part: "fit" | "first" | "predict", time: 0 | 1): Record<string, number> => {
    const [a, b] = [0, 1].map((side) => reports.map((pair) => pair[side][part][time]));
    return {
      "ours, ms": round(median(a)),
      "theirs, ms": round(median(b)),
      "ratio": round(median(a) / median(b)),
      "ratio of best": round(Math.min(...a) / Math.min(...b)),
    };
  };
  console.log(
    `\n${name}: choices score ${reports[0][0].score.toFixed(3)}, theirs ${
      reports[0][1].score.toFixed(3)
    }`,
  );
  console.table({
    "fit, clock": line("fit", 0),
    "fit, processor": line("fit", 1),
    "first prediction, clock": line("first", 0),
    "first prediction, processor": line("first", 1),
    "later prediction, clock": line("predict", 0),
    "later prediction, processor": line("predict", 1),
  });
}

/** Models are good near some centres and bad near others; outcomes are drawn. */
function invented(): { train: TrainingData; test: QueryBatch; truth: Float64Array } {
  const all = gridRows(TRAIN + TEST, WIDTH, SEED, CENTRES), draw = random(SEED, "outcomes");
  const directions = gridRows(MODELS, WIDTH, SEED + 1, CENTRES);
  const chance = Float64Array.from({ length: all.rows * MODELS }, (_, at) => {
    const i = Math.floor(at / MODELS), m = at % MODELS;
    let cosine = 0;
    for (let d = 0; d < WIDTH; d++) {
      cosine += all.data[i * WIDTH + d] * directions.data[m * WIDTH + d];
    }
    return 1 / (1 + Math.exp(-20 * cosine - 0.1 * m));
  });
  const batch = (name: string, start: number, rows: number): QueryBatch => {
    const ids = Array.from({ length: rows }, (_, i) => `${name}${String(i).padStart(5, "0")}`);
    const vectors = takeRows(all, ids.map((_, i) => start + i));
    return { ids, texts: ids, benchmarks: ids.map(() => "b"), vectors, memo: createMemo(name) };
  };
  const scores = chance.slice(0, TRAIN * MODELS).map((p) => Number(draw.next() < p));
  const costs = scores.map(() => NaN);
  const train: TrainingData = {
    queries: batch("train", 0, TRAIN),
    models: Array.from({ length: MODELS }, (_, m) => `m${m}`),
    scores,
    costs,
    meanCosts: columnMeans(costs, MODELS),
    solvedFrom: new Float64Array(TRAIN).fill(1),
    tasks: Array.from({ length: TRAIN }, () => "b"),
  };
  return { train, test: batch("test", TRAIN, TEST), truth: chance.slice(TRAIN * MODELS) };
}

/** One fit, a first prediction and later ones. Clusters are in the batch's memo after the first round. */
async function ours(
  { router, config }: Task,
  train: TrainingData,
  test: QueryBatch,
  truth: Float64Array,
): Promise<Report> {
  const context: FitContext = {
    stage: "final",
    seed: SEED,
    random: random(SEED, router.name),
    device: "cpu",
    progress: () => {},
    signal: new AbortController().signal,
  };
  const fit = await timed(async () => await router.fit(train, config, context));
  const first = await timed(async () => await fit.value.predict(test));
  const later = await timed(async () => {
    for (let i = 0; i < LATER; i++) await fit.value.predict(test);
  });
  const { quality } = first.value as PointPredictions;
  let score = 0;
  for (let i = 0; i < TEST; i++) {
    const row = quality.subarray(i * MODELS, (i + 1) * MODELS);
    score += truth[i * MODELS + row.indexOf(Math.max(...row))] / TEST;
  }
  const [clock, processor] = later.times;
  return { fit: fit.times, first: first.times, predict: [clock / LATER, processor / LATER], score };
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ value: T; times: [clock: number, processor: number] }> {
  const start = performance.now(), before = cpuUsage();
  const value = await work();
  const { user, system } = cpuUsage(before);
  return { value, times: [performance.now() - start, (user + system) / 1e3] };
}

async function write(
  folder: string,
  train: TrainingData,
  test: QueryBatch,
  truth: Float64Array,
): Promise<void> {
  const file = (name: string, { buffer }: Float32Array | Float64Array | Int32Array) =>
    Deno.writeFile(`${folder}/${name}`, new Uint8Array(buffer as ArrayBuffer));
  const { assignment } = await clusters(train.queries, routerdc.grid[0].clusters, 1, SEED);
  await file("train.f32", train.queries.vectors.data);
  await file("test.f32", test.vectors.data);
  await file("scores.f32", Float32Array.from(train.scores));
  await file("truth.f64", truth);
  await file("clusters.i32", Int32Array.from(assignment));
  const sizes = { train: TRAIN, test: TEST, width: WIDTH, models: MODELS, later: LATER };
  await Deno.writeTextFile(`${folder}/sizes.json`, JSON.stringify(sizes));
}

interface Reference {
  readonly version: string;
  run(told: Record<string, unknown>): Promise<Report>;
  close(): Promise<void>;
}

async function pyTorch(folder: string): Promise<Reference> {
  const env = { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const { answer, ask, close } = python("heads_reference.py", [folder], env);
  const { version } = await answer<{ version: string }>();
  return { version, run: (told) => ask<Report>(JSON.stringify(told)), close };
}
