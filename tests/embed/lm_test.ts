/** Hidden states as an embedding: means beside float64 loops, cutting, neighbours, keys, what is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { row } from "../../src/linalg/matrix.ts";
import { openDecoder } from "../../src/lm/decoder.ts";
import { openEncoder } from "../../src/lm/encoder.ts";
import { shapesOf } from "../../src/lm/presets.ts";
import { importModel } from "../../src/lm/import.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openLm } from "../../src/embed/lm.ts";
import { type StoredTensor, writeSafetensors } from "../../src/nn/safetensors.ts";
import { near } from "../nn/differences.ts";
import { naiveStates, tokenRows } from "../lm/naive_decoder.ts";
import {
  type Config,
  TINY,
  TINY_LLAMA,
  tokenizerJson,
  VOCABULARY,
  writeDecoder,
} from "../lm/tiny_decoder.ts";
import { inFolder } from "../support/folder.ts";

const TEXTS = ["the thin", "", "2 + 2 = ?", "the ".repeat(50), "é".repeat(10), "x", "<|im_end|>"];

async function withStore(
  use: (root: string, weights: Map<string, StoredTensor>) => Promise<void>,
  config: Config = TINY,
): Promise<void> {
  await inFolder(async (folder) => {
    const published = join(folder, "published"), root = join(folder, "store");
    await Deno.mkdir(published);
    const weights = await writeDecoder(published, config);
    await importModel(published, { id: "tiny", root });
    await use(root, weights);
  });
}

const open = (root: string, more: Partial<Parameters<typeof openLm>[0]> = {}) =>
  openLm({ name: "lm:tiny", id: "tiny", tokens: 16, device: "cpu", root, ...more });

Deno.test("a vector is the mean of the states of the tokens that are kept", async () => {
  for (const config of [TINY, TINY_LLAMA]) {
    await withStore(async (root, weights) => {
      const { tokenizer } = await openDecoder(join(root, "tiny"), {
        ...{ tuning: "frozen", random: random(0) },
      });
      for (const layer of [0, 1, 2]) {
        const vectors = await (await open(root, { layer })).embed(TEXTS);
        TEXTS.forEach((text, i) => {
          const ids = tokenizer.encode(text || "\n").slice(0, 16);
          const states = naiveStates(weights, config, tokenRows(weights, ids), layer);
          const mean = states[0].map((_, j) =>
            states.reduce((sum, state) => sum + state[j], 0) / states.length
          );
          near(row(vectors, i), mean, `layer ${layer}, ${JSON.stringify(text)}`, 1e-5);
        });
      }
    }, config);
  }
});

Deno.test("a text's numbers depend on nothing but itself, and come in its place", async () => {
  await withStore(async (root) => {
    const provider = await open(root), many = [...TEXTS, ...TEXTS.map((text) => `${text} and`)];
    const all = await provider.embed(many), told: number[] = [];
    const reversed = await provider.embed(many.toReversed(), (done) => told.push(done));
    assert.equal(told.at(-1), many.length);
    for (const [i, text] of many.entries()) {
      assert.deepEqual(row(reversed, many.length - 1 - i), row(all, i), text);
      assert.deepEqual((await provider.embed([text])).data, row(all, i).slice(), text);
    }
  });
});

Deno.test("an encoder: between its special tokens, padding hidden, the last layer unless told", async () => {
  await inFolder(async (folder) => {
    const published = join(folder, "published"), root = join(folder, "store");
    await Deno.mkdir(published);
    const json = tokenizerJson(), added = json.added_tokens as { id: number; content: string }[];
    const [first, last] = [added[1], added[2]],
      piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
    const post_processor = {
      type: "TemplateProcessing",
      single: [piece(first.content), { Sequence: { id: "A", type_id: 0 } }, piece(last.content)],
      pair: [],
      special_tokens: Object.fromEntries([first, last].map(({ id, content }) => [
        ...[content, { id: content, ids: [id], tokens: [content] }],
      ])),
    };
    const config = {
      ...{ model_type: "bert", hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2 },
      ...{ num_attention_heads: 4, vocab_size: VOCABULARY, max_position_embeddings: 32 },
    };
    const tensors = new Map<string, StoredTensor>();
    for (const [name, shape] of shapesOf(config)) {
      const stream = random(5, name), size = shape.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length: size }, () => 0.3 * stream.normal());
      tensors.set(`bert.${name}`, { shape, data });
    }
    const write = (name: string, content: unknown): Promise<void> =>
      Deno.writeTextFile(join(published, name), JSON.stringify(content));
    await write("config.json", config);
    await write("tokenizer.json", { ...json, post_processor });
    await writeSafetensors(join(published, "model.safetensors"), tensors);
    await importModel(published, { id: "tiny", root });
    const provider = await open(root), all = await provider.embed(TEXTS);
    assert.equal(provider.facts.layer, 2);
    for (const [i, text] of TEXTS.entries()) {
      assert.deepEqual((await provider.embed([text])).data, row(all, i).slice(), text);
    }
    // With room for its text and no more, nothing is padded: the mask makes no difference.
    const { tokenizer } = await openEncoder(join(root, "tiny"));
    const ids = tokenizer.surrounded(TEXTS[2]);
    assert.deepEqual([ids[0], ids.at(-1)], [first.id, last.id]);
    const exact = await open(root, { tokens: ids.length });
    near((await exact.embed([TEXTS[2]])).data, row(all, 2), "without padding", 1e-5);
  });
});

Deno.test("what a text is cut to does not depend on how long it is", async () => {
  await withStore(async (root) => {
    const provider = await open(root), start = performance.now();
    const [long, longer] = ["the 7 ".repeat(100), "the 7 ".repeat(200_000)];
    const { data } = await provider.embed([long, longer, "z".repeat(1_000_000)]);
    assert.deepEqual(data.slice(0, 16), data.slice(16, 32));
    assert.ok(performance.now() - start < 20_000, "a million letters are not cut into tokens");
  });
});

Deno.test("the key follows model, layer and limit; facts say them", async () => {
  await withStore(async (root) => {
    const first = await open(root), again = await open(root);
    assert.equal(first.key, again.key);
    const others = [await open(root, { layer: 0 }), await open(root, { tokens: 32 })];
    assert.equal(new Set([first, ...others].map(({ key }) => key)).size, 3);
    assert.deepEqual([first.preparation, first.width, first.slow], ["standardise", 16, true]);
    const { layer, tokens, lengths, pooling, precision } = first.facts;
    assert.deepEqual([layer, tokens, lengths, pooling, precision], [
      ...[1, 16, "4 8 16", "mean", "float32"],
    ]);
  });
});

Deno.test("layers and limits that the model does not have, and names that mean nothing", async () => {
  await withStore(async (root) => {
    await assert.rejects(open(root, { layer: 3 }), { name: "UsageError", message: /layer 3 of 2/ });
    await assert.rejects(open(root, { tokens: 999 }), {
      message: /tokens=999, the model takes 512/,
    });
  });
  const refused = (spec: string, message: RegExp): Promise<void> =>
    assert.rejects(openProvider(spec), { name: "UsageError", message });
  await refused("lm:smolm2", /no language model "smolm2"; did you mean "smollm2"\?/);
  await refused("lm:smollm2:twenty", /expected lm:<id> or lm:<id>:<layer>/);
  await refused("lm:smollm2?dtype=q8", /unknown option "dtype".*expected tokens/);
  await refused("lm:smollm2?tokens=4", /tokens=4, expected a whole number from 8/);
});
