/**
 * The decision file beside a result: every choice of every router, about a byte each, gzipped.
 *
 * Unpacked: `u32` length of the header (little endian), the header (JSON), then the choices, row-major
 * [T × columns] per entry, one byte each (two where the pool has more than 256 models). After the choices of a
 * sequential router come its paths, row-major [T × columns × horizon], where the number of models means no visit.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { pack, unpack } from "../base/files.ts";
import { canonicalJson, sha256 } from "../base/hash.ts";
import { decisionsHash } from "../run/job_store.ts";
import type { Column } from "../run/curve.ts";
import type { Tuning } from "../run/tune.ts";
import type { SplitDecisions } from "../evaluate/decisions.ts";
import type { PredictionSummary } from "../run/predictions.ts";
import schema from "./decisions.schema.json" with { type: "json" };
import { formOf } from "./form.ts";

/** One job's decisions and where they come from. */
export interface DecisionEntry extends SplitDecisions {
  /** What tuning tried and chose. */
  readonly tuning: Tuning;
  /** Sizes of the fitted router. */
  readonly card: { readonly parameters: number; readonly notes: readonly string[] };
  /** Hash taken before any test outcome was looked at. */
  readonly decisionsSha256: string;
  /** From predictions: `verify` can recompute them only where these were kept (`prediction_file.ts`). */
  readonly predictions?: PredictionSummary;
}

interface Header {
  readonly format: 1;
  readonly bytesPerChoice: 1 | 2;
  readonly columnSets: readonly (readonly Column[])[];
  readonly modelSets: readonly (readonly string[])[];
  readonly entries: readonly (
    & Omit<DecisionEntry, "columns" | "models" | "choice" | "paths">
    & {
      readonly columns: number;
      readonly models: number;
      readonly length: number;
      readonly horizon?: number;
    }
  )[];
}

/** Packs decisions; returns the file's bytes and the hash of its unpacked content. */
export function encodeDecisions(
  entries: readonly DecisionEntry[],
): { bytes: Uint8Array; sha256: string } {
  const columnSets = new Interner<readonly Column[]>(),
    modelSets = new Interner<readonly string[]>();
  const wide = entries.some(({ models, paths }) => models.length > (paths ? 255 : 256));
  const header: Header = {
    format: 1,
    bytesPerChoice: wide ? 2 : 1,
    entries: entries.map(({ choice, columns, models, paths, ...rest }) => ({
      ...rest,
      columns: columnSets.add(columns),
      models: modelSets.add(models),
      length: choice.length,
      ...(paths && { horizon: paths.horizon }),
    })),
    columnSets: columnSets.values,
    modelSets: modelSets.values,
  };
  const head = new TextEncoder().encode(canonicalJson(header));
  const width = header.bytesPerChoice;
  const total = header.entries.reduce((n, e) => n + valuesOf(e) * width, 0);
  const out = new Uint8Array(4 + head.length + total);
  new DataView(out.buffer).setUint32(0, head.length, true);
  out.set(head, 4);
  let at = 4 + head.length;
  for (const { choice, paths } of entries) {
    for (const values of paths ? [choice, paths.visited] : [choice]) {
      for (const value of values) {
        out[at++] = value & 255;
        if (wide) out[at++] = value >> 8;
      }
    }
  }
  return { bytes: pack(out), sha256: sha256(out) };
}

/**
 * Reads {@link encodeDecisions}'s bytes and checks every entry against its own hash.
 * @throws {DataError} naming the file and what is wrong with it
 */
export function decodeDecisions(
  bytes: Uint8Array,
  where: string,
  expectedSha256: string,
): DecisionEntry[] {
  const fail = (what: string): never => {
    throw new DataError(`${where}: ${what}`);
  };
  const plain = unpack(bytes, where);
  if (sha256(plain) !== expectedSha256) {
    fail(`its content has sha256 ${sha256(plain)}, the result names ${expectedSha256}`);
  }
  const { header, from } = readHeader(plain, where);
  const width = header.bytesPerChoice;
  const expected = from + header.entries.reduce((n, e) => n + valuesOf(e) * width, 0);
  if (plain.length !== expected) fail(`${plain.length} bytes, its header says ${expected}`);
  let at = from;
  const take = (length: number): Uint16Array => {
    const values = new Uint16Array(length);
    for (let i = 0; i < length; i++) {
      values[i] = width === 1 ? plain[at++] : plain[at++] | plain[at++] << 8;
    }
    return values;
  };
  return header.entries.map(({ columns, models, length, horizon, ...rest }): DecisionEntry => {
    const choice = take(length);
    const entry: DecisionEntry = {
      ...rest,
      columns: header.columnSets[columns] ?? fail(`/columnSets/${columns} is missing`),
      models: header.modelSets[models] ?? fail(`/modelSets/${models} is missing`),
      choice,
      ...(horizon && { paths: { visited: take(length * horizon), horizon } }),
    };
    if (decisionsHash({ status: "decided", ...entry }) !== entry.decisionsSha256) {
      fail(`decisions of ${named(entry)} do not match their hash`);
    }
    return entry;
  });
}

/** How many values an entry has after the header. */
function valuesOf({ length, horizon = 0 }: Header["entries"][number]): number {
  return length * (1 + horizon);
}

/** An entry in error messages. */
export function named({ router, seed, fold }: DecisionEntry): string {
  return `${router}, seed ${seed}, fold ${fold}`;
}

const FORM = formOf(schema);

/** The header and where the choices begin. */
function readHeader(plain: Uint8Array, where: string): { header: Header; from: number } {
  let header: unknown, from = 4;
  try {
    from += new DataView(plain.buffer, plain.byteOffset, plain.byteLength).getUint32(0, true);
    header = JSON.parse(new TextDecoder().decode(plain.subarray(4, from)));
  } catch (error) {
    throw new DataError(`${where}: no header of decisions (${(error as Error).message})`);
  }
  FORM.check(header, where);
  return { header: header as Header, from };
}

/** Stores equal values once. */
class Interner<T> {
  readonly values: T[] = [];
  readonly #index = new Map<string, number>();

  add(value: T): number {
    const key = canonicalJson(value);
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    this.#index.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}
