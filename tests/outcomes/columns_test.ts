/** Records as columns: every number as it was, in four bytes where that is exact. */
import assert from "node:assert/strict";
import { columnsOf, ModelColumns } from "../../src/outcomes/columns.ts";
import { buildTable } from "../../src/outcomes/build.ts";
import { inferManifest } from "../../src/outcomes/manifest.ts";
import { parseRecord } from "../../src/outcomes/parse.ts";
import { takeCells } from "../../src/outcomes/table.ts";
import { TextColumn } from "../../src/outcomes/text_column.ts";
import { SMALL, smallManifest } from "./small.ts";

Deno.test("columns by hand: a number that float32 does not hold keeps all its digits, and its neighbours theirs", () => {
  const columns = new ModelColumns();
  columns.add(0, { a: 1, b: 0.5 });
  columns.add(2, { a: 0 });
  assert.ok(columns.exact);
  columns.add(3, { a: 0.1, constructor: 0.25 });
  assert.ok(!columns.exact, "a tenth is no float32");
  assert.deepEqual([0, 1, 2, 3].map((row) => columns.get("a", row)), [1, NaN, 0, 0.1]);
  assert.deepEqual([0, 3].map((row) => columns.get("b", row)), [0.5, NaN]);
  assert.equal(columns.get("nobody", 0), NaN);
  assert.deepEqual(columns.models, ["a", "b", "constructor"]);
  assert.deepEqual(["a", "b", "nobody"].map((m) => columns.count(m)), [3, 1, 0]);
  const hasBoth = columns.havingAll(["a", "b"], 3);
  assert.deepEqual([0, 1, 2].map(hasBoth), [true, false, false]);
  assert.deepEqual([0, 2].map(columns.havingAll(["a"], 3)), [true, true]);
  assert.ok(!columns.havingAll(["nobody"], 3)(0));
});

Deno.test("columns of thousands of rows, one model known late", () => {
  const columns = new ModelColumns();
  for (let row = 0; row < 5000; row++) {
    columns.add(row, { early: row / 7, ...(row >= 4000 && { late: row % 2 }) });
  }
  for (let row = 0; row < 5000; row++) {
    assert.equal(columns.get("early", row), row / 7);
    assert.equal(columns.get("late", row), row >= 4000 ? row % 2 : NaN);
  }
});

Deno.test("a column of texts gives each back as it was, also one larger than a piece", () => {
  const texts = [
    "",
    "ä → 😀",
    "\ufeffmark",
    "x".repeat(400_000),
    "é".repeat(900_000),
    "\u0000",
    "last",
  ];
  const column = new TextColumn();
  for (const text of texts) column.add(text);
  texts.forEach((text, at) => assert.ok(column.get(at) === text, `text ${at}`));
});

Deno.test("a table is the same from a list as from columns", () => {
  const list = SMALL.trim().split("\n")
    .map((line, i) => parseRecord(line, { file: "small", line: i + 1 }));
  const columns = columnsOf(list);
  assert.equal(columnsOf(columns), columns);
  for (const view of Object.keys(smallManifest.views)) {
    assert.deepEqual(
      buildTable(columns, view, smallManifest),
      buildTable(list, view, smallManifest),
    );
  }
  assert.deepEqual(inferManifest("s", columns, "f"), inferManifest("s", list, "f"));
});

Deno.test("a table holds float32 where that is exact, and costs that nobody knows as such", () => {
  const tableOf = (scores: Record<string, number>) => {
    const list = [{ id: "q", benchmark: "b", query: "?", scores }];
    return buildTable(list, "all", inferManifest("t", list, "f"));
  };
  const whole = tableOf({ a: 1, b: 0.5 }), tenths = tableOf({ a: 0.1, b: 1 });
  assert.deepEqual(whole.scores, Float32Array.of(1, 0.5));
  assert.deepEqual(tenths.scores, Float64Array.of(0.1, 1));
  assert.deepEqual(whole.costs, Float32Array.of(NaN, NaN));
  assert.ok(whole.scores.buffer instanceof SharedArrayBuffer, "threads share it");
});

Deno.test("answers with documents have columns of their own, which hold nothing where there are none", () => {
  const bare = { id: "q1", benchmark: "b", query: "?", scores: { a: 1 } };
  const scores = { a: 1, b: 0.5 }, documents = ["15 m", "30 m"];
  const rich = { documents, scores_rag: { a: 0.1 }, costs_rag: { a: 2 } };
  const columns = columnsOf([
    bare,
    { ...bare, id: "q2", scores, ...rich, tokens_rag: { a: [7, 3] } },
    { ...bare, id: "q3", documents },
    { ...bare, id: "q4", scores_rag: { a: 1 } },
  ]);
  assert.deepEqual([...columns.documents], [[1, documents]]);
  const { withDocuments } = columns, [input, output] = withDocuments.tokens;
  const kept = [withDocuments.scores, withDocuments.costs, input, output];
  assert.deepEqual(kept.map((of) => [of.count("a"), of.get("a", 1)]), [
    [1, 0.1],
    [1, 2],
    [1, 7],
    [1, 3],
  ]);
  assert.ok(columns.scores.exact, "a tenth is in other columns");
  const none = columnsOf([bare]);
  assert.equal(none.documents.size, 0);
  assert.deepEqual(none.withDocuments.scores.models, []);
  assert.ok(!("documents" in none.rows[0]));
});

Deno.test("takeCells takes rows in the order asked for", () => {
  const cells = Float64Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual(takeCells(cells, 2, [2, 0]), Float64Array.of(5, 6, 1, 2));
});
