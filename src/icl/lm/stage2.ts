/**
 * Stage 2 with a pre-trained language model: in-context routing, by binary cross-entropy on
 * ℓ = logit(Yes) − logit(No) (icl-router.md §3.3).
 *
 * A step takes G models and, for each, B target queries of its own: all pairs of an epoch are used, in an order
 * drawn by name. Pairs of a model share its record, which is read once for them.
 * @module
 */
import { CapabilityError, DataError } from "../../base/errors.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { Random } from "../../base/random.ts";
import { warmupCosine } from "../../nn/adamw.ts";
import { loop } from "../../nn/trainer.ts";
import { openTrainer } from "../../nn/on_device/device_trainer.ts";
import { binaryCrossEntropy } from "../../nn/layers.ts";
import { recordOf } from "../record.ts";
import { answerTargets, readRecord, recordFeed, targetFeed } from "./graph.ts";
import { checkLength, KEPT_PROGRAMS, roundedLength } from "./batch.ts";
import { targetPrompt } from "./prompts.ts";
import {
  addLoss,
  checkpointOf,
  groupOf,
  lossMemory,
  type TextRouter,
  type TextTraining,
  type TextWatch,
} from "./model.ts";

/** Settings of stage 2. */
export interface TextRouting extends TextTraining {
  /** Passes over all (query, model) pairs. */
  readonly epochs: number;
  /** Models a step, G; fewer where there are fewer. Each is a micro-batch. */
  readonly models: number;
  /** Target queries a model and step, B. */
  readonly targets: number;
  /** Most steps; any number if absent. */
  readonly mostSteps?: number;
}

/** Stage 2 at paper scale (icl-router.md §4): 32 pairs a step. */
export const STAGE2: TextRouting = {
  ...{ epochs: 5, models: 4, targets: 8, projectorRate: 1e-5, modelRate: 2e-6 },
};

/** What stage 2 learns from. */
export interface TextRoutingData {
  /** Query texts. Length N. */
  readonly texts: readonly string[];
  /** Query vectors [N × input]. */
  readonly vectors: Matrix;
  /** 1 = solved, 0 = not, NaN = missing, row-major [N × models]. */
  readonly labels: Float64Array;
  /** Number of models. */
  readonly models: number;
  /** Rows of the record, in order, the same for all models. */
  readonly profile: ArrayLike<number>;
  /** Rows that may be targets. */
  readonly targets: ArrayLike<number>;
}

/**
 * Trains the projector and what the language model trains.
 * @returns mean loss of each epoch; ln 2 is what guessing costs
 * @throws {DataError} when an outcome on the profile is missing or a prompt does not fit the language model
 * @throws {CapabilityError} when a model has no target
 */
export async function trainTextRouting(
  router: TextRouter,
  data: TextRoutingData,
  options: TextRouting,
  random: Random,
  watch: TextWatch = {},
): Promise<number[]> {
  const { models: M, labels, profile } = data, { targets: B } = options;
  const { parameters, tokenizer } = router.backbone, G = Math.min(options.models, M);
  const prompts = data.texts.map((text) => targetPrompt(tokenizer, text, router.textTokens));
  const records = Array.from({ length: M }, (_, m) => {
    const record = recordOf(data, profile, m);
    if (record.labels.length === profile.length) return recordFeed(router, record);
    const missing = profile.length - record.labels.length;
    throw new DataError(
      `model ${m}: no outcome on ${missing} of ${profile.length} profile queries`,
    );
  });
  const own = Array.from({ length: M }, (_, m) => {
    const known = Array.from(data.targets).filter((i) => !Number.isNaN(labels[i * M + m]));
    if (known.length > 0) return known;
    throw new CapabilityError(`model ${m}: no target query with an outcome`);
  });
  const pairs = own.reduce((n, { length }) => n + length, 0);
  const perEpoch = Math.max(1, Math.round(pairs / (G * B)));
  const steps = Math.min(options.mostSteps ?? Infinity, options.epochs * perEpoch);
  const trainer = openTrainer(parameters, {
    schedule: warmupCosine(options.projectorRate, steps),
    group: groupOf(router, options, true),
    device: watch.device,
    most: KEPT_PROGRAMS,
  });
  const losses: number[] = [], P = records[0].length;
  // Before a graph of that size is built.
  const most = prompts.reduce((n, { length }) => Math.max(n, length), 0);
  checkLength(router.backbone, P + most, "a record with a target query");
  const checkpoint = checkpointOf(watch, "joint");
  await loop(trainer, { signal: watch.signal, steps, checkpoint }, async (step) => {
    const visits = Array.from({ length: G }, (_, g) => {
      const visit = step * G + g, round = Math.floor(visit / M);
      const m = permuted(random.fork("models", round), M)[visit % M];
      return { m, rows: drawn(random.fork("targets", m), own[m], round * B, B) };
    });
    const longest = Math.max(...visits.flatMap(({ rows }) => rows.map((i) => prompts[i].length)));
    const length = roundedLength(longest);
    const { loss } = await trainer.update(`${length}`, (graph, parameter) => {
      const memory = readRecord(graph, parameter, router, P, profile.length);
      const logits = answerTargets(graph, parameter, router, memory, B, length);
      return binaryCrossEntropy(logits, graph.input("outcomes", [B]));
    }, () =>
      visits.map(({ m, rows }) => ({
        ...records[m].feeds,
        ...targetFeed(router, rows.map((i) => prompts[i]), length, P),
        outcomes: Float32Array.from(rows, (i) => labels[i * M + m]),
      })));
    addLoss(losses, loss, step, perEpoch, steps);
    watch.progress?.((step + 1) / steps);
  }, lossMemory(losses));
  await trainer.pull();
  await trainer.release();
  return losses;
}

/** Items first … first + n − 1 of an endless sequence of permutations of a list. */
function drawn(random: Random, list: readonly number[], first: number, n: number): number[] {
  let order: number[] = [], pass = -1;
  return Array.from({ length: n }, (_, i) => {
    const at = first + i, now = Math.floor(at / list.length);
    if (now !== pass) order = permuted(random.fork("pass", pass = now), list.length);
    return list[order[at % list.length]];
  });
}

function permuted(random: Random, n: number): number[] {
  return random.shuffle(Array.from({ length: n }, (_, i) => i));
}
