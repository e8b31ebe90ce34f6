/**
 * Models as ICL-Router on a language model knows them: their records, read, and all their labelled queries, from which
 * the prior is made.
 * @module
 */
import { CapabilityError } from "../../base/errors.ts";
import { random } from "../../base/random.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { kernelPrior, type KernelShape, type Labels } from "../kernel_prior.ts";
import { SHORTEST_RECORD } from "../profile.ts";
import type { EncodedRecord, Reader } from "../reader.ts";
import { type Labelled, recordOf } from "../record.ts";
import { type Presented, presented } from "../router.ts";
import type { FusedNetwork } from "./fused.ts";

/** What records there are when it counts. */
export interface Decided {
  /** Queries of a record, and the most records that an answer is the mean of. */
  readonly decided: { readonly record: number; readonly records: number };
  /** Models known by a learned token in place of their records (a control). */
  readonly byName?: boolean;
}

/** Models with what they are judged by. */
export interface ReadPool {
  /** Ids. Length M. */
  readonly models: readonly string[];
  /** Their records, read, several a model; none without a network. Length M. */
  readonly records: readonly (readonly EncodedRecord[])[];
  /** Rows that stand in a model's records. Length M. */
  readonly recorded: readonly ReadonlySet<number>[];
  /** All their labelled queries. */
  readonly labels: Labels;
}

/** Rows that models have outcomes on. */
export type Told = Pick<Labelled, "ids" | "vectors" | "labels" | "scores">;

/**
 * Reads every model's records on the first rows, or the tokens of their names.
 * @param means of the models, or what stands for them. Length M
 * @throws {CapabilityError} when a model has too few labelled queries to make a record of
 */
export async function readPool(
  { ids, vectors, labels, scores }: Told,
  count: number,
  models: readonly string[],
  means: ArrayLike<number>,
  reader: Reader<FusedNetwork> | undefined,
  { decided, byName }: Decided,
  presentedAs: Presented,
): Promise<ReadPool> {
  const M = models.length, records: EncodedRecord[][] = [], recorded: Set<number>[] = [];
  const shown = presented(labels.subarray(0, count * M), models, presentedAs);
  const drawn = random(presentedAs.seed, "records");
  const order = Array.from({ length: count }, (_, i) => ({ i, at: drawn.fork(ids[i]).next() }))
    .sort((a, b) => a.at - b.at).map(({ i }) => i);
  for (const [m, id] of models.entries()) {
    const own = order.filter((i) => !Number.isNaN(shown[i * M + m]));
    if (own.length < SHORTEST_RECORD) {
      throw new CapabilityError(
        `${id}: ${own.length} labelled queries, a record needs at least ${SHORTEST_RECORD}`,
      );
    }
    const lists = byName ? [] : chunks(own, decided.record, decided.records);
    const read: EncodedRecord[] = [];
    if (reader && byName) read.push(await reader.encodeIdentity(m));
    else if (reader) {
      for (const list of lists) {
        read.push(await reader.encode(recordOf({ vectors, labels: shown, models: M }, list, m)));
      }
    }
    records.push(read), recorded.push(new Set(lists.flat()));
  }
  const told = { vectors: firstRows(vectors, count), scores: scores.subarray(0, count * M), means };
  return { models, records, recorded, labels: told };
}

/** Lists of `size` items, at most so many; a single shorter one where there are fewer items. */
function chunks(items: readonly number[], size: number, most: number): number[][] {
  const whole = Math.min(most, Math.floor(items.length / size));
  if (whole === 0) return [[...items]];
  return Array.from({ length: whole }, (_, r) => items.slice(r * size, (r + 1) * size));
}

/** ℓ of queries [Q × M]: the mean over a model's records, counted from the prior. */
export async function answer(
  queries: Matrix,
  { records, labels }: ReadPool,
  reader: Reader<FusedNetwork> | undefined,
  kernel: KernelShape,
): Promise<Float64Array> {
  const out = await kernelPrior(queries, labels, kernel), M = records.length;
  if (!reader) return out;
  const heard = await reader.answer(queries, records.flat());
  for (let i = 0, at = 0; i < queries.rows; i++) {
    for (let m = 0; m < M; m++) {
      let sum = 0;
      for (let r = 0; r < records[m].length; r++) sum += heard[at++];
      out[i * M + m] += sum / records[m].length;
    }
  }
  return out;
}

/** The first rows of a matrix, not copied. */
export function firstRows({ width, data }: Matrix, count: number): Matrix {
  return matrix(count, width, data.subarray(0, count * width));
}
