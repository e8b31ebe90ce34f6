/**
 * Finished jobs on disk, one file a job, named by what the job is. A run that is killed at any moment
 * finds its finished jobs again; a job whose data, split, embedding, router file or harness code changed
 * has another name. A torn or altered file is reported and computed again.
 * @module
 */
import { canonicalJson, hashJson, sha256 } from "../base/hash.ts";
import { exists, pack, unpack, writeAtomic } from "../base/files.ts";
import type { JobOutcome } from "./job.ts";
import type { Speed } from "./speed.ts";
import type { PredictionSummary } from "./predictions.ts";

/** A job's identity; its hash is the job id. */
export interface JobKey {
  /** Hash of the dataset view. */
  readonly dataSha256: string;
  /** Hash of the split manifest. */
  readonly splitSha256: string;
  /** Key of the embedding provider. */
  readonly embedding: string;
  /** Router id. */
  readonly router: string;
  /** Hash of the router's file. */
  readonly routerSha256: string;
  /** Hash of the harness code that can change a decision. */
  readonly harnessSha256: string;
  /** Negative control, or `none`. */
  readonly control: string;
  /** Profile sizes of the new-model protocol. */
  readonly budgets: readonly number[];
  /** Arms of the new-model protocol; absent = all. */
  readonly arms?: readonly string[];
  /** What is kept beside the decisions. */
  readonly keep?: string;
  /** Hash of the replies, of a router that reads them. */
  readonly repliesSha256?: string;
  /** Where heavy inference runs. */
  readonly device: string;
}

/** A finished job. */
export interface FinishedJob {
  /** Job id, {@link jobId} of its key. */
  readonly id: string;
  /** Router id. */
  readonly router: string;
  /** Seed of the split. */
  readonly seed: number;
  /** Fold number among those of its seed. */
  readonly fold: number;
  /** Decisions, or why there are none. */
  readonly outcome: JobOutcome;
  /** SHA-256 of the decisions, taken before any test outcome was looked at. */
  readonly decisionsSha256: string;
  /** Joined after the decisions were hashed. */
  readonly predictions?: PredictionSummary;
  /** Measured on the first split of a run. */
  readonly speed?: Speed;
}

/** The id of a job: 32 hex digits. */
export function jobId(key: JobKey): string {
  return hashJson(key).slice(0, 32);
}

/** Hash of decisions as stored: columns, models, then choices or mixtures. */
export function decisionsHash(outcome: JobOutcome): string {
  if (outcome.status !== "decided") return hashJson(outcome);
  const { columns, models, choice, paths, mixtures } = outcome;
  return sha256(canonicalJson({
    columns,
    models,
    mixtures,
    choice: sha256(bytesOf(choice)),
    ...(paths && { horizon: paths.horizon, visited: sha256(bytesOf(paths.visited)) }),
  }));
}

/** Where finished jobs live. */
export class JobStore {
  /** A store in a folder, which need not exist yet. */
  constructor(private readonly folder: string) {}

  /** The path of a job's file. */
  path(id: string): string {
    return `${this.folder}/${id.slice(0, 2)}/${id}.json`;
  }

  /** A finished job, or undefined; `warn` is called for a damaged file. */
  async get(id: string, warn: (message: string) => void): Promise<FinishedJob | undefined> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.path(id));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    try {
      return decodeJob(text, id, this.path(id));
    } catch (error) {
      warn(`${this.path(id)}: damaged (${(error as Error).message}); the job is run again`);
      return undefined;
    }
  }

  /** The folder in which a job may keep its state until it is finished. */
  unfinished(id: string): string {
    return `${this.folder}/${id.slice(0, 2)}/${id}.unfinished`;
  }

  /** Keeps a finished job. */
  put(job: FinishedJob): Promise<void> {
    return writeAtomic(this.path(job.id), encodeJob(job));
  }

  /** Removes what a job kept until it was finished. */
  async tidy(id: string): Promise<void> {
    const state = this.unfinished(id);
    if (await exists(state)) await Deno.remove(state, { recursive: true });
  }
}

/** A job as text: JSON whose first member is the hash of the rest. */
export function encodeJob(job: FinishedJob): string {
  const { outcome } = job;
  const plain = outcome.status === "decided"
    ? {
      ...job,
      outcome: {
        ...outcome,
        predicted: outcome.predicted && pack(bytesOf(outcome.predicted)).toBase64(),
        choice: pack(bytesOf(outcome.choice)).toBase64(),
        paths: outcome.paths && {
          ...outcome.paths,
          visited: pack(bytesOf(outcome.paths.visited)).toBase64(),
        },
      },
    }
    : job;
  const body = JSON.stringify(plain);
  return JSON.stringify({ sha256: sha256(body), body });
}

/**
 * Reads {@link encodeJob}'s text.
 * @throws {Error} when a hash does not match or the id is another job's
 */
export function decodeJob(text: string, id: string | undefined, where: string): FinishedJob {
  const { sha256: expected, body } = JSON.parse(text) as { sha256: string; body: string };
  if (typeof body !== "string" || sha256(body) !== expected) {
    throw new Error("its hash does not match");
  }
  const job = JSON.parse(body);
  if (id !== undefined && job.id !== id) throw new Error(`holds job ${job.id}`);
  if (job.outcome.status === "decided") {
    const bytes = (text: string): ArrayBuffer =>
      new Uint8Array(unpack(Uint8Array.fromBase64(text), where)).buffer; // memory of its own
    const { choice, paths, predicted } = job.outcome;
    job.outcome.choice = new Uint16Array(bytes(choice));
    if (paths !== undefined) paths.visited = new Uint16Array(bytes(paths.visited));
    if (predicted !== undefined) job.outcome.predicted = new Float64Array(bytes(predicted));
  }
  if (decisionsHash(job.outcome) !== job.decisionsSha256) {
    throw new Error("its decisions do not match their hash");
  }
  return job as FinishedJob;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
