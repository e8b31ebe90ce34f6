/** What several notebooks do alike, and the few looks inside that the public interface has no use for. */
import { openRun, openRuns, type openSplit, type Run, signed } from "icl-router-bench";
import type { FittedSequential, QueryBatch, Router, SequentialRouter, TrainingData } from "icl-router-bench/router";
// Episodes lie beside results, in a file that few readers need.
import { type EpisodeReport, readEpisodes } from "../src/results/episode_file.ts";
import { episodesFigure } from "../src/report/figures/episodes.ts";
import { boundsOf, readersOf } from "../src/report/tables/episode_table.ts";
// Learning curves are of steps inside one router.
import hierRouter from "../baselines/hier_router.ts";
import iroPlans from "../baselines/iro_plans.ts";
import { fitValue } from "../baselines/_plan_values.ts";
import { LAMBDAS, Planner } from "../baselines/_planner.ts";
import { fitReplyScorer, scorerData } from "../baselines/_reply_scorer.ts";
import routerR1 from "../baselines/router_r1.ts";
import { hier_router_blanked } from "../baselines/variants/hier_router.ts";
import { CONTEXT } from "../tests/router/hand.ts";
// The attention of ICL-Router+ is a step inside one router.
import { gateOf } from "../src/icl_plus/novelty_gate.ts";
import { fitTaskReader, placeQueries } from "../src/icl_plus/task_reader.ts";
// Stage 1 has reports of its own, which are no runs: nothing is routed yet.
import { readStage1, type Stage1Report } from "../src/results/stage1.ts";
// What a language model reads in a record is asked of the network itself, before there is a router.
import { openProvider } from "../src/embed/mod.ts";
import { prepareVectors } from "../src/embed/prepare.ts";
import { type FusedNetwork, openFused } from "../src/icl/lm/fused.ts";
import { SMOLLM2 } from "../src/icl/lm/fused_presets.ts";
import { scramble } from "../src/icl/lm/fused_open.ts";
import { NOT_TOLD } from "../src/icl/answer_network.ts";
import { sharedPrefixAttention } from "../src/icl/shared_prefix.ts";
import { findModel } from "../src/lm/store.ts";
import { repeatHeads, rmsNorm, softmax } from "../src/nn/layers.ts";
import { matmul, mean as averageOf, reshape } from "../src/nn/ops.ts";
import { copied, Programs } from "../src/nn/programs.ts";
// Clocks ask the engine below all routers, and each time as if for the first.
import { random } from "../src/base/random.ts";
import { Graph } from "../src/nn/graph.ts";
import { toDevice } from "../src/nn/on_device/transfer.ts";
import { bind } from "../src/nn/parameters.ts";
import { Program } from "../src/nn/program.ts";
import { probeDevice } from "../src/onnx/device.ts";
import { playEpisodes } from "../src/router/episodes.ts";
import { createMemo } from "../src/router/memo.ts";
import { networkOf, STEP, tokensOf, trainingOf } from "../tests/bench/icl_step.ts";
import { batchOf, logits, parametersOf, type Sizes } from "../tests/nn/tiny_transformer.ts";

type Device = Parameters<typeof probeDevice>[0];

/** Not models but prompts of one, or made up. */
const NO_FIELD = /^(demo|pubmedqa-small.*)@/;

/**
 * Committed runs on recorded outcomes of models, static embedding, one a dataset: of several the one with more seeds,
 * then with more routers. `priced`: the views with costs.
 */
export async function recorded(
  protocol: "id" | "ood" | "new-model",
  { priced = false } = {},
): Promise<Run[]> {
  const isPlain = new RegExp(`/${protocol}\\.static(\\.[0-9a-f]{8})?\\.json$`);
  const runs = await openRuns("../results", (name) =>
    isPlain.test(name) && name.includes("-priced@") === priced && !NO_FIELD.test(name));
  const size = ({ result: { protocol, routers } }: Run): number =>
    protocol.seeds.length * 1000 + routers.length;
  return [...Map.groupBy(runs, (run) => run.dataset).values()]
    .map((own) => own.reduce((best, run) => size(run) > size(best) ? run : best));
}

