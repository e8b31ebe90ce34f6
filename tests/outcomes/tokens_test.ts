/** Token counts against tiktoken 0.14.0 with the same rank table. */
import assert from "node:assert/strict";
import { tokenCounter } from "../../src/outcomes/tokens.ts";
import { locateRecords } from "../../datasets/load.ts";
import { readAllRecords } from "../../src/outcomes/read.ts";

Deno.test("counts of tricky texts are tiktoken's", async () => {
  const count = await tokenCounter();
  const expected: [string, number][] = [
    ["", 0],
    ["hello world", 2],
    ["  two  spaces \n\n\t x ", 8],
    ["It's WE'LL don'ſ", 9],
    ["\ufeffBOM first", 4],
    ["a\ufeffb \ufeff\n", 5],
    ["\x85next\x85\x85 line", 8],
    ["1234567 ٣٤٥ ½²", 13],
    ["中文漢字かな", 7],
    ["👩‍👩‍👧 🙂", 14],
    ["e\u0301é ñ", 5],
    ["<|endoftext|><|im_start|>", 12],
    ["x".repeat(300), 38],
    ["-".repeat(500), 9],
    ["é".repeat(200), 200],
    [" ".repeat(50) + "y", 2],
    ["\u3000\u2028\u200b\u180e", 7],
    ["\x00\x1c\x7f", 3],
    ["def f(x):\r\n    return x\r\n", 8],
    ["ǅʰ ſ K", 7],
  ];
  for (const [text, tokens] of expected) {
    assert.equal(count(text), tokens, JSON.stringify(text.slice(0, 40)));
    assert.equal(count(text), tokens, "and again, now remembered");
  }
});

Deno.test("the published input counts of mmlu-pro are ours", async () => {
  const folder = await locateRecords("mmlu-pro").catch(() => undefined);
  if (!folder) return console.log("SKIPPED: the records of mmlu-pro are not on this machine");
  const count = await tokenCounter();
  const { list } = await readAllRecords(folder);
  const wrong = list.filter(({ query, tokens }) => Object.values(tokens!)[0][0] !== count(query));
  assert.deepEqual(wrong.map(({ id }) => id), []);
});
