/**
 * OptMerge over ICL-Router (table) as a router of the harness: the network is trained on all benchmarks, copies of
 * it are fine-tuned on some each, and what they learned is merged back.
 * @module
 */
import type { FitContext, Router, TrainingData } from "../../router/contract.ts";
import { random } from "../../base/random.ts";
import { merge, norm, quadraticOf } from "./optmerge.ts";
import { trainAnswer } from "../stage2.ts";
import { describePlatt, fitPlatt } from "../calibration.ts";
import { type Trained, trained, type Variant } from "../fit.ts";
import { tableNetwork } from "../network.ts";
import { Reader } from "../reader.ts";
import { fitTable, type Fitted, onValidation, routerOf } from "../router.ts";

/** One configuration of the grid. */
export interface MergeConfig {
  /** λ of θ_0 + λ·M. Not a price. */
  readonly lambda: number;
}

/** λ = 1 first: the number that needs no validation rows. */
export const MERGE_GRID: readonly MergeConfig[] = [1, 0.3, 0.1].map((lambda) => ({ lambda }));

/** Most experts; benchmarks beyond share. */
export const MOST_EXPERTS = 5;
/** Steps of all experts together, of those that stage 2 of the base took. */
const STEPS = 0.2;
/** Their peak learning rate, of the base's. */
const RATE = 0.3;

/** What the experts learned, and the base they started from: shared by all configurations. */
interface Experts {
  /** Task vectors of every merged matrix by name, one an expert. */
  readonly vectors: ReadonlyMap<string, readonly Float64Array[]>;
  /** ‖θ_0‖ of those matrices. */
  readonly length: number;
  /** The base as ICL-Router has it. */
  readonly base: Fitted;
  /** Lines for the router card. */
  readonly notes: readonly string[];
}

/** Merged task vectors by the name of their matrix. */
type Merged = ReadonlyMap<string, Float64Array>;

const known = new WeakMap<Trained, Promise<Experts>>();
/** By number of descent steps. */
const merges = new WeakMap<Experts, Map<number, Merged>>();

/**
 * A router of merged experts.
 * @param steps steps of the merging descent; 0 = the average of the experts
 */
export function mergeRouter(
  texts: Pick<Router, "name" | "summary" | "statement">,
  steps = 300,
  variant: Variant = {},
): Router<MergeConfig> {
  return {
    ...texts,
    source: "OptMerge (arXiv 2505.19892) on ICL-Router (arXiv 2510.09719)",
    grid: MERGE_GRID,
    unseen: "zero-update",
    refit: "train", // as ICL-Router, so that tuning and the last fit share base and experts
    effort: "minutes",
    fit: async (train, { lambda }, context) => {
      const network = await trained(train, variant, context);
      const made = known.get(network) ?? trainExperts(network, train, variant, context);
      known.set(network, made);
      made.catch(() => known.delete(network));
      const experts = await made, merged = mergedBy(experts, network, steps);
      const parameters = network.reader.network.parameters.copy();
      for (const [name, vector] of merged) {
        const { data } = parameters.get(name);
        vector.forEach((value, at) => data[at] += lambda * value);
      }
      const reader = new Reader(tableNetwork(parameters, network.shape), {
        device: context.device,
      });
      const { logits, labels } = await onValidation(network, reader, variant);
      const platt = fitPlatt(logits, labels);
      const ratio = Math.hypot(...[...merged.values()].map(norm)) / experts.length;
      return await routerOf({
        ...experts.base,
        reader,
        platt,
        notes: [
          ...experts.notes,
          `merged: ‖M‖/‖θ_0‖ ${ratio.toFixed(4)}, λ = ${lambda}`,
          describePlatt(platt),
        ],
      });
    },
  };
}

/** Whether a parameter is merged: the matrices of linear layers; tables, head and norms stay the base's. */
export function isMerged(name: string, shape: readonly number[]): boolean {
  return shape.length === 2 && name.endsWith(".weight");
}

async function trainExperts(
  network: Trained,
  train: TrainingData,
  variant: Variant,
  context: FitContext,
): Promise<Experts> {
  const { reader, rows, shape, profile, preset, report } = network,
    start = reader.network.parameters;
  const inRecords = new Set(profile);
  const targets = Array.from({ length: rows.training }, (_, i) => i).filter((i) =>
    !inRecords.has(i) &&
    rows.labels.subarray(i * rows.models, (i + 1) * rows.models).some((label) => label === label)
  );
  const groups = expertGroups(targets, (i) => rows.benchmarks[i], MOST_EXPERTS);
  const answer = {
    ...preset.answer,
    rate: RATE * preset.answer.rate,
    passes: Infinity,
    mostSteps: Math.ceil(STEPS * report.steps / groups.length),
    soft: variant.softLabels,
  };
  const names = [...start].filter(([name, { shape }]) => isMerged(name, shape)).map(([n]) => n);
  const vectors = new Map(names.map((name): [string, Float64Array[]] => [name, []]));
  const length = Math.hypot(...names.map((name) => norm(start.get(name).data)));
  const ratios: string[] = [];
  for (const [at, group] of groups.entries()) {
    const expert = start.copy(), label = group.benchmarks.join(" + ");
    await trainAnswer(
      tableNetwork(expert, shape),
      { solved: rows, scores: rows.scores, profile, targets: group.rows },
      answer,
      random(context.seed, "icl experts").fork(label),
      undefined, // no look at validation rows: λ has them to itself
      {
        signal: context.signal,
        progress: (done) => context.progress((at + done) / groups.length),
      },
    );
    let square = 0;
    for (const name of names) {
      const { data } = expert.get(name), before = start.get(name).data;
      const tau = Float64Array.from(data, (value, j) => value - before[j]);
      vectors.get(name)!.push(tau);
      square += norm(tau) ** 2;
    }
    ratios.push(`${label} ${(Math.sqrt(square) / length).toFixed(4)}`);
  }
  const base = await fitTable(train, variant, context);
  return {
    vectors,
    length,
    base,
    notes: [
      ...base.notes.map((note) => `base: ${note}`),
      `${groups.length} experts of ${answer.mostSteps} steps, ‖τ‖/‖θ_0‖: ${ratios.join("; ")}`,
    ],
  };
}

/** M of every matrix, worked out once for all λ. */
function mergedBy(experts: Experts, { reader }: Trained, steps: number): Merged {
  const made = merges.get(experts) ?? new Map<number, Merged>();
  merges.set(experts, made);
  const before = made.get(steps);
  if (before) return before;
  const merged = new Map(
    Array.from(experts.vectors, ([name, own]): [string, Float64Array] => {
      const [out, inputs] = reader.network.parameters.get(name).shape;
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
