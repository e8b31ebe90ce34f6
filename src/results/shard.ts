/**
 * Shards: the finished jobs of a part of a run, in one portable file.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { pack, readBytes, unpack } from "../base/files.ts";
import { decodeJob, encodeJob, type FinishedJob } from "../run/job_store.ts";
import type { RunSettings } from "../run/plan.ts";

/** The content of a shard file. */
export interface Shard {
  /** What the run is. */
  readonly settings: RunSettings;
  /** Names the run; equal in all shards of one run. */
  readonly key: string;
  /** Which part of how many. */
  readonly shard: { readonly index: number; readonly of: number };
  /** Its finished jobs. */
  readonly jobs: readonly FinishedJob[];
}

/** A shard as bytes. */
export function encodeShard(
  settings: RunSettings,
  key: string,
  shard: Shard["shard"],
  jobs: readonly FinishedJob[],
): Uint8Array {
  const lines = [
    JSON.stringify({ format: "icl-router-bench/shard", formatVersion: 1, settings, key, shard }),
    ...jobs.map(encodeJob),
  ];
  return pack(new TextEncoder().encode(lines.join("\n") + "\n"));
}

/**
 * Reads a shard file.
 * @throws {DataError} naming the file, and the line of a damaged job
 */
export async function readShard(path: string): Promise<Shard> {
  const lines = new TextDecoder().decode(unpack(await readBytes(path), path)).trimEnd().split("\n");
  const read = <T>(line: number, parse: (text: string) => T): T => {
    try {
      return parse(lines[line - 1]);
    } catch (error) {
      throw new DataError(`${path}: damaged shard, line ${line}: ${(error as Error).message}`);
    }
  };
  const head = read(1, JSON.parse);
  if (head?.format !== "icl-router-bench/shard" || head.formatVersion !== 1) {
    throw new DataError(`${path}: not a shard of format version 1`);
  }
  const { settings, key, shard } = head;
  const jobs = lines.slice(1).map((_, i) =>
    read(i + 2, (line) => decodeJob(line, undefined, path))
  );
  return { settings, key, shard, jobs };
}
