/**
 * Inference: every model's record is read once, and its keys and values serve all queries. A new model joins the
 * pool by its record, without training.
 * @module
 */
import { CapabilityError, DataError } from "../base/errors.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { inBlocks } from "../nn/blocks.ts";
import type { Feeds } from "../nn/program.ts";
import { copied, Programs, type ProgramsOptions } from "../nn/programs.ts";
import { memoryInputs, memoryOutputs } from "../nn/transformer.ts";
import type { ModelProfiles } from "../router/contract.ts";
import { extendPool } from "../router/new_models.ts";
import type { AnswerNetwork } from "./answer_network.ts";
import { SHORTEST_RECORD } from "./profile.ts";
import { type Record, recordOf, solvedOf } from "./record.ts";

/** A record as the network remembers it: keys and values of every layer. */
export interface EncodedRecord {
  /** Tokens of the record: one a labelled query, or two. */
  readonly length: number;
  /** `keys i` and `values i`, [1 × heads × length × width / heads]. */
  readonly memory: Feeds;
}

/** Queries answered in one run of the network; batches are filled up with zeros. */
export const BATCH = 64;

/** Reads records and answers queries with fixed weights. */
export class Reader<N extends AnswerNetwork = AnswerNetwork> {
  readonly #programs: Programs;

  /** Programs are compiled when a record length is first met. */
  constructor(readonly network: N, options: ProgramsOptions = {}) {
    this.#programs = new Programs(network.parameters, options);
  }

  /** Encodes a record. */
  async encode({ vectors, labels }: Record): Promise<EncodedRecord> {
    const K = labels.length, { network } = this;
    const made = await this.#programs.run(`record ${K}`, (graph, parameter) => {
      const record = graph.input("record", [K, network.input]);
      const solved = graph.input("labels", [1, K], { type: "int64" });
      memoryOutputs(graph, network.read(parameter, record, solved));
    }, { record: vectors, labels });
    return { length: network.recordLength(K), memory: copied(made) };
  }

  /** The control: a model known by its number alone. */
  async encodeIdentity(model: number): Promise<EncodedRecord> {
    const made = await this.#programs.run("identity", (graph, parameter) => {
      const models = graph.input("models", [1, 1], { type: "int64" });
      memoryOutputs(graph, this.network.readNames(parameter, models));
    }, { models: BigInt64Array.of(BigInt(model)) });
    return { length: 1, memory: copied(made) };
  }

  /**
   * ℓ(i, m) = logit of "model m solves query i", row-major [Q × M]. A model's column depends on its own
   * record only.
   */
  async answer(queries: Matrix, records: readonly EncodedRecord[]): Promise<Float64Array> {
    const M = records.length, out = new Float64Array(queries.rows * M);
    for (const [m, record] of records.entries()) {
      const column = await this.#behind("answer", queries, record);
      column.forEach((logit, i) => out[i * M + m] = logit);
    }
    return out;
  }

  /** What the head reads of each query behind a record, [Q × width]. It depends on the query and the record alone. */
  async states(queries: Matrix, record: EncodedRecord): Promise<Matrix> {
    const data = await this.#behind("states", queries, record);
    return matrix(queries.rows, this.network.width, data);
  }

  /** ℓ that the head makes of states [Q × width]. Length Q. */
  async head(states: Matrix): Promise<Float64Array> {
    const { network } = this;
    return Float64Array.from(
      await inBlocks(states, BATCH, async (rows) => {
        const { logits } = await this.#programs.run("head", (graph, parameter) => {
          const read = graph.input("states", [BATCH, network.width]);
          graph.output("logits", network.head(parameter, read));
        }, { states: rows });
        return logits;
      }),
    );
  }

  /** What the network has at the queries behind a record. */
  async #behind(
    what: "answer" | "states",
    queries: Matrix,
    { length, memory }: EncodedRecord,
  ): Promise<Float32Array> {
    const { network } = this;
    return await inBlocks(queries, BATCH, async (targets) => {
      const made = await this.#programs.run(`${what} ${length}`, (graph, parameter) => {
        const known = memoryInputs(graph, network.layers, network.memoryShape(length));
        const rows = graph.input("targets", [BATCH, network.input]);
        graph.output("behind", network[what](parameter, rows, known));
      }, { ...memory, targets });
      return made.behind;
    });
  }

  /**
   * Refuses vectors of another embedding.
   * @throws {DataError} when they do not have the width the network was trained on
   */
  expectWidth({ width }: Matrix): void {
    const { input } = this.network;
    if (width === input) return;
    throw new DataError(
      `query vectors of width ${width}; the network was trained on width ${input}`,
    );
  }

  /** Frees all programs; the reader may be used again and compiles again. */
  async release(): Promise<void> {
    await this.#programs.release();
  }
}

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
  /** Ids of the queries of trained records, in order; others come after them, by id. Absent: rows as they come. */
  readonly order?: readonly string[];
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
  { longest, order, encode, present = (labels) => labels }: RecordReading,
): Promise<ReadPool> {
  const { queries: { ids, vectors }, models: { length: n } } = profiles;
  const labels = present(solvedOf(profiles.scores, profiles.solvedFrom));
  const fresh: EncodedRecord[] = [], inOrder = order ? recordOrder(ids, order) : [...ids.keys()];
  for (const [m, id] of profiles.models.entries()) {
    const known = inOrder.filter((i) => !Number.isNaN(labels[i * n + m])).slice(0, longest);
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

/** Rows of these ids: those in `order` first and as it has them, the others by id. */
function recordOrder(ids: readonly string[], order: readonly string[]): number[] {
  const at = new Map(order.map((id, place) => [id, place]));
  const place = (i: number): number => at.get(ids[i]) ?? order.length;
  return [...ids.keys()].sort((a, b) => place(a) - place(b) || (ids[a] < ids[b] ? -1 : 1));
}
