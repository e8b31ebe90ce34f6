/**
 * Devices: the probe, tensors that stay on a device, and WebGPU against the processor. The latter runs
 * where WebGPU does (tests/support/webgpu.ts says how to have it without a GPU).
 */
import assert from "node:assert/strict";
import type { Device } from "../../src/base/device.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { add, gradients, mul, sumAll } from "../../src/nn/ops.ts";
import { probeDevice } from "../../src/onnx/device.ts";
import { DeviceTrainer } from "../../src/nn/on_device/device_trainer.ts";
import { Graph, sizeOf } from "../../src/nn/graph.ts";
import { bind, Parameters, values } from "../../src/nn/parameters.ts";
import { type Feeds, Program } from "../../src/nn/program.ts";
import { Programs } from "../../src/nn/programs.ts";
import { Trainer } from "../../src/nn/trainer.ts";
import { fromDevice, toDevice } from "../../src/nn/on_device/transfer.ts";
import { negateModel } from "../support/tiny_model.ts";
import { webgpu } from "../support/webgpu.ts";
import { OPERATORS } from "../nn/device_operators.ts";
import { batchOf, logits, lossOf, parametersOf, TINY } from "../nn/tiny_transformer.ts";

const { usable, says } = await webgpu();
console.log(usable ? `WebGPU on ${says}` : `SKIPPED: no WebGPU on this machine: ${says}`);

/** Largest difference of two arrays, relative to the largest number in the second (at least 1). */
function difference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  assert.equal(got.length, wanted.length);
  let worst = 0, size = 1;
  for (let i = 0; i < wanted.length; i++) {
    worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
    size = Math.max(size, Math.abs(wanted[i]));
    if (Number.isNaN(got[i])) return NaN;
  }
  return worst / size;
}

Deno.test("the processor always works", async () => {
  assert.deepEqual(await probeDevice("cpu"), { device: "cpu" });
});

for (const device of ["webgpu", "cuda"] as const) {
  Deno.test({
    name: `${device} works or is refused with what it needs`,
    ignore: device === "webgpu" && /ended/.test(says), // it would end this process too
    fn: async () => {
      try {
        const facts = await probeDevice(device);
        assert.equal(facts.device, device);
        if (device === "webgpu") assert.equal(facts.adapter ?? "an adapter without a name", says);
      } catch (error) {
        assert.ok(error instanceof CapabilityError);
        const start = new RegExp(`^device "${device}" cannot be used: .+; it needs `);
        assert.match(error.message, start);
      }
    },
  });
}

Deno.test("the probe's bytes are the model the comment says", async () => {
  const source = await Deno.readTextFile(repoPath("src/onnx/device.ts"));
  const [, base64] = /fromBase64\(\s*"([^"]+)"/.exec(source) ?? [];
  assert.equal(base64, negateModel().toBase64());
});

for (const device of ["cpu", "webgpu"] as const) {
  const ignore = device === "webgpu" && !usable;
  const options = { device };
  const graph = new Graph({ fused: false });
  const x = graph.input("x", [2, 3]), y = graph.input("y", [2, 3]);
  graph.output("sum", add(x, y));
  graph.output("product", sumAll(mul(x, y)));
  const ones = new Float32Array(6).fill(1), count = Float32Array.of(1, 2, 3, 4, 5, 6);

  Deno.test({ name: `${device}: outputs stay and are fed again`, ignore }, async () => {
    const program = await Program.compile(graph, { ...options, keep: ["sum"] });
    const { fetched, kept } = await program.keep({ x: ones, y: count });
    assert.deepEqual(Object.keys(fetched), ["product"]);
    assert.equal(fetched.product[0], 21);
    const twice = await program.keep({ x: kept.sum, y: kept.sum });
    assert.equal(twice.fetched.product[0], 4 + 9 + 16 + 25 + 36 + 49);
    const { sum } = await fromDevice(twice.kept, options);
    assert.deepEqual([...sum], [4, 6, 8, 10, 12, 14]);
    await kept.sum.release();
    await assert.rejects(program.run({ x: ones, y: count }), /call keep/);
    await assert.rejects(program.keep({ x: ones, y: kept.sum }), /got a released resident/);
    await program.release();
    await twice.kept.sum.release();
  });

  Deno.test({ name: `${device}: residents outlive their program`, ignore }, async () => {
    const residents = await toDevice(graph.inputs, { x: count }, options);
    const program = await Program.compile(graph, options);
    const fed = { ...residents, y: ones.slice() };
    assert.equal((await program.run(fed)).product[0], 21);
    fed.y.fill(2); // a change in place is seen
    assert.equal((await program.run(fed)).product[0], 42);
    await residents.x.release();
    await program.release();
  });
}

