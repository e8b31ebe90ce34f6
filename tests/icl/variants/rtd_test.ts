/** RTD's read-out against numbers worked out by hand. */
import assert from "node:assert/strict";
import { random } from "../../../src/base/random.ts";
import { type Matrix, matrix } from "../../../src/linalg/matrix.ts";
import {
  baseTemperature,
  distancesTo,
  readOut,
  type Store,
  weights,
} from "../../../src/icl/variants/rtd.ts";
import { normalMatrix } from "../toy.ts";

const points = (...rows: readonly (readonly number[])[]): Matrix =>
  matrix(rows.length, rows[0].length, Float32Array.from(rows.flat()));
const close = (actual: ArrayLike<number>, expected: readonly number[], by = 5e-6): void => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) < by, `${[...Array.from(actual)]}, not ${expected}`)
  );
};

/** Squared distances 0, 2 and 4 from the origin, labels A, B, B, and a far one that K = 3 leaves out. */
const STORE: Store = {
  keys: points([0, 0], [1, 1], [0, -2], [9, 9]),
  values: Float64Array.of(1, 0, 0, 1, 0, 1, 1, 0),
  columns: 2,
};

Deno.test("RTD: of keys at squared distances 0, 2, 4 A leads at T = 2, B at T = 8", async () => {
  const [cold, warm] = await readOut(STORE, points([0, 0]), 1, [
    { k: 3, temperature: 2 },
    { k: 3, temperature: 8 },
  ]);
  close(cold, [0.66524, 0.33476]);
  close(warm, [0.41923, 0.58077]);
});

Deno.test("RTD: at T = ∞ neighbours weigh alike, at T = 0 the nearest alone counts; K may exceed the store", async () => {
  const [flat, all, sharp] = await readOut(STORE, points([0, 0]), 1, [
    { k: 3, temperature: Infinity },
    { k: 100, temperature: Infinity },
    { k: 3, temperature: 0 },
  ]);
  close(flat, [1 / 3, 2 / 3]);
  close(all, [.5, .5]);
  close(sharp, [1, 0]);
  // Where all lie in one place none is nearer than another, whatever T is.
  close(weights(Float64Array.of(0, 0, 0), 0), [1, 1, 1]);
});

Deno.test("RTD: ties in distance go to the earlier row", async () => {
  const keys = points([1, 0], [0, 1], [-1, 0], [0, -1]);
  const store = { keys, values: Float64Array.of(.1, .2, .3, .4), columns: 1 };
  const [one, two] = await readOut(store, points([0, 0]), 1, [
    { k: 1, temperature: 1 },
    { k: 2, temperature: 1 },
  ]);
  close(one, [.1]);
  close(two, [.15]);
});

Deno.test("RTD: heads have neighbours of their own, weighed by exp(−H·d/T), and are averaged", async () => {
  // Head 1 sees 0, 1 and 9 away; head 2 sees 9, 4 and 0.
  const keys = points([0, 3], [1, 2], [3, 0]);
  const store = { keys, values: Float64Array.of(1, 0, .5), columns: 1 };
  const [r] = await readOut(store, points([0, 0]), 2, [{ k: 2, temperature: 2 }]);
  const e = Math.exp;
  const first = 1 / (1 + e(-2 * 1 / 2)), second = .5 / (1 + e(-2 * 4 / 2));
  close(r, [(first + second) / 2], 1e-9);
  await assert.rejects(readOut(store, points([0, 0]), 4, [{ k: 2, temperature: 2 }]), RangeError);
});

Deno.test("RTD: a neighbour that does not know is passed over; where none does there is no answer", async () => {
  const store = { ...STORE, values: Float64Array.of(NaN, 0, .5, NaN, .25, NaN, 1, 1) };
  const [r, far] = await readOut(store, points([0, 0]), 1, [
    { k: 3, temperature: Infinity },
    { k: 1, temperature: 1 },
  ]);
  close(r, [.375, 0]);
  assert.deepEqual([...far], [NaN, 0]);
  const empty = { keys: matrix(0, 2), values: new Float64Array(), columns: 1 };
  const [none] = await readOut(empty, points([0, 0]), 1, [{ k: 3, temperature: 1 }]);
  assert.deepEqual([...none], [NaN]);
});

Deno.test("RTD: distances are exact far from the origin, as if every pair had been looked at", async () => {
  // Two crowds of states that differ by a thousandth of their length: float32 products confuse neighbours.
  const keys = normalMatrix(400, 8, 1), states = normalMatrix(20, 8, 2);
  for (const { data } of [keys, states]) {
    data.forEach((x, at) => data[at] = (at % 16 < 8 ? 3 : -3) + 3e-3 * x);
  }
  const score = random(3, "score");
  const store = {
    keys,
    values: Float64Array.from({ length: 400 }, () => score.next()),
    columns: 1,
  };
  const temperature = 1e-5;
  const [r] = await readOut(store, states, 1, [{ k: 10, temperature }]);
  const [tenth] = await distancesTo(store, states, [10]);
  for (let i = 0; i < 20; i++) {
    const all = Array.from({ length: 400 }, (_, j) => {
      let d = 0;
      for (let t = 0; t < 8; t++) d += (states.data[i * 8 + t] - keys.data[j * 8 + t]) ** 2;
      return { d, s: store.values[j] };
    }).sort((a, b) => a.d - b.d).slice(0, 10);
    const w = all.map(({ d }) => Math.exp(-(d - all[0].d) / temperature));
    const sum = w.reduce((a, b) => a + b);
    close([r[i]], [all.reduce((total, { s }, j) => total + w[j] * s / sum, 0)], 1e-9);
    close([tenth[i] * 1e5], [all[9].d * 1e5], 1e-9);
  }
});

Deno.test("RTD: T₀ is a quarter of the median distance to the K-th neighbour", async () => {
  assert.equal(baseTemperature(Float64Array.of(8, 1, 3)), .75);
  assert.equal(baseTemperature(Float64Array.of(8, 1, 3, 5)), 1);
  assert.equal(baseTemperature(new Float64Array()), 0);
  const [first, second, most] = await distancesTo(STORE, points([0, 0], [1, 1]), [1, 2, 100]);
  close(first, [0, 0]);
  close(second, [2, 2]);
  close(most, [162, 128]);
  // Among themselves, no key is its own neighbour.
  const [own] = await distancesTo(STORE, STORE.keys, [1], true);
  close(own, [2, 2, 4, 128]);
});
