/** Low-rank adapters against the definition y = x Wᵀ + b + (α/r) x Aᵀ Bᵀ. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { gradients, mul, sumAll } from "../../src/nn/ops.ts";
import { Graph } from "../../src/nn/graph.ts";
import {
  adapted,
  adapterStep,
  addAdapters,
  isAdapter,
  mergeAdapters,
  readSome,
  withAdapters,
  writeSome,
} from "../../src/nn/lora.ts";
import { meanSquaredError } from "../../src/nn/layers.ts";
import { bind, normal, Parameters } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import { writeSafetensors } from "../../src/nn/safetensors.ts";
import { Trainer } from "../../src/nn/trainer.ts";
import { type Apply, dense } from "../../src/nn/transformer.ts";
import { near } from "./differences.ts";

const LORA = { rank: 2, alpha: 6, adapts: (name: string) => name === "q" };

/** One matrix [3 × 4] with a bias, adapted, and one that is not. */
function parametersOf(adapted = true): Parameters {
  const parameters = new Parameters(random(5));
  parameters.add("q.weight", [3, 4], normal(1));
  parameters.add("q.bias", [3], normal(1));
  parameters.add("other.weight", [3, 4], normal(1));
  if (adapted) addAdapters(parameters, LORA);
  return parameters;
}

const X = Float32Array.of(1, -2, 0.5, 3, 0, 1, 1, -1);

async function applied(parameters: Parameters, apply: Apply, name = "q"): Promise<Float32Array> {
  const graph = new Graph(), parameter = bind(graph, parameters, () => true);
  graph.output("y", apply(graph.input("x", [2, 4]), parameter, name, name === "q"));
  const program = await Program.compile(graph);
  const { y } = await program.run({ ...parameter.feeds, x: X });
  await program.release();
  return y;
}

/** Fills B, which starts at zero. */
function adapt(parameters: Parameters): void {
  parameters.get("q.lora_B.weight").data.set([1, 2, -1, 0.5, 0, 3]);
}

Deno.test("a fresh adapter changes nothing, a trained one what the formula says", async () => {
  const parameters = parametersOf(), plain = await applied(parameters, dense);
  const of = (name: string): Float32Array => parameters.get(name).data;
  assert.deepEqual(await applied(parameters, withAdapters(LORA)), plain);
  adapt(parameters);
  const A = of("q.lora_A.weight"), B = of("q.lora_B.weight");
  const expected = plain.map((y, at) => {
    const row = Math.floor(at / 3), out = at % 3;
    let change = 0;
    for (let k = 0; k < 2; k++) {
      for (let j = 0; j < 4; j++) change += X[row * 4 + j] * A[k * 4 + j] * B[out * 2 + k];
    }
    return y + 6 / 2 * change;
  });
  near(await applied(parameters, withAdapters(LORA)), expected, "adapted", 1e-6);
  assert.deepEqual(
    await applied(parameters, withAdapters(LORA), "other"),
    await applied(parameters, dense, "other"),
    "a matrix without adapter",
  );
});

Deno.test("merged adapters compute the same without being applied", async () => {
  const parameters = parametersOf();
  adapt(parameters);
  const before = await applied(parameters, withAdapters(LORA));
  mergeAdapters(parameters, LORA);
  near(await applied(parameters, dense), before, "merged", 1e-6);
  near(await applied(parameters, withAdapters(LORA)), before, "merged, still applied", 1e-6);
});

Deno.test("training moves A and B and leaves W and b as they were, to the bit", async () => {
  const parameters = parametersOf(), start = parameters.snapshot();
  const trainer = new Trainer(parameters, {
    schedule: () => 0.05,
    group: (name) => isAdapter(name) ? {} : null,
  });
  const target = Float32Array.of(1, 2, 3, 4, 5, 6);
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const { loss } = await trainer.update("only", (graph, parameter) => {
      const y = withAdapters(LORA)(graph.input("x", [2, 4]), parameter, "q", true);
      return meanSquaredError(y, graph.input("target", [2, 3]));
    }, [{ x: X, target }]);
    losses.push(loss);
  }
  await trainer.release();
  assert.ok(losses.at(-1)! < losses[0] / 50, `loss ${losses[0]} to ${losses.at(-1)}`);
  for (const [name, { data }] of parameters) {
    assert.equal(
      data.some((value, i) => value !== start.get(name)![i]),
      isAdapter(name),
      `${name} changed`,
    );
  }
});

