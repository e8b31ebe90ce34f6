/**
 * The arms of `icl_lm_ablation.ts`: the reader of ICL-Router on a language model without its prior, with one thing
 * changed in each.
 * @module
 */
import type { Random } from "../../src/base/random.ts";
import { type Matrix, matrix, row, takeRows } from "../../src/linalg/matrix.ts";
import { nearest } from "../../src/linalg/nearest.ts";
import { firstRows } from "../../src/icl/lm/fused_pool.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { openNetwork, optionsOf } from "../../src/icl/lm/fused_open.ts";
import type { FusedMethod } from "../../src/icl/lm/fused_training.ts";
import type { FusedNetwork } from "../../src/icl/lm/fused.ts";
import { type Labelled, withPseudoModels } from "../../src/icl/record.ts";
import { trainFusedReading } from "../../src/icl/lm/fused_stage1.ts";
import { reconstruct } from "../../src/icl/stage1.ts";
import { type AnswerReport, type StepRows, trainAnswer } from "../../src/icl/stage2.ts";
import { Functions } from "../../src/icl_prior/made_up_functions.ts";

/** Changes to the method, and how steps are drawn. */
export interface Arm extends Partial<Pick<FusedMethod, "blocks" | "record">> {
  readonly random?: boolean;
  readonly byName?: boolean;
  /** Steps of training; 60 if absent. */
  readonly steps?: number;
  /** Second loss, between models; 1 if absent. */
  readonly contrast?: number;
  /** Steps of stage 1 before. */
  readonly stage1?: number;
  /** Half of a step's models are made up: of functions of the vectors, or, by benchmark, of a random real model. */
  readonly madeUp?: "functions" | "benchmarks";
  /** Targets and record of a step lie around so many random rows, rather than anywhere. */
  readonly centres?: number;
}

/** The four blocks that the router reads with: 50 CPU seconds, where ten take two minutes. */
const FOUR: Arm = { blocks: [10, 14] };

/** By name, the arms of the table. */
export const ARMS: Readonly<Record<string, Arm>> = {
  "ten blocks": { blocks: [10, 20] },
  "four blocks": FOUR,
  "four, random": { ...FOUR, random: true },
  "four, by name": { ...FOUR, byName: true },
  "four, stage 1": { ...FOUR, stage1: 20 },
  "four, no second loss": { ...FOUR, contrast: 0 },
  "four, near": { ...FOUR, centres: 4 },
  "four, made up": { ...FOUR, madeUp: "functions", centres: 4 },
  "four, made up by benchmark": { ...FOUR, madeUp: "benchmarks", centres: 4 },
  "four, 180 steps": { ...FOUR, steps: 180 },
  "four, made up, 180 steps": { ...FOUR, madeUp: "functions", centres: 4, steps: 180 },
  "twenty blocks": { blocks: [10, 30] },
};

/** By name, for a line of the table. */
type Figures = Readonly<Record<string, number>>;

/** Targets of a step: half of what the router takes, for time. */
const TARGETS = 128;
/** Made-up models: few are met twice. */
const MADE_UP = 360;

/** Trains an arm's network on all rows of `rows` that are for training. */
export async function trainArm(
  arm: Arm,
  rows: Labelled,
  random: Random,
): Promise<
  { readonly network: FusedNetwork; readonly report: AnswerReport; readonly stage1: Figures }
> {
  const { blocks, record, random: randomBlocks, byName, steps = 60 } = { ...SMOLLM2, ...arm };
  const { vectors, models: M, training } = rows;
  const method: FusedMethod = { ...SMOLLM2, blocks, record, byName, randomBlocks };
  const network = await openNetwork(method, vectors.width, M, random);
  const stage1 = arm.stage1 ? await readFirst(network, method, rows, arm.stage1, random) : {};
  const data = {
    ...madeUp(rows, arm.madeUp, random.fork("made up")),
    profile: new Uint32Array(0),
    targets: Uint32Array.from({ length: training }, (_, i) => i),
  };
  const taught = firstRows(vectors, training);
  const draw = async (r: Random): Promise<StepRows> => {
    const models = arm.madeUp
      ? [...two(0, M, r.fork("real")), ...two(M, data.solved.models, r.fork("made up"))]
      : r.shuffle(Array.from({ length: M }, (_, m) => m)).slice(0, 4).sort((a, b) => a - b);
    const around = await drawAround(taught, arm.centres, record + TARGETS, r.fork("around"));
    return { models, targets: [...around.subarray(0, TARGETS)], others: around.subarray(TARGETS) };
  };
  const { answer } = SMOLLM2, { contrast = answer.contrast } = arm;
  const options = { ...answer, contrast, targets: TARGETS, mostSteps: steps, fresh: record };
  const report = await trainAnswer(
    network,
    { ...data, draw },
    options,
    random.fork("stage 2"),
    undefined,
    {
      threads: 1,
      progress: shown("stage 2"),
    },
  );
  return { network, report, stage1 };
}

