/** Views of answers with documents: both tables of outcomes, and what identifies a query. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadDataset } from "../../datasets/load.ts";
import { audited } from "../../src/audit/audited.ts";
import { UsageError } from "../../src/base/errors.ts";
import { buildTable, viewHash } from "../../src/outcomes/build.ts";
import { limitTable } from "../../src/outcomes/limit.ts";
import { inferManifest } from "../../src/outcomes/manifest.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { withFolder } from "./small.ts";

const record = (id: string, more: Partial<OutcomeRecord>): OutcomeRecord => ({
  ...{ id, benchmark: "b", query: "How high?", scores: { ash: 1, fir: 0.5 } },
  ...more,
});
/** q1 and q2 ask the same with other documents, q3 has none, q4 no answer of fir with them. */
const records: OutcomeRecord[] = [
  record("q2", {
    documents: ["15 m", "It varies."],
    scores_rag: { ash: 0.25, fir: 1 },
    target: { ash: 0.9 },
    repeats: { ash: [1, 1] },
    costs: { ash: 1, fir: 2 },
    costs_rag: { ash: 3, fir: 4 },
    tokens: { ash: [1, 1], fir: [1, 1] },
    tokens_rag: { ash: [1_000_000, 2], fir: [2_000_000, 1] },
  }),
  record("q1", {
    documents: ["30 m"],
    scores: { ash: 1, fir: 0, yew: 1 },
    scores_rag: { ash: 0, fir: 0 },
    costs_rag: { ash: 5, fir: 6 },
  }),
  record("q3", {}),
  record("q4", { query: "Who built it?", documents: ["Ada"], scores_rag: { ash: 1 } }),
];

Deno.test("a view with documents by hand: its scores and costs are those with documents, plain scores beside them", () => {
  const manifest = inferManifest("rag", records, "0".repeat(64));
  assert.deepEqual(manifest.views.documents, { models: ["ash", "fir"], documents: true });
  const table = buildTable(records, "documents", manifest);
  assert.deepEqual(table.ids, ["q1", "q2"]);
  assert.deepEqual(table.documents, ["30 m", "15 m\n\nIt varies."]);
  assert.deepEqual([...table.scores], [0, 0, 0.25, 1]);
  assert.deepEqual([...table.plainScores!], [1, 0, 1, 0.5]);
  assert.deepEqual([...table.costs], [5, 6, 3, 4]);
  assert.equal(table.targets, undefined, "targets are of the plain answers");
  assert.equal(table.repeats, undefined);
  assert.deepEqual(table.dataset.dropped, { "no documents": 1, "missing score": 1 });
  const prices = { date: "2026-01-02", source: "invented", currency: "USD" } as const;
  const perMillionTokens = { ash: [1, 0], fir: [1, 0] } as const;
  const priced = buildTable(records, "documents", {
    ...manifest,
    prices: { ...prices, perMillionTokens },
  });
  assert.deepEqual(
    [...priced.costs],
    [NaN, NaN, 1, 2],
    "by the tokens of the prompt with documents",
  );
});

Deno.test("a plain view has no documents, and is called what it was called before", () => {
  const manifest = inferManifest("rag", records, "0".repeat(64));
  const table = buildTable(records, "all", manifest);
  assert.ok(!("documents" in table) && !("plainScores" in table));
  const without = records.map(({ scores_rag: _scores, ...rest }) => rest);
  const bare = inferManifest("rag", without, "0".repeat(64));
  assert.deepEqual(Object.keys(bare.views), ["all"]);
  assert.equal(viewHash(bare, "all"), viewHash(manifest, "all"));
  const other = {
    ...manifest,
    views: { all: { ...manifest.views.all, documents: true as const } },
  };
  assert.notEqual(viewHash(other, "all"), viewHash(manifest, "all"));
});

Deno.test("a question with other documents is another query, on the same side of every split", () => {
  const manifest = inferManifest("rag", records, "0".repeat(64));
  const twice = [...records, { ...records[0], id: "q5", scores_rag: { ash: 0.75, fir: 1 } }];
  const { table, groups, report } = audited(buildTable(twice, "documents", manifest));
  assert.deepEqual(table.ids, ["q1", "q2"], "equal documents: one query");
  assert.equal(report.strict.dropped, 1);
  assert.deepEqual([...table.scores], [0, 0, 0.5, 1], "means over the copies");
  assert.deepEqual([...table.plainScores!], [1, 0, 1, 0.5]);
  assert.equal(table.documents!.length, 2);
  assert.equal(groups[0], groups[1]);
  const { documents, plainScores, ids } = limitTable(table, 1);
  assert.equal(ids.length, 1);
  const at = table.ids.indexOf(ids[0]);
  assert.deepEqual(documents, [table.documents![at]]);
  assert.deepEqual(plainScores, table.plainScores!.subarray(2 * at, 2 * at + 2));
});

Deno.test("PATH/documents is that view of a file without a manifest; records without documents have none", async () => {
  const lines = (of: readonly OutcomeRecord[]): string =>
    of.map((each) => JSON.stringify(each) + "\n").join("");
  const files = {
    "mine.jsonl": lines(records),
    "plain.jsonl": lines([records[2], record("q9", {})]),
  };
  await withFolder(files, async (folder) => {
    const table = await loadDataset(join(folder, "mine.jsonl/documents"));
    assert.equal(table.dataset.name, "mine/documents");
    assert.deepEqual(table.documents, ["30 m", "15 m\n\nIt varies."]);
    await assert.rejects(
      loadDataset(join(folder, "plain.jsonl/documents")),
      (error) => error instanceof UsageError && /plain has no view "documents"/.test(error.message),
    );
  });
});
