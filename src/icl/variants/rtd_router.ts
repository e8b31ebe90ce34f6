/**
 * RTD over ICL-Router (table) as a router of the harness: the network is trained as usual and then frozen;
 * the stores of `decision_store.ts` answer in place of its head, or are mixed with it.
 * @module
 */
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  Router,
  TrainingData,
} from "../../router/contract.ts";
import { takeRows } from "../../linalg/matrix.ts";
import { type Platt, plattProbabilities } from "../calibration.ts";
import { DecisionStates, DecisionStore, HARD, newModelStore, SOFT } from "./decision_store.ts";
import { encode, type Trained, trained, type Variant } from "../fit.ts";
import { type EncodedRecord, readNewModels } from "../reader.ts";
import { fitTable } from "../router.ts";
import { baseTemperature, distancesTo, type Setting } from "./rtd.ts";

/** One configuration of the grid. */
export interface RtdConfig {
  /** Neighbours, K. */
  readonly k: number;
  /** Temperature of the weights, in units of T₀(K). */
  readonly temperature: number;
  /** Slices of the state, H; as many as there may be where the state is too narrow. */
  readonly heads: number;
  /** λ of the mixture λ·r + (1 − λ)·p: 1 = the store alone, 0 = the router's own head. */
  readonly mix: number;
}

const KS = [64, 16, 256], TEMPERATURES = [1, 10];

/** Store alone or half head, one head or four, K and T: 24 configurations. */
export const RTD_GRID: readonly RtdConfig[] = KS.flatMap((k) =>
  [1, 4].flatMap((heads) =>
    TEMPERATURES.flatMap((temperature) =>
      [1, 0.5].map((mix): RtdConfig => ({ k, temperature, heads, mix }))
    )
  )
);

/** What a store says: graded scores, or 1 = solved, the label that the head was trained on. */
export type Values = "soft" | "hard";

/** What all configurations share. */
interface Base {
  readonly models: readonly string[];
  readonly records: readonly EncodedRecord[];
  readonly stores: readonly DecisionStore[];
  /** T₀ by K. */
  readonly temperatures: ReadonlyMap<number, number>;
  readonly platt: Platt;
  readonly source: DecisionStates;
  /** Ids of the profile list, in order. */
  readonly profile: readonly string[];
  readonly notes: readonly string[];
}

/** One for every trained network; the fit itself is shared through the memo of the training batch. */
const bases = new WeakMap<Trained, Promise<Base>>();

/** A router that reads ICL-Router's decision states by RTD. */
export function rtdRouter(
  texts: Pick<Router, "name" | "summary" | "statement">,
  values: Values = "soft",
  variant: Variant = {},
): Router<RtdConfig> {
  return {
    ...texts,
    source: "Reference Trustable Decoding (arXiv 2409.20181) on ICL-Router (arXiv 2510.09719)",
    grid: RTD_GRID,
    unseen: "zero-update",
    refit: "train", // as ICL-Router; the store is of training rows only
    effort: "minutes",
    fit: async (train, config, context) => {
      const network = await trained(train, variant, context);
      const known = bases.get(network) ?? makeBase(network, train, variant, context);
      bases.set(network, known);
      known.catch(() => bases.delete(network));
      return routed(await known, config, values, context.stage);
    },
  };
}