/** Stage 1; what it came to, and what is written of the first texts that it was not trained on. */
async function readFirst(
  network: FusedNetwork,
  method: FusedMethod,
  rows: Labelled,
  steps: number,
  random: Random,
): Promise<Figures> {
  const options = await optionsOf(method, rows.vectors.width, rows.models, random);
  const watch = { steps, progress: shown("stage 1") };
  const { writer, loss, own, shuffled } = await trainFusedReading(
    network,
    options,
    rows,
    random.fork("stage 1"),
    watch,
  );
  const first = [0, 1, 2, 3, 4].map((i) => rows.training + 40 * i);
  const written = await reconstruct(writer, takeRows(rows.vectors, first), 24);
  written.forEach((text, i) =>
    console.error(JSON.stringify({ text: rows.texts[first[i]].slice(0, 120), written: text }))
  );
  return { "stage 1, trained": loss, "stage 1, unseen": own, "stage 1, shuffled": shuffled };
}

function shown(what: string): (share: number) => void {
  return (share) =>
    Deno.stderr.writeSync(new TextEncoder().encode(`\r${what} ${(100 * share).toFixed(0)}% `));
}

function two(from: number, to: number, r: Random): number[] {
  const list = r.shuffle(Array.from({ length: to - from }, (_, i) => from + i));
  return list.slice(0, 2).sort((a, b) => a - b);
}

/** Some rows in random order: any, or those nearest to a few random ones. */
async function drawAround(
  vectors: Matrix,
  centres: number | undefined,
  count: number,
  r: Random,
): Promise<Uint32Array> {
  const all = r.shuffle(Uint32Array.from({ length: vectors.rows }, (_, i) => i));
  if (centres === undefined) return all.subarray(0, count);
  const of = matrix(centres, vectors.width);
  for (let c = 0; c < centres; c++) of.data.set(row(vectors, all[c]), c * vectors.width);
  const { index } = await nearest(of, vectors, count), chosen = new Set<number>();
  // In turn, the next nearest of each.
  for (let k = 0; chosen.size < count; k++) {
    for (let c = 0; c < centres && chosen.size < count; c++) chosen.add(index[c * count + k]);
  }
  return r.fork("order").shuffle(Uint32Array.from(chosen));
}

/** Rows with made-up models behind the real ones. */
export function madeUp(
  rows: Labelled,
  kind: Arm["madeUp"],
  random: Random,
): { readonly solved: Labelled; readonly scores: Float64Array } {
  const M = rows.models, N = rows.ids.length;
  if (kind === undefined) return { solved: rows, scores: rows.scores };
  if (kind === "benchmarks") {
    const made = withPseudoModels(rows, Math.ceil(MADE_UP / M), random);
    return { solved: { ...rows, ...made.solved }, scores: made.scores };
  }
  const names = [...new Set(rows.benchmarks)].sort();
  const benchmarks = Int32Array.from(rows.benchmarks, (b) => names.indexOf(b));
  const world = { vectors: rows.vectors, recorded: rows.training, benchmarks, tasks: benchmarks };
  const functions = new Functions(world, random.fork("directions")), all = M + MADE_UP;
  const spread = (own: Float64Array, from: number, into: Float64Array): void => {
    for (let i = 0; i < N; i++) into.set(own.subarray(i * from, (i + 1) * from), i * all);
  };
  const labels = new Float64Array(N * all), scores = new Float64Array(N * all);
  spread(rows.labels, M, labels);
  spread(rows.scores, M, scores);
  for (let m = M; m < all; m++) {
    const own = random.fork("model", m),
      f = functions.draw(own.fork("function")),
      bias = own.normal();
    for (let i = 0; i < N; i++) {
      const p = 1 / (1 + Math.exp(-(bias + 3 * f[i])));
      labels[i * all + m] = scores[i * all + m] = own.next() < p ? 1 : 0;
    }
  }
  return { solved: { ...rows, labels, models: all }, scores };
}
