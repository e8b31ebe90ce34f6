import assert from "node:assert/strict";
import type { Comparison } from "../../../src/evaluate/compare.ts";
import {
  intervalCell,
  leaderboard,
  marks,
  oracleGap,
  qncCell,
  ranked,
} from "../../../src/report/tables/leaderboard.ts";
import { closingNotes } from "../../../src/report/tables/notes.ts";
import { invented } from "../fixture.ts";

const compared = (reference: string, difference: number, pHolm: number): Comparison =>
  ({ router: "r", reference, difference, pHolm }) as Comparison;

Deno.test("marks: a letter a reference, + or −, only below .05 after Holm", () => {
  const all = [
    compared("best-single", 0.1, 0.049),
    compared("zero-router", -0.1, 0.001),
    compared("knn", 0.1, 0.05),
  ];
  assert.equal(marks(all, "r"), "S+Z−");
  assert.equal(marks(all, "other"), "");
  assert.equal(marks([compared("knn", -0.2, 0)], "r"), "K−");
  assert.equal(marks([{ ...compared("knn", -0.2, 0), pHolm: null }], "r"), "");
});

Deno.test("too few units: a dash for the interval, no letter, and the reason in the notes", async () => {
  assert.equal(intervalCell({ difference: 0.015, low: null, high: null }), "+.015 [–]");
  const result = await invented(true);
  const untested = {
    ...result.evaluation,
    comparisons: result.evaluation.comparisons.map((c) => ({
      ...c,
      low: null,
      high: null,
      p: null,
      pHolm: null,
      units: 8,
      effectiveUnits: 5.83,
    })),
  };
  const { rows, notes } = leaderboard(result, untested);
  assert.ok(
    rows.slice(8).every(([, , delta, vs]) => /^[+−]\.\d{3} \[–\]$/.test(delta) && vs === ""),
  );
  assert.deepEqual(notes.slice(0, 2), [
    "quality: mean score, ± sd over 2 seeds.",
    "no intervals and no marks: 8 independent queries or templates of unequal size, which say as much as 5.8 of " +
    "equal size; at least 10 are needed.",
  ]);
  assert.ok(!notes.some((note) => note.startsWith("vs:")));
});

Deno.test("QNC: in how many seeds best single's quality is reached, and the mean over those", async () => {
  const { evaluation } = await invented(true);
  const keen = evaluation.routers.find((r) => r.router === "keen")!;
  const withQnc = (...values: (number | null)[]) =>
    qncCell({
      ...keen,
      seeds: values.map((qnc) => ({
        ...keen.seeds[0],
        metrics: { ...keen.seeds[0].metrics, qnc },
      })),
    });
  assert.equal(withQnc(0.7, 0.8), "75%");
  assert.equal(withQnc(0.7, 0.8, null, 0.72, 0.74), "74% (4/5)");
  assert.equal(withQnc(null, null), "never");
});

Deno.test("the oracle closes no gap where there is none", async () => {
  const { evaluation } = await invented(true);
  assert.equal(oracleGap(evaluation), "100%");
  const routers = evaluation.routers.map((r) => ({ ...r, mean: { ...r.mean, gap_closed: null } }));
  assert.equal(oracleGap({ ...evaluation, routers }), "–");
});

Deno.test("leaderboard: oracle, references by quality, a rule, competing rows by quality", async () => {
  const result = await invented(true);
  const { rows, columns } = leaderboard(result, result.evaluation);
  assert.deepEqual(rows.map(([name]) => name), [
    "oracle",
    "dearest",
    "best single",
    "best per benchmark",
    "zero router",
    "random",
    "cheapest",
    undefined,
    "Keen (2030)",
    "kNN",
    "vague",
  ]);
  assert.ok(rows.every((row) => row.length === 0 || row.length === columns.length));
  assert.deepEqual(columns.map((c) => c.title), [
    "router",
    "quality",
    "Δ single [95% CI]",
    "vs",
    "gap",
    "$/1k",
    "Area",
    "QNC",
    "top",
  ]);
});

