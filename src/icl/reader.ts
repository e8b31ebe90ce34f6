/**
 * Inference: every model's record is encoded once, and its keys and values serve all queries.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";
import { Graph } from "../nn/graph.ts";
import { bind, type Bound, type Parameters } from "../nn/parameters.ts";
import { type Feeds, Program } from "../nn/program.ts";
import type { SessionOptions } from "../onnx/session.ts";
import {
  answerLogits,
  encodeIdentities,
  encodeRecords,
  type NetworkShape,
  prefixInputs,
} from "./network.ts";
import { type Record, recordOf, solvedOf } from "./record.ts";
import type { ModelProfiles } from "../router/contract.ts";
import { CapabilityError } from "../base/errors.ts";
import { extendPool } from "../router/training.ts";
import { SHORTEST_RECORD } from "./profile.ts";

/** A record as the network remembers it: keys and values of every layer. */
export interface EncodedRecord {
  /** Tokens of the record: two a labelled query (one with pair tokens). */
  readonly length: number;
  /** `keys i` and `values i`, [1 × heads × length × width / heads]. */
  readonly memory: Feeds;
}

/** Queries answered in one run of the network; batches are filled up with zeros. */
export const BATCH = 64;

interface Compiled {
  readonly program: Program;
  readonly bound: Bound;
}

/** Reads records and answers queries with fixed weights. */
export class Reader {
  readonly #encoders = new Map<string, Promise<Compiled>>();
  readonly #answerers = new Map<number, Promise<Compiled>>();

  /** Programs are compiled when a record length is first met. */
  constructor(
    readonly parameters: Parameters,
    readonly shape: NetworkShape,
    private readonly options: SessionOptions = {},
  ) {}

  /** Encodes a record. */
  async encode({ vectors, labels }: Record): Promise<EncodedRecord> {
    const K = labels.length;
    const { program, bound } = await this.#encoder(`${K}`, (graph, parameter) =>
      encodeRecords(
        parameter,
        this.shape,
        graph.input("record", [K, this.shape.input]),
        graph.input("labels", [1, K], { type: "int64" }),
      ));
    const made = await program.run({ record: vectors, labels, ...bound.feeds });
    return { length: this.shape.pairTokens ? K : 2 * K, memory: copied(made) };
  }

  /** The control: a model known by its number alone. */
  async encodeIdentity(model: number): Promise<EncodedRecord> {
    const { program, bound } = await this.#encoder(
      "identity",
      (graph, parameter) =>
        encodeIdentities(parameter, this.shape, graph.input("models", [1, 1], { type: "int64" })),
    );
    const made = await program.run({ models: BigInt64Array.of(BigInt(model)), ...bound.feeds });
    return { length: 1, memory: copied(made) };
  }

  /**
   * ℓ(i, m) = logit of "model m solves query i", row-major [Q × M]. A model's column depends on its own
   * record only.
   */
  async answer(queries: Matrix, records: readonly EncodedRecord[]): Promise<Float64Array> {
    const { rows: Q, width, data } = queries, M = records.length;
    const out = new Float64Array(Q * M), batch = new Float32Array(BATCH * width);
    for (const [m, record] of records.entries()) {
      const { program, bound } = await this.#answerer(record.length);
      const feeds = { ...bound.feeds, ...record.memory, targets: batch };
      for (let start = 0; start < Q; start += BATCH) {
        const end = Math.min(start + BATCH, Q);
        batch.fill(0);
        batch.set(data.subarray(start * width, end * width));
        const { logits } = await program.run(feeds);
        for (let i = start; i < end; i++) out[i * M + m] = logits[i - start];
      }
    }
    return out;
  }

  /** Frees all programs; the reader may be used again and compiles again. */
  async release(): Promise<void> {
    const all = [...this.#encoders.values(), ...this.#answerers.values()];
    this.#encoders.clear();
    this.#answerers.clear();
    for (const { program } of await Promise.all(all)) await program.release();
  }

  #encoder(
    key: string,
    build: (graph: Graph, parameter: Bound) => ReturnType<typeof encodeRecords>,
  ): Promise<Compiled> {
    return remembered(this.#encoders, key, async () => {
      const graph = new Graph({ fused: (this.options.device ?? "cpu") === "cpu" });
      const bound = bind(graph, this.parameters, () => true);
      build(graph, bound).forEach(({ keys, values }, i) => {
        graph.output(`keys ${i}`, keys);
        graph.output(`values ${i}`, values);
      });
      return { program: await Program.compile(graph, this.options), bound };
    });
  }

  #answerer(length: number): Promise<Compiled> {
    return remembered(this.#answerers, length, async () => {
      const graph = new Graph({ fused: (this.options.device ?? "cpu") === "cpu" });
      const bound = bind(graph, this.parameters, () => true);
      const prefixes = prefixInputs(graph, this.shape, length);
      const targets = graph.input("targets", [BATCH, this.shape.input]);
      graph.output("logits", answerLogits(bound, this.shape, targets, prefixes));
      return { program: await Program.compile(graph, this.options), bound };
    });
  }
}

/** A program's outputs are its own and change with the next run. */
function copied(made: Readonly<globalThis.Record<string, Float32Array>>): Feeds {
  return Object.fromEntries(Object.entries(made).map(([name, data]) => [name, data.slice()]));
}

/** What is kept under a key, or made and kept; what could not be made is tried again next time. */
export function remembered<K, V>(
  known: Map<K, Promise<V>>,
  key: K,
  make: () => Promise<V>,
): Promise<V> {
  const found = known.get(key);
  if (found) return found;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

// New models of a pool whose models are known by their records: nothing is trained, each new
// record is read.

/** Models with their records, read. */
export interface ReadPool {
  /** Model ids. Length M. */
  readonly models: readonly string[];
  /** Their records, in the same order. Length M. */
  readonly records: readonly EncodedRecord[];
}

/** How new records are read. */
export interface RecordReading {
  /** Most labelled queries of a record: the first that a model has an outcome on. */
  readonly longest: number;
  /** Reads a record. */
  encode(record: Record): Promise<EncodedRecord>;
  /** What stands in records in place of the labels [n × k] (controls); the labels if absent. */
  present?(labels: Float64Array): Float64Array;
}

/**
 * The pool with the models of profiles; a model in both takes its new record.
 * @throws {CapabilityError} when a model has too few labelled queries to make a record of
 */
export async function readNewModels(
  { models, records }: ReadPool,
  profiles: ModelProfiles,
  { longest, encode, present = (labels) => labels }: RecordReading,
): Promise<ReadPool> {
  const { queries: { ids, vectors }, models: { length: n } } = profiles;
  const labels = present(solvedOf(profiles.scores, profiles.solvedFrom));
  const fresh: EncodedRecord[] = [];
  for (const [m, id] of profiles.models.entries()) {
    const known = [...ids.keys()].filter((i) => !Number.isNaN(labels[i * n + m])).slice(0, longest);
    if (known.length < SHORTEST_RECORD) {
      throw new CapabilityError(
        `${id}: ${known.length} labelled queries, a record needs at least ${SHORTEST_RECORD}`,
      );
    }
    fresh.push(await encode(recordOf({ vectors, labels, models: n }, known, m)));
  }
  const all = extendPool(models, profiles).models;
  return {
    models: all,
    records: all.map((id) => {
      const at = profiles.models.indexOf(id);
      return at >= 0 ? fresh[at] : records[models.indexOf(id)];
    }),
  };
}
