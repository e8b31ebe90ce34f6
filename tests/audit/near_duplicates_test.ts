import assert from "node:assert/strict";
import {
  BOILERPLATE,
  type NearDuplicates,
  nearDuplicates,
} from "../../src/audit/near_duplicates.ts";
import { numberedTexts } from "../../src/audit/numbered_texts.ts";
import { random } from "../../src/base/random.ts";

const compared = (texts: string[]): NearDuplicates => nearDuplicates(numberedTexts(texts));
const words = (n: number, prefix: string): string[] =>
  Array.from({ length: n }, (_, i) => `${prefix}${i}`);

Deno.test("similar: Jaccard of 5-token shingles at the threshold", () => {
  // 49 tokens have 45 shingles. One changed last token changes one: 44 / 46. A changed middle token
  // changes five: 40 / 50 = 0.8 exactly. Two far apart change ten: 35 / 55.
  const base = words(49, "w");
  const changed = (...at: number[]): string =>
    base.map((word, i) => at.includes(i) ? `x${i}` : word).join(" ");
  const found = (a: string, b: string): number => compared([a, b]).similar.length;
  assert.equal(found(changed(), changed(48)), 1);
  assert.equal(found(changed(), changed(20)), 1);
  assert.equal(found(changed(), changed(10, 30)), 0);
  assert.equal(found(changed(), changed().toUpperCase()), 1);
});

Deno.test("contained: a question inside a longer prompt, two questions on one passage", () => {
  const question = words(20, "q").join(" ");
  const prompt = `${words(40, "shot").join(" ")} ${question} ${words(40, "end").join(" ")}`;
  const passage = words(120, "p").join(" ");
  const texts = [
    question,
    prompt,
    `${passage} ${words(12, "a").join(" ")}`,
    `${passage} ${words(12, "b").join(" ")}`,
    words(20, "other").join(" "),
  ];
  assert.deepEqual(compared(texts).contained, [[0, 1], [2, 3]]);
});

Deno.test("a long shared instruction is boilerplate: it neither joins nor hides", () => {
  const instruction = words(100, "do").join(" ");
  const own = (i: number): string => words(12, `r${i}x`).join(" ");
  const many = Array.from({ length: BOILERPLATE + 1 }, (_, i) => `${instruction} ${own(i)}`);
  assert.equal(compared(many.slice(1)).similar.length, 45, "ten texts: all pairs alike");
  const { similar, contained, mostlyBoilerplate } = compared(many);
  assert.deepEqual([similar, contained], [[], []]);
  assert.ok(mostlyBoilerplate.every((flag) => flag === 1));
  // The same question without the instruction is found behind it.
  const copy = words(30, "same").join(" ");
  const behind = compared([...many, `${instruction} ${copy}`, copy]);
  assert.deepEqual(behind.similar, [[11, 12]]);
  assert.equal(behind.mostlyBoilerplate[12], 0);
});

Deno.test("a few shared words between boilerplate prove nothing", () => {
  const instruction = words(30, "do").join(" ");
  // Every number stands in many texts, only "12 and 7" in two; distinctive are at most four shingles.
  const many = Array.from({ length: 30 }, (_, i) => `${instruction} ${i % 2} go`);
  const { similar } = compared([...many, `${instruction} 7`, `${instruction} 7`]);
  assert.deepEqual(similar, []);
});

Deno.test("short and empty texts: equal or nothing", () => {
  assert.deepEqual(compared(["a b c", "a b c", "a b d", "", ""]).similar, [[0, 1]]);
});

Deno.test("no pair is missed: agrees with comparing all pairs", () => {
  const draw = random(3, "near");
  const texts: string[] = [];
  for (let t = 0; t < 60; t++) {
    const base = Array.from({ length: 50 }, () => `v${draw.integer(200)}`);
    texts.push(base.join(" "));
    for (let copy = 0; copy < 2; copy++) {
      base[draw.integer(50)] = `v${draw.integer(200)}`;
      texts.push(base.join(" "));
    }
  }
  const sets = texts.map((text) => {
    const w = text.split(" ");
    return new Set(w.slice(0, -4).map((_, i) => w.slice(i, i + 5).join(" ")));
  });
  const expected: [number, number][] = [];
  for (let a = 0; a < sets.length; a++) {
    for (let b = a + 1; b < sets.length; b++) {
      const shared = sets[a].intersection(sets[b]).size;
      if (shared >= 0.8 * (sets[a].size + sets[b].size - shared)) expected.push([a, b]);
    }
  }
  assert.ok(expected.length > 5 && expected.length < 150, `${expected.length} pairs`);
  assert.deepEqual(compared(texts).similar, expected);
});
