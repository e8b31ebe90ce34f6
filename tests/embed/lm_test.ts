/** Hidden states as an embedding: means beside float64 loops, cutting, neighbours, keys, what is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { row } from "../../src/linalg/matrix.ts";
import { openDecoder } from "../../src/lm/decoder.ts";
import { importModel } from "../../src/lm/import.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openLm } from "../../src/embed/lm.ts";
import type { StoredTensor } from "../../src/nn/safetensors.ts";
import { near } from "../nn/differences.ts";
import { naiveStates, tokenRows } from "../lm/naive_decoder.ts";
import { type Config, TINY, TINY_LLAMA, writeDecoder } from "../lm/tiny_decoder.ts";
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
