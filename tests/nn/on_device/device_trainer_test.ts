/** Training as one graph, on the processor, against the trainer with its loop over arrays. */
import assert from "node:assert/strict";
import { DataError } from "../../../src/base/errors.ts";
import { random } from "../../../src/base/random.ts";
import { mul, sumAll } from "../../../src/nn/ops.ts";
import { DeviceTrainer, openTrainer } from "../../../src/nn/on_device/device_trainer.ts";
import { columnOf, layoutOf, pack, unpack } from "../../../src/nn/on_device/layout.ts";
import { Parameters, values } from "../../../src/nn/parameters.ts";
import type { Feeds } from "../../../src/nn/program.ts";
import { type LossBuilder, Trainer, type TrainerOptions } from "../../../src/nn/trainer.ts";
import { batchOf, lossOf, parametersOf, TINY } from "../tiny_transformer.ts";

const stream = random(3);
const batches = Array.from({ length: 9 }, () => batchOf(TINY, stream));
const loss = lossOf(TINY);
const options: TrainerOptions = {
  schedule: (step) => 0.02 / (step + 1),
  clip: 0.5, // below every norm met here, so that clipping counts
  beta2: 0.99,
  group: (name, shape) =>
    name === "embed" ? null : shape.length > 1 ? { decay: 0.1 } : { rate: 0.5 },
};

/** Steps on one, one, three, one and three micro-batches: losses and norms. */
async function train(trainer: Trainer | DeviceTrainer, steps = 5): Promise<number[]> {
  const reports: number[] = [];
  for (let i = 0, at = 0; i < steps; i++) {
    const count = i % 2 === 0 && i > 0 ? 3 : 1;
    const { loss: value, norm } = await trainer.update("a", loss, batches.slice(at, at += count));
    reports.push(value, norm);
  }
  return reports;
}

function assertClose(got: ArrayLike<number>, wanted: ArrayLike<number>, within = 1e-4): void {
  assert.equal(got.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i] - wanted[i]);
    assert.ok(difference <= within * Math.max(1, Math.abs(wanted[i])), `${got[i]}, ${wanted[i]}`);
  }
}

function assertSame(got: Parameters, wanted: Parameters, within?: number): void {
  for (const [name, { data }] of wanted) assertClose(got.get(name).data, data, within);
}

Deno.test("losses, norms and weights are those of the trainer", async () => {
  const plain = parametersOf(TINY), graph = parametersOf(TINY), start = parametersOf(TINY);
  const [one, other] = [new Trainer(plain, options), new DeviceTrainer(graph, options)];
  assertClose(await train(other), await train(one));
  assertSame(graph, start, 0); // nothing before pull()
  await other.pull();
  assertSame(graph, plain);
  assert.equal(other.step, 5);
  assert.throws(() => assertSame(start, plain, 1e-2)); // and they did move
  await one.release();
  await other.release();
});

Deno.test("batches may be made once the graph is built", async () => {
  const [given, asked] = [0, 1].map(() => new DeviceTrainer(parametersOf(TINY), options));
  let built = false;
  const report = await asked.update("a", (graph, parameter) => {
    built = true;
    return loss(graph, parameter);
  }, () => {
    assert.ok(built);
    return batches.slice(0, 1);
  });
  assert.deepEqual(report, await given.update("a", loss, batches.slice(0, 1)));
  for (const trainer of [given, asked]) await trainer.release();
});

Deno.test("the trainer of a device: the processor's own, or one whose weights stay there", () => {
  for (const device of [undefined, "cpu"] as const) {
    assert.ok(openTrainer(parametersOf(TINY), { ...options, device }) instanceof Trainer);
  }
  const there = openTrainer(parametersOf(TINY), { ...options, device: "webgpu" });
  assert.ok(there instanceof DeviceTrainer);
});

Deno.test("a frozen parameter stays, to the bit", async () => {
  const graph = parametersOf(TINY), start = parametersOf(TINY);
  const trainer = new DeviceTrainer(graph, options);
  await train(trainer, 2);
  await trainer.release(); // pulls
  assert.deepEqual(graph.get("embed").data, start.get("embed").data);
  assert.notDeepEqual(graph.get("head.bias").data, start.get("head.bias").data);
});

