import assert from "node:assert/strict";
import { assign, inOrderOfRank, kmeans, lloyd } from "../../src/linalg/kmeans.ts";
import { seedRows } from "../../src/linalg/seeding.ts";
import { type Matrix, matrix, takeRows } from "../../src/linalg/matrix.ts";
import { setProductThreads } from "../../src/linalg/runtime.ts";
import { random } from "../../src/base/random.ts";
import { gridRows, gridUnits, permutation } from "./data.ts";

/** Points in the plane; coordinates must lie on the grid. */
function points(...rows: number[][]): Matrix {
  return matrix(rows.length, 2, Float32Array.from(rows.flat()));
}

/** Squared distance in whole numbers. */
function squaredDistance(x: Matrix, i: number, c: Matrix, j: number): number {
  const a = gridUnits(takeRows(x, [i])), b = gridUnits(takeRows(c, [j]));
  return a.reduce((sum, v, t) => sum + (v - b[t]) ** 2, 0) / 2 ** 22;
}

Deno.test("assign: nearest centroid, exact squared distance, ties to the lower index", async () => {
  const centroids = points([1, 0], [0, 0], [0, 0.5]);
  const found = await assign(points([0.75, 0], [0.5, 0], [0, 0.25], [0, 2]), centroids);
  assert.deepEqual([...found.assignment], [0, 0, 1, 2]);
  assert.deepEqual([...found.squaredDistance], [0.0625, 0.25, 0.0625, 2.25]);
});

Deno.test("lloyd: two iterations by hand", async () => {
  // from 0 and 0.25: {0, 0.0625} | {0.25, 1} → means 0.03125, 0.625 → {0, 0.0625, 0.25} | {1} → 0.104…, 1
  const x = points([0, 0], [0.0625, 0], [0.25, 0], [1, 0]);
  const found = await lloyd(x, points([0, 0], [0.25, 0]));
  assert.deepEqual([...found.assignment], [0, 0, 0, 1]);
  assert.deepEqual([...found.sizes], [3, 1]);
  // mean 0.3125 / 3 = 213.33… grid steps, rounded
  assert.deepEqual([...found.centroids.data], [213 / 2048, 0, 1, 0]);
  const expected = (213 ** 2 + (213 - 128) ** 2 + (512 - 213) ** 2) / 2 ** 22;
  assert.equal(found.inertia, expected);
});

Deno.test("lloyd: an empty cluster moves to the worst-served row, ties to the lower rank", async () => {
  // the centroid at (−4, 0) serves nobody; (1, 1) and (1, −1) are equally far from (0, 0)
  const x = points([0, 0], [1, -1], [1, 1], [0, 0]), initial = points([0, 0], [-4, 0]);
  const byRow = await lloyd(x, initial, { iterations: 1 });
  assert.deepEqual([...byRow.centroids.data].slice(2), [1, -1]);
  const byRank = await lloyd(x, initial, { iterations: 1, rank: Uint32Array.of(0, 2, 1, 3) });
  assert.deepEqual([...byRank.centroids.data].slice(2), [1, 1]);
});

Deno.test("lloyd: a row alone in its cluster does not leave it for an empty one", async () => {
  // (1, 0) is served worst, but (0, ¾) is the one that can go
  const x = points([1, 0], [0, 1], [0, 0.75]);
  const found = await lloyd(x, points([0, 0], [0, 1], [-4, -4]));
  assert.deepEqual([...found.assignment], [0, 1, 2]);
  assert.equal(found.inertia, 0);
});

Deno.test("lloyd: a centroid that moves up to a tie takes the row if its index is lower", async () => {
  // the first centroid moves from ⅛ to ¼, as near to ½ as the second, which stays at ¾
  const found = await lloyd(points([0.25, 0], [0.5, 0], [1, 0]), points([0.125, 0], [0.75, 0]));
  assert.deepEqual([...found.assignment], [0, 0, 1]);
  assert.deepEqual([...found.centroids.data], [0.375, 0, 1, 0]);
});

/** The same iterations without any shortcut, in whole numbers. */
function plainLloyd(x: Matrix, initial: Matrix): { centroids: number[]; assignment: number[] } {
  const d = x.width, k = initial.rows, rows = gridUnits(x);
  let centroids = [...gridUnits(initial)], before: number[] = [];
  while (true) {
    const distances = Array.from({ length: x.rows }, (_, i) =>
      Array.from({ length: k }, (_, c) => {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += (rows[i * d + j] - centroids[c * d + j]) ** 2;
        return sum;
      }));
    const assignment = distances.map((to) => to.indexOf(Math.min(...to)));
    if (assignment.every((c, i) => c === before[i])) return { centroids, assignment };
    centroids = centroids.map((_, at) => {
      const members = assignment.flatMap((c, i) => c === Math.floor(at / d) ? [i] : []);
      return Math.round(members.reduce((sum, i) => sum + rows[i * d + at % d], 0) / members.length);
    });
    before = assignment;
  }
}

