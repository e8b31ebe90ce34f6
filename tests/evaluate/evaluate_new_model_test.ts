import assert from "node:assert/strict";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Column } from "../../src/run/curve.ts";
import type { Split } from "../../src/splits/split.ts";
import type { SplitDecisions } from "../../src/evaluate/decisions.ts";
import { evaluateNewModel } from "../../src/evaluate/evaluate_new_model.ts";
import { tableOf } from "../splits/tables.ts";

/** Eight rows, four tested; three models of which the last is new. Test scores: see SCORES. */
const SCORES = [[1, 0, 0], [0, 0, 1], [0, 1, 1], [0, 0, 0]];
const ROLES = "teteteve";
const table: OutcomeTable = tableOf(
  [...ROLES].map((_, row) => ({
    id: `q${row}`,
    scores: ROLES[row] === "e"
      ? SCORES[ROLES.slice(0, row).replace(/[^e]/g, "").length]
      : [0, 0, 0],
  })),
);
const split = (fold: number, heldOut: string[]): Split =>
  ({ seed: 1, fold, roles: ROLES, heldOutModels: heldOut }) as unknown as Split;
const splits = [split(0, ["m2"]), split(1, ["m1", "m2"])];
const units = table.ids.map((_, i) => i);

type Choice = [column: Column, models: [number, number, number, number]];
const arm = (arm: Column["arm"], n: number | undefined, pool: "all" | "new"): Column => ({
  kind: "arm",
  arm,
  ...(n !== undefined && { n }),
  pool,
});

function decisions(router: string, fold: number, columns: Choice[]): SplitDecisions {
  return {
    router,
    seed: 1,
    fold,
    columns: columns.map(([column]) => column),
    models: table.models,
    choice: Uint16Array.from(
      [0, 1, 2, 3].flatMap((row) => columns.map(([, models]) => models[row])),
    ),
  };
}

const zero = arm("zero-update", 8, "all"), ignore = arm("ignore", undefined, "all");
const clairvoyant = arm("clairvoyant", undefined, "all");
const all: SplitDecisions[] = [
  decisions("best-single", 0, [[zero, [0, 0, 0, 0]], [ignore, [0, 0, 0, 0]]]),
  decisions("best-single", 1, [[zero, [2, 2, 2, 2]], [ignore, [0, 0, 0, 0]]]),
  decisions("r", 0, [[zero, [0, 2, 2, 0]], [clairvoyant, [0, 2, 1, 0]], [ignore, [0, 0, 1, 0]]]),
  decisions("r", 1, [[zero, [0, 2, 0, 0]], [clairvoyant, [0, 2, 1, 0]], [ignore, [0, 0, 0, 0]]]),
];

Deno.test("every set of held-out models counts the same", () => {
  const { arms, oracle, random } = evaluateNewModel(table, splits, all, units);
  const of = (router: string, name: string) =>
    arms.find((a) => a.router === router && a.arm === name)!;
  assert.equal(of("r", "zero-update").quality, (0.75 + 0.5) / 2);
  assert.ok(Math.abs(of("r", "zero-update").sd! - Math.SQRT1_2 / 4) < 1e-12);
  assert.equal(of("best-single", "zero-update").quality, (0.25 + 0.5) / 2);
  assert.equal(oracle.all, 0.75);
  assert.equal(oracle.new, (0.5 + 0.5) / 2);
  assert.ok(Math.abs(random.all - 4 / 12) < 1e-12);
  assert.ok(Math.abs(random.new - (2 / 4 + 3 / 8) / 2) < 1e-12);
});

