/**
 * ICL-Router (small LM): a pre-trained decoder reads a model's record as vectors and the query as text, and
 * answers Yes or No (icl-router.md §2–4, §6 tier S).
 * @module
 */
import type { Device } from "../../base/device.ts";
import { random } from "../../base/random.ts";
import type { Group } from "../../nn/adamw.ts";
import { numbersOf } from "../../nn/checkpoint.ts";
import { type LoopOptions, matricesDecay, type Memory } from "../../nn/trainer.ts";
import { everyProjection, openDecoder, type Tuning } from "../../lm/decoder.ts";
import { readSome, writeSome } from "../../nn/lora.ts";
import type { Backbone } from "../../lm/backbone.ts";
import { addProjector } from "../network.ts";
import { PROJECTOR } from "./batch.ts";
import { castTokens, type TextBackbone, type TokenizerOptions } from "./tokenizer.ts";

/** A language model with a projector for query vectors. */
export interface TextRouter {
  /** The language model; its parameters hold the projector's too. */
  readonly backbone: TextBackbone;
  /** Width of the query vectors. */
  readonly input: number;
  /** Tokens kept of a target's text. */
  readonly textTokens: number;
  /** What has to be the same for trained weights to fit, as it is saved with them. */
  readonly facts: Readonly<Record<string, string>>;
}

/** How a router is made. */
export interface TextRouterOptions extends TokenizerOptions {
  /** Width of the query vectors. */
  readonly input: number;
  /** What is trained of the language model. */
  readonly tuning: Tuning;
  /** Tokens kept of a target's text. Default 512. */
  readonly textTokens?: number;
  /** Seed of new weights. Default 42. */
  readonly seed?: number;
  /** One bias-free layer as projector. */
  readonly linearProjector?: boolean;
}

/** Learning rates, and decay of matrices. */
export interface TextTraining {
  /** Peak learning rate of the projector. */
  readonly projectorRate: number;
  /** Peak learning rate of the language model or its adapters. */
  readonly modelRate: number;
  /** Weight decay of matrices. Default 0.01. */
  readonly decay?: number;
}

/** How training is watched. */
export interface TextWatch {
  /** Ends the run: `signal.reason` is thrown between two steps. */
  readonly signal?: AbortSignal;
  /** Where it trains. Default `cpu`. */
  readonly device?: Device;
  /** Called with progress, 0…1. */
  progress?(share: number): void;
  /** Path, less its ending, of what a stopped run goes on from; nothing is kept if absent. */
  readonly unfinished?: string;
}

/** Steps after which the state of an unfinished training is kept: minutes of work. */
const KEPT_EVERY = 5;

/** How a part of training keeps its state, if it does. */
export function checkpointOf({ unfinished }: TextWatch, part: string): LoopOptions["checkpoint"] {
  return unfinished === undefined
    ? undefined
    : { path: `${unfinished}-${part}.safetensors`, every: KEPT_EVERY };
}

/** Adds a step's loss to the mean of its epoch, the last of which may be cut short. */
export function addLoss(
  losses: number[],
  loss: number,
  step: number,
  perEpoch: number,
  steps: number,
): void {
  const epoch = Math.floor(step / perEpoch);
  losses[epoch] = (losses[epoch] ?? 0) + loss / Math.min(perEpoch, steps - epoch * perEpoch);
}

/** Loss by epoch, in checkpoints too. */
export function lossMemory(losses: number[]): Memory {
  return {
    save: () => ({ facts: { losses: losses.join(" ") }, tensors: new Map() }),
    load: (extra, path) =>
      void losses.splice(0, losses.length, ...numbersOf(extra, "losses", path)),
  };
}

/** LoRA on all projections, α twice the rank; no rank: all weights. */
export function tuningOf(rank?: number): Tuning {
  return rank === undefined ? "full" : { rank, alpha: 2 * rank, adapts: everyProjection };
}

/**
 * Puts a projector before a language model of a folder.
 * @throws {DataError} when the folder is not such a model, {@link openDecoder}
 * @throws {CapabilityError} when the model computes something not built here
 */
export async function openTextRouter(
  folder: string,
  options: TextRouterOptions,
): Promise<TextRouter> {
  const { tuning, seed = 42 } = options;
  const decoder = await openDecoder(folder, { tuning, random: random(seed, "text router") });
  return textRouterOn(decoder, options);
}

/** Puts a projector before a language model that is open. */
export function textRouterOn(
  decoder: Backbone,
  options: Omit<TextRouterOptions, "seed">,
): TextRouter {
  const { input, tuning, textTokens = 512, linearProjector: linear = false } = options;
  const tokenizer = castTokens(decoder.tokenizer, decoder.vocabulary, options);
  const backbone = { ...decoder, tokenizer };
  addProjector(backbone.parameters, PROJECTOR, input, backbone.width, { linear });
  const facts = {
    format: "icl-router text 1",
    backbone: backbone.fingerprint,
    input: String(input),
    ...(typeof tuning === "object" ? { alpha: String(tuning.alpha) } : {}),
  };
  return { backbone, input, textTokens, facts };
}

/** Whether a parameter is learned: the projector, and what the backbone trains. */
export function isLearned({ backbone }: TextRouter, name: string): boolean {
  return name.startsWith(`${PROJECTOR}.`) || backbone.trains(name);
}

/** Groups of the optimiser: the projector at the schedule's rate, the language model at its own or frozen. */
export function groupOf(
  router: TextRouter,
  { projectorRate, modelRate, decay = 0.01 }: TextTraining,
  joint: boolean,
): (name: string, shape: readonly number[]) => Group | null {
  return (name, shape) => {
    const group = { decay: matricesDecay(name, shape).decay ? decay : 0 };
    if (name.startsWith(`${PROJECTOR}.`)) return group;
    return joint && router.backbone.trains(name)
      ? { ...group, rate: modelRate / projectorRate }
      : null;
  };
}

/** Writes what was learned, and nothing of a frozen language model, atomically. */
export async function saveTextRouter(router: TextRouter, path: string): Promise<void> {
  const { backbone: { parameters }, facts } = router;
  await writeSome(path, parameters, (name) => isLearned(router, name), facts);
}

/**
 * Reads what was learned into a router that was opened alike.
 * @throws {DataError} naming the file and what differs, when it was learned on another language model, with
 *   other vectors or adapters, or is damaged; the router is then left alone
 */
export async function loadTextRouter(router: TextRouter, path: string): Promise<void> {
  const { backbone: { parameters }, facts } = router;
  await readSome(path, parameters, (name) => isLearned(router, name), facts);
}
