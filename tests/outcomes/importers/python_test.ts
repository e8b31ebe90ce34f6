/** Python's ways: values computed with CPython 3.11. */
import assert from "node:assert/strict";
import {
  byCodePoint,
  floatOf,
  recordLine,
  round4,
  roundToEven,
  stringList,
  strip,
} from "../../../src/outcomes/importers/python.ts";
import { DataError } from "../../../src/base/errors.ts";

Deno.test("round4: exact ties go to the even digit, everything else to the nearest", () => {
  const rounded: [number, number][] = [
    [0.03125, 0.0312],
    [0.09375, 0.0938],
    [0.15625, 0.1562],
    [0.84375, 0.8438],
    [-0.03125, -0.0312],
    [0.00005, 0.0001], // as a binary number just above the tie
    [0.00015, 0.0001], // just below it
    [0.99995, 1],
    [1 / 3, 0.3333],
    [-0.00001, 0],
    [7, 7],
  ];
  for (const [x, expected] of rounded) {
    assert.ok(Object.is(round4(x), expected), `${x}: ${round4(x)}, expected ${expected}`);
  }
});

Deno.test("roundToEven", () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.4999, 3.51].map(roundToEven), [0, 2, 2, 2, 4]);
});

Deno.test("strip: Python's white space, not JavaScript's", () => {
  assert.equal(strip("\x1c\x85 \u3000\ta b\n\x1f"), "a b");
  assert.equal(strip("\ufeffa\ufeff"), "\ufeffa\ufeff");
  assert.equal(strip("\u200b"), "\u200b");
  assert.equal(strip(" \n"), "");
});

Deno.test("byCodePoint: astral characters come after U+FFFF", () => {
  const sorted = ["", "B", "a", "a\uffff", "a\u{1f642}", "ab"].sort(byCodePoint);
  assert.deepEqual(sorted, ["", "B", "a", "ab", "a\uffff", "a\u{1f642}"]);
  assert.deepEqual(["a\u{1f642}", "a\uffff"].sort(), ["a\u{1f642}", "a\uffff"]); // why it exists
});

Deno.test("floatOf: numbers only", () => {
  assert.deepEqual([" 1 ", ".75", "1e-9", "-2."].map((t) => floatOf(t, "x")), [1, .75, 1e-9, -2]);
  for (const text of ["", "nan", "True", "0x10", "1,5", "Infinity", "1_0"]) {
    assert.throws(() => floatOf(text, "a.csv: row 3"), /a\.csv: row 3: expected a number/, text);
  }
});

Deno.test("stringList: what repr writes", () => {
  const read = (literal: string): string[] => stringList(literal, "x");
  assert.deepEqual(read(`[]`), []);
  assert.deepEqual(read(`['a', "it's", 'say "x"', '\\'"']`), ["a", "it's", 'say "x"', `'"`]);
  assert.deepEqual(read(`['\\\\n\\n\\x85\\ufeff\\U0001f642',\n ]`), ["\\n\n\x85\ufeff🙂"]);
  assert.deepEqual(read(`['one ' 'two']`), ["one two"]);
  for (const bad of [`[1]`, `['a'`, `['a' , , 'b']`, `('a',)`, `['a\\d']`, `['a'] x`, `[x]`]) {
    assert.throws(() => read(bad), DataError, bad);
  }
});

Deno.test("recordLine: costs are written as Python floats, and last", () => {
  const base = { id: "i", benchmark: "b", query: 'q "é\u2028\x01"', scores: { m: 1 } };
  const costs = { a: 1e-5, b: 2, c: 0, d: 0.0001235, e: 1.5e-10, f: 1e16, g: 1.234e17 };
  assert.equal(
    recordLine({ ...base, costs }),
    '{"id":"i","benchmark":"b","query":"q \\"é\u2028\\u0001\\"","scores":{"m":1},' +
      '"costs":{"a":1e-05,"b":2.0,"c":0.0,"d":0.0001235,"e":1.5e-10,"f":1e+16,"g":1.234e+17}}',
  );
});