Deno.test("leaderboard: no area and no QNC for a row of one point, 'never' for a curve too low", async () => {
  const result = await invented(true);
  const { rows } = leaderboard(result, result.evaluation);
  const of = (name: string): string[] => rows.find((row) => row[0] === name)!.slice(6, 8);
  for (const single of ["dearest", "best single", "random", "cheapest", "oracle"]) {
    assert.deepEqual(of(single), ["–", "–"], single);
  }
  assert.match(of("Keen (2030)").join(), /^\.\d{3},\d+%$/);
  assert.match(of("vague").join(), /^\.\d{3},never$/);
});

Deno.test("leaderboard: without prices the cost columns are gone and a note says why", async () => {
  const result = await invented(false);
  const { columns, notes } = leaderboard(result, result.evaluation);
  assert.deepEqual(columns.map((c) => c.title).slice(4), ["gap", "top"]);
  assert.ok(notes.includes("no cost columns: 4 of 4 models have no price."));
  const partly = { ...result, dataset: { ...result.dataset, unpriced: [] } };
  assert.ok(
    leaderboard(partly, result.evaluation).notes
      .includes("no cost columns: some queries have no known cost."),
  );
});

Deno.test("notes: what a seed, a bootstrap unit and a mark are", async () => {
  const result = await invented(true);
  const { notes } = leaderboard(result, result.evaluation);
  assert.equal(
    notes[0],
    "quality: mean score, ± sd over 2 seeds; CI: paired, over 60 queries.",
  );
  assert.match(notes[1], /against S best single, Z zero router, K tuned kNN; \+ better, − worse/);
  const { protocol, evaluation } = result;
  const one = { ...result, protocol: { ...protocol, seeds: [7] } };
  const grouped = {
    ...evaluation,
    comparisons: evaluation.comparisons.filter((c) => c.reference === "best-single")
      .map((c) => ({ ...c, units: 40 })),
  };
  const [first, second] = leaderboard(one, grouped).notes;
  assert.equal(
    first,
    "quality: mean score of one seed; CI: paired, over 40 independent queries or templates.",
  );
  assert.match(second, /against S best single; \+ better/);
});

Deno.test("closing notes: missing rows one line a reason, in row order", async () => {
  const result = await invented(false);
  assert.deepEqual(closingNotes(result), [
    "– needs costs; 4 of 4 models have none: cheapest, dearest, zero router, Thrifty",
    "Keen (2030): Keen without its second stage.",
    "data: no manifest: solved means a score of 0.5 or more, answers are taken as free form",
  ]);
});

Deno.test("closing notes: the Bayes-optimal row is missed on synthetic data only", async () => {
  const result = await invented(true);
  const notes = (synthetic: boolean): string =>
    closingNotes({ ...result, dataset: { ...result.dataset, synthetic } }).join("\n");
  assert.doesNotMatch(notes(false), /Bayes/);
  assert.match(notes(true), /^– needs the true probabilities of synthetic data: Bayes-optimal/m);
});

Deno.test("closing notes: a method that could not run is not quoted", async () => {
  const result = await invented(true);
  const routers = result.routers.map((r) => r.id === "keen" ? { ...r, notApplicable: "why" } : r);
  const notes = closingNotes({ ...result, routers });
  assert.ok(notes.includes("– why: Keen (2030)"));
  assert.ok(!notes.some((note) => note.startsWith("Keen (2030):")));
});

Deno.test("ranked: references apart from the rest, equal rows keep their order", async () => {
  const result = await invented(true);
  const { references, competing } = ranked(result, result.evaluation.routers);
  assert.deepEqual(references.slice(0, 2).map((r) => r.router), ["dearest", "best-single"]);
  assert.deepEqual(competing.map((r) => r.router), ["keen", "knn", "vague"]);
  assert.deepEqual(ranked(result, []), { references: [], competing: [] });
});
