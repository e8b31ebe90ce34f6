/** Outcomes apart from the queries they are of: joined by id, and nothing but outcomes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pack } from "../../src/base/files.ts";
import { withOutcomes } from "../../src/outcomes/answers.ts";
import type { ImportLog } from "../../src/outcomes/importers/importer.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";

const QUERIES: OutcomeRecord[] = ["a", "b", "c"].map((id) => ({
  ...{ id, benchmark: "x", query: `Text of ${id}`, scores: {}, documents: ["d"] },
}));

async function joined(
  lines: readonly object[],
  name = "outcomes.jsonl",
): Promise<{ records: OutcomeRecord[]; log: ImportLog }> {
  const folder = await Deno.makeTempDir(), file = join(folder, name);
  const bytes = new TextEncoder().encode(lines.map((line) => JSON.stringify(line) + "\n").join(""));
  const log: ImportLog = { steps: [], dropped: {}, notes: [] };
  try {
    await Deno.writeFile(file, name.endsWith(".gz") ? pack(bytes) : bytes);
    return { records: await withOutcomes(QUERIES, file, log), log };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("in the order of the queries, texts from these, what has no outcome counted", async () => {
  const rag = { scores_rag: { m: 0 }, tokens: { m: [9, 1] } };
  for (const name of ["outcomes.jsonl", "outcomes.jsonl.gz"]) {
    const { records, log } = await joined(
      [{ id: "c", scores: { m: 1 } }, { id: "a", scores: { m: 0.5 }, ...rag }],
      name,
    );
    assert.deepEqual(records, [
      { ...QUERIES[0], scores: { m: 0.5 }, ...rag },
      { ...QUERIES[2], scores: { m: 1 } },
    ]);
    assert.deepEqual(log.dropped, { "not asked of any model": 1 });
  }
});

Deno.test("what is not an outcome, or of no query, is refused with its line", async () => {
  const scores = { m: 1 };
  await assert.rejects(joined([{ id: "a", scores, query: "b" }]), /jsonl:1: no field "query"/);
  await assert.rejects(
    joined([{ id: "a", scores }, { id: "a", scores }]),
    /:2: id: "a" is there twice/,
  );
  await assert.rejects(joined([{ id: "z", scores }]), /:1: id: no query is called "z"/);
  await assert.rejects(joined([{ id: "a", scores: { m: 2 } }]), /:1: scores/);
  await assert.rejects(joined([{ scores }]), /:1: expected one JSON object a line, with an id/);
});
