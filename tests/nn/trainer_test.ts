import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { meanSquaredError } from "../../src/nn/layers.ts";
import { normal, Parameters, values } from "../../src/nn/parameters.ts";
import { linear } from "../../src/nn/ops.ts";
import type { Feeds } from "../../src/nn/program.ts";
import {
  type LossBuilder,
  type StepReport,
  Trainer,
  type TrainerOptions,
} from "../../src/nn/trainer.ts";
import { near } from "./differences.ts";
import { startParameters, STEPS, tinyStep, tinyTrainer } from "./tiny_training.ts";
import { batchOf, lossOf, parametersOf, type Sizes } from "./tiny_transformer.ts";

/** Linear regression of `rows` rows: y = x W + b. */
const regression = (rows: number): LossBuilder => (graph, parameter) => {
  const x = graph.input("x", [rows, 2]), y = graph.input("y", [rows, 1]);
  return meanSquaredError(linear(x, parameter("W"), parameter("b")), y);
};

function regressionStart(): Parameters {
  const parameters = new Parameters(random(1));
  parameters.add("W", [2, 1], values([1, -1]));
  parameters.add("b", [1], values([0.5]));
  return parameters;
}

/** Residuals of the start: 1 − 2 + 0.5 − 1.5 = −2 and 3 − 0 + 0.5 − 2.5 = 1. */
const rows: Feeds[] = [
  { x: Float32Array.of(1, 2), y: Float32Array.of(1.5) },
  { x: Float32Array.of(3, 0), y: Float32Array.of(2.5) },
];
const both: Feeds = { x: Float32Array.of(1, 2, 3, 0), y: Float32Array.of(1.5, 2.5) };

const plain: TrainerOptions = { schedule: () => 0.1, clip: Infinity, group: () => ({}) };

/** All weights, as bytes can be compared. */
function weights(parameters: Parameters): Record<string, number[]> {
  return Object.fromEntries([...parameters].map(([name, { data }]) => [name, [...data]]));
}

Deno.test("a step by hand: loss, norm, clipping, groups", async () => {
  // Loss (4 + 1)/2. ∂residual = (−2, 1): ∂W = xᵀ∂ = (1, −4), ∂b = −1, norm √18, clipped to √2: a third.
  // At ε = 1 the first step is η · g/(|g| + 1) with the clipped g = (⅓, −4/3, −⅓).
  const parameters = regressionStart();
  const trainer = new Trainer(parameters, {
    schedule: (step) => step === 0 ? 0.1 : NaN,
    clip: Math.SQRT2,
    epsilon: 1,
    group: (name) => name === "W" ? { decay: 0.5 } : { rate: 2 },
  });
  const report = await trainer.update("both", regression(2), [both]);
  near([report.loss, report.norm], [2.5, Math.sqrt(18)], "report", 1e-6);
  near(
    parameters.get("W").data,
    [0.95 - 0.1 * 1 / 4, -0.95 + 0.1 * 4 / 7],
    "W: decays by 0.1 · 0.5",
    1e-6,
  );
  near(parameters.get("b").data, [0.5 + 0.2 * 1 / 4], "b: at twice the rate", 1e-6);
  assert.equal(trainer.step, 1);
  await trainer.release();
});

Deno.test("two micro-batches step like one batch of both", async () => {
  const together = regressionStart(), apart = regressionStart();
  // Clipped, and with ε = 1: else Adam would not see a gradient of another size.
  const options = { ...plain, clip: 1, epsilon: 1 };
  const one = new Trainer(together, options), two = new Trainer(apart, options);
  for (let step = 0; step < 3; step++) {
    const a = await one.update("both", regression(2), [both]);
    const b = await two.update("row", regression(1), rows);
    near([b.loss, b.norm], [a.loss, a.norm], `report of step ${step}`, 1e-5);
  }
  for (const [name, { data }] of together) near(apart.get(name).data, data, name, 1e-5);
  await one.release();
  await two.release();
});

Deno.test("a frozen group stays as it was, bit for bit", async () => {
  const parameters = regressionStart(), before = weights(parameters);
  const group: TrainerOptions["group"] = (name) => name === "W" ? null : {};
  const trainer = new Trainer(parameters, { ...plain, group });
  const { norm } = await trainer.update("both", regression(2), [both]);
  near([norm], [1], "norm of what is trained", 1e-6);
  const after = weights(parameters);
  assert.deepEqual(after.W, before.W);
  assert.notDeepEqual(after.b, before.b);
  await trainer.release();
});

Deno.test("a group's rate multiplies the schedule's", async () => {
  const moved = async (rate: number): Promise<number> => {
    const parameters = regressionStart();
    const trainer = new Trainer(parameters, { ...plain, group: () => ({ rate }) });
    await trainer.update("both", regression(2), [both]);
    await trainer.release();
    return parameters.get("b").data[0] - 0.5;
  };
  near([await moved(0.25), await moved(0)], [0.25 * await moved(1), 0], "change of b", 1e-5);
});

Deno.test("matrices decay and vectors do not, unless told otherwise", async () => {
  // Rows that are predicted exactly: no gradient, so decay is all that happens.
  const exact = { x: both.x, y: Float32Array.of(-0.5, 3.5) };
  const parameters = regressionStart();
  const trainer = new Trainer(parameters, { schedule: () => 0.1 });
  await trainer.update("both", regression(2), [exact]);
  near(parameters.get("W").data, [0.999, -0.999], "W", 1e-6);
  assert.deepEqual([...parameters.get("b").data], [0.5]);
  await trainer.release();
});

