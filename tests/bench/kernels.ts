/**
 * Closed-form methods, clusters and the prediction of a small network beside scikit-learn and PyTorch: same
 * arrays, same number of threads.
 * @module
 */
import irt from "../../baselines/irt_router.ts";
import knn from "../../baselines/knn.ts";
import { random } from "../../src/base/random.ts";
import { repoPath } from "../../src/base/files.ts";
import { kmeans, lloyd } from "../../src/linalg/kmeans.ts";
import { logisticFit, logisticPredict } from "../../src/linalg/logistic.ts";
import { type Matrix, matrix, takeRows } from "../../src/linalg/matrix.ts";
import { ridgePath, ridgePredict } from "../../src/linalg/ridge.ts";
import { setProductThreads } from "../../src/linalg/runtime.ts";
import type { FittedRouter, PointPredictions } from "../../src/router/contract.ts";
import { fresh, type Invented, invented, lastFit, write } from "./invented.ts";
import { inTurns, type Row } from "./measure.ts";
import { python, type PythonProcess } from "./python.ts";

const SIZES = { train: 9000, test: 2400, width: 256, models: 28 };
const CLUSTERS = 64, RHOS = [1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3], PENALTY = 1, WARM_UP = 0.3;

/** What peers.py answers first. */
interface Hello {
  readonly versions: Readonly<Record<string, string>>;
  readonly tasks: readonly string[];
}

/** What a side found: predictions, or one number that says how well. */
type Found = Float64Array | number;

interface Task {
  /** Its name in peers.py. */
  readonly peer: string;
  readonly title: string;
  readonly library: "scikit-learn" | "PyTorch";
  run(): Promise<Found>;
  /** What to know when reading the row. */
  readonly note?: string;
  /** With two threads as well. */
  readonly threads?: boolean;
}