/** A difference as tables show it; a star: significant after Holm. */
export function starred(difference: number, significant: boolean): string {
  return signed(difference) + (significant ? " *" : "");
}

/** The mean of numbers. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What stage 1 of ICL-Router learned, one report a dataset. */
export function stage1Reports(): Promise<Stage1Report[]> {
  const paths = [...Deno.readDirSync("../results")].filter(({ isDirectory }) => isDirectory)
    .flatMap(({ name: folder }) =>
      [...Deno.readDirSync(`../results/${folder}`)].map(({ name }) => `../results/${folder}/${name}`)
    ).filter((path) => path.endsWith("/stage1.static.json"));
  return Promise.all(paths.sort().map(readStage1));
}

/** ICL-Router+ fitted on a split, and what it sees in each test query. */
export async function openReader({ opened }: Awaited<ReturnType<typeof openSplit>>) {
  const reader = await fitTaskReader(opened.train, opened.validation, opened.split.seed);
  const { models, rows: { tasks }, means: { theta, means } } = reader;
  const test = opened.testFor({} as Router);
  const { attention, distance } = await placeQueries(reader, test);
  const row = (cells: Float64Array, width: number, i: number) =>
    cells.subarray(i * width, (i + 1) * width);
  return {
    tasks,
    models,
    /** μ: what each model scores on the whole. */
    means,
    /** θ: what each model scores on a task. */
    taskMeans: (task: number) => row(theta, models.length, task),
    /** One a test query: P(t|x) of every task, and how far the gate is open, with bias 2. */
    seen: test.ids.map((_, i) => ({
      weights: row(attention, tasks.length, i),
      gate: gateOf(reader.novelty, distance[i], 2),
    })),
  };
}

/** What is known of a device, or why it does not work. */
export async function tryDevice(device: Device): Promise<{ works: boolean; note: string }> {
  try {
    return { works: true, note: (await probeDevice(device)).adapter ?? "works" };
  } catch (error) {
    const reason = (error as Error).message.replace(/^device "\w+" cannot be used: /, "");
    return { works: false, note: reason.length > 90 ? reason.slice(0, 89) + "…" : reason };
  }
}

/** Median milliseconds of a few runs; the first, which compiles, is not counted. */
export async function clock(run: () => Promise<unknown>, times = 5): Promise<number> {
  await run();
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    took.push(performance.now() - start);
  }
  return took.sort((a, b) => a - b)[times >> 1];
}

/** Tokens a second of a transformer's forward pass on a device. */
export async function encodingRate(device: Device, sizes: Sizes): Promise<number> {
  const options = { device, threads: 1 };
  const graph = new Graph({ fused: device !== "webgpu" });
  const bound = bind(graph, parametersOf(sizes, 0.02)), batch = batchOf(sizes, random(2));
  graph.output("scores", logits(graph, bound, sizes));
  const weights = await toDevice(graph.inputs, bound.feeds, options);
  const program = await Program.compile(graph, options);
  const ms = await clock(() => program.run({ ...batch, ...weights }));
  for (const weight of Object.values(weights)) await weight.release();
  await program.release();
  return 1000 * sizes.batch * sizes.length / ms;
}

let times = 0;

/** The same queries, of which nothing is remembered: else neighbours found once are not looked for again. */
export function forgotten(queries: QueryBatch): QueryBatch {
  return { ...queries, memo: createMemo(`clock ${times++}`) };
}

export { boundsOf, episodesFigure, hier_router_blanked, hierRouter, playEpisodes, readersOf, routerR1 };
export { tellingReplies } from "../tests/baselines/scenes.ts";

