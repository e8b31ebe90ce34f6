/**
 * ICL-Router (prior-fitted): one network, trained once on made-up models, reads records of real ones.
 *
 * As in TabPFN the learning is done before any outcome is seen: millions of invented records over real query vectors
 * (`src/icl_prior/worlds.ts`) teach the network what a record says of a further query (`network.ts`). Fitting a pool is
 * storing its records; a new model is read from its record, no number is changed for it.
 *
 * Of a query the network sees its cosines to the record's queries, and what the pool's records say around it
 * (`surroundings.ts`): how known models fare on the nearest training queries, and of which tasks these are. A record
 * longer than 128 is read in part: 128 of its queries, drawn by id.
 */
import type {
  FittedRouter,
  ModelProfiles,
  QueryBatch,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  byId,
  extendPool,
  neighbours,
  oncePerBatch,
  seededOrder,
  storedCells,
} from "../src/router/mod.ts";
import { AROUND, type KnownPool, knownPool, surroundings } from "../src/icl_prior/surroundings.ts";
import { ownAround } from "../src/icl_prior/own_record.ts";
import { type Asked, LONGEST, type Placed, Reader, takeRecords } from "../src/icl_prior/reader.ts";
import { requireUnseen, type Trained, trained } from "../src/icl_prior/weights.ts";

/** Nothing is tuned. */
export type Config = Record<string, never>;

/** The router. */
const router: Router<Config> = {
  name: "ICL-Router (prior-fitted)",
  summary: "one network, trained once on made-up models, reads any pool's records without fitting",
  source: "ours, after TabPFN (arXiv 2207.01848) and ICL-Router",
  statement:
    "Not the ICL-Router paper's method: no language model, and no training on a pool's outcomes. The network " +
    "was trained on made-up models over the vectors of clinc150 and pubmedqa texts; a dataset that shares a text with " +
    "these is refused. Of records longer than 128 queries it reads 128.",
  grid: [{}],
  unseen: "zero-update",
  async fit(train, _config, { seed }) {
    const pool = await openPool(train, await trained());
    const read = await opened(pool, train, seed, true);
    return {
      models: train.models,
      predict: async (batch) => ({ quality: (await read(batch)).slice() }),
      withModels: (profiles) => extended(pool, read, profiles, seed),
      describe: () => ({ parameters: pool.weights + storedCells(train) }),
    };
  },
};
export default router;

/** What a reading says of a batch, [Q × models]. */
type Reading = (batch: QueryBatch) => Promise<Float64Array>;

/** A pool's records, as the context of every reading. */
interface Pool {
  readonly train: TrainingData;
  readonly known: KnownPool;
  readonly reader: Reader;
  /** Numbers of the network. */
  readonly weights: number;
  /** Lays queries among the recorded ones. */
  place(batch: QueryBatch): Promise<Placed>;
}

async function openPool(train: TrainingData, network: Trained): Promise<Pool> {
  const { queries, scores, models, tasks } = train;
  const codes = new Map([...new Set(tasks)].sort().map((task, code) => [task, code]));
  const near = await neighbours(queries, queries, AROUND + 1);
  const known = knownPool({
    vectors: queries.vectors,
    scores,
    models: models.length,
    tasks: tasks.map((task) => codes.get(task)!),
    taskCount: codes.size,
    order: byId(queries),
  }, near);
  return {
    train,
    known,
    reader: new Reader(network.parameters),
    weights: network.parameters.count,
    place: oncePerBatch(async (batch) => {
      requireUnseen(network, batch);
      const found = await neighbours(batch, queries, AROUND + 1);
      return { vectors: batch.vectors, around: surroundings(known, found, rowsIn(queries, batch)) };
    }),
  };
}

/** Records of some models on the same queries, ready to be asked; `known`: they are the pool's. */
async function opened(
  pool: Pool,
  { queries, models, scores }: Pick<ModelProfiles, "queries" | "models" | "scores">,
  seed: number,
  known: boolean,
): Promise<Reading> {
  const whole = {
    scores,
    models: models.length,
    rows: rowsIn(pool.train.queries, queries),
    columns: models.map((_, m) => known ? m : -1),
  };
  const asked = async (batch: QueryBatch): Promise<Asked> => {
    const near = await neighbours(batch, queries, AROUND + 1);
    const placed = await pool.place(batch), self = rowsIn(queries, batch);
    return { ...placed, own: ownAround(whole, pool.known, placed.around.votes, near, self) };
  };
  const drawn = seededOrder(byId(queries), (i) => queries.ids[i], seed, "record");
  const records = takeRecords(
    await asked(queries),
    scores,
    models.length,
    drawn.slice(0, LONGEST),
  );
  return oncePerBatch(async (batch) => pool.reader.read(pool.known, records, await asked(batch)));
}

/** New models are read from their own records, known ones as before. */
async function extended(
  pool: Pool,
  old: Reading,
  profiles: ModelProfiles,
  seed: number,
): Promise<FittedRouter> {
  const all = extendPool(pool.train.models, profiles);
  const fresh = await opened(pool, profiles, seed, false);
  return {
    models: all.models,
    predict: async (batch) => ({ quality: all.merge(await old(batch), await fresh(batch)) }),
    describe: () => ({
      parameters: pool.weights + storedCells(pool.train) + profiles.scores.length,
    }),
  };
}

/** The row that every query has among others, by id; −1 if none. */
function rowsIn(among: QueryBatch, { ids }: QueryBatch): Int32Array {
  const rows = among.memo("rows by id", () => new Map(among.ids.map((id, i) => [id, i])));
  return Int32Array.from(ids, (id) => rows.get(id) ?? -1);
}
