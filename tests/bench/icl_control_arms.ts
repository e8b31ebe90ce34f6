/**
 * The arms of `icl_control.ts`: networks between the MLP baseline and ICL-Router's by-name control, with every part
 * of the training recipe a setting.
 * @module
 */
import type { TrainingData } from "../../src/router/contract.ts";
import type { Random } from "../../src/base/random.ts";
import { type Matrix, row } from "../../src/linalg/matrix.ts";
import { columnMeans } from "../../src/router/training.ts";
import {
  add,
  binaryCrossEntropy,
  type Bound,
  Dropout,
  expand,
  gelu,
  linear,
  lookup,
  matmul,
  normal,
  Parameters,
  Programs,
  reshape,
  type Tensor,
  values,
  zeros,
} from "../../src/nn/mod.ts";
import type { BlockOptions } from "../../src/nn/transformer.ts";
import { Trainer } from "../../src/nn/trainer.ts";
import { warmupCosine } from "../../src/nn/adamw.ts";
import {
  addProjector,
  answerLogits,
  encodeIdentities,
  initialise,
  type NetworkShape,
  project,
} from "../../src/icl/network.ts";
import { solvedOf } from "../../src/icl/record.ts";
import { pick } from "../../src/icl/stage1.ts";

/** Everything that an arm may change. */
export interface Recipe {
  /** `outputs`: MLP, one output a model; `token`: MLP told the model by a token; `block`: the control's transformer. */
  readonly network: "outputs" | "token" | "block";
  /** Of a hidden layer or of the transformer. */
  readonly width: number;
  readonly layers: number;
  /** Training rows: without the 500 of the profile, as the control has it, or all. */
  readonly rows: "outside profile" | "all";
  /** Models and queries a step. */
  readonly batchModels: number;
  readonly batch: number;
  readonly steps: number;
  readonly rate: number;
  readonly dropout: number;
  readonly inputDropout: number;
  readonly decay: number;
  /** Scores in place of solved or not. */
  readonly soft: boolean;
  /** Start at the models' mean scores: an offset for each, and a head of zeros. */
  readonly startAtMeans: boolean;
  /** Looks at validation; the best one's weights are kept. */
  readonly looks: number;
  /** Train again on training and validation rows, as many steps as were best. */
  readonly refit: boolean;
  /** Share of the steps after which training stops. */
  readonly stop?: number;
}

/** The recipe before this ablation. */
export const CURRENT: Recipe = {
  network: "block",
  width: 64,
  layers: 3,
  rows: "outside profile",
  batchModels: 2,
  batch: 128,
  steps: 1000,
  rate: 3e-3,
  dropout: 0.1,
  inputDropout: 0.3,
  decay: 0.1,
  soft: false,
  startAtMeans: false,
  looks: 8,
  refit: false,
};

/** What training came to. */
export interface Fit {
  readonly looks: readonly number[];
  readonly loss: number;
  readonly steps: number;
  /** Share of the steps after which the kept weights were reached. */
  readonly share: number;
  /** Logits of all models [rows × M]. */
  predict(vectors: Matrix): Promise<Float64Array>;
}

type Drop = (x: Tensor, name: string) => Tensor;

function shapeOf({ width, layers }: Recipe, input: number, models: number): NetworkShape {
  return { width, layers, heads: width / 32, input, vocabulary: 1, identities: models };
}

function starting(recipe: Recipe, D: number, means: Float64Array, stream: Random): Parameters {
  const M = means.length, { network, width: H, startAtMeans } = recipe;
  const parameters = network === "block"
    ? initialise(shapeOf(recipe, D, M), stream)
    : new Parameters(stream);
  if (network === "outputs") {
    parameters.add("V", [D, H], normal(0.3));
    parameters.add("v", [H], zeros);
    parameters.add("w", [M, H], startAtMeans ? zeros : normal(1 / Math.sqrt(H)));
  }
  if (network === "token") {
    addProjector(parameters, "projector", D, H);
    parameters.add("identity_table", [M, H], normal(1 / Math.sqrt(H)));
    parameters.add("V", [H, 2 * H], normal(1 / Math.sqrt(H)));
    parameters.add("v", [2 * H], zeros);
    parameters.add("w", [2 * H, 1], startAtMeans ? zeros : normal(1 / Math.sqrt(H)));
  }
  const logit = (p: number): number => {
    const inside = Math.min(0.99, Math.max(0.01, p));
    return Math.log(inside / (1 - inside));
  };
  if (startAtMeans) parameters.add("b", [M, 1], values(means.map(logit)));
  else if (network === "outputs") parameters.add("b", [M, 1], zeros);
  if (network === "block" && startAtMeans) parameters.get("answer_head").data.fill(0);
  return parameters;
}

