import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { pairedOverSeeds } from "../../src/evaluate/paired.ts";

Deno.test("five seeds on the same queries do not narrow the interval of one", () => {
  const n = 200, draw = random(3, "paired");
  const d = Float64Array.from({ length: n }, () => draw.integer(3) - 1);
  const rows = Uint32Array.from(d.keys()), units = rows;
  const one = pairedOverSeeds([[d]], [{ rows }], units)[0];
  const seeds = Array.from({ length: 5 }, () => ({ rows }));
  const five = pairedOverSeeds([seeds.map(() => d)], seeds, units)[0];
  assert.equal(five.units, n);
  assert.ok(Math.abs(five.mean - one.mean) < 1e-12);
  assert.ok(Math.abs(five.low! - one.low!) < 0.005 && Math.abs(five.high! - one.high!) < 0.005);
});
