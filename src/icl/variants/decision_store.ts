/**
 * What RTD keeps of one model of ICL-Router's pool: its record, and a store of its decision states on
 * labelled queries with what it scored there.
 *
 * No query of a store stands in the record its state was read against: the record would give the answer away,
 * which it cannot do for the queries to be routed.
 * @module
 */
import type { ModelProfiles, QueryBatch } from "../../router/contract.ts";
import { type Matrix, matrix, row, takeRows } from "../../linalg/matrix.ts";
import { SHORTEST_RECORD } from "../profile.ts";
import { BATCH, type EncodedRecord, type Reader } from "../reader.ts";
import { recordOf, solvedOf } from "../record.ts";
import { readOut, type Setting, type Store } from "./rtd.ts";
import { inBlocks } from "../../nn/blocks.ts";
import type { Parameters } from "../../nn/parameters.ts";
import { Programs } from "../../nn/programs.ts";
import { memoryInputs } from "../../nn/transformer.ts";
import type { SessionOptions } from "../../onnx/session.ts";
import { answerStates, type TableNetwork } from "../network.ts";

/** Columns of a store's values: the graded score (our soft value), and 1 = solved (the label of the head). */
export const SOFT = 0, HARD = 1;

/** Labelled queries of one model. */
export interface Examples {
  /** Query vectors [N × input]. */
  readonly vectors: Matrix;
  /** Scores. Length N. */
  readonly scores: Float64Array;
  /** 1 = solved, 0 = not. Length N. */
  readonly solved: Float64Array;
}

/**
 * Reads decision states with a reader's network: the normalised hidden state at [ANSWER], which the head reads to
 * say whether the model with a record solves a query. Read as predictions are, from the model's encoded record
 * in blocks of fixed size, so that a query's state depends on the query and the record alone.
 */
export class DecisionStates {
  readonly #programs: Programs;

  /** Nothing is compiled before the first record of a length. */
  constructor(readonly reader: Reader<TableNetwork>, options: SessionOptions = {}) {
    this.#programs = new Programs(reader.network.parameters, options);
  }

  /**
   * States of queries for the model of a record, [Q × width].
   * @throws {DataError} when the queries' width is not the network's
   */
  async of(queries: Matrix, { length, memory }: EncodedRecord): Promise<Matrix> {
    const { network } = this.reader, { shape } = network;
    this.reader.expectWidth(queries);
    const data = await inBlocks(queries, BATCH, async (targets) => {
      const { states } = await this.#programs.run(`${length}`, (graph, parameter) => {
        const prefixes = memoryInputs(graph, network.layers, network.memoryShape(length));
        const rows = graph.input("targets", [BATCH, shape.input]);
        graph.output("states", answerStates(parameter, shape, rows, prefixes));
      }, { ...memory, targets });
      return states;
    });
    return matrix(queries.rows, shape.width, data);
  }
}

/** What the head makes of states: ℓ = logit(solved) − logit(not solved). Length Q. */
export function headLogits(parameters: Parameters, { data, rows, width }: Matrix): Float64Array {
  const head = parameters.get("answer_head").data; // [no, yes]
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) out[i] += (head[width + j] - head[j]) * data[i * width + j];
  }
  return out;
}

/** A model as RTD knows it. What it says of a batch is worked out once for all configurations. */
export class DecisionStore {
  readonly #seen = new WeakMap<QueryBatch["memo"], Map<string, Promise<unknown>>>();

  private constructor(
    private readonly source: DecisionStates,
    private readonly record: EncodedRecord,
    /** The labelled states. */
    readonly store: Store,
  ) {}

  /**
   * A model with its record and labelled examples.
   *
   * @param states decision states of the examples [N × width]
   * @param examples what the model scored on them
   */
  static of(
    source: DecisionStates,
    record: EncodedRecord,
    states: Matrix,
    { scores, solved }: Omit<Examples, "vectors">,
  ): DecisionStore {
    const values = new Float64Array(2 * states.rows);
    scores.forEach((score, i) => values[2 * i + SOFT] = score);
    solved.forEach((label, i) => values[2 * i + HARD] = label);
    return new DecisionStore(source, record, { keys: states, values, columns: 2 });
  }

  /** ℓ of the router's own head. Length Q. */
  head(batch: QueryBatch): Promise<Float64Array> {
    return this.#once(
      batch,
      "head",
      async () => headLogits(this.source.reader.network.parameters, await this.#states(batch)),
    );
  }

  /** The store's answer by each setting, [Q × 2]: {@link SOFT} and {@link HARD}; NaN without examples. */
  read(batch: QueryBatch, heads: number, settings: readonly Setting[]): Promise<Float64Array[]> {
    return this.#once(
      batch,
      `${heads} ${JSON.stringify(settings)}`,
      async () => readOut(this.store, await this.#states(batch), heads, settings),
    );
  }

  #states(batch: QueryBatch): Promise<Matrix> {
    return this.#once(batch, "states", () => this.source.of(batch.vectors, this.record));
  }

  #once<T>({ memo }: QueryBatch, key: string, make: () => Promise<T>): Promise<T> {
    let known = this.#seen.get(memo);
    if (!known) this.#seen.set(memo, known = new Map());
    if (!known.has(key)) known.set(key, make());
    return known.get(key) as Promise<T>;
  }
}

/** Parts of a new model's record that take turns to be left out of it. */
const FOLDS = 4;

/**
 * The store of a new model from its own few labels: a query in its record is read against a record without
 * it and a quarter of the others, the queries beyond the record against the whole of it.
 *
 * Too few labels to make such records of leave the store empty.
 *
 * @param model column of the profiles
 * @param longest most queries of a record
 * @param record the whole record
 */
export async function newModelStore(
  source: DecisionStates,
  profiles: ModelProfiles,
  model: number,
  longest: number,
  record: EncodedRecord,
): Promise<DecisionStore> {
  const { queries: { vectors, ids }, models: { length: M }, scores, solvedFrom } = profiles;
  const labels = solvedOf(scores, solvedFrom), data = { vectors, labels, models: M };
  const known = [...ids.keys()].filter((i) => !Number.isNaN(labels[i * M + model]));
  const inside = known.slice(0, longest);
  const enough = inside.length - Math.ceil(inside.length / FOLDS) >= SHORTEST_RECORD;
  const rows = enough ? known : [];
  const states = matrix(rows.length, source.reader.network.shape.width);
  const read = async (positions: readonly number[], against: EncodedRecord): Promise<void> => {
    const made = await source.of(takeRows(vectors, positions.map((at) => rows[at])), against);
    positions.forEach((at, i) => row(states, at).set(row(made, i)));
  };
  for (let fold = 0; enough && fold < FOLDS; fold++) {
    const left = [...inside.keys()].filter((at) => at % FOLDS === fold);
    const rest = inside.filter((_, at) => at % FOLDS !== fold);
    await read(left, await source.reader.encode(recordOf(data, rest, model)));
  }
  if (rows.length > inside.length) await read([...rows.keys()].slice(inside.length), record);
  return DecisionStore.of(source, record, states, {
    scores: Float64Array.from(rows, (i) => scores[i * M + model]),
    solved: Float64Array.from(rows, (i) => labels[i * M + model]),
  });
}
