/**
 * Stage 2: in-context routing. The network learns to say from a record whether its model will solve another
 * query (icl-router.md §3.3), by binary cross-entropy on ℓ = logit(solved) − logit(not solved).
 *
 * A step takes G models and B target queries: each record is encoded once, all targets attend to it.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { Dropout } from "../nn/layers.ts";
import { numbersOf } from "../nn/checkpoint.ts";
import {
  loop,
  type LoopOptions,
  meanOfLast,
  type Memory,
  type TrainerOptions,
} from "../nn/trainer.ts";
import { openTrainer } from "../nn/on_device/device_trainer.ts";
import { warmupCosine } from "../nn/adamw.ts";
import { answerLoss, betterBy } from "./answer_loss.ts";
import { type AnswerNetwork, NOT_TOLD, trainedParameters } from "./answer_network.ts";
import { row } from "../linalg/matrix.ts";
import { pick } from "./stage1.ts";
import type { Labelled, Outcomes } from "./record.ts";
import { decide, type Pool } from "../router/decide.ts";

/** Settings of stage 2. */
export interface AnswerOptions {
  /** Models a step, G; fewer where there are fewer. */
  readonly models: number;
  /** Target queries a step, B, shared by its models. */
  readonly targets: number;
  /** Passes over all (query, model) pairs, unless {@link mostSteps} ends them earlier. */
  readonly passes: number;
  /** Most steps. */
  readonly mostSteps: number;
  /** Peak learning rate. */
  readonly rate: number;
  /** Dropped share of the residual branches. */
  readonly dropout: number;
  /** Dropped share of the numbers of every query vector. */
  readonly inputDropout: number;
  /** Weight decay of matrices. */
  readonly decay: number;
  /** Record lengths to draw from at each step, in random order; the whole list, in order, if absent. */
  readonly lengths?: readonly number[];
  /** Queries of a record, drawn from the targets again at each step; the profile list if absent. */
  readonly fresh?: number;
  /** Weight of a second loss: of two models that score differently on a target, the better should have the larger ℓ. */
  readonly contrast?: number;
  /** Graded scores as labels of the targets, in place of solved or not. */
  readonly soft?: boolean;
}

/** Training material of stage 2. */
export interface AnswerData {
  /** Solved or not, per training query and model. */
  readonly solved: Outcomes;
  /** Graded scores [N × M], for soft labels. */
  readonly scores: Float64Array;
  /** Log-odds from which ℓ are counted, so that only what lies beside them has to be learned; 0 if absent. */
  readonly prior?: Prior;
  /** The profile list: rows, in order. */
  readonly profile: Uint32Array;
  /** Rows that may be targets. Where one of a step's targets is in its record, the record does not tell its outcome. */
  readonly targets: Uint32Array;
  /** Chooses what a step is about, in place of the usual draw (experiments): as many of each as the settings say. */
  readonly draw?: (random: Random) => Promise<StepRows>;
}

/** What a step is about: columns and rows. */
export interface StepRows {
  /** G columns, ascending. */
  readonly models: readonly number[];
  /** B rows. */
  readonly targets: readonly number[];
  /** Rows that are no targets; the first K are the record. */
  readonly others: Uint32Array;
}

/**
 * Log-odds of target rows for some models, row-major [models × targets], from labelled rows that are no targets.
 * @param labelled rows that may be used, in random order, those of the step's records first
 */
export type Prior = (
  targets: readonly number[],
  labelled: Uint32Array,
  models: readonly number[],
  random: Random,
) => Promise<Float32Array>;

/** How often the network is judged on validation, at most. */
const LOOKS = 8;

/** What stage 2 reports. */
export interface AnswerReport {
  /** Steps done. */
  readonly steps: number;
  /** Mean loss of the last tenth of the steps. */
  readonly loss: number;
  /** Judgement of every look on validation. */
  readonly looks: readonly number[];
  /** Which look's weights were kept, 0-based; −1 = the last ones, without validation. */
  readonly kept: number;
}

