/**
 * Replies files: what every model said, one JSON object a query, joined with a table by id.
 *
 * The sources keep replies in several shapes; here they become one ({@link Reply}). What grades a reply
 * (`answer`, the reference, and `score`, also of repeated draws) is left out in reading, so no
 * router can come across it.
 * @module
 */
import { createHash } from "node:crypto";
import { DataError } from "../base/errors.ts";
import type { Reply } from "../base/reply.ts";
import { readLines } from "./read.ts";
import type { OutcomeTable } from "./table.ts";

/** The replies of a table. */
export interface LoadedReplies {
  /** Of the file's unpacked bytes. */
  readonly sha256: string;
  /** Row-major [Q × M], as the table's scores. */
  readonly cells: readonly Reply[];
}

/**
 * Reads a `.jsonl` or `.jsonl.gz` file of replies and joins it with a table. Lines of other queries, and
 * replies of models outside the pool, are left out.
 * @throws {DataError} naming the file and the line, or the query and the model that has no reply
 */
export async function readReplies(
  path: string,
  { ids, models }: Pick<OutcomeTable, "ids" | "models">,
): Promise<LoadedReplies> {
  const hash = createHash("sha256"), M = models.length;
  const row = new Map(ids.map((id, i) => [id, i]));
  const cells = new Array<Reply | undefined>(ids.length * M).fill(undefined);
  for await (const { text, line } of readLines(path, hash)) {
    const where = `${path}:${line}`, { id, replies, final } = parsed(text, where);
    const i = row.get(id);
    if (i === undefined) continue;
    if (cells[i * M]) throw new DataError(`${where}: id: expected a new one, got "${id}" again`);
    models.forEach((model, m) => {
      const given = Object.hasOwn(replies, model) ? replies[model] : undefined;
      if (given === undefined) throw new DataError(`${where}: ${id}: no reply of ${model}`);
      cells[i * M + m] = replyOf(given, final?.[model], `${where}: replies: ${model}`);
    });
  }
  const lost = cells.indexOf(undefined);
  if (lost >= 0) throw new DataError(`${path}: no replies to ${ids[Math.floor(lost / M)]}`);
  return { sha256: hash.digest("hex"), cells: cells as Reply[] };
}

/** A line: `final` is there in the short form alone, where a reply is a text. */
interface Line {
  readonly id: string;
  readonly replies: Readonly<Record<string, unknown>>;
  readonly final?: Readonly<Record<string, string>>;
}

function parsed(text: string, where: string): Line {
  let value: Line;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: ${(error as Error).message}`);
  }
  if (typeof value?.id !== "string" || Object(value.replies) !== value.replies) {
    throw new DataError(`${where}: expected an object with id and replies`);
  }
  return value;
}

/**
 * @param given a text (the beginning), or an object with head and tail
 * @param end the last characters of a reply whose beginning is a text
 */
function replyOf(given: unknown, end: string | undefined, where: string): Reply {
  if (typeof given === "string") {
    const text = end === undefined || given.endsWith(end) ? given : `${given} … ${end}`;
    return { text, chars: NaN, tokens: NaN };
  }
  const { head, tail = "", chars, tokens = NaN, ranOn = 0, final, letter } = Object(given);
  const fail = (field: string, kind: string, value: unknown): never => {
    throw new DataError(`${where}: ${field}: expected a ${kind}, got ${JSON.stringify(value)}`);
  };
  for (const [field, value] of Object.entries({ head, tail, final: final ?? letter ?? "" })) {
    if (typeof value !== "string") fail(field, "text", value);
  }
  for (const [field, value] of Object.entries({ chars, tokens, ranOn })) {
    if (typeof value !== "number") fail(field, "number", value);
  }
  const read: string | undefined = final ?? letter;
  // What a model wrote after its answer is in neither head nor tail, but counted.
  const text = joined(head, tail, chars - ranOn);
  return { text, ...(read !== undefined && { final: read }), chars, tokens };
}

/** Beginning and end as one text: they overlap in a short reply. Lengths are in Unicode characters. */
function joined(head: string, tail: string, chars: number): string {
  const first = Array.from(head), last = Array.from(tail);
  const overlap = first.length + last.length - chars;
  if (overlap < 0) return `${head} … ${tail}`;
  return head + last.slice(Math.min(overlap, last.length)).join("");
}
