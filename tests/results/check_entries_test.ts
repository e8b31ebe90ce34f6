import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import type { Split } from "../../src/splits/split.ts";
import { checkEntries } from "../../src/results/check_entries.ts";
import type { DecisionEntry } from "../../src/results/decision_file.ts";

const models = ["a", "b"];
const splits = [0, 1].map((fold) => ({ seed: 1, fold, roles: "teev" }) as Split);
const entry: DecisionEntry = {
  router: "r",
  seed: 1,
  fold: 0,
  columns: [{ kind: "headline" }, { kind: "curve", at: 0 }],
  models,
  choice: Uint16Array.of(0, 1, 1, 0),
  tuning: {
    score: 1,
    area: 0,
    trials: [{ score: 0.5, area: 0.7 }, { score: 0.6, area: 0.7 }],
    operating: { sameQuality: 0, halfCost: 0 },
  },
  card: { parameters: 1, notes: [] },
  decisionsSha256: "",
};
const coin: DecisionEntry = {
  ...entry,
  choice: new Uint16Array(),
  mixtures: [[0.5, 0.5], [1, 0]],
  tuning: { score: 0, trials: [] },
};

function check(...entries: DecisionEntry[]): void {
  checkEntries(entries, splits, models, "file");
}

Deno.test("decisions that fit pass", () => {
  check(entry, { ...entry, fold: 1 });
  check(coin);
  check({ ...coin, mixtures: [[1 / 3, 2 / 3 + 1e-12], [1, 0]] });
});

Deno.test("what does not fit is refused with the entry's name", () => {
  const cases: [change: Partial<DecisionEntry>, message: RegExp][] = [
    [{ fold: 2 }, /^file: decisions of r, seed 1, fold 2: there is no such split$/],
    [{ models: ["b", "a"] }, /expected choices among a, b, in this order, got b, a$/],
    [{ models: ["a"] }, /expected choices among a, b/],
    [{ choice: Uint16Array.of(0, 1, 1) }, /3 choices for 2 test rows × 2 columns/],
    [{ choice: Uint16Array.of(0, 1, 2, 0) }, /choice 2 is model 2 of 2/],
    [{ columns: [{ kind: "curve" }, { kind: "headline" }] }, /first column is a curve/],
    [{ mixtures: coin.mixtures }, /both choices and mixtures/],
    [{ ...coin, mixtures: [[1, 0]] }, /1 mixtures for 2 columns/],
    [{ ...coin, mixtures: [[0.5, 0.5], [0.5, 0.6]] }, /mixture 1 is not 2 weights that sum to 1/],
    [{ ...coin, mixtures: [[1.5, -0.5], [1, 0]] }, /mixture 0 is not 2 weights/],
    [{ ...coin, mixtures: [[1], [1, 0]] }, /mixture 0 is not 2 weights/],
    [{ tuning: { ...entry.tuning, score: 0 } }, /tuning\.score 0 is not the best of the trials/],
    [{ tuning: { ...entry.tuning, score: 2 } }, /tuning\.score 2 is not the best/],
    [
      { tuning: { ...entry.tuning, trials: [{ score: 0, area: 0.1 }, { score: 1, area: 0.2 }] } },
      /tuning\.area 0 is not the best of the trials/,
    ],
    [{ tuning: { score: 1, trials: [] } }, /tuning\.score without trials/],
    [
      { tuning: { ...entry.tuning, operating: { sameQuality: 0, halfCost: 1 } } },
      /tuning\.operating is beyond the 1 points of the curve/,
    ],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => check({ ...entry, ...change }), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a path visits something, nothing twice, ends once, and holds what it commits to", () => {
  const paths = (...visited: number[]): DecisionEntry => ({
    ...entry,
    paths: { visited: Uint16Array.from(visited), horizon: 2 },
  });
  check(paths(0, 2, 1, 2, 0, 1, 1, 0));
  const cases: [visited: number[], message: RegExp][] = [
    [[0, 2, 1, 2, 0, 1], /6 visits for 4 choices × 2$/],
    [[0, 2, 1, 2, 0, 1, 2, 2], /choice 3 is model 0, which was not visited$/],
    [[0, 2, 0, 2, 0, 1, 1, 0], /choice 1 is model 1, which was not visited$/],
    [[0, 2, 1, 1, 0, 1, 1, 0], /path 1 visits a model twice: 1, 1$/],
    [[2, 0, 1, 2, 0, 1, 1, 0], /path 0 goes on after its end: 2, 0$/],
    [[0, 7, 1, 2, 0, 1, 1, 0], /path 0 goes on after its end: 0, 7$/],
  ];
  for (const [visited, message] of cases) {
    assert.throws(() => check(paths(...visited)), (error: Error) => {
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => check(paths(0, 2, 1, 2, 0, 1, 1, 0), { ...entry, fold: 1 }), /columns other/);
  assert.throws(() => check({ ...coin, paths: paths(0, 2).paths }), /both choices and mixtures/);
});

Deno.test("a router's columns must be the same on every split", () => {
  const longer = {
    ...entry,
    fold: 1,
    columns: [...entry.columns, { kind: "curve", at: 1 } as const],
    choice: new Uint16Array(6),
  };
  assert.throws(
    () => check(entry, longer),
    /r, seed 1, fold 1: columns other than with r, seed 1, fold 0/,
  );
  assert.throws(() => check(entry, { ...coin, fold: 1 }), /columns other than/);
  // λ depends on the costs of the training rows.
  check(entry, { ...entry, fold: 1, columns: [{ kind: "headline" }, { kind: "curve", at: 9 }] });
});

Deno.test("arms may differ between splits, as profiles differ in size", () => {
  const arms = {
    ...entry,
    columns: [{ kind: "arm", arm: "retrain", n: 8, pool: "all" }, { kind: "arm", arm: "ignore" }],
  } as DecisionEntry;
  check(arms, { ...arms, fold: 1, columns: arms.columns.slice(0, 1), choice: new Uint16Array(2) });
});
