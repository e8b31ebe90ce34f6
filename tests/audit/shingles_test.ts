import assert from "node:assert/strict";
import type { Lists } from "../../src/audit/lists.ts";
import { shingleSets, tokenCodes } from "../../src/audit/near_duplicates.ts";
import { numberedTexts } from "../../src/audit/numbered_texts.ts";

import { random } from "../../src/base/random.ts";

const codesOf = (texts: string[][]): Lists<Int32Array> =>
  tokenCodes(numberedTexts(texts.map((words) => words.join(" "))));

Deno.test("shingles: windows, short texts and counts by hand", () => {
  const { sets, texts } = shingleSets(
    codesOf([
      ["a", "b", "c", "a", "b", "c"], // abc bca cab (abc again)
      ["b", "c", "a"], // bca
      ["a", "b"], // one window, of two
      [],
    ]),
    3,
  );
  assert.deepEqual(Array.from(sets, (set) => [...set]), [[0, 1, 2], [1], [3], []]);
  assert.deepEqual([...texts], [1, 2, 1, 1]);
});

Deno.test("shingles: a short text never equals the start of a longer window", () => {
  const { sets } = shingleSets(codesOf([["a", "b"], ["a", "b", "c"], ["a"]]), 3);
  assert.equal(new Set(Array.from(sets, (set) => set[0])).size, 3);
});

Deno.test("shingles: the hash tells windows apart as strings do", () => {
  const draw = random(1, "shingles");
  const words = Array.from(
    { length: 400 },
    () => Array.from({ length: 60 }, () => String(draw.integer(12))),
  );
  const known = new Map<string, number>();
  const bySet = words.map((text) => {
    const keys = text.slice(0, -4).map((_, i) => text.slice(i, i + 5).join(" "));
    return new Set(keys.map((key) => {
      if (!known.has(key)) known.set(key, known.size);
      return known.get(key)!;
    }));
  });
  const { sets, texts } = shingleSets(codesOf(words), 5);
  assert.equal(texts.length, known.size);
  bySet.forEach((set, i) => assert.deepEqual(new Set(sets.get(i)), set));
});