Deno.test("a real little training learns", async () => {
  const trainer = tinyTrainer(startParameters(), { schedule: () => 0.03 });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) losses.push((await tinyStep(trainer)).loss);
  const first = losses.slice(0, 5), last = losses.slice(-5);
  const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  assert.ok(mean(last) < 0.4 * mean(first), `${mean(first)} → ${mean(last)}`);
  await trainer.release();
});

/** Enough work for ONNX Runtime to spread over threads; the tiny training is below its threshold. */
const WIDE: Sizes = {
  ...{ layers: 1, width: 64, heads: 4, hidden: 128, vocabulary: 50 },
  ...{ batch: 8, length: 16 },
};
const wideStep = (trainer: Trainer): Promise<StepReport> =>
  trainer.update("wide", lossOf(WIDE), [batchOf(WIDE, random(8, "wide", trainer.step))]);

const trainings = [
  { name: "tiny, 1 thread", threads: 1, start: startParameters, step: tinyStep },
  { name: "tiny, 2 threads", threads: 2, start: startParameters, step: tinyStep },
  { name: "wider, 2 threads", threads: 2, start: () => parametersOf(WIDE), step: wideStep },
];
for (const { name, threads, start, step } of trainings) {
  Deno.test(`stopped after any step and resumed, training ends with the same bits (${name})`, async () => {
    const folder = await Deno.makeTempDir();
    const undisturbed = start(), trainer = tinyTrainer(undisturbed, { threads });
    const losses: number[] = [];
    for (let i = 0; i < STEPS; i++) {
      await trainer.save(join(folder, `${i}.safetensors`));
      losses.push((await step(trainer)).loss);
    }
    await trainer.release();
    for (let i = 0; i < STEPS; i++) {
      const parameters = start(), resumed = tinyTrainer(parameters, { threads });
      for (const [, { data }] of parameters) data.fill(9); // all has to come from the file
      await resumed.load(join(folder, `${i}.safetensors`));
      const rest: number[] = [];
      while (resumed.step < STEPS) rest.push((await step(resumed)).loss);
      assert.deepEqual(rest, losses.slice(i), `losses after a stop at step ${i}`);
      assert.deepEqual(weights(parameters), weights(undisturbed), `after a stop at step ${i}`);
      await resumed.release();
    }
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("a damaged or foreign checkpoint is refused, and nothing is loaded of it", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "state.safetensors");
  const trained = startParameters(), writer = tinyTrainer(trained);
  await tinyStep(writer);
  await writer.save(path);
  await writer.release();

  const parameters = startParameters(3), before = weights(parameters);
  const trainer = tinyTrainer(parameters);
  const refuses = async (message: RegExp): Promise<void> => {
    await assert.rejects(trainer.load(path), (error) => {
      assert.ok(error instanceof DataError, String(error));
      assert.ok(error.message.startsWith(path), error.message);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(weights(parameters), before);
    assert.equal(trainer.step, 0);
  };
  const good = await Deno.readFile(path);
  const bad = good.slice();
  bad[bad.length - 5] ^= 1;
  await Deno.writeFile(path, bad);
  await refuses(/./);
  await Deno.writeFile(path, good.subarray(0, good.length - 4));
  await refuses(/./);
  await Deno.writeTextFile(path, "not a checkpoint");
  await refuses(/./);
  await Deno.remove(path);
  await refuses(/./);

  const other = async (change: (parameters: Parameters) => void): Promise<void> => {
    const foreign = new Parameters(random(4));
    for (const [name, { shape }] of parameters) {
      if (name !== "table") foreign.add(name, shape, normal(1));
    }
    change(foreign);
    await tinyTrainer(foreign).save(path);
  };
  await other(() => {});
  await refuses(/"table" is missing, expected shape \[7,8\]/);
  await other((foreign) => foreign.add("table", [8, 7], normal(1)));
  await refuses(/"table" of shape \[8,7\], expected \[7,8\]/);
  await other((foreign) => {
    foreign.add("table", [7, 8], normal(1));
    foreign.add("block2.mlp.up_proj.weight", [12, 8], normal(1));
  });
  await refuses(/"block2.mlp.up_proj.weight"/);

  await Deno.writeFile(path, good);
  await trainer.load(path);
  assert.deepEqual(weights(parameters), weights(trained));
  assert.equal(trainer.step, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a step that diverges is refused and leaves no trace", async () => {
  const clean = regressionStart(), parameters = regressionStart();
  const undisturbed = new Trainer(clean, plain), trainer = new Trainer(parameters, plain);
  await undisturbed.update("both", regression(2), [both]);
  await trainer.update("both", regression(2), [both]);
  const before = weights(parameters);
  for (const value of [NaN, 1e30]) { // 1e30² overflows
    const feeds = { ...both, y: Float32Array.of(value, 1) };
    await assert.rejects(trainer.update("both", regression(2), [both, feeds]), (error) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, /step 1/);
      return true;
    });
    assert.deepEqual(weights(parameters), before);
    assert.equal(trainer.step, 1);
  }
  await undisturbed.update("both", regression(2), [both]);
  await trainer.update("both", regression(2), [both]);
  assert.deepEqual(weights(parameters), weights(clean));
  await undisturbed.release();
  await trainer.release();
});

Deno.test("a graph that cannot be built is an error each time, and is not in the way", async () => {
  const trainer = new Trainer(regressionStart(), plain);
  const broken: LossBuilder = (_, parameter) => linear(parameter("W"), parameter("b"));
  for (let i = 0; i < 2; i++) {
    await assert.rejects(trainer.update("broken", broken, [both]), { name: "RangeError" });
  }
  await assert.rejects(trainer.update("both", regression(2), []), { message: /micro-batch/ });
  await assert.rejects(trainer.update("both", regression(2), rows), { message: /"x": expected/ });
  assert.equal(trainer.step, 0);
  await trainer.update("both", regression(2), [both]);
  await trainer.release();
});
