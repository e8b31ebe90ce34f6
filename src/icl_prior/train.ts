/**
 * Training of ICL-Router (prior-fitted): once, on made-up worlds, by cross-entropy against the true P(right).
 *
 * Everything random is named by the step, so a run that is stopped and resumed ends with the same bits.
 * @module
 */
import { type Random, random } from "../base/random.ts";
import { binaryCrossEntropy, sigmoid } from "../nn/layers.ts";
import { add, mean, scale, square, sub } from "../nn/ops.ts";
import type { Tensor } from "../nn/graph.ts";
import { warmupCosine } from "../nn/adamw.ts";
import type { Parameters } from "../nn/parameters.ts";
import { loop, type LoopOptions, Trainer } from "../nn/trainer.ts";
import {
  answerLogits,
  initialise,
  OWN,
  type ReadingFeeds,
  type ReadingShape,
  TOKEN,
} from "./network.ts";
import { nearest } from "../linalg/nearest.ts";
import { takeRows } from "../linalg/matrix.ts";
import { ownAround } from "./own_record.ts";
import { AROUND } from "./surroundings.ts";
import { MOST_TASKS, type Texts } from "./made_up_queries.ts";
import { drawWorld, MOST_MODELS, type World } from "./worlds.ts";

/** Worlds that are open at a time, and steps on each, with other records, targets and readers every time. */
const OPEN = 8, STEPS_A_WORLD = 16;
const MODELS = 16, TARGETS = 64;
/** Record lengths and how often each is drawn: those that new models have most, long ones seldom, as they cost most. */
const LENGTHS: readonly (readonly [length: number, times: number])[] = [
  [0, 1],
  [4, 2],
  [8, 3],
  [16, 5],
  [32, 5],
  [64, 5],
  [128, 4],
];
const DRAWN = LENGTHS.flatMap(([length, times]) => new Array<number>(times).fill(length));
/** Shortest record that a graph is built for. */
const SHORTEST = 4;
/** Weight of the squared error between models. */
const ORDER = 4;
/** Peak learning rate. */
const RATE = 3e-3;

/** How a training run is set up. */
export interface PriorTraining extends LoopOptions {
  /** Seed of worlds and weights. */
  readonly seed: number;
  /** Hears the loss of every step. */
  heard?(step: number, loss: number): void;
}

/** Trains the network; returns its weights. */
export async function trainPrior(
  texts: Texts,
  { seed, heard, ...watch }: PriorTraining,
): Promise<Parameters> {
  const parameters = initialise(random(seed, "weights"));
  const trainer = new Trainer(parameters, { schedule: warmupCosine(RATE, watch.steps, 0.02) });
  const worlds = new Map<number, World>();
  await loop(trainer, watch, async (step) => {
    const number = Math.floor(step / (OPEN * STEPS_A_WORLD)) * OPEN + step % OPEN;
    if (step % (OPEN * STEPS_A_WORLD) === 0) worlds.clear();
    if (!worlds.has(number)) {
      worlds.set(number, await drawWorld(texts, random(seed, "world", number)));
    }
    const draw = random(seed, "step", step), length = DRAWN[draw.integer(DRAWN.length)];
    const items = Math.max(SHORTEST, length);
    const shape: ReadingShape = {
      models: MODELS,
      items,
      targets: TARGETS,
      widths: [texts.vectors.width, MOST_MODELS, MOST_TASKS],
    };
    const { loss } = await trainer.update(`${items} items`, (graph, parameter) => {
      const logits = answerLogits(graph, parameter, shape);
      return priorLoss(logits, graph.input("truth", [MODELS, TARGETS]));
    }, [await example(worlds.get(number)!, items, length, draw)]);
    heard?.(step + 1, loss);
  });
  await trainer.release();
  return parameters;
}

/**
 * Cross-entropy, and the squared error of how models differ on the same query: a router needs their order, and the
 * cross-entropy of all hardly sees it.
 */
function priorLoss(logits: Tensor, truth: Tensor): Tensor {
  const error = sub(sigmoid(logits), truth);
  const apart = sub(error, mean(error, [0]));
  return add(
    binaryCrossEntropy(logits, truth),
    scale(mean(square(apart), [0, 1], { keep: false }), ORDER),
  );
}

