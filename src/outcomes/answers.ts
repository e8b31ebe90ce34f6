/**
 * Outcomes that lie beside a manifest, apart from the queries they are of: texts that are not ours to pass on come
 * from their source, what models made of them comes with the repository.
 * @module
 */
import { createHash } from "node:crypto";
import { DataError } from "../base/errors.ts";
import { drop, type ImportLog } from "./importers/importer.ts";
import { checkRecord } from "./parse.ts";
import { readLines } from "./read.ts";
import type { OutcomeRecord } from "./record.ts";

/** What a line holds besides `id`: nothing that the query has, above all no text. */
const FIELDS = [
  "scores",
  "target",
  "repeats",
  "tokens",
  "latency_ms",
  "checker",
  "scores_rag",
  "tokens_rag",
];

/**
 * Queries with their outcomes; those without are left out and counted.
 * @param file `.jsonl` or `.jsonl.gz`, a line a query: `id`, `scores` and other outcomes of a record
 * @throws {DataError} naming file and line: a line of another form, an id twice, one that no query has
 */
export async function withOutcomes(
  queries: readonly OutcomeRecord[],
  file: string,
  log: ImportLog,
): Promise<OutcomeRecord[]> {
  const outcomes = new Map<string, { line: number; value: object }>();
  for await (const { text, line } of readLines(file, createHash("sha256"))) {
    const { id, ...value } = parsed(text, `${file}:${line}`);
    const extra = Object.keys(value).find((field) => !FIELDS.includes(field));
    if (extra !== undefined) {
      throw new DataError(`${file}:${line}: no field "${extra}" (${FIELDS.join(", ")})`);
    }
    if (outcomes.has(id)) throw new DataError(`${file}:${line}: id: "${id}" is there twice`);
    outcomes.set(id, { line, value });
  }
  const records = queries.flatMap((query) => {
    const found = outcomes.get(query.id);
    if (!found) return [];
    outcomes.delete(query.id);
    return [checkRecord({ ...query, ...found.value }, { file, line: found.line })];
  });
  for (const [id, { line }] of outcomes) {
    throw new DataError(`${file}:${line}: id: no query is called "${id}"`);
  }
  drop(log, "not asked of any model", queries.length - records.length);
  log.steps.push({ what: "queries with outcomes", rows: records.length });
  return records;
}

function parsed(text: string, where: string): { id: string } {
  try {
    const value = JSON.parse(text);
    if (typeof value?.id === "string") return value;
  } catch {
    // Said below.
  }
  throw new DataError(`${where}: expected one JSON object a line, with an id`);
}