async function makeBase(
  network: Trained,
  train: TrainingData,
  variant: Variant,
  context: FitContext,
): Promise<Base> {
  const { models } = train, { reader, rows, profile, validation } = network;
  const { platt, notes } = await fitTable(train, variant, context);
  const source = new DecisionStates(reader, { device: context.device });
  const columns = models.map((id) => network.models.indexOf(id)), M = rows.models;
  const records = await encode(reader, rows, profile, columns);
  const inRecords = new Set(profile);
  const stores: DecisionStore[] = [], distances = KS.map((): Float64Array[] => []);
  for (const [at, m] of columns.entries()) {
    const examples = Array.from({ length: rows.training }, (_, i) => i)
      .filter((i) => !inRecords.has(i) && !Number.isNaN(rows.scores[i * M + m]));
    const states = await source.of(takeRows(rows.vectors, examples), records[at]);
    const store = DecisionStore.of(source, records[at], states, {
      scores: Float64Array.from(examples, (i) => rows.scores[i * M + m]),
      solved: Float64Array.from(examples, (i) => rows.labels[i * M + m]),
    });
    stores.push(store);
    if (examples.length === 0) continue;
    const held = validation.length > 0
      ? await source.of(takeRows(rows.vectors, validation), records[at])
      : store.store.keys;
    (await distancesTo(store.store, held, KS, validation.length === 0))
      .forEach((values, k) => distances[k].push(values));
  }
  const temperatures = new Map(KS.map((k, at) => [
    k,
    baseTemperature(Float64Array.from(distances[at].flatMap((values) => [...values]))),
  ]));
  const sizes = stores.map(({ store }) => store.keys.rows);
  return {
    models,
    records,
    stores,
    temperatures,
    platt,
    source,
    profile: Array.from(profile, (i) => rows.ids[i]),
    notes: [
      ...notes,
      `stores of ${Math.min(...sizes)} to ${Math.max(...sizes)} states of width ` +
      `${reader.network.shape.width}; T₀ ${
        KS.map((k) => `${temperatures.get(k)!.toPrecision(3)} (K = ${k})`).join(", ")
      }`,
    ],
  };
}

function routed(
  base: Base,
  config: RtdConfig,
  values: Values,
  stage: FitContext["stage"],
): FittedRouter {
  const { models, stores, temperatures, source } = base, M = models.length;
  const heads = divisor(source.reader.network.shape.width, config.heads);
  const setting = ({ k, temperature }: Pick<RtdConfig, "k" | "temperature">): Setting => ({
    k,
    temperature: temperature * temperatures.get(k)!,
  });
  // While tuning, one search serves the whole grid.
  const all = stage === "tune"
    ? KS.flatMap((k) => TEMPERATURES.map((temperature) => setting({ k, temperature })))
    : [setting(config)];
  const own = setting(config);
  const mine = all.findIndex(({ k, temperature: T }) => k === own.k && T === own.temperature);
  const column = values === "soft" ? SOFT : HARD, { mix } = config;
  return {
    models,
    predict: async (batch) => {
      const quality = new Float64Array(batch.ids.length * M);
      for (const [m, store] of stores.entries()) {
        const r = (await store.read(batch, heads, all))[mine];
        const p = plattProbabilities(base.platt, await store.head(batch));
        p.forEach((head, i) => {
          const read = r[2 * i + column];
          // Of a model whose store is empty the head speaks alone.
          quality[i * M + m] = Number.isNaN(read) ? head : mix * read + (1 - mix) * head;
        });
      }
      return { quality };
    },
    withModels: async (profiles) =>
      routed(await withNewModels(base, profiles), config, values, stage),
    describe: () => ({
      parameters: stores.reduce(
        (sum, { store: { keys } }) => sum + keys.rows * (keys.width + 1),
        source.reader.network.parameters.count,
      ),
      notes: [...base.notes, `H = ${heads}`],
    }),
  };
}

/** The pool with the models of profiles, each with a record and a store of its own labels. */
async function withNewModels(base: Base, given: ModelProfiles): Promise<Base> {
  const profiles = inOrder(given, base.profile), longest = base.profile.length;
  const { source, models, records, stores } = base;
  const pool = await readNewModels({ models, records }, profiles, {
    longest,
    encode: (record) => source.reader.encode(record),
  });
  const joined: DecisionStore[] = [];
  for (const [at, id] of pool.models.entries()) {
    const m = profiles.models.indexOf(id);
    joined.push(
      m < 0
        ? stores[models.indexOf(id)]
        : await newModelStore(source, profiles, m, longest, pool.records[at]),
    );
  }
  return { ...base, models: pool.models, records: pool.records, stores: joined };
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

/** The largest number up to `most` that divides the width. */
function divisor(width: number, most: number): number {
  let heads = most;
  while (width % heads !== 0) heads--;
  return heads;
}
