/**
 * The file of a fitted router: not its weights, but the rows it was fitted on and how, so that the fit is made again.
 *
 * A fit is deterministic and takes about a second at most on ten thousand queries (routers of `minutes` aside),
 * so any router can be saved without a line of its own, takes in new models as before, and is what the bench
 * measured, bit for bit. `probes`, its predictions for the first rows, tell a fit that came out otherwise.
 *
 * Layout: a line of JSON with format, version and the SHA-256 of all that follows; a line of JSON
 * with facts and labels; then the arrays it names, little-endian, one after the other.
 * @module
 */
import { Buffer } from "node:buffer";
import { DataError } from "../base/errors.ts";
import { readBytes, writeAtomic } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import type { Preparation } from "../embed/provider.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Split } from "../splits/split.ts";

const FORMAT = "icl-router-bench/fitted-router";
/** Version 2 has models that joined. */
const VERSIONS: readonly unknown[] = [1, 2];

/** A fitted router as its file has it. */
export interface SavedRouter {
  /** Where the router is (as `loadRouter` takes it; absent for one in memory), its id and the hash of its file. */
  readonly router: { readonly id: string; readonly file?: string; readonly sha256: string };
  /** Version of the harness that fitted it. */
  readonly harness: string;
  /** The embedding: name, all that its numbers depend on, and what was fitted on the rows. */
  readonly embedding: {
    readonly name: string;
    readonly key: string;
    readonly preparation: Preparation;
  };
  /** Names the draw of rows and of the fit. */
  readonly seed: number;
  /** Number of the fold among those of its seed. */
  readonly fold: number;
  /** One letter a row: t training, v validation. */
  readonly roles: string;
  /** The configurations that validation rows chose: for score alone (λ = 0), and for score against cost. */
  readonly configs: Readonly<Record<Purpose, unknown>>;
  /** Outcomes of the rows; its hash is that of the whole dataset. */
  readonly table: OutcomeTable;
  /** Raw features of the rows, before preparation [N × D]. */
  readonly raw: Matrix;
  /** Models that joined later; absent where none has. */
  readonly joined?: Joined;
  /** Predicted scores for the first rows, by purpose; absent before it is saved. */
  readonly probes?: Readonly<Record<Purpose, Float64Array>>;
}

/** A fitted router that can be held against its next fit. */
export type ProbedRouter = SavedRouter & Required<Pick<SavedRouter, "probes">>;

/** Models that a fitted router took in. The table has their outcomes, on the labelled rows only. */
export interface Joined {
  /** Their names, ascending. */
  readonly models: readonly string[];
  /** The labelled rows, in the order of their labels; not each need be labelled by every one of them. */
  readonly profile: NonNullable<Split["profile"]>;
  /** How they are taken in, where the router has several ways. */
  readonly way?: unknown;
}

/** What a configuration was chosen for: the validation score, or the Area under the quality-cost curve. */
export type Purpose = "score" | "area";

const ARRAYS = { Float64Array, Float32Array, Uint16Array };
type Numbers = Float64Array | Float32Array | Uint16Array;

/** Writes a fitted router, atomically; the same router gives the same bytes. */
export async function writeSaved(path: string, saved: ProbedRouter): Promise<void> {
  const { table, raw, probes, ...facts } = saved;
  const { ids, texts, tasks, benchmarks, models, domains, dataset } = table;
  const arrays: Record<string, Numbers> = {
    raw: raw.data,
    scores: table.scores,
    costs: table.costs,
    ...(table.targets && { targets: table.targets }),
    benchmark: table.benchmark,
    task: table.task,
    solvedFrom: table.solvedFrom,
    score: probes.score,
    area: probes.area,
  };
  const kinds = Object.entries(arrays).map(([name, { constructor, length }]) => [
    name,
    constructor.name,
    length,
  ]);
  const labels = { ids, texts, tasks, benchmarks, models, domains, dataset };
  const body = Buffer.concat([
    Buffer.from(JSON.stringify({ ...facts, labels, arrays: kinds }) + "\n"),
    ...Object.values(arrays).map(({ buffer, byteOffset, byteLength }) =>
      new Uint8Array(buffer, byteOffset, byteLength)
    ),
  ]);
  const head = JSON.stringify({
    format: FORMAT,
    version: facts.joined ? 2 : 1,
    sha256: sha256(body),
  });
  await writeAtomic(path, Buffer.concat([Buffer.from(head + "\n"), body]));
}

/**
 * Reads the file of a fitted router.
 * @throws {DataError} naming the path, when it is missing, damaged, of another kind or version
 */
export async function readSaved(path: string): Promise<ProbedRouter> {
  const bytes = await readBytes(path), [head, start] = lineOf(bytes, 0);
  if (head?.format !== FORMAT) {
    throw new DataError(`${path}: not a fitted router, expected a first line with "${FORMAT}"`);
  }
  if (!VERSIONS.includes(head.version)) {
    throw new DataError(`${path}: version ${head.version} of the format, expected 1 or 2`);
  }
  if (sha256(bytes.subarray(start)) !== head.sha256) {
    throw new DataError(`${path}: damaged: its content does not have the sha256 that it states`);
  }
  const [line, end] = lineOf(bytes, start);
  const { labels, arrays, ...facts } = line as unknown as Facts;
  const found: Record<string, Numbers> = {};
  let at = end;
  for (const [name, kind, length] of arrays) {
    const next = at + length * ARRAYS[kind].BYTES_PER_ELEMENT;
    found[name] = new ARRAYS[kind](bytes.slice(at, next).buffer); // copied, so that it is aligned
    at = next;
  }
  const { raw, score, area, ...columns } = found, { ids } = labels;
  return {
    ...facts,
    table: {
      ...labels,
      ...columns,
      options: new Uint16Array(ids.length),
      published: new Uint8Array(ids.length),
    } as unknown as OutcomeTable,
    raw: matrix(ids.length, raw.length / ids.length, raw as Float32Array),
    probes: { score: score as Float64Array, area: area as Float64Array },
  };
}

type Facts = Omit<SavedRouter, "table" | "raw" | "probes"> & {
  readonly labels: Pick<OutcomeTable, "ids">;
  readonly arrays: readonly (readonly [string, keyof typeof ARRAYS, number])[];
};

/** The JSON of a line that begins at `start`, undefined where it is none, and where the next one begins. */
function lineOf(bytes: Uint8Array, start: number): [Record<string, unknown> | undefined, number] {
  const end = bytes.indexOf(10, start);
  try {
    return [
      JSON.parse(new TextDecoder().decode(bytes.subarray(start, Math.max(start, end)))),
      end + 1,
    ];
  } catch {
    return [undefined, end + 1];
  }
}
