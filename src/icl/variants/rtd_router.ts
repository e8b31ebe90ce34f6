/**
 * RTD over ICL-Router as a router of the harness: the network is trained as usual and then frozen; the stores of
 * `decision_store.ts` answer in place of its head, or are mixed with it. `rtd_bases.ts` has the networks.
 * @module
 */
import type {
  FitContext,
  FittedRouter,
  QueryBatch,
  Router,
  TrainingData,
} from "../../router/contract.ts";
import { type Matrix, takeRows } from "../../linalg/matrix.ts";
import { type Platt, plattProbabilities } from "../calibration.ts";
import { decisionStates, DecisionStore, HARD, SOFT } from "./decision_store.ts";
import { joinStores } from "./new_model_stores.ts";
import type { EncodedRecord, Reader } from "../reader.ts";
import type { Labelled } from "../record.ts";
import { once } from "./once.ts";
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

/** Store alone or half head, one head or several, K and T: 24 configurations. */
function gridOf(heads: number): readonly RtdConfig[] {
  return KS.flatMap((k) =>
    [1, heads].flatMap((heads) =>
      TEMPERATURES.flatMap((temperature) =>
        [1, 0.5].map((mix): RtdConfig => ({ k, temperature, heads, mix }))
      )
    )
  );
}

/** What a store says: graded scores, or 1 = solved, the label that the head was trained on. */
export type Values = "soft" | "hard";

/** A trained router as RTD finds it. */
export interface Frozen {
  /** Models. Length M. */
  readonly models: readonly string[];
  /** Inference with its weights. */
  readonly reader: Reader;
  /** Every model's records, read. Length M. */
  readonly records: readonly (readonly EncodedRecord[])[];
  /** Rows that stand in the records of a model, so that its states there would know the answer. Length M. */
  readonly recorded: readonly ReadonlySet<number>[];
  /** Training rows, then validation rows. */
  readonly rows: Labelled;
  /** Each model's column of the rows. Length M. */
  readonly columns: readonly number[];
  /** Validation rows that stand in no record. */
  readonly validation: ArrayLike<number>;
  /** ℓ that answers are counted from, [Q × M]; 0 if absent. */
  readonly prior?: (queries: Matrix) => Promise<Float64Array>;
  /** Calibration of ℓ. */
  readonly platt: Platt;
  /** The list of queries whose first ones are a new model's record, by id; absent: it takes in no new models. */
  readonly profile?: readonly string[];
  /** Lines for the router card. */
  readonly notes: readonly string[];
}

/** Where trained routers come from. */
export interface FrozenSource {
  /** As `Router.weights`. */
  readonly weights?: string;
  /** H beside 1. */
  readonly heads: number;
  /** Whether new models can be taken in. */
  readonly unseen: boolean;
  /** Trains a router, or finds it; the same object for the same rows, so that all configurations share it. */
  freeze(train: TrainingData, context: FitContext): Promise<Frozen>;
}

/** A frozen router with its stores: what all configurations share. */
interface Base extends Frozen {
  readonly stores: readonly DecisionStore[];
  /** T₀ by K. */
  readonly temperatures: ReadonlyMap<number, number>;
}

const bases = new WeakMap<Frozen, Promise<Base>>();

/** A router that reads decision states by RTD. */
export function rtdRouter(
  texts: Pick<Router, "name" | "summary" | "statement">,
  source: FrozenSource,
  values: Values = "soft",
): Router<RtdConfig> {
  return {
    ...texts,
    source: "Reference Trustable Decoding (arXiv 2409.20181) on ICL-Router (arXiv 2510.09719)",
    grid: gridOf(source.heads),
    ...(source.unseen ? { unseen: "zero-update" as const } : {}),
    ...(source.weights === undefined ? {} : { weights: source.weights }),
    refit: "train", // as ICL-Router; the store is of training rows only
    effort: "minutes",
    fit: async (train, config, context) => {
      const frozen = await source.freeze(train, context);
      const base = await once(bases, frozen, () => withStores(frozen));
      return routed(base, config, values, context.stage);
    },
  };
}

async function withStores(frozen: Frozen): Promise<Base> {
  const { models, reader, records, recorded, rows, columns, validation } = frozen;
  const M = rows.models, stores: DecisionStore[] = [], distances = KS.map((): Float64Array[] => []);
  for (const [at, m] of columns.entries()) {
    const examples = Array.from({ length: rows.training }, (_, i) => i)
      .filter((i) => !recorded[at].has(i) && !Number.isNaN(rows.scores[i * M + m]));
    const states = await decisionStates(reader, takeRows(rows.vectors, examples), records[at]);
    const store = DecisionStore.of(reader, records[at], states, {
      scores: Float64Array.from(examples, (i) => rows.scores[i * M + m]),
      solved: Float64Array.from(examples, (i) => rows.labels[i * M + m]),
    });
    stores.push(store);
    if (examples.length === 0) continue;
    const held = validation.length > 0
      ? await decisionStates(reader, takeRows(rows.vectors, validation), records[at])
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
    ...frozen,
    models,
    stores,
    temperatures,
    notes: [
      ...frozen.notes,
      `stores of ${Math.min(...sizes)} to ${Math.max(...sizes)} states of width ` +
      `${reader.network.width}; T₀ ${
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
  const { models, stores, temperatures, reader } = base, M = models.length;
  const heads = divisor(reader.network.width, config.heads);
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
      const quality = new Float64Array(batch.ids.length * M), said = await heard(base, batch);
      for (const [m, store] of stores.entries()) {
        const r = (await store.read(batch, heads, all))[mine];
        for (let i = 0; i < batch.ids.length; i++) {
          const read = r[2 * i + column], head = said[i * M + m];
          // Of a model whose store is empty the head speaks alone.
          quality[i * M + m] = Number.isNaN(read) ? head : mix * read + (1 - mix) * head;
        }
      }
      return { quality };
    },
    ...(base.profile === undefined ? {} : {
      withModels: async (profiles) =>
        routed(
          { ...base, ...await joinStores(base, base.profile!, profiles) },
          config,
          values,
          stage,
        ),
    }),
    describe: () => ({
      parameters: stores.reduce(
        (sum, { store: { keys } }) => sum + keys.rows * (keys.width + 1),
        reader.network.parameters.count,
      ),
      notes: [...base.notes, `H = ${heads}`],
    }),
  };
}

/** p of the router's own head, [Q × M]. */
async function heard({ stores, prior, platt }: Base, batch: QueryBatch): Promise<Float64Array> {
  const M = stores.length;
  const logits = await prior?.(batch.vectors) ?? new Float64Array(batch.ids.length * M);
  for (const [m, store] of stores.entries()) {
    (await store.head(batch)).forEach((logit, i) => logits[i * M + m] += logit);
  }
  return plattProbabilities(platt, logits);
}

/** The largest number up to `most` that divides the width. */
function divisor(width: number, most: number): number {
  let heads = most;
  while (width % heads !== 0) heads--;
  return heads;
}