Deno.test(
  { name: "weights that are fixed lie on the GPU, moved once", ignore: !usable },
  async () => {
    const parameters = new Parameters(random(1));
    parameters.add("w", [2], values([3, 4]));
    const answers = async (fixed: boolean): Promise<number[]> => {
      const programs = new Programs(parameters, { device: "webgpu", most: 1, fixed }), out = [];
      for (const [name, w] of [["a", 3], ["b", 3], ["a", 5]] as const) {
        parameters.get("w").data[0] = w;
        const { y } = await programs.run(name, (graph, parameter) => {
          graph.output("y", mul(parameter("w"), graph.input("x", [2])));
        }, { x: Float32Array.of(1, 2) });
        out.push(...y);
      }
      await programs.release();
      return out;
    };
    assert.deepEqual(await answers(false), [3, 8, 3, 8, 5, 8]);
    assert.deepEqual(await answers(true), [3, 8, 3, 8, 3, 8]);
  },
);

Deno.test({ name: "what lies on a GPU reaches no other device", ignore: !usable }, async () => {
  const graph = new Graph();
  graph.output("y", graph.input("x", [2]));
  const there = await toDevice(graph.inputs, { x: Float32Array.of(1, 2) }, { device: "webgpu" });
  const program = await Program.compile(graph);
  await assert.rejects(program.run(there), /got a resident \[2\] in gpu-buffer/);
  await there.x.release();
  await program.release();
});

Deno.test("a graph has the outputs it is to keep", async () => {
  await assert.rejects(Program.compile(new Graph(), { keep: ["z"] }), /no output "z"/);
});

/** All operators in one graph, so that WebGPU compiles its shaders once: values and gradients by name. */
async function everything(device: Device): Promise<Map<string, Float32Array>> {
  const graph = new Graph({ fused: device === "cpu" }), feeds: Record<string, Feeds[string]> = {};
  for (const [name, { shapes, positive, build }] of Object.entries(OPERATORS)) {
    const stream = random(5, name);
    const draw = (shape: readonly number[]): Float32Array =>
      Float32Array.from({ length: sizeOf(shape) }, () => stream.next() * 2 - (positive ? 0 : 1));
    const inputs = shapes.map((shape, i) => {
      const key = `${name}: input ${i}`;
      feeds[key] = draw(shape).map((v) => positive ? v / 2 + 0.5 : v);
      return graph.input(key, shape, { differentiable: true });
    });
    const y = build(...inputs);
    graph.output(name, y);
    feeds[`${name}: weights`] = draw(y.shape); // so that every element counts differently
    const loss = sumAll(mul(y, graph.input(`${name}: weights`, y.shape)));
    gradients(loss, inputs).forEach((g, i) => graph.output(`${name}, gradient ${i}`, g));
  }
  for (const { name, type, shape } of graph.inputs) {
    if (type === "uint8") feeds[name] = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => i % 2);
  }
  const program = await Program.compile(graph, { device });
  const results = await program.run(feeds);
  await program.release();
  return new Map(Object.entries(results));
}

Deno.test(
  { name: "every operator and gradient as on the processor", ignore: !usable },
  async () => {
    const [wanted, got] = [await everything("cpu"), await everything("webgpu")];
    const wrong = [...wanted].flatMap(([name, values]) => {
      const d = difference(got.get(name)!, values);
      return d <= 1e-5 ? [] : [`${name}: ${d}`];
    });
    assert.deepEqual(wrong, []);
    assert.ok(wanted.size > 100);
  },
);

Deno.test({ name: "a transformer's scores as on the processor", ignore: !usable }, async () => {
  const parameters = parametersOf(TINY), batch = batchOf(TINY, random(4));
  const scores = async (device: Device): Promise<Float32Array> => {
    const graph = new Graph({ fused: device === "cpu" }), bound = bind(graph, parameters);
    graph.output("scores", logits(graph, bound, TINY));
    const weights = await toDevice(graph.inputs, bound.feeds, { device });
    const program = await Program.compile(graph, { device });
    const { scores } = await program.run({ ...batch, ...weights });
    for (const weight of Object.values(weights)) await weight.release();
    await program.release();
    return scores;
  };
  assert.ok(difference(await scores("webgpu"), await scores("cpu")) < 1e-5);
});

Deno.test({ name: "training on WebGPU as on the processor", ignore: !usable }, async () => {
  const options = { schedule: () => 0.01, clip: 0.5 };
  const [here, there] = [parametersOf(TINY), parametersOf(TINY)];
  const one = new Trainer(here, options);
  const other = new DeviceTrainer(there, { ...options, device: "webgpu" });
  const stream = random(6), loss = lossOf(TINY);
  for (const count of [1, 2, 1]) {
    const batches = Array.from({ length: count }, () => batchOf(TINY, stream));
    const wanted = await one.update("a", loss, batches);
    const got = await other.update("a", loss, batches);
    assert.ok(difference([got.loss, got.norm], [wanted.loss, wanted.norm]) < 1e-5);
  }
  await other.release(); // pulls
  await one.release();
  for (const [name, { data }] of here) {
    assert.ok(difference(there.get(name).data, data) < 1e-4, name);
  }
});
