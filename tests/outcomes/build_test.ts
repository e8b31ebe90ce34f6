import assert from "node:assert/strict";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { buildTable, countOptions } from "../../src/outcomes/build.ts";
import type { Manifest } from "../../src/outcomes/manifest.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { SMALL, smallManifest } from "./small.ts";

const records: OutcomeRecord[] = SMALL.trim().split("\n").map((line) => JSON.parse(line));

Deno.test("buildTable by hand: rows by id, models by name, the row without birch dropped", () => {
  const table = buildTable(records, "all", smallManifest);
  assert.deepEqual(table.ids, ["q1", "q10", "q2", "q3", "q4"]);
  assert.deepEqual(table.models, ["ash", "birch", "cedar/v1.5"]);
  assert.deepEqual(table.texts[2], "17 × 23 = ?");
  assert.deepEqual(table.benchmarks, ["sums", "trivia"]);
  assert.deepEqual([...table.benchmark], [0, 0, 0, 1, 1]);
  assert.deepEqual(table.tasks, ["sums/plus", "sums/times", "trivia", "trivia/rivers"]);
  assert.deepEqual([...table.task], [0, 0, 1, 3, 2]);
  assert.deepEqual([...table.published], [1, 2, 1, 2, 2]);
  assert.deepEqual(
    [...table.options],
    [0, 5, 0, 3, 2],
    "record, benchmark, benchmark, letters × 2",
  );
  assert.deepEqual([...table.solvedFrom], [0.5, 1]);
  assert.deepEqual(table.domains, ["mathematics", "knowledge"]);
  assert.deepEqual([...table.scores], [1, 1, 0.5, 0.25, 0.75, 0.75, 0, 1, 0, 0, 1, 1, 1, 0, 1]);
  // deno-fmt-ignore
  assert.deepEqual([...table.costs], [
    0.000008, 0.00066, NaN, 0.000023, 0.00089, NaN, 0.000013, 0.00167, NaN,
    0.00003, 0.00038, NaN, 0.000015, 0.00019, NaN,
  ]);
  assert.deepEqual([...table.repeats!], [
    ["ash", [[1, 1, 1], [], [], [], []]],
    ["cedar/v1.5", [[1, 0], [], [], [], []]],
  ]);
  const { dataset } = table;
  assert.equal(dataset.name, "small/all");
  assert.equal(dataset.synthetic, true);
  assert.deepEqual(dataset.dropped, { "missing score": 1 });
  assert.deepEqual(dataset.unpriced, ["cedar/v1.5"]);
  assert.equal(dataset.prices?.date, "2026-01-02");
  assert.deepEqual(dataset.notes, []);
});

Deno.test("views choose by label, and by label excluded", () => {
  const ids = (view: string): readonly string[] => buildTable(records, view, smallManifest).ids;
  assert.deepEqual(ids("sums-test"), ["q10"]);
  assert.deepEqual(ids("not-easy"), ["q10", "q2", "q3", "q4"], "a row without the label stays");
  assert.equal(ids("two").length, 6, "nothing dropped: both models answered all");
  assert.equal(buildTable(records, "two", smallManifest).repeats!.size, 2);
  assert.equal(buildTable(records, "not-easy", smallManifest).repeats, undefined);
});

Deno.test("the table does not depend on the order of the file or of the view's models", () => {
  const expected = buildTable(records, "all", smallManifest);
  for (let seed = 0; seed < 20; seed++) {
    const draw = random(seed);
    const views = { all: { models: draw.shuffle([...smallManifest.views.all.models]) } };
    const manifest = { ...smallManifest, views };
    assert.deepEqual(buildTable(draw.shuffle([...records]), "all", manifest), expected);
  }
});

Deno.test("the identity changes with the records' hash and the view's definition, not with prose", () => {
  const identity = (manifest: Manifest, view = "all"): string =>
    buildTable(records, view, manifest).dataset.sha256;
  const base = identity(smallManifest);
  const view = (all: Manifest["views"][string]): string =>
    identity({ ...smallManifest, views: { all } });
  assert.equal(identity({ ...smallManifest, title: "Other", notes: ["prose"] }), base);
  assert.notEqual(identity({ ...smallManifest, records: { sha256: "0".repeat(64) } }), base);
  assert.notEqual(identity(smallManifest, "two"), base);
  assert.notEqual(
    view({ ...smallManifest.views.all, where: { benchmark: ["sums", "trivia"] } }),
    base,
  );
  assert.equal(view({ ...smallManifest.views.all, notes: ["prose"] }), base);
  const { trivia } = smallManifest.benchmarks;
  const benchmarks = { ...smallManifest.benchmarks, trivia: { ...trivia, solvedFrom: 0.9 } };
  assert.notEqual(identity({ ...smallManifest, benchmarks }), base);
});

