import assert from "node:assert/strict";
import { random, seededOrder } from "../../src/base/random.ts";

Deno.test("seeded order: one item more leaves the order of the others", () => {
  const items = Array.from({ length: 50 }, (_, i) => `item ${i}`);
  const order = seededOrder(items, String, 1, "test");
  assert.notDeepEqual(order, items);
  const more = seededOrder(["one more", ...items.toReversed()], String, 1, "test");
  assert.deepEqual(more.filter((item) => item !== "one more"), order);
  assert.notDeepEqual(seededOrder(items, String, 2, "test"), order);
  assert.notDeepEqual(seededOrder(items, String, 1, "other"), order);
});

Deno.test("an array is filled with what single draws give, and the stream goes on behind it", () => {
  const one = random(5, "words"), other = random(5, "words"), words = new Uint32Array(7);
  one.fill(words);
  assert.deepEqual([...words], Array.from({ length: 7 }, () => other.integer(2 ** 32)));
  assert.equal(one.next(), other.next());
});
