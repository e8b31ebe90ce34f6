import assert from "node:assert/strict";
import {
  newModelNotes,
  newModelTable,
  rivalsTable,
} from "../../../src/report/tables/new_model_table.ts";
import { terminalReport } from "../../../src/report/tables/terminal.ts";
import { widthOf } from "../../../src/report/tables/text_table.ts";
import type { ArmReport, NewModelEvaluation } from "../../../src/evaluate/evaluate_new_model.ts";
import type { Result } from "../../../src/results/result.ts";
import { invented } from "../fixture.ts";

const BUDGETS = [8, 16, 32, 64, 125, 250, 500, 1000];

function arm(
  router: string,
  name: ArmReport["arm"],
  n: number | null,
  quality: number,
  versus?: [difference: number, pHolm: number],
  pool: "all" | "new" = "all",
): ArmReport {
  const vs = versus && { difference: versus[0], pHolm: versus[1], low: 0, high: 0, p: 0 };
  return {
    router,
    arm: name,
    n,
    pool,
    quality,
    sd: null,
    gapClosed: null,
    vsBestSingle: vs ?? null,
  };
}

const evaluation: NewModelEvaluation = {
  oracle: { all: 0.95, new: 0.875 },
  random: { all: 0.5, new: 0.45 },
  units: 60,
  effectiveUnits: 60,
  arms: [
    ...BUDGETS.map((n) => arm("best-single", "zero-update", n, 0.6)),
    arm("best-single", "ignore", null, 0.5),
    ...BUDGETS.map((n) => arm("keen", "fit-new-vector", n, 0.7, [0.1, 0.01])),
    arm("keen", "retrain", 8, 0.4, [-0.1, 0.01]),
    arm("keen", "retrain", 16, 0.65, [0.05, 0.06]),
    arm("keen", "clairvoyant", null, 0.8),
    arm("knn", "zero-update", 8, 0.3, undefined, "new"),
  ],
};

async function result(): Promise<Result> {
  const base = await invented(true);
  return { ...base, protocol: { ...base.protocol, name: "new-model" }, evaluation };
}

Deno.test("a line with the name, then its arms; marks where significant; sizes as columns", async () => {
  const { columns, rows, notes } = newModelTable(await result(), evaluation, "all");
  assert.deepEqual(columns.map((c) => c.title), [
    "router and arm",
    ...BUDGETS.map((n) => `n=${n}`),
    "all/none",
  ]);
  assert.deepEqual(rows.map(([first]) => first), [
    "best single",
    "  zero-update",
    "  ignore",
    undefined,
    "Keen (2030)",
    "  fit-new-vector",
    "  retrain",
    "  clairvoyant",
  ]);
  assert.deepEqual(rows[6], ["  retrain", ".400−", ".650", "", "", "", "", "", "", ""]);
  assert.deepEqual(rows[5].slice(1, 3), [".700+", ".700+"]);
  assert.equal(rows[7].at(-1), ".800");
  assert.ok(rows.every((row) => row.length === 0 || row.length === columns.length));
  assert.deepEqual(notes, [
    "pool: training models and new models together; oracle .950, random .500.",
  ]);
});

Deno.test("the other pool has its own rows and bounds", async () => {
  const { rows, notes, columns } = newModelTable(await result(), evaluation, "new");
  assert.deepEqual(rows.map(([first]) => first), [undefined, "kNN", "  zero-update"]);
  assert.equal(columns.length, 10, "the same columns in both tables");
  assert.deepEqual(notes, ["pool: the new models only; oracle .875, random .450."]);
});

Deno.test("a router that shares a reference's name stays on its side of the rule", async () => {
  const base = await result();
  const routers = base.routers.map((r) => r.id === "keen" ? { ...r, name: "best single" } : r);
  const { rows } = newModelTable({ ...base, routers }, evaluation, "all");
  assert.deepEqual(rows.map(([first]) => first).slice(3, 5), [undefined, "best single"]);
});

Deno.test("report: both tables, the common notes once, within 100 columns", async () => {
  const text = terminalReport(await result(), undefined, { width: 100, statements: true });
  for (const line of text.split("\n")) assert.ok(widthOf(line) <= 100, line);
  for (const note of newModelNotes(await result())) {
    const start = note.slice(0, 30);
    assert.equal(text.split(start).length, 2, start);
  }
});

Deno.test("arms that were not run leave no rows, blank cells and a line", async () => {
  const arms = [
    arm("keen", "fit-new-vector", 8, 0.7),
    arm("keen", "fit-new-vector", 32, 0.75),
    arm("knn", "zero-update", 8, 0.6),
  ];
  const whole = await result();
  const some = { ...whole, protocol: { ...whole.protocol, arms: ["own" as const] } };
  const table = newModelTable(some, { ...evaluation, arms }, "all");
  assert.deepEqual(table.columns.map(({ title }) => title), [
    "router and arm",
    "n=8",
    "n=32",
    "all/none",
  ]);
  assert.deepEqual(table.rows.filter((row) => row[0]?.startsWith("  ")), [
    ["  fit-new-vector", ".700", ".750", ""],
    ["  zero-update", ".600", "", ""],
  ]);
  const line = "arms run: own; the others were not asked for.";
  assert.ok(newModelNotes(some).includes(line));
  assert.ok(!newModelNotes(whole).some((note) => note.startsWith("arms run")));
  assert.deepEqual(newModelTable(some, { ...evaluation, arms: [] }, "all").rows, [[]]);
});

Deno.test("own arms against rivals: differences by size, a star where significant; no table without", async () => {
  assert.equal(rivalsTable(await result(), evaluation), undefined);
  const versus = (router: string, difference: number, pHolm: number) => ({
    router,
    difference,
    pHolm,
    low: 0,
    high: 0,
    p: 0,
  });
  const tested = evaluation.arms.map((a) =>
    a.router === "keen" && a.arm === "fit-new-vector" && (a.n === 8 || a.n === 64)
      ? { ...a, vsRouters: [versus("knn", a.n === 8 ? 0.02 : -0.013, a.n === 8 ? 0.01 : 0.2)] }
      : a
  );
  const { columns, rows } = rivalsTable(await result(), { ...evaluation, arms: tested })!;
  assert.deepEqual(columns.map(({ title }) => title), ["own arm against own arm", "n=8", "n=64"]);
  assert.equal(rows.length, 2);
  assert.deepEqual(rows[1].slice(1), ["+.020*", "−.013 "]);
});
