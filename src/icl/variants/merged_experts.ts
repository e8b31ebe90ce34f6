/**
 * OptMerge over ICL-Router as a router of the harness: the network is trained on all benchmarks, copies of it are
 * fine-tuned on some each, and what they learned is merged back. `merged_bases.ts` has the networks.
 * @module
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../../router/contract.ts";
import { type Random, random } from "../../base/random.ts";
import type { LoopOptions } from "../../nn/trainer.ts";
import type { Labelled } from "../record.ts";
import { once } from "./once.ts";
import { merge, norm, normOf, quadraticOf, type TaskVector } from "./optmerge.ts";

/** One configuration of the grid. */
export interface MergeConfig {
  /** λ of θ_0 + λ·M. Not a price. */
  readonly lambda: number;
}

/** λ = 1 first: the number that needs no validation rows. */
export const MERGE_GRID: readonly MergeConfig[] = [1, 0.3, 0.1].map((lambda) => ({ lambda }));

/** Most experts; benchmarks beyond share. */
export const MOST_EXPERTS = 5;
/** Steps of all experts together, of those that the base took. */
const STEPS = 0.2;
/** Their peak learning rate, of the base's. */
const RATE = 0.3;

/** How experts are trained. */
export interface ExpertTraining {
  /** Steps. */
  readonly steps: number;
  /** Share of the base's peak learning rate. */
  readonly rate: number;
  /** Of this expert. */
  readonly random: Random;
  /** When to stop, whom to tell. */
  readonly watch: Pick<LoopOptions, "signal" | "progress">;
}

/** A trained router whose copies become experts. */
export interface MergeBase {
  /** Training rows, then validation rows. */
  readonly rows: Labelled;
  /** Rows that experts may learn from. */
  readonly targets: readonly number[];
  /** Steps that its training took. */
  readonly steps: number;
  /** Every merged matrix as θ_0 has it: shape [rows × columns], and its norm. */
  readonly matrices: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly norm: number }
  >;
  /** Lines for the router card. */
  readonly notes: readonly string[];
  /** Fine-tunes a copy on rows; never looks at validation rows. Task vectors by matrix. */
  expert(rows: Uint32Array, how: ExpertTraining): Promise<ReadonlyMap<string, TaskVector>>;
  /**
   * The router with something added to its matrices, calibrated anew.
   * @param change by matrix, row-major
   */
  route(change: Merged, context: FitContext, notes: readonly string[]): Promise<FittedRouter>;
}

/** Where trained routers come from. */
export interface MergeSource {
  /** As `Router.weights`. */
  readonly weights?: string;
  /** Trains a router, or finds it; the same object for the same rows, so that all configurations share it. */
  train(train: TrainingData, context: FitContext): Promise<MergeBase>;
}

/** What is added to every matrix, by name. */
export type Merged = ReadonlyMap<string, Float64Array>;

/** What the experts learned: shared by all configurations. */
interface Experts {
  /** Task vectors of every merged matrix by name, one an expert. */
  readonly vectors: ReadonlyMap<string, readonly TaskVector[]>;
  /** Lines for the router card. */
  readonly notes: readonly string[];
}

const known = new WeakMap<MergeBase, Promise<Experts>>();
/** By number of descent steps. */
const merges = new WeakMap<Experts, Map<number, Merged>>();

/**
 * A router of merged experts.
 * @param steps steps of the merging descent; 0 = the average of the experts
 */
