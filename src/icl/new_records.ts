/**
 * New models of a pool whose models are known by their records: nothing is trained, each new record is read.
 * @module
 */
import type { ModelProfiles } from "../router/contract.ts";
import { CapabilityError } from "../base/errors.ts";
import { extendPool } from "../router/training.ts";
import { SHORTEST_RECORD } from "./profile.ts";
import type { EncodedRecord } from "./reader.ts";
import { type Record, recordOf, solvedOf } from "./record.ts";

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
