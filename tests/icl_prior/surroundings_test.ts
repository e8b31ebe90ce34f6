/** What lies around a query, on four recorded queries. */
import assert from "node:assert/strict";
import { matrix } from "../../src/linalg/matrix.ts";
import { nearest } from "../../src/linalg/nearest.ts";
import { ownAround } from "../../src/icl_prior/own_record.ts";
import { knownPool, surroundings } from "../../src/icl_prior/surroundings.ts";
import { OWN, TOKEN } from "../../src/icl_prior/network.ts";

const vectors = matrix(4, 2, Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1));
const scores = Float64Array.of(1, 0, 1, NaN, 0, 0, 0, 1);
const near = await nearest(vectors, vectors, 21);
const pool = knownPool({
  vectors,
  scores,
  models: 2,
  tasks: [0, 0, 1, 1],
  taskCount: 2,
  order: Uint32Array.of(0, 1, 2, 3),
}, near);
const close = (a: ArrayLike<number>, b: number[]): void =>
  b.forEach((value, i) =>
    assert.ok(Math.abs(a[i] - value) < 1e-6, `${Array.from(a)} against ${b}`)
  );

Deno.test("means over known scores, and how near the three nearest others are", () => {
  close(pool.means, [0.5, 1 / 3]);
  close(pool.nearness, [1 / 3, 1 / 3, 1 / 3, 1 / 3]);
});

Deno.test("votes are of all neighbours but the query itself, scaled to length 1", () => {
  const own = surroundings(pool, near, [0, 1, 2, 3]);
  close(own.votes.subarray(0, 2), [1 / Math.sqrt(5), 2 / Math.sqrt(5)]);
  const foreign = surroundings(pool, near, [-1, -1, -1, -1]);
  close(foreign.votes.subarray(0, 2), [1 / Math.sqrt(2), 1 / Math.sqrt(2)]);
});

Deno.test("ease of a query is the mean of the models' shrunken means around it", () => {
  // Without row 0: model 0 has (.5 + 1 + 0 + 0) / 4, model 1 has (1/3 + 0 + 1) / 3.
  const ease = (0.375 + 4 / 9) / 2, { tokens } = surroundings(pool, near, [0, 1, 2, 3]);
  close(tokens.subarray(1, 2), [Math.log(ease / (1 - ease))]);
  assert.equal(tokens.length, 4 * TOKEN);
});

const RECORDS = { scores, models: 2, rows: [0, 1, 2, 3], columns: [0, 1] };

Deno.test("a model's own scores: around a query, on its tasks, and against the others", () => {
  const { votes } = surroundings(pool, near, [0, 1, 2, 3]);
  const own = ownAround(RECORDS, pool)(votes, near, [0, 1, 2, 3]);
  assert.equal(own.length, 2 * 4 * OWN);
  const logit = (p: number): number => Math.log(p / (1 - p));
  // Row 0 left out; level: mean of (1, 1, 0, 0) with one score at 1/2 added, 1/2. Model 1 alone is "the others": its
  // scores 0, -, 0, 1 each pulled by one score at 5/12, the mean of 1/2 and 1/3.
  close(own.subarray(0, 1), [logit((0.5 + 1 + 0 + 0) / 4)]);
  const others = [5 / 24, 5 / 12, 5 / 24, 17 / 24];
  const lead = (1 - others[0] + 1 - others[1] - others[2] - others[3]) / 6;
  // Votes 1 : 2. Task 0 has one more score of 1, task 1 two of 0, each with three at the level.
  const task = (2.5 / 4 + 2 * 1.5 / 5) / 3, known = (1 / 4 + 2 * 2 / 5) / 3;
  close(own.subarray(2, 7), [0.2 * Math.log(5), logit(others[0]), 4 * lead, logit(task), known]);
});

Deno.test("no record at all: one half, nothing near, nothing known", () => {
  const none = { index: new Int32Array(), similarity: new Float32Array(), k: 0 };
  const records = { scores: new Float64Array(), models: 1, rows: [], columns: [-1] };
  close(ownAround(records, pool)(Float32Array.of(1, 0), none, [-1]), [0, -1, 0, 0, 0, 0, 0]);
});