/**
 * Trains the network to answer; keeps the weights that `judge` likes best (larger is better).
 * @param judge judged routed score on validation rows, or undefined without validation
 */
export async function trainAnswer(
  network: AnswerNetwork,
  { solved, scores, profile, targets, prior, draw: given }: AnswerData,
  options: AnswerOptions,
  random: Random,
  judge: (() => Promise<number>) | undefined,
  watch: Omit<LoopOptions, "steps"> & Pick<TrainerOptions, "device" | "threads">,
): Promise<AnswerReport> {
  const M = solved.models, B = options.targets, { parameters, input } = network;
  const has = (i: number, m: number): boolean => !Number.isNaN(solved.labels[i * M + m]);
  const labelled = range(M).map((m) => Array.from(targets).filter((i) => has(i, m)));
  const known = range(M).filter((m) => labelled[m].length > 0);
  if (known.length === 0) throw new CapabilityError("no outcome outside the profile to learn from");
  const G = Math.min(options.models, known.length);
  const steps = stepsOf(options, targets.length, M);
  const trainer = openTrainer(parameters, {
    schedule: warmupCosine(options.rate, steps),
    ...{ threads: watch.threads, device: watch.device },
    group: (name, shape) => network.group(name, shape, options.decay),
  });
  const masks: Record<string, Record<string, Uint8Array>> = {},
    sites = new Map<number, Dropout[]>();
  const outcomes = new Float32Array(G * B), weights = new Float32Array(G * B);
  const rows = new Float32Array(B * input), drawn = new Map<number, Drawn>();
  const every = Math.max(1, Math.ceil(steps / LOOKS)), looks: number[] = [];
  let best: { at: number; weights: Map<string, Float32Array> } | undefined;
  const losses: number[] = [];
  const memory: Memory = {
    save: () => ({
      facts: { losses: losses.join(" "), looks: looks.join(" "), best: `${best?.at ?? ""}` },
      tensors: new Map(
        Array.from(best?.weights ?? [], ([name, data]) => [
          name,
          { shape: parameters.get(name).shape, data },
        ]),
      ),
    }),
    load: (extra, path) => {
      losses.push(...numbersOf(extra, "losses", path));
      looks.push(...numbersOf(extra, "looks", path));
      const weights = new Map(Array.from(extra.tensors, ([name, { data }]) => [name, data]));
      for (const at of numbersOf(extra, "best", path)) best = { at, weights };
    },
  };

  await loop(trainer, { ...watch, steps }, async (step) => {
    const draw = random.fork("step", step);
    const K = options.lengths
      ? options.lengths[draw.integer(options.lengths.length)]
      : options.fresh ?? profile.length;
    const listed = options.lengths ? draw.shuffle(profile.slice()).subarray(0, K) : profile;
    const own = await given?.(draw.fork("rows"));
    const models = own?.models ?? draw.shuffle([...known]).slice(0, G).sort((a, b) => a - b);
    const chosen = (b: number): number => targets[pick(random, targets.length, step * B + b)];
    // Where outcomes are so sparse that a step would have none, its first model's own rows are taken.
    const sparse = labelled[models[0]];
    const some = models.some((m) => has(chosen(0), m)) || // the usual case, without a search
      models.some((m) => range(B).some((b) => has(chosen(b), m)));
    const asked = own?.targets ??
      range(B).map((b) => some ? chosen(b) : sparse[(step * B + b) % sparse.length]);
    const hidden = new Set(asked);
    const others = own
      ? own.others
      : options.fresh || prior
      ? draw.fork("record").shuffle(targets.filter((i) => !hidden.has(i)))
      : targets;
    const list = options.fresh ? others.subarray(0, K) : listed;
    const { vectors, labels } = ofLength(drawn, K, G, input);
    list.forEach((i, k) => vectors.set(row(solved.vectors, i), k * input));
    asked.forEach((i, b) => rows.set(row(solved.vectors, i), b * input));
    models.forEach((m, g) => {
      asked.forEach((i, b) => {
        const label = (options.soft ? scores : solved.labels)[i * M + m];
        outcomes[g * B + b] = Number.isNaN(label) ? 0 : label;
        weights[g * B + b] = Number.isNaN(label) ? 0 : 1;
      });
      list.forEach((i, k) => {
        const told = !hidden.has(i) && has(i, m);
        labels[g * K + k] = BigInt(told ? solved.labels[i * M + m] : NOT_TOLD);
      });
    });
    const names = BigInt64Array.from(models, BigInt);
    const counted = prior && { prior: await prior(asked, others, models, draw.fork("prior")) };
    const { loss } = await trainer.update(`${K}`, (graph, parameter) => {
      const site = new Dropout(graph, options.dropout);
      const inputs = new Dropout(graph, options.inputDropout);
      sites.set(K, [site, inputs]);
      return answerLoss(graph, parameter, network, {
        ...{ models: G, targets: B, record: K, prior: prior !== undefined },
        ...{ contrast: options.contrast, branches: site, vectors: inputs },
      });
    }, () => {
      const mask = masks[K] ??= {};
      for (const site of sites.get(K)!) site.draw(draw.fork("dropout"), mask);
      return [{
        record: vectors,
        labels,
        models: names,
        targets: rows,
        outcomes,
        weights,
        ...counted,
        ...(options.contrast ? { better: betterBy(outcomes, weights, G, B) } : {}),
        ...mask,
      }];
    });
    losses.push(loss);
    if (!judge || ((step + 1) % every !== 0 && step + 1 !== steps)) return;
    await trainer.pull();
    looks.push(await judge());
    const last = looks.length - 1;
    if (best === undefined || !(looks[last] <= looks[best.at] + 1e-12)) {
      const learned = trainedParameters(network);
      best = {
        at: last,
        weights: new Map(learned.map(([name, { data }]) => [name, data.slice()])),
      };
    }
  }, memory).finally(() => trainer.release());
  if (best) parameters.restore(best.weights);
  return { steps: trainer.step, loss: meanOfLast(losses), looks, kept: best?.at ?? -1 };
}