Deno.test("without a price list the records' costs count, and no list is claimed", () => {
  const { prices: _, ...manifest } = smallManifest;
  const changed = records.map((record) => ({ ...record, costs: { "cedar/v1.5": 0.5 } }));
  const table = buildTable(changed, "two", manifest);
  assert.deepEqual([...table.costs.slice(0, 4)], [NaN, 0.5, NaN, 0.5]);
  assert.deepEqual(table.dataset.unpriced, ["ash"]);
  assert.equal(table.dataset.prices, undefined);
});

Deno.test("a list that prices nobody of the view is not claimed either", () => {
  const perMillionTokens: Record<string, [number, number]> = { other: [1, 1] };
  const manifest = { ...smallManifest, prices: { ...smallManifest.prices!, perMillionTokens } };
  const { dataset } = buildTable(records, "all", manifest);
  assert.equal(dataset.prices, undefined);
  assert.deepEqual(dataset.unpriced, ["ash", "birch", "cedar/v1.5"]);
});

Deno.test("notes: the manifest's, the view's, then constant token columns", () => {
  const constant = records.map((record) => ({
    ...record,
    tokens: record.tokens && { ...record.tokens, birch: [20, 64] as [number, number] },
  }));
  const views = { all: { ...smallManifest.views.all, notes: ["of the view"] } };
  const { dataset } = buildTable(constant, "all", { ...smallManifest, notes: ["of all"], views });
  assert.deepEqual(dataset.notes, [
    "of all",
    "of the view",
    "birch: input tokens are 20 in all 5 queries, so its costs do not tell queries apart",
    "birch: output tokens are 64 in all 5 queries, so its costs do not tell queries apart",
  ]);
});

Deno.test("model names that objects know already are models like others", () => {
  const base = { id: "1", benchmark: "sums", query: "q" };
  const manifest = { ...smallManifest, views: { all: { models: ["constructor", "toString"] } } };
  const full = { ...base, scores: { constructor: 1, toString: 0 } } as unknown as OutcomeRecord;
  const half = { ...base, id: "2", scores: { constructor: 1 } } as unknown as OutcomeRecord;
  const table = buildTable([full, half], "all", manifest);
  assert.deepEqual([...table.scores], [1, 0]);
  assert.deepEqual(table.dataset.dropped, { "missing score": 1 });
  assert.equal(table.repeats, undefined);
});

Deno.test("buildTable refuses what it cannot place", () => {
  const build = (list: OutcomeRecord[], view: Manifest["views"][string]) => () =>
    buildTable(list, "v", { ...smallManifest, views: { v: view } });
  const data = (message: RegExp) => (error: unknown): boolean => {
    assert.ok(error instanceof DataError, String(error));
    assert.match(error.message, message);
    return true;
  };
  const models = ["ash"];
  assert.throws(
    build([...records, { ...records[1], query: "again" }], { models }),
    data(/^small\/v: expected each id once, got "q1" twice$/),
  );
  assert.throws(
    build([{ ...records[1], benchmark: "summs" }], { models }),
    data(
      /^small\/v: q1: expected a benchmark of the manifest, got "summs"; did you mean "sums"\?$/,
    ),
  );
  assert.throws(
    build(records, { models, where: { benchmark: "trivya" } }),
    data(/^small\/v: expected records with benchmark "trivya", got none; did you mean "trivia"\?$/),
  );
  assert.throws(
    build(records, { models, not: { level: ["easy", "hrad"] } }),
    data(/expected records with level "hrad", got none; did you mean "hard"/),
  );
  assert.throws(
    build(records, { models, where: { level: "easy", benchmark: "trivia" } }),
    data(/expected queries, got none with the labels of the view$/),
  );
  assert.throws(
    build(records, { models: ["ash", "brich"] }),
    data(/expected scores of "brich", got none; did you mean "birch"/),
  );
  assert.throws(
    build([{ ...records[3], query: "A. only" }], { models }),
    data(/^small\/v: q4: expected a query that lists its options/),
  );
  assert.throws(() => buildTable(records, "priecd", smallManifest), (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.match(
      error.message,
      /^small has no view "priecd"; did you mean "priced"\? \(views: all, /,
    );
    return true;
  });
});

Deno.test("countOptions reads the list at the end", () => {
  assert.equal(countOptions("Which?\nA. x\nB. y\nC. z"), 3);
  assert.equal(
    countOptions("A. given\nB. given\nC. given\nWhich?\nA. x\nB. y"),
    2,
    "the last list",
  );
  assert.equal(countOptions("Which?\nA. x\nmore of x\nB. y\nD. not next"), 2);
  assert.equal(countOptions("Which?\nA.x\nB.y"), 0);
  assert.equal(countOptions("A. alone"), 0);
  const ten = [..."ABCDEFGHIJ"].map((letter) => `${letter}. ?`).join("\n");
  assert.equal(countOptions(ten), 10);
});
