import assert from "node:assert/strict";
import {
  discountedOracle,
  guessFloor,
  kappaOracle,
  knownShare,
} from "../../src/metrics/guessing.ts";
import { oracle } from "../../src/metrics/oracle.ts";
import { sampleMean } from "../../src/metrics/quality.ts";
import { F1, near } from "./fixtures.ts";

const four = {
  rows: 4,
  models: 2,
  scores: Float64Array.of(1, 0, 1, 1, 1, 0, 0, 0),
  dataset: new Uint16Array(4),
  datasets: 1,
  options: new Uint16Array(4).fill(4),
  solvedFrom: new Float64Array(4).fill(1),
};

Deno.test("four questions of four options: O = .75, O_d = .666667, G = .4375, κ = .555556", () => {
  const top = sampleMean(oracle(four).score);
  const floor = guessFloor(four.options, 2);
  near(top, 0.75);
  near(floor, 0.4375);
  near(kappaOracle(top, floor), 0.555556);
  near(discountedOracle(four), 0.666667);
});

Deno.test("known shares", () => {
  near(knownShare(0.75, 1 / 4), 8 / 9);
  near(knownShare(0.25, 1 / 4), 0);
  near(knownShare(0.7, 1 / 10), 0.952381);
  near(knownShare(0.2, 1 / 10), 0.555556);
  near(knownShare(0.3, 0), 1);
  near(knownShare(0.1, 0.25), 0);
  assert.equal(knownShare(0, 0), 0);
});

Deno.test("ten options, 28 models: an oracle of .946 is below chance", () => {
  const floor = guessFloor(Uint16Array.of(10), 28);
  near(floor, 0.947665);
  assert.ok(kappaOracle(0.946, floor) < 0);
});

Deno.test("free form is never discounted", () => {
  assert.equal(guessFloor(F1.options, 3), 0);
  near(discountedOracle(F1), 0.875);
  near(kappaOracle(0.875, 0), 0.875);
});

Deno.test("free-form queries inside a multiple-choice dataset keep their own right", () => {
  // A fifth query, free form, solved by Y only: it is known, and does not change anybody's w.
  const mixed = {
    ...four,
    rows: 5,
    scores: Float64Array.of(...four.scores, 0, 1),
    dataset: new Uint16Array(5),
    options: Uint16Array.of(4, 4, 4, 4, 0),
    solvedFrom: new Float64Array(5).fill(1),
  };
  near(discountedOracle(mixed), (8 / 3 + 1) / 5);
});

Deno.test("graded scores: never above the oracle", () => {
  // Free form: nothing is guessed, so it is the oracle itself, also where nobody reaches τ.
  const graded = {
    ...four,
    scores: Float64Array.of(0.9, 0.6, 0.4, 0.3, 0.7, 0.8, 0.1, 0),
    options: new Uint16Array(4),
    solvedFrom: new Float64Array(4).fill(0.5),
  };
  near(discountedOracle(graded), (0.9 + 0.4 + 0.8 + 0.1) / 4, 12);
  near(discountedOracle(graded), sampleMean(oracle(graded).score), 12);
  // Four options: both solve queries 1 and 3, so both know with w = (1/2 − 1/4)/(3/4)/(1/2) = 2/3.
  const choice = { ...graded, options: new Uint16Array(4).fill(4) };
  const of = (best: number, next: number): number => 2 / 3 * best + 1 / 3 * 2 / 3 * next;
  near(discountedOracle(choice), (of(0.9, 0.6) + of(0.8, 0.7)) / 4, 12);
});

Deno.test("w is taken per dataset", () => {
  // Y is at chance on dataset 0 and perfect on dataset 1.
  const two = {
    ...four,
    rows: 6,
    scores: Float64Array.of(...four.scores, 0, 1, 0, 1),
    dataset: Uint16Array.of(0, 0, 0, 0, 1, 1),
    datasets: 2,
    options: new Uint16Array(6).fill(4),
    solvedFrom: new Float64Array(6).fill(1),
  };
  near(discountedOracle(two), (8 / 3 + 2) / 6);
});

Deno.test("one option is no choice", () => {
  assert.throws(() => guessFloor(Uint16Array.of(4, 1), 2), /row 1/);
  assert.throws(() => discountedOracle({ ...four, options: Uint16Array.of(4, 4, 1, 4) }), /row 2/);
});