/** Steps of a full training run. */
export function stepsOf(
  { models, targets, passes, mostSteps }: AnswerOptions,
  queries: number,
  pool: number,
): number {
  return Math.min(
    mostSteps,
    Math.ceil(passes * queries * pool / (targets * Math.min(models, pool))),
  );
}

/** What is fed about records of one length, filled anew at each step. */
interface Drawn {
  /** Of the records' queries [K × input]. */
  readonly vectors: Float32Array;
  /** Of the records [G × K]. */
  readonly labels: BigInt64Array;
}

function ofLength(drawn: Map<number, Drawn>, K: number, G: number, input: number): Drawn {
  let found = drawn.get(K);
  if (!found) {
    found = { vectors: new Float32Array(K * input), labels: new BigInt64Array(G * K) };
    drawn.set(K, found);
  }
  return found;
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Validation rows to judge on, at most `most`, drawn by id, ascending. */
export function pickJudged(
  rows: Labelled,
  validation: readonly number[],
  most: number,
  stream: Random,
): Uint32Array {
  const keyed = validation.map((i) => ({ i, key: stream.fork("judged", rows.ids[i]).next() }));
  return Uint32Array.from(keyed.sort((a, b) => a.key - b.key).slice(0, most), ({ i }) => i).sort();
}

/** Mean score when each of the judged rows goes to the model of the largest logit. */
export function routedScore(
  logits: Float64Array,
  judged: Uint32Array,
  rows: Labelled,
  pool: Pool,
): number {
  const choice = decide({ quality: logits }, pool), M = rows.models;
  let sum = 0, known = 0;
  choice.forEach((m, i) => {
    const score = rows.scores[judged[i] * M + m];
    if (!Number.isNaN(score)) sum += score, known++;
  });
  return known ? sum / known : NaN;
}
