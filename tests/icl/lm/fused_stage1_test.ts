/** Stage 1 in the middle of a tiny language model: beside loops, and what it leaves for stage 2. */
import assert from "node:assert/strict";
import { random } from "../../../src/base/random.ts";
import { openFusedWriter, trainFusedReading } from "../../../src/icl/lm/fused_stage1.ts";
import { type FusedOptions, openFused } from "../../../src/icl/lm/fused.ts";
import { matrix } from "../../../src/linalg/matrix.ts";
import { Graph } from "../../../src/nn/graph.ts";
import { isAdapter } from "../../../src/nn/lora.ts";
import { bind } from "../../../src/nn/parameters.ts";
import { Program } from "../../../src/nn/program.ts";
import type { StoredTensor } from "../../../src/nn/safetensors.ts";
import { naiveStates, tokenRows } from "../../lm/naive_decoder.ts";
import { TINY_LLAMA, writeDecoder } from "../../lm/tiny_decoder.ts";
import { inFolder } from "../../support/folder.ts";

/** Five layers, of which the second and third read. */
const CONFIG = { ...TINY_LLAMA, num_hidden_layers: 5 }, FROM = 1, TO = 3, INPUT = 6;

async function withFolder(
  use: (options: FusedOptions, weights: ReadonlyMap<string, StoredTensor>) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder, CONFIG);
    await use({ folder, from: FROM, to: TO, rank: 2, input: INPUT, random: random(7) }, weights);
  });
}

/** Two words a text, one of two each, told by the first two numbers of its vector. */
const SIGNS = Array.from(
  { length: 40 },
  (_, i) => [i % 2 ? 1 : -1, Math.floor(i / 2) % 2 ? 1 : -1],
);
const noise = random(1);
const TEXTS = {
  texts: SIGNS.map(([a, b]) => `${a > 0 ? "the" : "in"} ${b > 0 ? "vector" : "query"}`),
  vectors: matrix(
    SIGNS.length,
    INPUT,
    Float32Array.from(
      SIGNS.flatMap((s) => [...s, ...Array.from({ length: 4 }, () => 0.1 * noise.normal())]),
    ),
  ),
};
/** Thirty to learn from, ten to judge on. */
const ROWS = { ...TEXTS, training: 30 };

Deno.test("a text is written through the whole model, its vector's slot before it from the middle on", async () => {
  await withFolder(async (options, weights) => {
    const writer = await openFusedWriter(options), ids = [5, 17, 3], graph = new Graph();
    const vectors = graph.input("vectors", [1, INPUT]);
    const tokens = graph.input("tokens", [1, ids.length], { type: "int64" });
    const bound = bind(graph, writer.parameters);
    graph.output("logits", writer.logits(graph, bound, vectors, tokens));
    const program = await Program.compile(graph), vector = TEXTS.vectors.data.slice(0, INPUT);
    const { logits } = await program.run({
      ...{ vectors: vector, tokens: BigInt64Array.from(ids, BigInt) },
      ...bound.feeds,
    });
    const numbers = (name: string): Float32Array => writer.parameters.get(name).data;
    const root = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0) / INPUT + 1e-6);
    const slot = Array.from(
      numbers("projector.bias"),
      (b, i) =>
        vector.reduce(
          (sum, x, j) => sum + x / root * numbers("projector.weight")[i * INPUT + j],
          b,
        ),
    );
    const low = naiveStates(weights, CONFIG, tokenRows(weights, ids), FROM);
    const high = naiveStates(weights, CONFIG, [slot, ...low], 5, FROM);
    const table = numbers("lm_head.weight"), gain = numbers("model.norm.weight");
    for (const [t, x] of high.entries()) {
      const size = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + 1e-5);
      for (const token of [0, 5, 100]) {
        const expected = x.reduce(
          (sum, v, i) => sum + v / size * gain[i] * table[token * x.length + i],
          0,
        );
        const got = logits[t * writer.vocabulary + token];
        assert.ok(
          Math.abs(got - expected) < 1e-3,
          `row ${t}, token ${token}: ${got}, not ${expected}`,
        );
      }
    }
    await program.release();
  });
});

Deno.test("projector and the middle's adapters are trained, and nothing else", async () => {
  await withFolder(async (options) => {
    const { parameters, group } = await openFusedWriter(options);
    for (const [name, { shape }] of parameters) {
      const adapted = isAdapter(name);
      if (adapted) assert.match(name, /layers\.[12]\./);
      assert.equal(group!(name, shape) !== null, adapted || name.startsWith("projector."), name);
    }
  });
});

Deno.test("texts are read from vectors, and stage 2 begins with what was learned", async () => {
  await withFolder(async (options) => {
    const network = await openFused(options), before = network.parameters.snapshot();
    const found = await trainFusedReading(network, options, ROWS, random(2), { steps: 60 });
    assert.ok(found.own < found.shuffled - 0.2, JSON.stringify(found));
    const changed = [...before].filter(([name, data]) =>
      data.some((x, i) => x !== network.parameters.get(name).data[i])
    ).map(([name]) => name);
    assert.ok(changed.includes("projector.weight") && changed.some(isAdapter));
    assert.ok(
      changed.every((name) => isAdapter(name) || name.startsWith("projector.")),
      `${changed}`,
    );
    const again = await openFused(options);
    await trainFusedReading(again, options, ROWS, random(2), { steps: 60 });
    assert.deepEqual(again.parameters.snapshot(), network.parameters.snapshot());
  });
});

Deno.test("without texts to judge on there is no loss beside that of training", async () => {
  await withFolder(async (options) => {
    const network = await openFused(options), rows = { ...TEXTS, training: 40 };
    const { loss, own, shuffled } = await trainFusedReading(network, options, rows, random(2), {
      steps: 2,
    });
    assert.ok(loss > 0);
    assert.deepEqual([own, shuffled], [NaN, NaN]);
  });
});
