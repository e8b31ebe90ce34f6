/** Hashed n-grams, counted by hand. */
import assert from "node:assert/strict";
import { sha256 } from "../../src/base/hash.ts";
import { row } from "../../src/linalg/matrix.ts";
import { openHashed } from "../../src/embed/hashed.ts";

// Wide enough that the few grams of these texts fall into buckets of their own.
const wide = openHashed(1 << 16);
const features = async (text: string): Promise<Map<number, number>> => {
  const { data } = await wide.embed([text]);
  return new Map([...data].flatMap((value, bucket) => (value !== 0 ? [[bucket, value]] : [])));
};

Deno.test("words, pairs and triples of characters are counted", async () => {
  // Words a, b; pair "a b"; triples " a ", "a b", " b ".
  assert.equal((await features("a b")).size, 6);
  // Letters, digits and marks part: x, 2, +; pairs x2, 2+; triples " x2", "x2+", "2+ ".
  assert.equal((await features("x2+")).size, 8);
});

Deno.test("a gram met n times has the value 1 + ln n", async () => {
  // Word a three times, pair "a a" twice, triples " a " three times and "a a" twice.
  const values = [...(await features("a a a")).values()].sort();
  const [two, three] = [2, 3].map((n) => Math.fround(1 + Math.log(n)));
  assert.deepEqual(values, [two, two, three, three]);
});

Deno.test("case and the amount of white space do not matter, order does", async () => {
  const plain = await features("one two");
  assert.deepEqual(await features("  One\n\tTWO "), plain);
  assert.notDeepEqual(await features("two one"), plain);
});

Deno.test("numbers and marks are kept", async () => {
  const grams = await features("1 + 2");
  assert.notDeepEqual(await features("1 - 2"), grams);
  assert.notDeepEqual(await features("1 + 3"), grams);
});

Deno.test("an empty text has no features", async () => {
  assert.equal((await features("")).size, 0);
  assert.equal((await features(" \n ")).size, 0);
});

Deno.test("buckets stay what they were when results were published", async () => {
  const texts = ["What is the capital of France?", "Ĉu vi parolas Esperanton? 你好"];
  const { data, rows, width } = await openHashed(384).embed(texts);
  assert.deepEqual([rows, width], [2, 384]);
  const buckets = Array.from(data, (value) => (value > 0 ? 1 : 0)).join("");
  assert.equal(sha256(buckets).slice(0, 16), "5252ec3eb918e061");
});

Deno.test("grams spread over all buckets", async () => {
  const text = Array.from({ length: 4000 }, (_, i) => `w${i * 7919}`).join(" ");
  const { data } = await openHashed(384).embed([text]);
  assert.ok(data.every((value) => value > 0));
});

Deno.test("rows follow the order of the texts", async () => {
  const hashed = openHashed(64);
  const both = await hashed.embed(["first text", "second one"]);
  const single = await hashed.embed(["second one"]);
  assert.deepEqual(row(both, 1), row(single, 0));
});
