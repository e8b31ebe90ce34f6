import assert from "node:assert/strict";
import { seededOrder } from "../../src/base/random.ts";

Deno.test("seeded order: one item more leaves the order of the others", () => {
  const items = Array.from({ length: 50 }, (_, i) => `item ${i}`);
  const order = seededOrder(items, String, 1, "test");
  assert.notDeepEqual(order, items);
  const more = seededOrder(["one more", ...items.toReversed()], String, 1, "test");
  assert.deepEqual(more.filter((item) => item !== "one more"), order);
  assert.notDeepEqual(seededOrder(items, String, 2, "test"), order);
  assert.notDeepEqual(seededOrder(items, String, 1, "other"), order);
});