/** In-distribution runs with routers that read replies, one a dataset, that with most seeds, and their episodes. */
export async function readings(): Promise<{ run: Run; episodes: EpisodeReport }[]> {
  const found: { run: Run; episodes: EpisodeReport }[] = [];
  for (const { name: folder, isDirectory } of [...Deno.readDirSync("../results")].sort(byName)) {
    if (!isDirectory) continue;
    const files = [...Deno.readDirSync(`../results/${folder}`)].sort(byName)
      .filter(({ name }) => /^id\.static.*\.episodes\.json$/.test(name));
    for (const { name } of files) {
      const path = `../results/${folder}/${name.replace(".episodes.json", ".json")}`, run = await openRun(path);
      found.push({ run, episodes: (await readEpisodes(path, run.result))! });
    }
  }
  const seeds = ({ run }: { run: Run }): number => run.result.protocol.seeds.length;
  return [...Map.groupBy(found, ({ run }) => run.dataset).values()]
    .map((own) => own.reduce((best, other) => seeds(other) > seeds(best) ? other : best));
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** What a router that visits models did on rows, quality first. */
export interface Did {
  /** Mean score of the replies it answered with: its reward, at this end of the dial. */
  readonly score: number;
  /** Calls a query. */
  readonly calls: number;
}

/** Rows with what all models said. */
type Told = TrainingData & { replies: NonNullable<TrainingData["replies"]> };

async function did(fitted: FittedSequential, rows: Told, horizon: number): Promise<Did> {
  const { choice, visited } = await playEpisodes(fitted, rows, horizon), M = rows.models.length;
  return {
    score: mean(Array.from(choice, (m, i) => rows.scores[i * M + m])),
    calls: visited.filter((m) => m < M).length / choice.length,
  };
}

/**
 * A policy fitted by PPO, with what the policy so far did after every rollout: on the rows it learns from, and on others.
 */
export async function watched<C>(
  router: SequentialRouter<C>,
  learned: Told,
  held: Told,
  config = router.grid[0],
): Promise<{ fitted: FittedSequential; rollouts: { learned: Did; held: Did }[] }> {
  const rollouts: { learned: Did; held: Did }[] = [];
  const look = async (soFar: FittedSequential): Promise<void> => {
    const [on, off] = [learned, held].map((rows) => did(soFar, rows, router.horizon));
    rollouts.push({ learned: await on, held: await off });
  };
  return { fitted: await router.fit(learned, config, { ...CONTEXT, look }), rollouts };
}

/** Loss after some steps, on the rows learned from and on others. */
export interface Loss {
  readonly steps: number;
  readonly learned: number;
  readonly held: number;
}

/**
 * What is learned before anything is decided: V of the first round of IRO (routing plans), ½ (V − R)², and the scorer of
 * the cascade that reads replies, cross-entropy, on the first `split` rows of a pool.
 */
export async function valueCurves(all: Told, split: number): Promise<{ value: Loss[]; scorer: Loss[] }> {
  const rows = [...all.queries.ids.keys()], parts = [rows.slice(0, split), rows.slice(split)];
  const value: Loss[] = [], scorer: Loss[] = [];
  const planner = new Planner(all, new Float64Array(all.scores.length), iroPlans.grid[0]);
  const lessons = parts.map((own) => {
    const tasks = own.flatMap((row) => LAMBDAS.map((_, lambda) => ({ row, lambda })));
    return planner.lessons(tasks, planner.drawn(tasks, random(1, "plans")));
  });
  await fitValue(lessons[0], random(1, "values"), CONTEXT.signal, async (V, steps) => {
    if (steps % 20 !== 0) return;
    const [learned, held] = await Promise.all(lessons.map(async ({ x, targets, weights }) => {
      const wrong = (await V(x)).map((v, at) => weights[at] * (v - targets[at]) ** 2 / 2);
      return wrong.reduce((a, b) => a + b) / x.rows; // one action is taken in every row
    }));
    value.push({ steps, learned, held });
  });
  const data = scorerData(all), M = all.models.length;
  await fitReplyScorer(data, new Set(parts[0]), 12, random(1, "scorer"), CONTEXT, async (soFar, steps) => {
    if (steps % 2 !== 0) return;
    const made = soFar(), cross = (g: number, s: number): number => -Math.log(s ? g : 1 - g);
    const [learned, held] = await Promise.all(parts.map(async (own) =>
      mean(Array.from(await made.scoreRows(own), (g, at) =>
        cross(g, all.scores[own[Math.floor(at / M)] * M + at % M])))
    ));
    scorer.push({ steps, learned, held });
  });
  return { value, scorer };
}

/** Why SmolLM2 cannot be asked here, in a sentence; undefined where it can. */
export async function withoutSmolLM2(): Promise<string | undefined> {
  try {
    await findModel(SMOLLM2.model);
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Where the middle blocks of SmolLM2 look when a query stands behind a record: for each block, the attention that a
 * labelled query gets from targets of its own benchmark, as a multiple of what it gets from others. Nothing is trained,
 * and no outcome is told: what is seen is what the blocks learned from text (or, at random, nothing).
 */
export async function attentionOverRecord(
  { opened: { train } }: Awaited<ReturnType<typeof openSplit>>,
  K = 48,
  B = 48,
): Promise<{ blocks: string; ratios: { block: number; ratio: number }[] }[]> {
  const { texts, ids, benchmarks } = train.queries;
  const chosen = random(1, "rows").shuffle(ids.map((_, i) => i)).slice(0, K + B);
  const [from] = SMOLLM2.blocks, to = from + 10;
  const provider = await openProvider(`lm:${SMOLLM2.model}:${from}`);
  const raw = await provider.embed(chosen.map((i) => texts[i]));
  const { data, width } = prepareVectors(raw, "standardise", chosen.map((_, i) => i));
  const { folder } = await findModel(SMOLLM2.model);
  const same = (b: number, k: number): boolean => benchmarks![chosen[K + b]] === benchmarks![chosen[k]];
  const looks = [];
  for (const blocks of ["pre-trained", "random"]) {
    const stream = random(2, "reading");
    const network = await openFused({ folder, from, to, rank: SMOLLM2.rank, input: width, random: stream });
    if (blocks === "random") scramble(network, stream.fork("blocks"));
    const seen = await attentionOf(network, from, data, K, B);
    const ratios = Object.entries(seen).filter(([name]) => name !== "states").map(([name, shares]) => {
      const of = (own: boolean): number => mean([...shares].filter((_, at) => same(Math.floor(at / K), at % K) === own));
      return { block: Number(name.slice("block ".length)), ratio: of(true) / of(false) };
    });
    looks.push({ blocks, ratios });
  }
  return looks;
}

/** Attention over the record, by block, [targets × record], mean over the heads. */
async function attentionOf(network: FusedNetwork, from: number, data: Float32Array, K: number, B: number) {
  const width = network.input, programs = new Programs(network.parameters);
  const seen = copied(await programs.run("", (graph, parameter) => {
    const labels = graph.input("labels", [1, K], { type: "int64" });
    const memory = network.read(parameter, graph.input("record", [K, width]), labels);
    // The projector passes states on as they are.
    const rows = rmsNorm(graph.input("targets", [1, B, width]), parameter("projector.norm.weight"));
    const x = network.backbone.decode(parameter, rows, {
      positions: new Array(B).fill(K),
      attend: (layer, q, own) => {
        const keys = repeatHeads(memory[layer - from].keys, q.shape[1]);
        const scores = matmul(q, keys, { transposeB: true, factor: 1 / Math.sqrt(q.shape[3]) });
        graph.output(`block ${layer + 1}`, reshape(averageOf(softmax(scores), [1]), [B, K]));
        return sharedPrefixAttention(q, memory[layer - from], own, B);
      },
    });
    graph.output("states", x);
  }, {
    ...{ record: data.slice(0, K * width), targets: data.slice(K * width) },
    labels: new BigInt64Array(K).fill(BigInt(NOT_TOLD)),
  }));
  await programs.release();
  return seen;
}

/** Texts a second through the lower blocks of SmolLM2 on a device: the embedding of ICL-Router (SmolLM2). */
export async function languageModelRate(device: Device, texts: readonly string[]): Promise<number> {
  const { embed } = await openProvider(`lm:${SMOLLM2.model}:${SMOLLM2.blocks[0]}`, { device });
  return 1000 * texts.length / await clock(() => embed(texts), 1);
}

/** Tokens a second of training steps of ICL-Router on a language model of SmolLM2's size, with random weights. */
export async function trainingRate(device: Device): Promise<number> {
  const sizes = { ...STEP, models: 2, record: 64, targets: 64 };
  const { step, close } = trainingOf(networkOf(sizes), sizes, { device, threads: 0 });
  const ms = await clock(step, 1);
  await close();
  return 1000 * tokensOf(sizes) / ms;
}
