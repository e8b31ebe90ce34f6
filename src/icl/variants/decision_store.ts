/**
 * What RTD keeps of one model of ICL-Router's pool: its records, and a store of its decision states on
 * labelled queries with what it scored there.
 *
 * No query of a store stands in a record its state was read against: the record would give the answer away,
 * which it cannot do for the queries to be routed.
 * @module
 */
import type { QueryBatch } from "../../router/contract.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { EncodedRecord, Reader } from "../reader.ts";
import { readOut, type Setting, type Store } from "./rtd.ts";

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
 * Decision states of queries for one model, [Q × width]: what the head of a trained network reads to say whether the
 * model solves them, their mean where it has several records. Heads are linear, so the head makes of the mean
 * state the mean of what it makes of each.
 * @throws {DataError} when the queries' width is not the network's
 */
export async function decisionStates(
  reader: Reader,
  queries: Matrix,
  records: readonly EncodedRecord[],
): Promise<Matrix> {
  reader.expectWidth(queries);
  const sum = matrix(queries.rows, reader.network.width);
  for (const record of records) {
    const { data } = await reader.states(queries, record);
    for (let at = 0; at < data.length; at++) sum.data[at] += data[at] / records.length;
  }
  return sum;
}

/** A model as RTD knows it. What it says of a batch is worked out once for all configurations. */
export class DecisionStore {
  readonly #seen = new WeakMap<QueryBatch["memo"], Map<string, Promise<unknown>>>();

  private constructor(
    private readonly reader: Reader,
    private readonly records: readonly EncodedRecord[],
    /** The labelled states. */
    readonly store: Store,
  ) {}

  /**
   * A model with its records and labelled examples.
   *
   * @param states decision states of the examples [N × width]
   * @param examples what the model scored on them
   */
  static of(
    reader: Reader,
    records: readonly EncodedRecord[],
    states: Matrix,
    { scores, solved }: Omit<Examples, "vectors">,
  ): DecisionStore {
    const values = new Float64Array(2 * states.rows);
    scores.forEach((score, i) => values[2 * i + SOFT] = score);
    solved.forEach((label, i) => values[2 * i + HARD] = label);
    return new DecisionStore(reader, records, { keys: states, values, columns: 2 });
  }

  /** ℓ of the router's own head. Length Q. */
  head(batch: QueryBatch): Promise<Float64Array> {
    return this.#once(batch, "head", async () => this.reader.head(await this.#states(batch)));
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
    const { reader, records } = this;
    return this.#once(batch, "states", () => decisionStates(reader, batch.vectors, records));
  }

  #once<T>({ memo }: QueryBatch, key: string, make: () => Promise<T>): Promise<T> {
    let known = this.#seen.get(memo);
    if (!known) this.#seen.set(memo, known = new Map());
    if (!known.has(key)) known.set(key, make());
    return known.get(key) as Promise<T>;
  }
}
