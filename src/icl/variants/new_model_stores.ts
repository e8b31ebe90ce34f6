/**
 * Stores of new models, each of its own few labels.
 * @module
 */
import type { ModelProfiles } from "../../router/contract.ts";
import { matrix, row, takeRows } from "../../linalg/matrix.ts";
import { SHORTEST_RECORD } from "../profile.ts";
import { type EncodedRecord, type Reader, readNewModels } from "../reader.ts";
import { recordOf, solvedOf } from "../record.ts";
import { decisionStates, DecisionStore } from "./decision_store.ts";

/** Models with a record and a store each. Arrays have length M. */
export interface StoredPool {
  /** Inference. */
  readonly reader: Reader;
  /** Ids. */
  readonly models: readonly string[];
  /** One record a model. */
  readonly records: readonly (readonly EncodedRecord[])[];
  /** Their stores. */
  readonly stores: readonly DecisionStore[];
}

/**
 * The pool with the models of profiles, each with a record and a store of its own labels.
 * @param profile ids of the queries that records are made of, in order
 */
export async function joinStores(
  { reader, models, records, stores }: StoredPool,
  profile: readonly string[],
  given: ModelProfiles,
): Promise<Omit<StoredPool, "reader">> {
  const profiles = inOrder(given, profile), longest = profile.length;
  const pool = await readNewModels({ models, records: records.map(([own]) => own) }, profiles, {
    longest,
    encode: (record) => reader.encode(record),
  });
  const joined: DecisionStore[] = [];
  for (const [at, id] of pool.models.entries()) {
    const m = profiles.models.indexOf(id);
    joined.push(
      m < 0
        ? stores[models.indexOf(id)]
        : await newModelStore(reader, profiles, m, longest, pool.records[at]),
    );
  }
  return { models: pool.models, records: pool.records.map((own) => [own]), stores: joined };
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
  reader: Reader,
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
  const states = matrix(rows.length, reader.network.width);
  const read = async (positions: readonly number[], against: EncodedRecord): Promise<void> => {
    const asked = takeRows(vectors, positions.map((at) => rows[at]));
    const made = await decisionStates(reader, asked, [against]);
    positions.forEach((at, i) => row(states, at).set(row(made, i)));
  };
  for (let fold = 0; enough && fold < FOLDS; fold++) {
    const left = [...inside.keys()].filter((at) => at % FOLDS === fold);
    const rest = inside.filter((_, at) => at % FOLDS !== fold);
    await read(left, await reader.encode(recordOf(data, rest, model)));
  }
  if (rows.length > inside.length) await read([...rows.keys()].slice(inside.length), record);
  return DecisionStore.of(reader, [record], states, {
    scores: Float64Array.from(rows, (i) => scores[i * M + model]),
    solved: Float64Array.from(rows, (i) => labels[i * M + model]),
  });
}

/** Profile rows in the order of the records the network was trained on, then those not in them, by id. */
function inOrder(profiles: ModelProfiles, list: readonly string[]): ModelProfiles {
  const { queries, models: { length: M }, scores, costs, solvedFrom } = profiles, { ids } = queries;
  const place = new Map(list.map((id, at) => [id, at]));
  const rank = (id: string): number => place.get(id) ?? list.length;
  const order = [...ids.keys()].sort((a, b) =>
    rank(ids[a]) - rank(ids[b]) || (ids[a] < ids[b] ? -1 : 1)
  );
  const cells = (from: Float64Array): Float64Array =>
    Float64Array.from(
      { length: from.length },
      (_, at) => from[order[Math.floor(at / M)] * M + at % M],
    );
  return {
    ...profiles,
    queries: {
      ...queries,
      ids: order.map((i) => ids[i]),
      texts: order.map((i) => queries.texts[i]),
      vectors: takeRows(queries.vectors, order),
    },
    scores: cells(scores),
    costs: cells(costs),
    solvedFrom: Float64Array.from(order, (i) => solvedFrom[i]),
  };
}