Deno.test("an arm is measured against best single with the same n labels and pool", () => {
  const { arms } = evaluateNewModel(table, splits, all, units);
  const of = (router: string, name: string) =>
    arms.find((a) => a.router === router && a.arm === name)!;
  assert.deepEqual(arms.map((a) => [a.router, a.arm, a.n, a.pool]), [
    ["best-single", "zero-update", 8, "all"],
    ["best-single", "ignore", null, "all"],
    ["r", "zero-update", 8, "all"],
    ["r", "clairvoyant", null, "all"],
    ["r", "ignore", null, "all"],
  ]);
  const zero = of("r", "zero-update");
  assert.equal(zero.vsBestSingle!.difference, 0.25);
  assert.ok(Math.abs(zero.gapClosed! - 0.25 / 0.375) < 1e-12);
  assert.equal(of("r", "ignore").vsBestSingle!.difference, (0.25 + 0) / 2);
  assert.equal(of("r", "clairvoyant").vsBestSingle, null, "no best single has all labels");
  assert.equal(of("r", "clairvoyant").gapClosed, null);
  assert.equal(of("best-single", "zero-update").vsBestSingle, null);
  assert.equal(of("best-single", "zero-update").gapClosed, 0);
});

Deno.test("a budget that one split cannot fill is left out, and columns are matched by name", () => {
  const more: Choice = [arm("zero-update", 16, "all"), [0, 0, 0, 0]];
  const uneven = [
    ...all.slice(0, 2),
    decisions("r", 0, [more, [zero, [0, 2, 2, 0]]]),
    decisions("r", 1, [[zero, [0, 2, 0, 0]]]),
  ];
  const { arms } = evaluateNewModel(table, splits, uneven, units);
  assert.deepEqual(arms.filter((a) => a.router === "r").map((a) => [a.n, a.quality]), [[8, 0.625]]);
});

Deno.test("a clear win among very many arms stays significant", () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({
    id: `q${i}`,
    scores: [0, i % 3 === 0 ? 0 : 1],
  }));
  const wide = tableOf(rows);
  const only = {
    seed: 1,
    fold: 0,
    roles: "e".repeat(300),
    heldOutModels: ["m1"],
  } as unknown as Split;
  const arms = (router: string, model: number): SplitDecisions => ({
    router,
    seed: 1,
    fold: 0,
    columns: Array.from({ length: 150 }, (_, n) => arm("zero-update", n + 1, "all")),
    models: wide.models,
    choice: new Uint16Array(300 * 150).fill(model),
  });
  const found = evaluateNewModel(
    wide,
    [only],
    [arms("best-single", 0), arms("r", 1)],
    rows.map((_, i) => i),
  );
  const tested = found.arms.filter((a) => a.router === "r");
  assert.equal(tested.length, 150);
  // Were p bounded from below, 150 times the smallest possible could exceed .05 whatever the data say.
  assert.ok(
    tested.every((a) => a.vsBestSingle!.pHolm! < 0.05),
    String(tested[0].vsBestSingle!.pHolm),
  );
});

Deno.test("own arms are compared with the own arms of kNN, ridge and UniRoute, in the whole pool only", () => {
  const news = arm("zero-update", 8, "new"), vector = arm("fit-new-vector", 8, "all");
  const both = (router: string, columns: Choice[]): SplitDecisions[] =>
    [0, 1].map((fold) => decisions(router, fold, columns));
  const { arms } = evaluateNewModel(table, splits, [
    ...all,
    ...both("knn", [[zero, [0, 0, 0, 0]], [news, [2, 2, 2, 2]]]),
    ...both("ridge", [[vector, [1, 2, 1, 1]]]),
  ], units);
  const rivals = (router: string): [string, number][] | undefined =>
    arms.find((a) => a.router === router && a.arm !== "ignore")!.vsRouters
      ?.map(({ router, difference }) => [router, difference]);
  // r scores .75 and .5; kNN .25 in both; ridge .5 in both (rows 1 and 2)
  assert.deepEqual(rivals("r"), [["knn", 0.375], ["ridge", 0.125]]);
  assert.deepEqual(rivals("knn"), [["ridge", -0.25]]);
  assert.deepEqual(rivals("ridge"), [["knn", 0.25]]);
  assert.equal(rivals("best-single"), undefined, "a reference row has no rivals");
  for (const { arm, pool, vsRouters } of arms) {
    if (pool === "new" || arm === "ignore" || arm === "clairvoyant") {
      assert.equal(vsRouters, undefined);
    }
  }
});