/** Logits [G × B] of models int64 [G × 1] on queries [B × D]. */
function logitsOf(
  recipe: Recipe,
  parameter: Bound,
  x: Tensor,
  models: Tensor,
  M: number,
  drop?: Drop,
): Tensor {
  const G = models.shape[0], [B, D] = x.shape, { network, width: H } = recipe;
  const dropped: Drop = drop ?? ((h) => h);
  const one = reshape(models, [G]);
  let logits: Tensor;
  if (network === "outputs") {
    const h = dropped(gelu(linear(x, parameter("V"), parameter("v"))), "hidden");
    logits = matmul(lookup(parameter("w"), one), h, { transposeB: true });
  } else if (network === "token") {
    const u = expand(reshape(project(parameter, "projector", x), [1, B, H]), [G, B, H]);
    const e = expand(reshape(lookup(parameter("identity_table"), one), [G, 1, H]), [G, B, H]);
    const z = reshape(add(u, e), [G * B, H]);
    const h = dropped(gelu(linear(z, parameter("V"), parameter("v"))), "hidden");
    logits = reshape(matmul(h, parameter("w")), [G, B]);
  } else {
    const shape = shapeOf(recipe, D, M), options: BlockOptions = drop ? { drop } : {};
    const prefix = encodeIdentities(parameter, shape, models, options);
    logits = answerLogits(parameter, shape, x, prefix, options);
  }
  if (!parameter.has("b")) return logits;
  return add(logits, reshape(lookup(parameter("b"), one), [G, 1]));
}

/**
 * Trains an arm.
 * @param left rows that are left out
 * @param judge routed score of logits on `judged`
 */
export async function fitArm(
  train: TrainingData,
  left: ReadonlySet<number>,
  recipe: Recipe,
  stream: Random,
  judged?: Matrix,
  judge?: (quality: Float64Array) => number,
): Promise<Fit> {
  const { queries: { vectors }, models: { length: M } } = train, D = vectors.width;
  const labels = recipe.soft ? train.scores : solvedOf(train.scores, train.solvedFrom);
  const rows = Array.from({ length: vectors.rows }, (_, i) => i).filter((i) => !left.has(i));
  const means = columnMeans(labels, M, rows);
  const parameters = starting(recipe, D, means, stream.fork("weights"));
  const { batch: B, steps, rate, decay, looks: often, stop = 1 } = recipe;
  const G = Math.min(recipe.batchModels, M), every = Math.ceil(steps / often);
  const trainer = new Trainer(parameters, {
    schedule: warmupCosine(rate, steps),
    group: (name, { length }) => ({ decay: length > 1 && name !== "b" ? decay : 0 }),
  });
  const programs = new Programs(parameters);
  const predict = (of: Matrix): Promise<Float64Array> => predicted(programs, recipe, of, M);
  const x = new Float32Array(B * D), outcomes = new Float32Array(G * B);
  const weights = new Float32Array(G * B), masks: Record<string, Uint8Array> = {};
  let sites: Dropout[] = [], best: Map<string, Float32Array> | undefined, kept = stop, loss = 0;
  const looks: number[] = [];
  for (let step = 0; step < Math.round(steps * stop); step++) {
    const draw = stream.fork("step", step);
    const chosen = draw.shuffle(Array.from({ length: M }, (_, m) => m)).slice(0, G).sort((a, b) =>
      a - b
    );
    for (let b = 0; b < B; b++) {
      const i = rows[pick(stream, rows.length, step * B + b)];
      x.set(row(vectors, i), b * D);
      chosen.forEach((m, g) => {
        const label = labels[i * M + m], known = !Number.isNaN(label);
        outcomes[g * B + b] = known ? label : 0;
        weights[g * B + b] = known ? 1 : 0;
      });
    }
    ({ loss } = await trainer.update("step", (graph, parameter) => {
      sites = [new Dropout(graph, recipe.dropout), new Dropout(graph, recipe.inputDropout)];
      const inputs = sites[1].apply(graph.input("x", [B, D]), "inputs");
      const ids = graph.input("models", [G, 1], { type: "int64" });
      const drop: Drop = (h, name) => sites[0].apply(h, name);
      const logits = logitsOf(recipe, parameter, inputs, ids, M, drop);
      return binaryCrossEntropy(
        logits,
        graph.input("outcomes", [G, B]),
        graph.input("weights", [G, B]),
      );
    }, () => {
      for (const site of sites) site.draw(draw.fork("dropout"), masks);
      return [{ x, models: BigInt64Array.from(chosen, BigInt), outcomes, weights, ...masks }];
    }));
    if (!judge || !judged || ((step + 1) % every !== 0 && step + 1 !== steps)) continue;
    looks.push(judge(await predict(judged)));
    if (looks.at(-1)! > Math.max(-1, ...looks.slice(0, -1)) + 1e-12) {
      best = parameters.snapshot();
      kept = (step + 1) / steps;
    }
  }
  await trainer.release();
  if (best) parameters.restore(best);
  return { looks, loss, steps: trainer.step, share: kept, predict };
}

async function predicted(
  programs: Programs,
  recipe: Recipe,
  { data, rows, width }: Matrix,
  M: number,
): Promise<Float64Array> {
  const B = 256,
    out = new Float64Array(rows * M),
    models = BigInt64Array.from(
      { length: M },
      (_, m) => BigInt(m),
    );
  for (let start = 0; start < rows; start += B) {
    const x = new Float32Array(B * width), end = Math.min(rows, start + B);
    x.set(data.subarray(start * width, end * width));
    const { y } = await programs.run("y", (graph, parameter) => {
      const input = graph.input("x", [B, width]);
      const ids = graph.input("models", [M, 1], { type: "int64" });
      graph.output("y", logitsOf(recipe, parameter, input, ids, M));
    }, { x, models });
    for (let i = start; i < end; i++) {
      for (let m = 0; m < M; m++) out[i * M + m] = y[m * B + i - start];
    }
  }
  return out;
}
