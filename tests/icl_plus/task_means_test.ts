/** Shrunk task means, worked out by hand. */
import assert from "node:assert/strict";
import { fitTaskMeans, rowMeans } from "../../src/icl_plus/task_means.ts";
import { cells } from "../router/hand.ts";

function close(actual: ArrayLike<number>, expected: readonly number[]): void {
  assert.deepEqual(
    Array.from(actual, (value) => Math.round(value * 1e9) / 1e9),
    expected.map((value) => Math.round(value * 1e9) / 1e9),
  );
}

/**
 * Two models, tasks of 5 and 2 rows. Means over rows: m0 5/7, m1 2/7, μ̄ ½. Task means: ⅘ and ⅖ on task 0,
 * ½ and 0 on task 1.
 */
const SCORES = cells([[1, 0], [1, 1], [1, 0], [0, 0], [1, 1], [1, 0], [0, 0]]);
const TASK = Uint32Array.of(0, 0, 0, 0, 0, 1, 1);

Deno.test("task means: strength, difficulty and means, all scores known", () => {
  const { means, theta, shares, strength } = fitTaskMeans(SCORES, 2, TASK, 2);
  close(means, [5 / 7, 2 / 7]);
  close(shares, [5 / 7, 2 / 7]);
  // Row-centred deviations: half the difference of the two models, less that of their task means.
  // Task 0: (1 − .4)/2, (0 − .4)/2, .3, −.2, −.2; task 1: (1 − .5)/2, −.25; two cells of each.
  const within = (2 * .3 ** 2 + 3 * .2 ** 2 + 2 * .25 ** 2) / 7;
  // Task 0 alone has five rows: its interaction is ±(.2 − 3/14).
  const between = (.2 - 3 / 14) ** 2 - within / 5;
  assert.ok(between < 1e-4);
  assert.ok(Math.abs(strength - within / 1e-4) < 1e-6);
  const difficulty = [(3 + 2 * .5) / 7, (.5 + 2 * .5) / 4];
  const shrunk = (sum: number, n: number, m: number, t: number): number =>
    (sum + strength * (means[m] + difficulty[t] - .5)) / (n + strength);
  close(theta, [shrunk(4, 5, 0, 0), shrunk(2, 5, 1, 0), shrunk(1, 2, 0, 1), shrunk(0, 2, 1, 1)]);
});

Deno.test("task means: models that differ by task are shrunk little", () => {
  // Each model solves one task and fails the other, but for one row.
  const rows = Array.from({ length: 20 }, (_, i) => i < 10 ? [1, 0] : [0, 1]);
  rows[0] = [0, 0];
  const task = Uint32Array.from({ length: 20 }, (_, i) => Number(i >= 10));
  const { strength, theta } = fitTaskMeans(cells(rows), 2, task, 2);
  // Deviations of half the difference: task 0 has (1 − .9)/2 nine times and −.9/2; task 1 none.
  const within = (9 * .05 ** 2 + .45 ** 2) / 20;
  // means .45, .5; interactions: task 0 (.9 − .45, 0 − .5) around −.025, task 1 (−.45, .5) around .025
  const between = ((.475 ** 2 - within / 10) + (.475 ** 2 - within / 10)) / 2;
  assert.ok(Math.abs(strength - within / between) < 1e-12);
  assert.ok(theta[0] > .88 && theta[1] < .01 && theta[2] < .01 && theta[3] > .99);
});

Deno.test("task means: what is left over, and the noise of each task", () => {
  const { theta, residuals, noise } = fitTaskMeans(SCORES, 2, TASK, 2);
  close(residuals, [...SCORES].map((y, at) => y - theta[TASK[at >> 1] * 2 + at % 2]));
  const square = rowMeans(residuals, 2, (e) => e * e);
  const overall = square.reduce((a, b) => a + b) / 7;
  const own = [square.subarray(0, 5), square.subarray(5)].map((s) => s.reduce((a, b) => a + b));
  close(noise, [(own[0] + 5 * overall) / 10, (own[1] + 5 * overall) / 7]);
});

Deno.test("task means: missing scores count nowhere; a task without any takes ability and difficulty", () => {
  const hole = cells([
    [1, 0],
    [1, undefined],
    [undefined, undefined],
    [.5, undefined],
  ]);
  const { means, theta, residuals, noise, strength } = fitTaskMeans(
    hole,
    2,
    Uint32Array.of(0, 0, 0, 1),
    2,
  );
  close(means, [2.5 / 3, 0]);
  const overall = 2.5 / 6;
  // Row 0: mean of (1 − μ0, 0 − μ1); row 1: 1 − μ0; row 2 says nothing; row 3: .5 − μ0.
  const ease = [(1 - 2.5 / 3) / 2 + (1 - 2.5 / 3), .5 - 2.5 / 3];
  const difficulty = [overall + ease[0] / 4, overall + ease[1] / 3];
  const prior = (m: number, t: number): number => means[m] + difficulty[t] - overall;
  close(theta, [
    (2 + strength * prior(0, 0)) / (2 + strength),
    strength > 0 ? (0 + strength * prior(1, 0)) / (1 + strength) : 0,
    (.5 + strength * prior(0, 1)) / (1 + strength),
    prior(1, 1),
  ]);
  assert.deepEqual(
    Array.from(residuals, Number.isNaN),
    [false, false, false, true, true, true, false, true],
  );
  assert.ok(noise.every((value) => value > 0));
});

Deno.test("task means: equal scores leave nothing to shrink and a little noise", () => {
  const { theta, strength, noise } = fitTaskMeans(
    new Float64Array(14).fill(1),
    2,
    TASK,
    2,
  );
  assert.deepEqual([...theta], [1, 1, 1, 1]);
  assert.equal(strength, 0);
  assert.ok(noise.every((value) => value > 0 && value < 1e-5));
});
