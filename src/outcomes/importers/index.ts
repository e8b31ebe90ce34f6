/**
 * The importers by name, and the one way to run them: read, check every record, price, count.
 * @module
 */
import { DataError, UsageError } from "../../base/errors.ts";
import { didYouMean } from "../../base/suggest.ts";
import { checkRecord, type Where } from "../parse.ts";
import { type PriceList, reprice } from "../pricing.ts";
import type { OutcomeRecord } from "../record.ts";
import { clasheval } from "./clasheval.ts";
import { clinc150 } from "./clinc150.ts";
import { coderouterbench } from "./coderouterbench.ts";
import { pubmedqa } from "./pubmedqa.ts";
import { routereval } from "./routereval.ts";
import { sprout } from "./sprout.ts";
import { xroutebench } from "./xroutebench.ts";
import { embedllm } from "./embedllm.ts";
import { iclRouter } from "./icl_router.ts";
import { drop, type Importer, type ImportLog, type ImportOptions } from "./importer.ts";
import { llmrouter } from "./llmrouter.ts";
import { llmrouterbench } from "./llmrouterbench.ts";
import { lookahead } from "./lookahead.ts";
import { mmluPro } from "./mmlu_pro.ts";
import type { NativeFiles } from "./native.ts";
import { recordLine } from "./python.ts";
import { reasoningGym } from "./reasoning_gym.ts";
import { routellm } from "./routellm.ts";
import { routerbench } from "./routerbench.ts";
import { routerbenchCsv } from "./routerbench_csv.ts";
import { routerdc } from "./routerdc.ts";

/** All importers, in the order they are listed. */
export const IMPORTERS: readonly Importer[] = [
  clasheval,
  clinc150,
  coderouterbench,
  embedllm,
  iclRouter,
  llmrouter,
  llmrouterbench,
  lookahead,
  mmluPro,
  pubmedqa,
  reasoningGym,
  routellm,
  routerbench,
  routerbenchCsv,
  routerdc,
  routereval,
  sprout,
  xroutebench,
];

/**
 * An importer by name.
 * @throws {UsageError} when there is none, with the nearest name
 */
export function importerNamed(name: string): Importer {
  const found = IMPORTERS.find((importer) => importer.name === name);
  if (found) return found;
  const names = IMPORTERS.map((importer) => importer.name);
  throw new UsageError(
    `no importer "${name}"${didYouMean(name, names)} (importers: ${names.join(", ")})`,
  );
}

/** Records with the story of how many there were. */
export interface Imported {
  /** The records, in source order. */
  readonly records: readonly OutcomeRecord[];
  /** What was read, kept and dropped. */
  readonly log: ImportLog;
}

/**
 * Runs an importer. Rows without query text are dropped and counted; with a price list, costs are
 * computed from tokens, else they are the source's own.
 * @throws {UsageError} for an option the importer does not have
 * @throws {DataError} for files that are missing, torn or not of the format, for records that break the
 * record format, and for two records of one id
 */
export async function runImporter(
  importer: Importer,
  files: NativeFiles,
  options: ImportOptions = {},
  prices?: PriceList,
): Promise<Imported> {
  const known = Object.keys(importer.options);
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const there = known.length > 0 ? ` (options: ${known.join(", ")})` : ", it has none";
    throw new UsageError(
      `importer ${importer.name} has no option "${option}"${didYouMean(option, known)}${there}`,
    );
  }
  const log: ImportLog = { steps: [], dropped: {}, notes: [] };
  const read = await importer.read(files, options, log);
  const asked = read.filter((record) => record.query.trim() !== "");
  drop(log, "no query text", read.length - asked.length);
  const ids = new Set<string>();
  asked.forEach((record, i) => {
    const where = { file: `records of ${importer.name}`, line: i + 1 };
    checkRecord(importer.queriesAlone ? answered(record, where) : record, where);
    if (ids.has(record.id)) {
      throw new DataError(`${importer.name}: two records have id ${record.id}`);
    }
    ids.add(record.id);
  });
  log.steps.push({ what: "records", rows: asked.length });
  return { records: prices ? reprice(asked, prices) : asked, log };
}

/** A query with a stand-in for the answers that nobody gave, so that the rules of a record can be checked. */
function answered(record: OutcomeRecord, { file, line }: Where): OutcomeRecord {
  if (Object.keys(record.scores).length === 0) return { ...record, scores: { nobody: 0 } };
  throw new DataError(`${file}:${line}: scores: expected none`);
}

/** Records as the bytes of `records.jsonl`: always the same for the same records. */
export function encodeRecords(records: readonly OutcomeRecord[]): Uint8Array {
  const encoder = new TextEncoder();
  const lines = records.map((record) => encoder.encode(recordLine(record) + "\n"));
  const bytes = new Uint8Array(lines.reduce((sum, line) => sum + line.length, 0));
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  return bytes;
}

/** The log as lines for a person. */
export function formatLog({ steps, dropped, notes }: ImportLog): string {
  return [
    ...steps.map(({ what, rows }) => `  ${String(rows).padStart(9)}  ${what}`),
    ...Object.entries(dropped).map(([why, rows]) =>
      `  ${String(-rows).padStart(9)}  left out: ${why}`
    ),
    ...notes.map((note) => `  note: ${note}`),
  ].join("\n");
}
