/** Every family beside the transformers library on weights made by a rule; the fixtures are its numbers. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { join } from "node:path";
import { readJson, repoPath } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import type { StateModel } from "../../src/lm/backbone.ts";
import { logitsOf } from "../../src/lm/check.ts";
import { openDecoder } from "../../src/lm/decoder.ts";
import { openEncoder } from "../../src/lm/encoder.ts";
import { shapesOf } from "../../src/lm/presets.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import { type StoredTensor, writeSafetensors } from "../../src/nn/safetensors.ts";
import { near } from "../nn/differences.ts";
import { inFolder } from "../support/folder.ts";
import { tokenizerJson } from "./tiny_decoder.ts";

interface Fixture {
  readonly config: Readonly<Record<string, unknown>>;
  readonly ids: readonly number[];
  readonly logits: readonly number[];
  readonly states: readonly (readonly number[])[];
  readonly short: readonly number[];
}

/** The rule of `tests/bench/lm_peers.py`: a generator seeded by the tensor's name. */
function numbersOf(name: string, size: number): Float32Array {
  let state = crc32(name) || 1;
  const centre = name.toLowerCase().includes("norm") && name.endsWith("weight") ? 1 : 0;
  return Float32Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return centre + 0.5 * ((state >>> 0) / 2 ** 32 - 0.5);
  });
}

async function withModel(
  kind: string,
  use: (folder: string, fixture: Fixture) => Promise<void>,
): Promise<void> {
  const fixture = await readJson(repoPath("tests/fixtures/lm", `${kind}.json`)) as Fixture;
  await inFolder(async (folder) => {
    const tensors = new Map<string, StoredTensor>();
    for (const [name, shape] of shapesOf(fixture.config)) {
      tensors.set(name, { shape, data: numbersOf(name, shape.reduce((a, b) => a * b, 1)) });
    }
    await writeSafetensors(join(folder, "model.safetensors"), tensors);
    await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(fixture.config));
    await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizerJson()));
    await use(folder, fixture);
  });
}

/** States of texts behind some blocks; of an encoder, what the texts are filled up with is hidden. */
async function statesOf(
  model: StateModel,
  texts: readonly (readonly number[])[],
  blocks: number,
): Promise<Float32Array[]> {
  const { width, causal } = model, size = texts.length;
  const length = Math.max(...texts.map((ids) => ids.length)), graph = new Graph();
  const parameter = bind(graph, model.parameters, () => true);
  const mask = causal ? undefined : graph.input("mask", [size, 1, 1, length]);
  const made = model.states(parameter, graph.input("rows", [size, length, width]), {
    blocks,
    mask,
  });
  graph.output("states", made);
  const program = await Program.compile(graph);
  const rows = new Float32Array(size * length * width), hidden = new Float32Array(size * length);
  texts.forEach((ids, b) => {
    rows.set(model.embed(ids), b * length * width);
    hidden.fill(-1e9, b * length + ids.length, (b + 1) * length);
  });
  const feeds = { ...parameter.feeds, rows, ...(causal ? {} : { mask: hidden }) };
  const { states } = await program.run(feeds);
  await program.release();
  return texts.map((ids, b) => states.slice(b * length * width, (b * length + ids.length) * width));
}

for (const kind of ["llama", "qwen2", "qwen3"]) {
  Deno.test(`${kind}: logits and states are the transformers library's`, async () => {
    await withModel(kind, async (folder, { ids, logits, states }) => {
      const open = (blocks?: number) =>
        openDecoder(folder, { tuning: "frozen", random: random(1), blocks });
      const model = await open();
      const [own] = await logitsOf(model, [ids, ids.slice(0, 3)]);
      near(own.flatMap((row) => [...row]), logits, "logits", 1e-5);
      for (const [blocks, expected] of states.entries()) {
        near((await statesOf(model, [ids], blocks))[0], expected, `states ${blocks}`, 1e-5);
      }
      const short = await open(2);
      assert.equal(short.layers, 2);
      assert.ok(!short.parameters.has("model.layers.2.self_attn.q_proj.weight"));
      near((await statesOf(short, [ids], 2))[0], states[2], "two blocks loaded", 1e-5);
    });
  });
}

Deno.test("bert: states are the transformers library's, also of a shorter text in the batch", async () => {
  await withModel("bert", async (folder, { ids, states, short }) => {
    const model = await openEncoder(folder);
    for (const [blocks, expected] of states.entries()) {
      const made = await statesOf(model, [ids, ids.slice(0, 6)], blocks);
      near(made[0], expected, `states ${blocks}`, 1e-5);
      if (blocks === 3) near(made[1], short, "the shorter text", 1e-5);
    }
    assert.equal((await openEncoder(folder, 1)).layers, 1);
    assert.throws(() => model.embed(new Array(65).fill(1)), { message: /65 tokens.*takes 64/ });
  });
});

Deno.test("an encoder that is computed otherwise is refused by field", async () => {
  await withModel("bert", async (folder, { config }) => {
    const cases: [string, RegExp, Record<string, unknown>][] = [
      ["CapabilityError", /hidden_act is "gelu_new"; supported: "gelu"/, {
        hidden_act: "gelu_new",
      }],
      ["CapabilityError", /position_embedding_type is "relative_key"/, {
        position_embedding_type: "relative_key",
      }],
      ["CapabilityError", /remainder is 1/, { num_attention_heads: 5 }],
      ["DataError", /shape \[24,16\], config\.json says \[25,16\]/, { intermediate_size: 25 }],
    ];
    for (const [name, message, change] of cases) {
      const text = JSON.stringify({ ...config, ...change });
      await Deno.writeTextFile(join(folder, "config.json"), text);
      await assert.rejects(openEncoder(folder), { name, message });
    }
  });
});
