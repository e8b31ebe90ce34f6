/** Pre-trained decoders: what they compute, what is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import { reshape } from "../../src/nn/ops.ts";
import { sharedPrefixAttention } from "../../src/icl/shared_prefix.ts";
import { everyProjection, openDecoder, type Tuning } from "../../src/lm/decoder.ts";
import type { Backbone } from "../../src/lm/backbone.ts";
import { encodeSafetensors } from "../../src/nn/safetensors.ts";
import { near } from "../nn/differences.ts";
import { type Config, TINY, TINY_LLAMA, TINY_QWEN3, writeDecoder } from "./tiny_decoder.ts";
import { inFolder } from "../support/folder.ts";
import { naiveLogits, tokenRows } from "./naive_decoder.ts";

const open = (folder: string, tuning: Tuning = "frozen"): Promise<Backbone> =>
  openDecoder(folder, { tuning, random: random(1) });

/** Logits of one sequence through the engine, [ids × vocabulary] or [ids × chosen]. */
async function logitsOf(
  model: Backbone,
  ids: readonly number[],
  chosen?: readonly number[],
): Promise<Float32Array> {
  const graph = new Graph(), parameter = bind(graph, model.parameters, () => true);
  const rows = reshape(model.tokens(graph, parameter, "ids", ids.length), [
    1,
    ids.length,
    model.width,
  ]);
  const hidden = reshape(model.decode(parameter, rows), [ids.length, model.width]);
  graph.output("logits", model.logits(parameter, hidden, chosen));
  const program = await Program.compile(graph);
  const { logits } = await program.run({ ...parameter.feeds, ...model.feed("ids", ids) });
  await program.release();
  return logits;
}

const IDS = [3, 17, 42, 255, 3, 0, 99, 100, 101, 7, 8];

Deno.test("Qwen2, Qwen3 and Llama compute what float64 loops do", async () => {
  for (const config of [TINY, TINY_LLAMA, TINY_QWEN3, { ...TINY, num_key_value_heads: 4 }]) {
    await inFolder(async (folder) => {
      const weights = await writeDecoder(folder, config);
      const expected = naiveLogits(weights, config, tokenRows(weights, IDS));
      for (const tuning of ["frozen", "full"] as const) {
        const model = await open(folder, tuning);
        near(await logitsOf(model, IDS), expected.flat(), `${config.model_type}, ${tuning}`, 1e-5);
        const some = await logitsOf(model, IDS, [9, 4]);
        near(some, expected.flatMap((row) => [row[9], row[4]]), "chosen tokens", 1e-5);
      }
    });
  }
});

Deno.test("a mask in place of the causal rule, and positions", async () => {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder), model = await open(folder), n = 4;
    const graph = new Graph(), parameter = bind(graph, model.parameters, () => true);
    const rows = reshape(model.tokens(graph, parameter, "ids", n), [1, n, model.width]);
    // The last row stands at position 1 and sees itself and row 0 only: a sequence of two.
    const mask = graph.input("mask", [n, n]);
    const x = model.decode(parameter, rows, { mask, positions: [0, 1, 2, 1] });
    graph.output("logits", model.logits(parameter, reshape(x, [n, model.width])));
    const program = await Program.compile(graph);
    const hide = -1e9;
    const seen = [[0, hide, hide, hide], [0, 0, hide, hide], [0, 0, 0, hide], [0, hide, hide, 0]];
    const { logits } = await program.run({
      ...parameter.feeds,
      ...model.feed("ids", IDS.slice(0, n)),
      mask: Float32Array.from(seen.flat()),
    });
    await program.release();
    const two = naiveLogits(weights, TINY, tokenRows(weights, [IDS[0], IDS[3]]));
    near(logits.subarray(3 * model.vocabulary), two[1], "last row", 1e-5);
  });
});

Deno.test("what is remembered of a prefix serves later rows", async () => {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder, TINY_LLAMA), model = await open(folder);
    const graph = new Graph(), parameter = bind(graph, model.parameters, () => true);
    const P = 6, rest = IDS.length - P;
    const part = (name: string, n: number) =>
      reshape(model.tokens(graph, parameter, name, n), [1, n, model.width]);
    const memory = model.remember(parameter, part("prefix", P));
    assert.deepEqual(memory[0].keys.shape, model.memoryShape(P));
    const x = model.decode(parameter, part("rest", rest), {
      positions: Array.from({ length: rest }, (_, i) => P + i),
      attend: (layer, q, own) => sharedPrefixAttention(q, memory[layer], own, 1),
    });
    graph.output("logits", model.logits(parameter, reshape(x, [rest, model.width])));
    const program = await Program.compile(graph);
    const { logits } = await program.run({
      ...parameter.feeds,
      ...model.feed("prefix", IDS.slice(0, P)),
      ...model.feed("rest", IDS.slice(P)),
    });
    await program.release();
    const whole = naiveLogits(weights, TINY_LLAMA, tokenRows(weights, IDS));
    near(logits, whole.slice(P).flat(), "rows after the prefix", 1e-5);
  });
});

Deno.test("shards give the same model; a second copy of a tied table is ignored", async () => {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder), whole = await open(folder);
    const names = [...weights.keys()], map: Record<string, string> = {};
    weights.set("lm_head.weight", weights.get("model.embed_tokens.weight")!);
    names.push("lm_head.weight");
    for (const half of [0, 1]) {
      const own = names.filter((_, i) => i % 2 === half), file = `part-${half}.safetensors`;
      for (const name of own) map[name] = file;
      const part = new Map(own.map((name) => [name, weights.get(name)!]));
      await Deno.writeFile(join(folder, file), encodeSafetensors(part));
    }
    await Deno.remove(join(folder, "model.safetensors"));
    const index = JSON.stringify({ weight_map: map });
    await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), index);
    const sharded = await open(folder);
    assert.deepEqual([...sharded.parameters], [...whole.parameters]);
    assert.equal(sharded.fingerprint, whole.fingerprint);
  });
});