Deno.test("saved by either, continued by either, ends alike", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const Kinds = [Trainer, DeviceTrainer], ends: Parameters[] = [];
    for (const [i, First] of Kinds.entries()) {
      for (const [j, Second] of Kinds.entries()) {
        const path = `${folder}/${i}${j}.safetensors`;
        const first = new First(parametersOf(TINY), options);
        await train(first, 3);
        await first.save(path);
        await first.release();
        const parameters = parametersOf(TINY), second = new Second(parameters, options);
        await second.load(path);
        assert.equal(second.step, 3);
        await train(second, 2);
        await second.release();
        ends.push(parameters);
      }
    }
    for (const other of ends.slice(1)) assertSame(other, ends[0]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("release() keeps the state: a further step goes on", async () => {
  const steady = parametersOf(TINY), broken = parametersOf(TINY);
  const [one, other] = [steady, broken].map((p) => new DeviceTrainer(p, options));
  await train(one, 2);
  await train(other, 2);
  await other.release();
  assertClose(await train(other, 1), await train(one, 1), 1e-6);
  await one.release();
  await other.release();
  assertSame(broken, steady, 1e-6);
});

const x: Feeds = { x: Float32Array.of(1, 2, 3) };
const linear: LossBuilder = (graph, parameter) =>
  sumAll(mul(graph.input("x", [3]), parameter("w")));
function three(): Parameters {
  const parameters = new Parameters(random(1));
  parameters.add("w", [3], values([1, 1, 1]));
  return parameters;
}

Deno.test("one step by hand", async () => {
  // L = x·w, gradient (1, 2, 3) with norm √14 clipped to 1; AdamW's first step is η · sign(g) for any g.
  const parameters = three();
  const trainer = new DeviceTrainer(parameters, { schedule: () => 0.1, group: () => ({}) });
  const { loss: value, norm } = await trainer.update("a", linear, [x]);
  await trainer.release();
  assertClose([value, norm], [6, Math.sqrt(14)], 1e-6);
  assertClose(parameters.get("w").data, [0.9, 0.9, 0.9], 1e-6);
});

Deno.test("a loss that is not finite leaves the weights", async () => {
  const parameters = three();
  const trainer = new DeviceTrainer(parameters, { schedule: () => 0.1 });
  await trainer.update("a", linear, [x]);
  await trainer.pull();
  const before = parameters.get("w").data.slice();
  const bad = { x: Float32Array.of(1, NaN, 1) };
  await assert.rejects(trainer.update("a", linear, [bad]), (error) => {
    return error instanceof DataError && /diverged at step 1: loss NaN/.test(error.message);
  });
  await trainer.release();
  assert.equal(trainer.step, 1);
  assert.deepEqual(parameters.get("w").data, before);
});

Deno.test("what is trained has to be in the loss, and a step needs data", async () => {
  const parameters = three();
  parameters.add("idle", [2], values([1, 1]));
  const trainer = new DeviceTrainer(parameters, { schedule: () => 0.1 });
  await assert.rejects(trainer.update("a", linear, [x]), /leaves "idle" out/);
  await assert.rejects(trainer.update("a", linear, []), /at least one micro-batch/);
  await trainer.release();
});

Deno.test("parameters in one matrix start on rows of their own", () => {
  const layout = layoutOf([["a", [3]], ["b", [2, 4]], ["c", []]], 4);
  assert.deepEqual(layout.shape, [4, 4]);
  const arrays: Record<string, Float32Array> = {
    a: Float32Array.of(1, 2, 3),
    b: Float32Array.of(4, 5, 6, 7, 8, 9, 10, 11),
    c: Float32Array.of(12),
  };
  const packed = pack(layout, (name) => arrays[name]);
  assert.deepEqual([...packed], [1, 2, 3, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0]);
  assert.deepEqual(Object.fromEntries(unpack(layout, packed)), arrays);
  assert.deepEqual([...columnOf(layout, (_, shape) => shape.length)], [1, 2, 2, 0]);
  assert.throws(() => layoutOf([]), RangeError);
});