/** Records of some readers on the same recorded queries, and P(right) on some targets. */
async function example(
  world: World,
  K: number,
  length: number,
  r: Random,
): Promise<ReadingFeeds & { truth: Float32Array }> {
  const { recorded, levels, vectors, readers: all } = world;
  const queries = vectors.rows - recorded;
  const discriminative = levels.length > 0 && r.next() < 0.2;
  const chosen = discriminative
    ? byLevel(levels, length, r)
    : Array.from(r.shuffle(Uint32Array.from({ length: recorded }, (_, i) => i)).slice(0, length));
  const targets = Array.from(
    r.shuffle(Uint32Array.from({ length: queries }, (_, i) => recorded + i)).slice(0, TARGETS),
  );
  const readers = r.shuffle(Uint32Array.from({ length: all }, (_, i) => i)).slice(0, MODELS);
  // Places without a query are filled with one that no model has an answer to.
  const rows = [...chosen, ...new Array<number>(K - chosen.length).fill(targets[0]), ...targets];
  const labels = new Float32Array(MODELS * K), known = new Float32Array(MODELS * K);
  const truth = new Float32Array(MODELS * TARGETS);
  readers.forEach((m, g) => {
    chosen.forEach((i, k) => {
      const outcome = world.outcomes[i * all + m];
      if (outcome === outcome) labels[g * K + k] = outcome, known[g * K + k] = 1;
    });
    targets.forEach((i, t) => truth[g * TARGETS + t] = world.truth[i * all + m]);
  });
  const { records: { models: M }, cosine } = world.pool;
  const votes = taken(world.around.votes, MOST_TASKS, rows, MOST_TASKS);
  const own = await ownFeatures(
    world,
    chosen,
    rows,
    votes,
    Array.from(readers),
    r.next() < (length > 64 ? 0.7 : 0.3),
  );
  return {
    vectors: taken(vectors.data, vectors.width, rows, vectors.width),
    behaviour: taken(world.around.behaviour, M, rows, MOST_MODELS),
    votes,
    tokens: taken(world.around.tokens, TOKEN, rows, TOKEN),
    own,
    scale: Float32Array.of(cosine.mean, 1 / cosine.deviation),
    labels,
    known,
    truth,
  };
}

/** What the readers' whole records say around the queries: of known models all there is, of others what is read. */
async function ownFeatures(
  { vectors, outcomes, readers: all, pool, members, ofMembers, firstMember }: World,
  chosen: readonly number[],
  rows: readonly number[],
  votes: Float32Array,
  readers: readonly number[],
  whole: boolean,
): Promise<Float32Array> {
  const scores = Float64Array.from(
    { length: chosen.length * readers.length },
    (_, at) =>
      outcomes[chosen[Math.floor(at / readers.length)] * all + readers[at % readers.length]],
  );
  const near = await nearest(takeRows(vectors, rows), takeRows(vectors, chosen), AROUND + 1);
  const self = rows.map((_, t) => t < chosen.length ? t : -1);
  const columns = readers.map((m) => m < members ? firstMember + m : -1);
  const own = ownAround(
    { scores, models: readers.length, rows: chosen, columns },
    pool,
  )(votes, near, self);
  const width = rows.length * OWN, Q = vectors.rows;
  readers.forEach((m, g) => {
    if (!whole || m >= members) return;
    own.set(taken(ofMembers.subarray(m * Q * OWN, (m + 1) * Q * OWN), OWN, rows, OWN), g * width);
  });
  return own;
}

/** Equal counts of every level, as long as there are rows. */
function byLevel(levels: World["levels"], K: number, r: Random): number[] {
  const left = levels.map((rows) => Array.from(r.shuffle(Uint32Array.from(rows)))),
    out: number[] = [];
  while (out.length < K && left.some((rows) => rows.length > 0)) {
    for (const rows of left) if (rows.length > 0 && out.length < K) out.push(rows.pop()!);
  }
  return out;
}

/** Rows of an array over queries, filled up with zeros to a width. */
export function taken(
  from: Float32Array,
  width: number,
  rows: readonly number[],
  to: number,
): Float32Array {
  const out = new Float32Array(rows.length * to);
  rows.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * to));
  return out;
}