Deno.test("what is trained: nothing, everything, or adapters in the blocks", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const trained = (model: Backbone): string[] =>
      [...model.parameters].map(([name]) => name).filter((name) => model.trains(name));
    assert.deepEqual(trained(await open(folder)), []);
    const full = await open(folder, "full");
    assert.equal(trained(full).length, [...full.parameters].length);
    const tuning = { rank: 2, alpha: 4, adapts: everyProjection };
    const lora = await open(folder, tuning), names = trained(lora);
    assert.equal(names.length, 2 * 2 * 7); // A and B of seven matrices in two layers
    assert.ok(names.every((name) => /^model\.layers\.\d\..*_proj\.lora_[AB]\.weight$/.test(name)));
    assert.match(lora.description, /qwen2, 2 layers of width 16, 0\.0 M.*LoRA of rank 2, α 4/);
    const all = await open(folder, { ...tuning, adapts: () => true });
    assert.ok(!all.parameters.has("model.embed_tokens.lora_A.weight"), "the table is not adapted");
  });
});

Deno.test("weights that do not fit the configuration are refused by name", async () => {
  const q = "model.layers.1.self_attn.q_proj.weight";
  const cases: [RegExp, Config, Parameters<typeof writeDecoder>[2]][] = [
    [/has no tensor "model\.layers\.1\.self_attn\.q_proj\.weight"/, TINY, (w) => w.delete(q)],
    [
      /q_proj\.weight": shape \[8,32\], config\.json says \[16,16\]/,
      TINY,
      (w) => w.set(q, { shape: [8, 32], data: w.get(q)!.data }),
    ],
    [
      /"model\.layers\.0\.self_attn\.q_norm\.weight" is no tensor of a qwen2 model/,
      TINY,
      (w) => w.set("model.layers.0.self_attn.q_norm.weight", w.get("model.norm.weight")!),
    ],
    [
      /"model\.layers\.0\.self_attn\.k_proj\.bias" is no tensor of a llama model/,
      TINY_LLAMA,
      (w) =>
        w.set("model.layers.0.self_attn.k_proj.bias", { shape: [1], data: Float32Array.of(1) }),
    ],
    [/has no tensor "lm_head\.weight"/, TINY_LLAMA, (w) => w.delete("lm_head.weight")],
  ];
  for (const [message, config, change] of cases) {
    await inFolder(async (folder) => {
      await writeDecoder(folder, config, change);
      await assert.rejects(open(folder), { name: "DataError", message });
    });
  }
});

Deno.test("configurations that mean something else are refused by field", async () => {
  const cases: [string, RegExp, Config][] = [
    [
      "CapabilityError",
      /config\.json: model_type is "gemma"; supported: "llama", "qwen2", "qwen3"/,
      {
        model_type: "gemma",
      },
    ],
    ["CapabilityError", /rope_scaling\.rope_type is "llama3"/, {
      rope_scaling: { rope_type: "llama3", factor: 8 },
    }],
    ["CapabilityError", /rope_scaling\.rope_type is "linear"/, {
      rope_scaling: { type: "linear", factor: 2 },
    }],
    ["CapabilityError", /rope_parameters\.rope_type is "yarn"/, {
      rope_parameters: { rope_type: "yarn" },
    }],
    ["CapabilityError", /use_sliding_window is true/, { use_sliding_window: true }],
    ["CapabilityError", /layer_types is "sliding_attention"/, {
      layer_types: ["full_attention", "sliding_attention"],
    }],
    ["CapabilityError", /quantization_config is \{"bits":4\}/, {
      quantization_config: { bits: 4 },
    }],
    ["CapabilityError", /hidden_act is "gelu"/, { hidden_act: "gelu" }],
    ["CapabilityError", /attention_bias is true/, { model_type: "llama", attention_bias: true }],
    ["CapabilityError", /mlp_bias is true/, { mlp_bias: true }],
    ["DataError", /num_hidden_layers: expected a whole number from 1, got missing/, {
      num_hidden_layers: undefined,
    }],
    ["DataError", /num_key_value_heads: 3 does not divide the 4 attention heads/, {
      num_key_value_heads: 3,
    }],
    ["DataError", /rope_theta: expected a number above 0, got "big"/, { rope_theta: "big" }],
  ];
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    for (const [name, message, change] of cases) {
      await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...TINY, ...change }));
      await assert.rejects(open(folder), { name, message });
    }
  });
});

Deno.test("rope_theta may stand in rope_parameters", async () => {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder), { rope_theta, ...rest } = TINY;
    const config = { ...rest, rope_parameters: { rope_theta, rope_type: "default" } };
    await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config));
    const expected = naiveLogits(weights, TINY, tokenRows(weights, IDS));
    near(await logitsOf(await open(folder), IDS), expected.flat(), "logits", 1e-5);
  });
});

Deno.test("ids outside the vocabulary are refused", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const model = await open(folder);
    assert.throws(() => model.embed([model.vocabulary]), { name: "RangeError" });
    assert.throws(() => model.embed([-1]), { name: "RangeError" });
  });
});
