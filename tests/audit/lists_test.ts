import assert from "node:assert/strict";
import { ListMaker, Lists } from "../../src/audit/lists.ts";

Deno.test("lists are parts of one array", () => {
  const lists = new Lists(Int32Array.of(5, 6, 7, 8), Uint32Array.of(0, 2, 2, 4));
  assert.equal(lists.length, 3);
  assert.deepEqual(Array.from(lists, (list) => [...list]), [[5, 6], [], [7, 8]]);
  assert.deepEqual([0, 1, 2].map((i) => lists.size(i)), [2, 0, 2]);
  const marks = lists.withNumbers(new Uint8Array(4));
  marks.get(2).fill(1);
  assert.deepEqual(Array.from(marks, (list) => [...list]), [[0, 0], [], [1, 1]]);
});

Deno.test("a maker keeps every number of lists that grow past its room", () => {
  const lengths = [3, 0, 70_000, 5, 6000], maker = new ListMaker(9, (n) => new Uint32Array(n));
  for (const length of lengths) {
    for (let i = 0; i < length; i++) maker.add(i);
    maker.end();
  }
  const lists = maker.lists();
  assert.equal(lists.length, 5, "those that were ended");
  assert.deepEqual(Array.from(lists, (list) => list.length), lengths);
  for (const list of lists) assert.ok(list.every((value, i) => value === i));
});
