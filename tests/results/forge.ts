/**
 * Tools of a forger: results changed and sealed again, decision files taken apart and put together.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { DataError, VerificationError } from "../../src/base/errors.ts";
import { unpack } from "../../src/base/files.ts";
import { canonicalJson, hashJson } from "../../src/base/hash.ts";
import { decisionsHash } from "../../src/run/job_store.ts";
import { packSplits } from "../../src/splits/pack.ts";
import { type Split } from "../../src/splits/split.ts";
import { type DecisionEntry, encodeDecisions } from "../../src/results/decision_file.ts";
import { splitFacts } from "../../src/results/facts.ts";
import { type OpenedResult, type Result, seal } from "../../src/results/result.ts";
import { OutcomeFinder } from "../../src/results/outcome_finder.ts";
import { type Verified, verifyResult } from "../../src/results/verify.ts";
import { openResult } from "../../src/results/open.ts";
import { realRun, withFolder } from "./fixture.ts";

/** A deep copy that may be changed. */
// deno-lint-ignore no-explicit-any
export function loose(value: unknown): any {
  return JSON.parse(JSON.stringify(value));
}

/** Seals an altered result again, as a forger would. */
export function resealed(result: unknown): string {
  const { sha256: _old, ...content } = loose(result);
  return JSON.stringify(seal(content as Omit<Result, "sha256">), null, 1) + "\n";
}

/** The header of a decision file and the bytes after it. */
// deno-lint-ignore no-explicit-any
export function headerOf(file: Uint8Array): { header: any; body: Uint8Array } {
  const plain = unpack(file, "decisions");
  const end = 4 + new DataView(plain.buffer, plain.byteOffset).getUint32(0, true);
  return {
    header: JSON.parse(new TextDecoder().decode(plain.subarray(4, end))),
    body: plain.slice(end),
  };
}

/** The unpacked content of a decision file with another header or body. */
export function decisionBytes(header: unknown, body: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(canonicalJson(header));
  const plain = new Uint8Array(4 + head.length + body.length);
  new DataView(plain.buffer).setUint32(0, head.length, true);
  plain.set(head, 4);
  plain.set(body, 4 + head.length);
  return plain;
}

/** Queries of the forged result. */
const QUERIES = 120;

/** A result on disk that can be forged and put back. */
export interface Target {
  readonly path: string;
  readonly data: string;
  readonly opened: OpenedResult;
  /** Verifies what is on disk now; the outcomes are read once, since a forger of results does not touch them. */
  verify(): Promise<Verified>;
  /** Writes a forged result, with decisions and splits where they change too; all hashes follow. */
  forge(change: {
    // deno-lint-ignore no-explicit-any
    edit?: (result: any) => void;
    entries?: readonly DecisionEntry[];
    splits?: readonly Split[];
  }): Promise<void>;
}

/** Runs with a small real result, removed afterwards. */
export async function withTarget(run: (target: Target) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const { path, data } = await realRun(folder, QUERIES);
    const opened = await openResult(path), finder = new OutcomeFinder(data);
    await run({
      path,
      data,
      opened,
      verify: () => verifyResult(path, { finder }),
      async forge({ edit, entries = opened.entries, splits = opened.splits }) {
        const result = loose(opened.result);
        const { bytes, sha256 } = encodeDecisions(entries.map(rehashed));
        await Deno.writeFile(`${dirname(path)}/${result.decisions.file}`, bytes);
        result.decisions.sha256 = sha256;
        const parts = splitFacts(splits);
        result.splits.parts = parts;
        result.splits.sha256 = hashJson(parts.map((p) => p.sha256));
        await Deno.writeTextFile(
          `${dirname(path)}/${result.splits.file}`,
          JSON.stringify(packSplits(splits)),
        );
        edit?.(result);
        await Deno.writeTextFile(path, resealed(result));
      },
    });
  });
}

/** An entry with the hash of its own decisions. */
export function rehashed(entry: DecisionEntry): DecisionEntry {
  return { ...entry, decisionsSha256: decisionsHash({ status: "decided", ...entry }) };
}

/** Fails unless the forgery is found out, and the message names one of the files. */
export async function caught(target: Target, what: string, expected = /./): Promise<void> {
  let error: unknown;
  try {
    await target.verify();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error, `${what} passed`);
  assert.ok(error instanceof VerificationError || error instanceof DataError, `${what}: ${error}`);
  assert.match(error.message, /^\/\S+: /, what);
  assert.match(error.message, expected, what);
}
