/**
 * Queries to ask, from files of records with or without scores.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readBytes, unpack } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { isObject } from "../base/json.ts";
import { checkRecord } from "../outcomes/parse.ts";
import type { OutcomeRecord } from "../outcomes/record.ts";
import type { Query } from "./call.ts";

/** Stands in for scores that nobody has yet, so that the rules of a record can be checked. */
const NOBODY = { nobody: 0 };

/**
 * Reads `.jsonl` or `.jsonl.gz`: records in which `scores` may be absent.
 * @throws {DataError} naming file and line
 */
export async function readQueries(path: string): Promise<Query[]> {
  const bytes = await readBytes(path);
  const text = new TextDecoder().decode(path.endsWith(".gz") ? unpack(bytes, path) : bytes);
  const seen = new Set<string>();
  const queries = text.trimEnd().split("\n").map((content, i) => {
    const where = { file: path, line: i + 1 };
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      throw new DataError(
        `${path}:${i + 1}: expected one JSON object a line (${(error as Error).message})`,
      );
    }
    const record = isObject(value) ? { scores: NOBODY, ...value } : value;
    const query = toQuery(checkRecord(record, where));
    if (seen.has(query.id)) {
      throw new DataError(`${path}:${i + 1}: id: "${query.id}" is there twice`);
    }
    seen.add(query.id);
    return query;
  });
  return queries;
}

/** A record without its outcomes. */
export function toQuery(record: OutcomeRecord): Query {
  const { id, benchmark, task, level, query, split, options, gold, documents, messages } = record;
  return { id, benchmark, task, level, query, split, options, gold, documents, messages };
}

/** The first so many queries in an order that only their ids decide: a larger number holds the smaller ones. */
export function firstQueries(queries: readonly Query[], limit: number | undefined): Query[] {
  if (limit === undefined || limit >= queries.length) return [...queries];
  const order = queries.map((query) => ({ query, key: sha256(query.id) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  const kept = new Set(order.map(({ query }) => query));
  return queries.filter((query) => kept.has(query));
}