Deno.test("gradients of a frozen matrix are never computed", () => {
  const size = (frozen: boolean): number => {
    const graph = new Graph(), parameters = parametersOf();
    const parameter = bind(graph, parameters, (name) => frozen && !isAdapter(name));
    const y = withAdapters(LORA)(graph.input("x", [2, 4]), parameter, "q", true);
    const wanted = [...parameter.used.values()].filter(({ differentiable }) => differentiable);
    gradients(sumAll(mul(y, y)), wanted);
    return graph.size;
  };
  assert.ok(size(true) < size(false));
});

Deno.test("nothing to adapt, a silly rank", () => {
  const none = { rank: 2, adapts: () => false }, zero = { rank: 0, adapts: () => true };
  assert.throws(() => addAdapters(parametersOf(false), none), /no matrix is adapted/);
  assert.throws(() => addAdapters(parametersOf(false), zero), /rank 0, expected a whole number/);
  const parameters = parametersOf(false);
  assert.deepEqual(addAdapters(parameters, { rank: 1, adapts: () => true }), ["q", "other"]);
});

Deno.test("only what is wanted is saved, and comes back", async () => {
  const folder = await Deno.makeTempDir(), path = join(folder, "adapters.safetensors");
  try {
    const saved = parametersOf(), facts = { base: "a" };
    adapt(saved);
    await writeSome(path, saved, isAdapter, facts);
    assert.ok((await Deno.stat(path)).size < 600, "no frozen weights in the file");
    const fresh = parametersOf();
    fresh.get("q.bias").data.fill(9);
    await readSome(path, fresh, isAdapter, facts);
    assert.deepEqual(fresh.get("q.lora_B.weight"), saved.get("q.lora_B.weight"));
    assert.equal(fresh.get("q.bias").data[0], 9);

    const refuse = async (wanted: typeof isAdapter, message: RegExp, expected = {}) => {
      const other = parametersOf(), before = other.snapshot();
      await assert.rejects(readSome(path, other, wanted, expected), { name: "DataError", message });
      assert.deepEqual(other.snapshot(), before);
    };
    await refuse(isAdapter, /base is a, expected b/, { base: "b" });
    await refuse((name) => isAdapter(name) || name === "q.bias", /"q\.bias": .*got nothing/);
    await refuse((name) => name.includes("lora_A"), /"q\.lora_B\.weight" is no parameter/);
    const A = { shape: [1, 8], data: saved.get("q.lora_A.weight").data };
    await writeSafetensors(path, new Map([["q.lora_A.weight", A]]));
    await refuse((name) => name.includes("lora_A"), /expected shape \[2,4\], got \[1,8\]/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("how far training moved a matrix, as thin factors: what merging both adapters gives", () => {
  const before = parametersOf(), after = parametersOf();
  adapt(before);
  after.get("q.lora_B.weight").data.set([2, 1, 0, -1, 4, 3]);
  after.get("q.lora_A.weight").data.set([1, 0, 2, -1, 0.5, 1, 1, 3]);
  assert.deepEqual(adapted(before), ["q"]);
  const { left, right, rank } = adapterStep(before, after, "q", LORA);
  assert.deepEqual([rank, left.length, right.length], [4, 3 * 4, 4 * 4]);
  for (const parameters of [before, after]) mergeAdapters(parameters, LORA);
  const [from, to] = [before, after].map((parameters) => parameters.get("q.weight").data);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 4; j++) {
      let moved = 0;
      for (let k = 0; k < rank; k++) moved += left[i * rank + k] * right[k * 4 + j];
      assert.ok(Math.abs(moved - (to[i * 4 + j] - from[i * 4 + j])) < 1e-5);
    }
  }
});
