/**
 * Shards: the finished jobs of a part of a run, in one portable file.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { pack, readBytes, unpack } from "../base/files.ts";
import { decodeJob, encodeJob, type FinishedJob } from "../run/job_store.ts";
import type { RunPlan, RunSettings } from "../run/plan.ts";

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

/**
 * Joins shards into all jobs of their run, in plan order. A job that several shards hold counts once.
 * @throws {DataError} naming the jobs that are in none of them, by the shard to run again
 */
export function joinShards(
  plan: Pick<RunPlan, "jobs" | "splits">,
  shards: readonly Shard[],
): FinishedJob[] {
  const done = new Map(shards.flatMap((s) => s.jobs.map((job) => [job.id, job] as const)));
  const missing = plan.jobs.filter(({ id }) => !done.has(id));
  if (missing.length === 0) return plan.jobs.map(({ id }) => done.get(id)!);
  const given = shards.map((s) => `${s.shard.index}/${s.shard.of}`).join(", ");
  // Shards of different counts may be joined; holes are then told in parts of the first count.
  const { of } = shards[0].shard;
  const holes = Map.groupBy(missing, ({ split }) => split % of + 1);
  const lines = [...holes].sort(([a], [b]) => a - b).map(([index, jobs]) =>
    `  --shard ${index}/${of} (jobs: ${jobs.length}): ${placesOf(plan, jobs).join("; ")}`
  );
  throw new DataError(
    `${missing.length} of ${plan.jobs.length} jobs are in none of the shards given (${given}); ` +
      `run again, with the same flags:\n${lines.join("\n")}`,
  );
}

/** Jobs by split, `seed 42, fold 0`, with the routers where not all of a split are meant. */
function placesOf(
  { jobs, splits }: Parameters<typeof joinShards>[0],
  some: RunPlan["jobs"],
): string[] {
  return [...Map.groupBy(some, ({ split }) => split)].map(([at, here]) => {
    const { seed, fold } = splits[at];
    const whole = jobs.filter(({ split }) => split === at).length === here.length;
    return `seed ${seed}, fold ${fold}` +
      (whole ? "" : ` (${here.map(({ router }) => router).join(", ")})`);
  });
}