/** Rows for one thread and, where it matters, two; those whose library is not on this machine are left out. */
export async function kernelRows(progress: (task: string) => void): Promise<Row[]> {
  const data = invented(SIZES);
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache") });
  try {
    await writeTask(folder, data);
    const tasks = await tasksOn(data), rows: Row[] = [];
    for (const threads of [1, 2]) {
      const wanted = tasks.filter((task) => threads === 1 || task.threads);
      rows.push(...await rowsOf(wanted, threads, folder, progress));
    }
    return rows;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function rowsOf(
  tasks: readonly Task[],
  threads: number,
  folder: string,
  progress: (task: string) => void,
): Promise<Row[]> {
  const n = String(threads);
  const env = { OMP_NUM_THREADS: n, OPENBLAS_NUM_THREADS: n, MKL_NUM_THREADS: n };
  const peers: PythonProcess = python("peers.py", [folder], env);
  const { versions, tasks: known } = await peers.answer<Hello>();
  setProductThreads(threads);
  const rows: Row[] = [];
  for (const { peer, title, library, run, note } of tasks.filter((t) => known.includes(t.peer))) {
    progress(`${title}, ${threads} thread(s)`);
    let found: Found = NaN;
    const best = await inTurns(
      async () => found = await run(),
      () => peers.ask<number>(peer),
    );
    const stand = versions[library] ? library : "NumPy"; // the only one that every task can do without
    rows.push({
      task: title,
      peer: `${stand} ${versions[stand]}`,
      threads,
      ...best,
      note: note ?? await agreement(found, `${folder}/${peer}.f64`),
    });
  }
  setProductThreads(1);
  await peers.close();
  return rows;
}

/** The same numbers as an array that nothing was computed from: what is kept by array shall not be found again. */
function unknown({ data, rows, width }: Matrix): Matrix {
  return matrix(rows, width, data.subarray());
}

async function tasksOn({ train, test }: Invented): Promise<Task[]> {
  const x = train.queries.vectors, { scores } = train;
  const quality = async (router: FittedRouter): Promise<Float64Array> =>
    (await router.predict(fresh(test)) as PointPredictions).quality;
  const neighbours = async (k: number): Promise<Float64Array> => {
    const queries = { ...train.queries, vectors: unknown(x) };
    const again = { ...train, queries, scores: scores.subarray() };
    return await quality(await knn.fit(again, { k, weights: "uniform" }, lastFit("knn")));
  };
  const ridge = async (rhos: readonly number[]): Promise<Float64Array> => {
    let predicted = new Float64Array();
    for (const { weights } of await ridgePath(unknown(x), scores, rhos)) {
      predicted = await ridgePredict(test.vectors, weights) as Float64Array<ArrayBuffer>;
    }
    return predicted;
  };
  const seeds = takeRows(x, Array.from({ length: CLUSTERS }, (_, i) => 100 * i));
  const mirt = async (warmUp: number): Promise<FittedRouter> =>
    await irt.fit(train, { epochs: 1, warmUp }, lastFit("irt_router"));
  const cold = await mirt(0), warm = await mirt(WARM_UP);
  const sklearn = { library: "scikit-learn" } as const;
  const torch = { library: "PyTorch" } as const;
  const lone = "the same computation; its published code is not at hand";
  return [
    { ...sklearn, threads: true, peer: "knn 5", title: "kNN, k = 5", run: () => neighbours(5) },
    { ...sklearn, peer: "knn 100", title: "kNN, k = 100", run: () => neighbours(100) },
    {
      ...sklearn,
      threads: true,
      peer: "kmeans",
      title: `k-means, ${CLUSTERS} clusters`,
      run: async () =>
        (await kmeans(unknown(x), CLUSTERS, { random: random(0), iterations: 30 })).inertia,
    },
    {
      ...sklearn,
      peer: "lloyd",
      title: "k-means from given centres",
      run: async () => (await lloyd(unknown(x), seeds, { iterations: 30 })).inertia,
    },
    {
      ...sklearn,
      threads: true,
      peer: "ridge float64",
      title: "ridge, one penalty",
      run: () => ridge([1]),
    },
    {
      ...sklearn,
      threads: true,
      peer: "ridge float32",
      title: "ridge, one penalty, theirs in float32",
      run: () => ridge([1]),
      note: "ours is float64 throughout",
    },
    { ...sklearn, peer: "ridge path", title: "ridge, 7 penalties", run: () => ridge(RHOS) },
    {
      ...sklearn,
      peer: "logistic",
      title: "logistic regression",
      run: async () => {
        const fit = await logisticFit(unknown(x), scores, { penalty: PENALTY });
        return await logisticPredict(test.vectors, fit);
      },
    },
    { ...torch, peer: "mirt", title: "MIRT prediction", run: () => quality(cold), note: lone },
    {
      ...torch,
      peer: "mirt warm",
      title: "MIRT prediction, warmed up by 10 neighbours",
      run: () => quality(warm),
      note: lone,
    },
  ];
}

async function agreement(ours: Found, path: string): Promise<string> {
  const theirs = new Float64Array((await Deno.readFile(path)).buffer);
  if (typeof ours === "number") {
    return `inertia ${ours.toFixed(1)}, theirs ${theirs[0].toFixed(1)}`;
  }
  const apart = ours.map((v, i) => Math.abs(v - theirs[i])).sort();
  const most = apart[apart.length - 1], same = apart.findIndex((difference) => difference > 1e-6);
  return same < 0
    ? `predictions within ${most.toExponential(0)}`
    : `${(100 * same / apart.length).toFixed(0)}% of predictions within 1e-6, all within ${
      most.toFixed(2)
    }`;
}

async function writeTask(folder: string, { train, test }: Invented): Promise<void> {
  const { data } = train.queries.vectors;
  await write(`${folder}/train.f32`, data);
  await write(`${folder}/test.f32`, test.vectors.data);
  await write(`${folder}/scores.f64`, train.scores);
  const sizes = {
    ...SIZES,
    clusters: CLUSTERS,
    path: RHOS,
    penalty: PENALTY,
    share: WARM_UP,
    warming: 10,
    skills: 25,
    alpha: data.reduce((sum, v) => sum + v * v, 0) / SIZES.width,
  };
  await Deno.writeTextFile(`${folder}/sizes.json`, JSON.stringify(sizes));
}
