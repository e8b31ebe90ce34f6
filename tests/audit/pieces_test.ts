import assert from "node:assert/strict";
import { keepNumbers, pieces } from "../../src/audit/pieces.ts";

Deno.test("pieces are zeros, of the lengths asked for, and none lies on another", () => {
  const room = pieces((length) => new Int32Array(length));
  const all = [3, 0, 70_000, 5, 60_000, 2].map((length, i) => ({ length, i, own: room(length) }));
  for (const { length, i, own } of all) {
    assert.equal(own.length, length);
    assert.ok(own.every((value) => value === 0), "not written to by another");
    own.fill(i + 1);
  }
  for (const { i, own } of all) assert.ok(own.every((value) => value === i + 1));
});

Deno.test("keepNumbers keeps order, and passes values with their places", () => {
  const room = pieces((length) => new Uint32Array(length));
  const kept = keepNumbers(Uint32Array.of(5, 6, 7, 8), (value, at) => value === 5 || at > 2, room);
  assert.deepEqual([...kept], [5, 8]);
});