// noise takes many iterations in which few centroids move; points on a coarse lattice tie all the time
for (const [name, step] of [["noise", 1], ["a lattice", 1024]] as const) {
  Deno.test(`lloyd equals the iterations without shortcuts on ${name}`, async () => {
    for (let seed = 0; seed < 4; seed++) {
      const draw = random(seed, "points"), n = 500, d = step === 1 ? 8 : 2, k = 18;
      const data = Float32Array.from(
        { length: n * d },
        () => Math.round(draw.integer(4097) / step - 2048 / step) * step / 2048,
      );
      // distinct initial centroids, so that no cluster starts empty
      const x = matrix(n, d, data), initial = takeRows(x, distinctRows(x, k));
      const expected = plainLloyd(x, initial), found = await lloyd(x, initial);
      assert.deepEqual([...found.assignment], expected.assignment);
      assert.deepEqual([...gridUnits(found.centroids)], expected.centroids);
    }
  });
}

function distinctRows({ data, rows, width }: Matrix, count: number): number[] {
  const texts = Array.from(
    { length: rows },
    (_, i) => data.subarray(i * width, (i + 1) * width).join(),
  );
  return [...texts.keys()].filter((i) => texts.indexOf(texts[i]) === i).slice(0, count);
}

Deno.test("kmeans finds well separated groups", async () => {
  const x = gridRows(400, 64, 3, 4);
  const { assignment, sizes, inertia } = await kmeans(x, 4, { random: random(1) });
  assert.equal(sizes.length, 4);
  assert.ok(inertia / 400 < 0.3, `mean squared distance ${inertia / 400}`); // 1 to strangers, 0.2 to kin
  const one = await kmeans(x, 1, { random: random(1) });
  assert.ok(inertia < 0.5 * one.inertia);
  assert.deepEqual(new Set(assignment), new Set([0, 1, 2, 3]));
});

Deno.test("kmeans: what comes back fits together, exactly", async () => {
  const x = gridRows(500, 32, 4), k = 20;
  const found = await kmeans(x, k, { random: random(2) });
  const sizes = new Int32Array(found.centroids.rows);
  let inertia = 0;
  for (let i = 0; i < x.rows; i++) {
    const c = found.assignment[i], distance = squaredDistance(x, i, found.centroids, c);
    assert.equal(found.squaredDistance[i], distance);
    for (let j = 0; j < found.centroids.rows; j++) {
      const other = squaredDistance(x, i, found.centroids, j);
      assert.ok(other > distance || (other === distance && j >= c));
    }
    inertia += distance;
    sizes[c]++;
  }
  assert.equal(found.inertia, inertia);
  assert.deepEqual(found.sizes, sizes);
  assert.ok(found.centroids.data.every((v) => Number.isInteger(v * 2048)));
});

Deno.test("kmeans: neither row order nor threads matter, the seed does", async () => {
  const x = gridRows(3000, 64, 5, 40), shuffle = permutation(3000, 6); // large enough for the runtime
  const once = await kmeans(x, 32, { random: random(3) });
  setProductThreads(2);
  const again = await kmeans(takeRows(x, shuffle), 32, {
    random: random(3),
    rank: shuffle,
  });
  setProductThreads(1);
  assert.deepEqual(again.centroids, once.centroids);
  assert.equal(again.inertia, once.inertia);
  assert.deepEqual(again.assignment, Int32Array.from(shuffle, (i) => once.assignment[i]));
  const { assignment, squaredDistance } = await assign(x, once.centroids);
  assert.deepEqual({ assignment, squaredDistance }, {
    assignment: once.assignment,
    squaredDistance: once.squaredDistance,
  });
  const other = await kmeans(x, 32, { random: random(4) });
  assert.notDeepEqual(other.centroids, once.centroids);
});

Deno.test("seedRows: of the rows drawn for a centre, the one that serves the rest best is taken", async () => {
  // ten rows in one place and sixty on their own, all equally far from one another
  const x = matrix(70, 61), order = inOrderOfRank(70);
  for (let i = 0; i < 70; i++) x.data[i * 61 + Math.max(0, i - 9)] = 1;
  let late = 0, found = 0;
  for (let seed = 0; seed < 300; seed++) {
    const [first, ...others] = await seedRows(x, 3, order, random(seed));
    if (first < 10) continue;
    late++;
    if (others.some((i) => i < 10)) found++;
  }
  // three draws for each of two centres: 1 − (6/7)⁶ = 0.60; with one draw each it would be 0.27
  assert.ok(found / late > .5 && found / late < .7, `${found} of ${late}`);
});

Deno.test("kmeans: fewer distinct rows than clusters give as many clusters as rows differ", async () => {
  const x = takeRows(gridRows(3, 8, 7), [0, 1, 2, 0, 1, 0, 0]);
  const found = await kmeans(x, 5, { random: random(1) });
  assert.equal(found.centroids.rows, 3);
  assert.equal(found.inertia, 0);
  assert.deepEqual([...found.sizes].sort(), [1, 2, 4]);
  const same = await kmeans(takeRows(x, [0, 0, 0]), 2, { random: random(1) });
  assert.deepEqual([...same.sizes], [3]);
  assert.deepEqual(same.centroids, takeRows(x, [0]));
});

Deno.test("kmeans stops when told to, and refuses nonsense", async () => {
  const x = gridRows(50, 8, 1);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(kmeans(x, 4, { random: random(1), signal }), /enough/);
  await assert.rejects(kmeans(x, 0, { random: random(1) }), /0 clusters of 50 rows/);
  await assert.rejects(kmeans(matrix(0, 8), 3, { random: random(1) }), /3 clusters of 0 rows/);
});
