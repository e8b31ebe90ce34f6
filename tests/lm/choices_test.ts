/** Continuations as a tree: by hand, and against reading each alone. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { Choices, choiceTree } from "../../src/lm/choices.ts";
import { openDecoder } from "../../src/lm/decoder.ts";
import { near } from "../nn/differences.ts";
import { inFolder } from "../support/folder.ts";
import { naiveLogits, tokenRows } from "./naive_decoder.ts";
import { type Config, TINY, TINY_LLAMA, writeDecoder } from "./tiny_decoder.ts";

/** Three begin with 5; of these two go on with 6; 9 is alone at once. */
const CHOICES = [[5, 6, 7, 2], [5, 6, 8], [5, 3, 3], [9, 1]];

Deno.test("choices: a tree has a state where more than one is left, and no further", () => {
  const { states, paths } = choiceTree(CHOICES);
  assert.deepEqual(states, [
    { token: -1, before: -1, depth: 0, options: [5, 9] },
    { token: 5, before: 0, depth: 1, options: [6, 3] },
    { token: 6, before: 1, depth: 2, options: [7, 8] },
  ]);
  assert.deepEqual(paths.map((path) => path.map(({ state, option }) => `${state}:${option}`)), [
    ["0:0", "1:0", "2:0"],
    ["0:0", "1:0", "2:1"],
    ["0:0", "1:1"],
    ["0:1"],
  ]);
});

Deno.test("choices: one that is the beginning of another is refused", () => {
  assert.throws(() => choiceTree([[1, 2], [1]]), RangeError);
  assert.throws(() => choiceTree([[1, 2], [1, 2]]), RangeError);
});

for (const config of [TINY, TINY_LLAMA] as readonly Config[]) {
  Deno.test(`choices: ln p is that of each read alone (${config.model_type})`, async () => {
    await inFolder(async (folder) => {
      const weights = await writeDecoder(folder, config);
      const model = await openDecoder(folder, { tuning: "frozen", random: random(1) });
      const prefix = [3, 17, 42, 255, 3], choices = await Choices.open(model, prefix, CHOICES);
      for (const text of [[0, 99], [100, 7, 8, 101]]) {
        /** ln of the share of `wanted` among the tokens that may follow. */
        const step = (before: number[], wanted: number, options: number[]): number => {
          const rows = tokenRows(weights, [...prefix, ...text, ...before]);
          const own = naiveLogits(weights, config, rows).at(-1)!;
          const sum = options.reduce((total, id) => total + Math.exp(own[id]), 0);
          return own[wanted] - Math.log(sum);
        };
        const five = step([], 5, [5, 9]), six = five + step([5], 6, [6, 3]);
        const expected = [
          six + step([5, 6], 7, [7, 8]),
          six + step([5, 6], 8, [7, 8]),
          five + step([5], 3, [6, 3]),
          step([], 9, [5, 9]),
        ];
        near([...await choices.logLikelihoods(text)], expected, `text ${text}`, 1e-4);
      }
      await choices.release();
    });
  });
}

Deno.test("choices: an empty text, and one too long for the model, are refused", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const model = await openDecoder(folder, { tuning: "frozen", random: random(1) });
    const choices = await Choices.open(model, [1, 2], CHOICES);
    const text = new Array<number>(509).fill(4); // 2 + 509 + 2 is one more than 512
    await assert.rejects(choices.logLikelihoods([]), { name: "DataError" });
    await assert.rejects(
      choices.logLikelihoods(text),
      /a prompt of 513 tokens, the model takes 512/,
    );
  });
});
