/**
 * Compares kNN, k-means and ridge with scikit-learn: same arrays, same number of threads, times and
 * predictions side by side. For development only; needs Python with scikit-learn on this machine.
 *
 *     deno run -A tests/bench/sklearn.ts [runs]
 * @module
 */
import { random } from "../../src/base/random.ts";
import { kmeans, lloyd } from "../../src/linalg/kmeans.ts";
import { type Matrix, takeRows } from "../../src/linalg/matrix.ts";
import { nearest } from "../../src/linalg/nearest.ts";
import { ridgePath, ridgePredict } from "../../src/linalg/ridge.ts";
import { setProductThreads } from "../../src/linalg/runtime.ts";
import { gridRows } from "../linalg/data.ts";

const WIDTH = 256, MODELS = 28, NEIGHBOURS = 100, CLUSTERS = 64, ROUNDS = 3;
const RHOS = [1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3];

/** What sklearn.py prints. */
interface Report {
  version: string;
  milliseconds: Record<string, number[]>;
  lloyd: { inertia: number; iterations: number };
  kmeans: { inertia: number; iterations: number };
}

if (import.meta.main) await compare(Number(Deno.args[0] ?? 5));

async function compare(runs: number): Promise<void> {
  if (!await hasScikitLearn()) {
    console.log("comparison skipped: python3 with scikit-learn is not on this machine");
    return;
  }
  const all = gridRows(11_400, WIDTH, 1, 40);
  const train = takeRows(all, Array.from({ length: 9000 }, (_, i) => i));
  const test = takeRows(all, Array.from({ length: 2400 }, (_, i) => 9000 + i));
  const draw = random(2), bias = Float64Array.from({ length: MODELS }, () => draw.next());
  const scores = Float64Array.from(
    { length: train.rows * MODELS },
    (_, i) => Number(draw.next() < bias[i % MODELS]),
  );
  const seeds = takeRows(train, Array.from({ length: CLUSTERS }, (_, i) => 140 * i));
  const trace = train.data.reduce((sum, v) => sum + v * v, 0);

  const folder = await Deno.makeTempDir();
  await write(`${folder}/train.f32`, train.data);
  await write(`${folder}/test.f32`, test.data);
  await write(`${folder}/scores.f64`, scores);
  await write(`${folder}/seeds.f32`, seeds.data);
  await Deno.writeTextFile(
    `${folder}/sizes.json`,
    JSON.stringify({
      train: train.rows,
      test: test.rows,
      width: WIDTH,
      models: MODELS,
      neighbours: NEIGHBOURS,
      clusters: CLUSTERS,
      alpha: trace / WIDTH,
      path: RHOS.map((rho) => rho * trace / WIDTH),
    }),
  );

  const tasks = {
    knn: async () => {
      const { index, k } = await nearest(test, train, NEIGHBOURS);
      return meanScores(index, k, scores);
    },
    lloyd: () => lloyd(train, seeds),
    kmeans: () => kmeans(train, CLUSTERS, { random: random(0) }),
    ridge: async () => {
      const [fit] = await ridgePath(train, scores, [1]);
      return await ridgePredict(test, fit.weights);
    },
    path: async () => {
      let predicted = new Float64Array();
      for (const { weights } of await ridgePath(train, scores, RHOS)) {
        predicted = await ridgePredict(test, weights) as Float64Array<ArrayBuffer>;
      }
      return predicted;
    },
  };
  for (const threads of [1, 2]) {
    setProductThreads(threads);
    const ours: Record<string, number[]> = {}, theirs: Record<string, number[]> = {};
    let report!: Report;
    for (let round = 0; round < ROUNDS; round++) { // in turns, so that a busy machine hits both
      for (const [name, task] of Object.entries(tasks)) {
        ours[name] = (ours[name] ?? []).concat(await time(task, runs));
      }
      report = await scikitLearn(folder, runs, threads);
      for (const [name, times] of Object.entries(report.milliseconds)) {
        theirs[name] = (theirs[name] ?? []).concat(times);
      }
    }
    const found = await tasks.lloyd(), own = await tasks.kmeans();
    const knn = await tasks.knn(), ridge = await tasks.ridge(), path = await tasks.path();
    const labels = new Int32Array((await Deno.readFile(`${folder}/lloyd.i32`)).buffer);
    const line = (name: string, same: string, ownName = name): Record<string, unknown> => ({
      task: name,
      "ours, ms": round(median(ours[ownName])),
      "theirs, ms": round(median(theirs[name])),
      ratio: round(median(ours[ownName]) / median(theirs[name])),
      "ratio of best": round(Math.min(...ours[ownName]) / Math.min(...theirs[name])),
      agreement: same,
    });
    console.log(
      `\nscikit-learn ${report.version}, ${threads} thread(s), ${runs * ROUNDS} runs each`,
    );
    console.table([
      line(
        "knn",
        `max |Δ| ${await difference(knn, `${folder}/knn_reference.f64`)} to exact arithmetic, ` +
          `${await difference(knn, `${folder}/knn.f64`)} to theirs (renormalises)`,
      ),
      line(
        "lloyd",
        `inertia ${found.inertia.toFixed(3)} / ${report.lloyd.inertia.toFixed(3)}, ` +
          `${labels.filter((c, i) => c !== found.assignment[i]).length} labels differ`,
      ),
      line("kmeans", `inertia ${own.inertia.toFixed(1)} / ${report.kmeans.inertia.toFixed(1)}`),
      line("ridge", `max |Δ| ${await difference(ridge, `${folder}/ridge.f64`)}`),
      line(
        "path",
        `7 penalties, max |Δ| of the last ${await difference(path, `${folder}/path.f64`)}`,
      ),
      line("ridge32", `max |Δ| ${await difference(ridge, `${folder}/ridge32.f64`)}`, "ridge"),
    ]);
  }
  await Deno.remove(folder, { recursive: true });
}

function meanScores(index: Int32Array, k: number, scores: Float64Array): Float64Array {
  const out = new Float64Array(index.length / k * MODELS);
  for (let at = 0; at < index.length; at++) {
    const to = Math.floor(at / k) * MODELS, from = index[at] * MODELS;
    for (let m = 0; m < MODELS; m++) out[to + m] += scores[from + m];
  }
  return out.map((sum) => sum / k);
}

async function time(task: () => Promise<unknown>, runs: number): Promise<number[]> {
  await task();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await task();
    times.push(performance.now() - start);
  }
  return times;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

async function difference(ours: Float64Array, path: string): Promise<string> {
  const theirs = new Float64Array((await Deno.readFile(path)).buffer);
  return ours.reduce((worst, v, i) => Math.max(worst, Math.abs(v - theirs[i])), 0).toExponential(1);
}

async function write(path: string, { buffer }: Matrix["data"] | Float64Array): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(buffer as ArrayBuffer));
}

async function hasScikitLearn(): Promise<boolean> {
  try {
    return (await new Deno.Command("python3", { args: ["-c", "import sklearn"], stderr: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

async function scikitLearn(folder: string, runs: number, threads: number): Promise<Report> {
  const script = new URL("sklearn.py", import.meta.url).pathname, n = String(threads);
  const { success, stdout } = await new Deno.Command("python3", {
    args: [script, folder, String(runs)],
    env: { OMP_NUM_THREADS: n, OPENBLAS_NUM_THREADS: n, MKL_NUM_THREADS: n },
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("sklearn.py failed, see above");
  return JSON.parse(new TextDecoder().decode(stdout));
}
