/**
 * What cached records are worth: ICL-Router (table) with every record read once, against reading the whole
 * sequence again for every query and model; and its speed beside kNN and ridge. Random weights, one thread.
 * For development only.
 *
 *     deno run -A --lock=full.lock tests/bench/icl_inference.ts [queries] [table | wide]
 * @module
 */
import { random } from "../../src/base/random.ts";
import { type Matrix, takeRows } from "../../src/linalg/matrix.ts";
import { setProductThreads } from "../../src/linalg/runtime.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import {
  answerLogits,
  encodeRecords,
  initialise,
  type NetworkShape,
  tableNetwork,
} from "../../src/icl/network.ts";
import { DEEP, type Preset, TABLE } from "../../src/icl/presets.ts";
import { type EncodedRecord, Reader } from "../../src/icl/reader.ts";
import { type Record, recordOf } from "../../src/icl/record.ts";
import type { FittedRouter, QueryBatch, TrainingData } from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { columnMeans } from "../../src/router/training.ts";
import knn from "../../baselines/knn.ts";
import ridge from "../../baselines/ridge.ts";
import { gridRows } from "../linalg/data.ts";

const WIDTH = 256, MODELS = 10, PROFILE = 500, ROWS = 2400, RUNS = 5;
let batches = 0;
const LEAST_RATIO = 50, MOST_DIFFERENCE = 1e-4;

if (import.meta.main) {
  await compare(Number(Deno.args[0] ?? 64), Deno.args[1] === "deep" ? DEEP : TABLE);
}

async function compare(count: number, preset: Preset): Promise<void> {
  setProductThreads(1);
  const all = gridRows(ROWS + count, WIDTH, 1, 40);
  const vectors = takeRows(all, Array.from({ length: ROWS }, (_, i) => i));
  const queries = takeRows(all, Array.from({ length: count }, (_, i) => ROWS + i));
  const stream = random(2, "labels");
  const labels = Float64Array.from({ length: ROWS * MODELS }, () => stream.integer(2));
  const shape: NetworkShape = {
    ...preset.network,
    input: WIDTH,
    vocabulary: preset.vocabulary,
  };
  const weights = initialise(shape, random(3)), reader = new Reader(tableNetwork(weights, shape));
  const profile = Array.from({ length: PROFILE }, (_, k) => k);
  const records = Array.from(
    { length: MODELS },
    (_, m) => recordOf({ vectors, labels, models: MODELS }, profile, m),
  );

  let encoded: EncodedRecord[] = [];
  const encode = async (): Promise<void> => {
    encoded = [];
    for (const record of records) encoded.push(await reader.encode(record));
  };
  const reading = await time(encode);
  let cached = new Float64Array();
  const answering = await time(async () => {
    cached = await reader.answer(queries, encoded) as Float64Array<ArrayBuffer>;
  });
  const full = await recompute(shape, weights, records, queries);
  const difference = cached.reduce((d, l, i) => Math.max(d, Math.abs(l - full.logits[i])), 0);
  const spread = Math.max(...cached) - Math.min(...cached);

  const { width, layers, heads } = shape;
  console.log(
    `${MODELS} models, records of ${PROFILE} queries, ${count} queries of width ${WIDTH}; ` +
      `${layers} layers of width ${width}, ${heads} heads; one thread, median of ${RUNS} runs (sequences again: of one)\n`,
  );
  const perQuery = (milliseconds: number): string => `${(milliseconds / count).toFixed(3)} ms`;
  console.table([
    { inference: "every sequence again", "a query": perQuery(full.milliseconds), ratio: 1 },
    {
      inference: "records read once, before",
      "a query": perQuery(answering),
      ratio: round(full.milliseconds / answering),
    },
    {
      inference: `records read within these ${count} queries`,
      "a query": perQuery(reading + answering),
      ratio: round(full.milliseconds / (reading + answering)),
    },
  ]);
  console.log(
    `reading ${MODELS} records: ${reading.toFixed(0)} ms; logits spread over ${
      spread.toFixed(2)
    }, max |Δ| ${difference.toExponential(1)}`,
  );
  const good = full.milliseconds / answering >= LEAST_RATIO && difference <= MOST_DIFFERENCE;
  console.log(
    `${
      good ? "holds" : "FAILS"
    }: at least ${LEAST_RATIO} times as fast, |Δ| ≤ ${MOST_DIFFERENCE}\n`,
  );

  const train = training(vectors, labels);
  const context = {
    stage: "final" as const,
    seed: 1,
    random: random(1),
    device: "cpu" as const,
    progress: () => {},
    signal: new AbortController().signal,
  };
  const rows = [{
    router: "ICL-Router (table)",
    "queries a second": round(1000 * count / answering),
  }];
  for (
    const fitted of [
      await knn.fit(train, knn.grid[0], context),
      await ridge.fit(train, ridge.grid[0], context),
    ]
  ) {
    const milliseconds = await time(() => predict(fitted, queries));
    const router = rows.length === 1 ? `kNN on ${ROWS} rows` : "ridge";
    rows.push({ router, "queries a second": round(1000 * count / milliseconds) });
  }
  console.table(rows);
  await reader.release();
}