export function mergeRouter(
  texts: Pick<Router, "name" | "summary" | "statement">,
  source: MergeSource,
  steps = 300,
): Router<MergeConfig> {
  return {
    ...texts,
    source: "OptMerge (arXiv 2505.19892) on ICL-Router (arXiv 2510.09719)",
    grid: MERGE_GRID,
    unseen: "zero-update",
    ...(source.weights === undefined ? {} : { weights: source.weights }),
    refit: "train", // as ICL-Router, so that tuning and the last fit share base and experts
    effort: "minutes",
    fit: async (train, { lambda }, context) => {
      const base = await source.train(train, context);
      const experts = await once(known, base, () => trainExperts(base, context));
      const merged = mergedBy(experts, base, steps);
      const change = new Map(
        Array.from(merged, ([name, M]) => [name, M.map((value) => lambda * value)]),
      );
      const ratio = Math.hypot(...[...merged.values()].map(norm)) / lengthOf(base);
      return await base.route(change, context, [
        ...experts.notes,
        `merged: ‖M‖/‖θ_0‖ ${ratio.toFixed(4)}, λ = ${lambda}`,
      ]);
    },
  };
}

/** ‖θ_0‖ of the merged matrices. */
function lengthOf({ matrices }: MergeBase): number {
  return Math.hypot(...[...matrices.values()].map(({ norm }) => norm));
}

async function trainExperts(base: MergeBase, context: FitContext): Promise<Experts> {
  const { rows, matrices, notes } = base;
  const groups = expertGroups(base.targets, (i) => rows.benchmarks[i], MOST_EXPERTS);
  const steps = Math.ceil(STEPS * base.steps / groups.length);
  const vectors = new Map(
    Array.from(matrices.keys(), (name): [string, TaskVector[]] => [name, []]),
  );
  const ratios: string[] = [];
  for (const [at, group] of groups.entries()) {
    const label = group.benchmarks.join(" + ");
    const learned = await base.expert(group.rows, {
      ...{ steps, rate: RATE, random: random(context.seed, "icl experts").fork(label) },
      watch: {
        signal: context.signal,
        progress: (done) => context.progress((at + done) / groups.length),
      },
    });
    const lengths: number[] = [];
    for (const [name, { shape: [rows] }] of matrices) {
      const tau = learned.get(name)!;
      vectors.get(name)!.push(tau);
      lengths.push(normOf(tau, rows));
    }
    ratios.push(`${label} ${(Math.hypot(...lengths) / lengthOf(base)).toFixed(4)}`);
  }
  const said = `${groups.length} experts of ${steps} steps, ‖τ‖/‖θ_0‖: ${ratios.join("; ")}`;
  return { vectors, notes: [...notes.map((note) => `base: ${note}`), said] };
}

/** M of every matrix, worked out once for all λ. */
function mergedBy(experts: Experts, { matrices }: MergeBase, steps: number): Merged {
  const made = merges.get(experts) ?? new Map<number, Merged>();
  merges.set(experts, made);
  const before = made.get(steps);
  if (before) return before;
  const merged = new Map(
    Array.from(experts.vectors, ([name, own]): [string, Float64Array] => {
      const [out, inputs] = matrices.get(name)!.shape;
      return [name, merge(quadraticOf(own, out, inputs), { steps })];
    }),
  );
  made.set(steps, merged);
  return merged;
}

/** Rows of one expert. */
export interface ExpertGroup {
  /** Benchmarks, ascending. */
  readonly benchmarks: readonly string[];
  /** Rows, ascending. */
  readonly rows: Uint32Array;
}

/**
 * Splits rows by benchmark into at most `most` groups of about equal size: benchmarks by falling size, ties by
 * name, each into the group that is smallest so far.
 */
export function expertGroups(
  rows: ArrayLike<number>,
  benchmarkOf: (row: number) => string,
  most: number,
): ExpertGroup[] {
  const all = Map.groupBy(Array.from(rows), benchmarkOf);
  const bySize = [...all].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  const groups = Array.from({ length: Math.min(most, all.size) }, () => ({
    benchmarks: [] as string[],
    rows: [] as number[],
  }));
  for (const [benchmark, own] of bySize) {
    const smallest = groups.reduce((a, b) => b.rows.length < a.rows.length ? b : a);
    smallest.benchmarks.push(benchmark);
    smallest.rows.push(...own);
  }
  return groups.map(({ benchmarks, rows }) => ({
    benchmarks: benchmarks.sort(),
    rows: Uint32Array.from(rows).sort(),
  }));
}
