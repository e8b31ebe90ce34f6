import assert from "node:assert/strict";
import { audit } from "../../src/audit/audit.ts";
import { random } from "../../src/base/random.ts";
import { type Row, tableOf } from "../splits/tables.ts";

const draw = random(11, "families");
const word = (): string =>
  Array.from({ length: 6 }, () => "abcdefghijklmnoprstuvwxyz"[draw.integer(25)]).join("");
const words = (n: number): string[] => Array.from({ length: n }, word);
/** The words with those at some places replaced. */
const edited = (base: readonly string[], ...at: number[]): string[] =>
  base.map((own, i) => at.includes(i) ? word() : own);
/** Copies of a text, each with `edits` words replaced at places of its own; the first has none. */
const family = (base: readonly string[], size: number, edits: number): string[] =>
  Array.from({ length: size }, (_, i) => {
    const places = draw.shuffle([...base.keys()]).slice(0, i === 0 ? 0 : edits);
    return edited(base, ...places).join(" ");
  });
/** Sizes of the groups of more than one row, ascending. */
const groupSizes = (rows: readonly (string | Row)[]): number[] => {
  const given = rows.map((row, i): Row => ({
    id: `q${String(i).padStart(5, "0")}`,
    ...(typeof row === "string" ? { text: row } : row),
  }));
  const { groups } = audit(tableOf(given));
  return [...Map.groupBy(groups, (group) => group).values()].map((own) => own.length)
    .filter((size) => size > 1).sort((a, b) => a - b);
};
const strangers = (n: number): string[] => Array.from({ length: n }, () => words(30).join(" "));

Deno.test("families of any size are one group: the last word changed", () => {
  for (const size of [2, 10, 11, 12, 60]) {
    const texts = Array.from({ length: 4 }, () => {
      const base = words(40);
      return Array.from({ length: size }, () => edited(base, 39).join(" "));
    }).flat();
    assert.deepEqual(groupSizes([...texts, ...strangers(5)]), [size, size, size, size], `${size}`);
  }
});

Deno.test("families: up to three words at places of their own, texts of fifteen words and more", () => {
  for (const size of [5, 12, 300]) {
    for (const edits of [1, 2, 3]) {
      const texts = [15, 22, 40].flatMap((length) => family(words(length), size, edits));
      assert.deepEqual(groupSizes([...texts, ...strangers(size)]), [size, size, size]);
    }
  }
});

Deno.test("families: one edit for every five words, texts of twelve words and more", () => {
  const twelve = words(12);
  const pair = (...at: number[]): number[] =>
    groupSizes([twelve.join(" "), edited(twelve, ...at).join(" "), ...strangers(20)]);
  assert.deepEqual(pair(6), [2]);
  assert.deepEqual(pair(4, 8), [2]);
  assert.deepEqual(pair(3, 6, 9), []);
  const eleven = twelve.slice(1);
  assert.deepEqual(groupSizes([eleven.join(" "), edited(eleven, 5).join(" ")]), []);
});

Deno.test("families: the instruction of a benchmark is no family, however short its questions", () => {
  const instruction = words(60).join(" ");
  const rows = ["a", "b"].flatMap((benchmark) =>
    Array.from({ length: 40 }, (): Row => ({
      id: "",
      benchmark,
      text: `${instruction} ${words(3).join(" ")}?`,
    }))
  );
  const numbered = rows.map((row, i) => ({ ...row, id: `q${String(i).padStart(3, "0")}` }));
  assert.deepEqual(groupSizes(numbered), []);
  // A family behind the instruction is one, though.
  const copies = family(words(15), 14, 2).map((text, i): Row => ({
    id: `r${String(i).padStart(2, "0")}`,
    benchmark: "a",
    text: `${instruction} ${text}?`,
  }));
  assert.deepEqual(groupSizes([...numbered, ...copies]), [14]);
});

Deno.test("families: what a task's generator repeats is a frame as well", () => {
  const phrase = words(14).join(" ");
  const rows = (task?: string): Row[] =>
    Array.from({ length: 70 }, (_, i): Row => ({
      id: `q${String(i).padStart(3, "0")}`,
      ...(task && { task: i < 20 ? task : "others" }),
      text: i < 20 ? `${phrase} ${word()}` : words(20).join(" "),
    }));
  assert.deepEqual(groupSizes(rows("generated")), []);
  assert.deepEqual(groupSizes(rows()), [20], "twenty of seventy rows without such a label");
});

Deno.test("families: a phrase that different questions share leaves them apart", () => {
  // Forty questions with one opening; only two of them end alike. Own words are few: no family.
  const opening = words(11).join(" ");
  const rows = [
    ...Array.from({ length: 40 }, () => `${opening} ${words(9).join(" ")}`),
    ...["first", "second"].map((which) => `${opening} ${which} thing`),
    ...strangers(60),
  ];
  assert.deepEqual(groupSizes(rows), []);
});

Deno.test("families: other numbers are other questions of a template", () => {
  const base = words(30).join(" ");
  const rows = Array.from({ length: 15 }, (_, i) => `${base} ${100 + i} ${word()}`);
  assert.deepEqual(groupSizes([...rows, ...strangers(40)]), []);
});

Deno.test("families: the rows of a board are compared, not taken for a frame", () => {
  const board = (): string =>
    Array.from(
      { length: 8 },
      () => Array.from({ length: 8 }, () => draw.next() < 0.5 ? "x" : "o").join(" "),
    )
      .join("\n");
  const rules = words(20).join(" ");
  assert.deepEqual(groupSizes(Array.from({ length: 30 }, () => `${rules}\n${board()}`)), []);
});

Deno.test("families: neither the order of the rows nor their number matters", () => {
  const texts = [...family(words(20), 13, 3), ...family(words(30), 3, 2), ...strangers(9)];
  const rows = texts.map((text, i): Row => ({ id: `q${String(i).padStart(2, "0")}`, text }));
  const labels = (given: readonly Row[]): string[] => {
    const { groups } = audit(tableOf(given));
    return [...Map.groupBy(given.keys(), (row) => groups[row]).values()]
      .map((own) => own.map((row) => given[row].id).sort().join()).sort();
  };
  const expected = labels(rows);
  for (let seed = 0; seed < 4; seed++) {
    assert.deepEqual(labels(random(seed, "order").shuffle([...rows])), expected);
  }
});
