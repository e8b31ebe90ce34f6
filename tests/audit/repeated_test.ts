import assert from "node:assert/strict";
import { repeated } from "../../src/audit/repeated.ts";
import { random } from "../../src/base/random.ts";

Deno.test("repeated keys: sets in order of their first rows; no key, no set", () => {
  const keys = ["b", "a", undefined, "b", undefined, "c", "a", "b"];
  const rows = [7, 0, 1, 2, 3, 4, 5, 6];
  assert.deepEqual(repeated(rows, (row) => keys[row]), [[7, 0, 3], [1, 6]]);
  assert.deepEqual(repeated([], String), []);
});

Deno.test("repeated keys: as grouping by the keys themselves", () => {
  const draw = random(1, "repeated");
  const keys = Array.from({ length: 20_000 }, () => `key ${draw.integer(15_000)}`);
  const sets = Map.groupBy(keys.keys(), (row) => keys[row]).values();
  assert.deepEqual(
    repeated([...keys.keys()], (row) => keys[row]),
    [...sets].filter((set) => set.length > 1),
  );
});