/** Every logit from its whole sequence, [record][query]; the graph is compiled before the clock starts. */
async function recompute(
  shape: NetworkShape,
  weights: ReturnType<typeof initialise>,
  records: readonly Record[],
  queries: Matrix,
): Promise<{ logits: Float64Array; milliseconds: number }> {
  const graph = new Graph(), parameter = bind(graph, weights, () => true);
  const prefixes = encodeRecords(
    parameter,
    shape,
    graph.input("record", [PROFILE, WIDTH]),
    graph.input("labels", [1, PROFILE], { type: "int64" }),
  );
  const target = graph.input("target", [1, WIDTH]);
  graph.output("logits", answerLogits(parameter, shape, target, prefixes));
  const program = await Program.compile(graph), M = records.length;
  const one = async (i: number, m: number): Promise<number> => {
    const { vectors, labels } = records[m], at = i * WIDTH;
    const target = queries.data.slice(at, at + WIDTH);
    return (await program.run({ record: vectors, labels, target, ...parameter.feeds })).logits[0];
  };
  await one(0, 0);
  const logits = new Float64Array(queries.rows * M), start = performance.now();
  for (let at = 0; at < logits.length; at++) logits[at] = await one(Math.floor(at / M), at % M);
  const milliseconds = performance.now() - start;
  await program.release();
  return { logits, milliseconds };
}

function training(vectors: Matrix, scores: Float64Array): TrainingData {
  const costs = new Float64Array(scores.length).fill(NaN);
  return {
    queries: { ...batch(vectors, "train"), benchmarks: Array(ROWS).fill("b") },
    models: Array.from({ length: MODELS }, (_, m) => `m${m}`),
    scores,
    costs,
    meanCosts: columnMeans(costs, MODELS),
    solvedFrom: new Float64Array(ROWS).fill(0.5),
    tasks: Array(ROWS).fill("b"),
  };
}

/** A batch that nobody has seen: what is remembered of queries is worked out again. */
function batch(vectors: Matrix, name: string): QueryBatch {
  const ids = Array.from({ length: vectors.rows }, (_, i) => `${name} ${i}`);
  return { ids, texts: ids, vectors, memo: createMemo(`${name} ${batches++}`) };
}

async function predict(router: FittedRouter, queries: Matrix): Promise<void> {
  await router.predict(batch(queries, "queries"));
}

/** Median of a few runs, in milliseconds, after one that does not count. */
async function time(task: () => Promise<void>): Promise<number> {
  await task();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await task();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)];
}

function round(value: number): number {
  return Math.round(value);
}
