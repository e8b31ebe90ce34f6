/**
 * RouterRetriever between retrieval experts: documents are the training utterances in scope, those of a query's
 * intent are relevant, one expert a domain.
 * @module
 */
import { routerRetriever } from "../../baselines/router_retriever.ts";
import { random } from "../base/random.ts";
import { createMemo } from "../router/memo.ts";
import type { QueryBatch, TrainingData } from "../router/mod.ts";
import { type Cell, cell } from "./matching.ts";
import { domainsOf, type Encoded, type EncodedPart, inScope } from "./encoded.ts";
import { type Expert, hitsOf, trainExpert, type Training } from "./experts.ts";
import { ndcg } from "./ndcg.ts";
import type { Preferences } from "./read.ts";

/** What happened under one seed. Queries are those of the test part in scope, ascending by id. */
export interface RetrievalRun {
  /** Names the experts' draws. */
  readonly seed: number;
  /** Rate of the experts, chosen by their nDCG on validation queries of their own domains. */
  readonly rate: number;
  /** Rate of the head trained on all domains, chosen by its nDCG on all validation queries. */
  readonly allRate: number;
  /** nDCG@10 of every expert on all validation queries, domains ascending: the best is the single expert. */
  readonly validation: readonly number[];
  /** Hits of every expert, domains ascending. */
  readonly experts: readonly Uint16Array[];
  /** Hits of the head trained on all domains. */
  readonly all: Uint16Array;
  /** The expert whose pilot embeddings are closest on average, the rule of the paper's text. */
  readonly mean: Int32Array;
  /** The expert of the single closest pilot embedding, the rule of the released code. */
  readonly max: Int32Array;
}

/** Everything that was retrieved. */
export interface Retrieved {
  /** Hits of the frozen encoder. */
  readonly frozen: Uint16Array;
  /** One run a seed. */
  readonly runs: readonly RetrievalRun[];
}

/** One line of the table. ↑ */
export interface RetrievalRow {
  /** Which choice of an expert. */
  readonly id: string;
  /** nDCG@10. */
  readonly ndcg: Cell;
  /** Difference to the best single expert. */
  readonly toSingle: Cell;
  /** Difference to the frozen encoder. */
  readonly toFrozen: Cell;
  /** Share of queries sent to the expert of their own domain; null where none is chosen a query. */
  readonly home: number | null;
}

const EPOCHS = 20, RATES = [0.003, 0.01, 0.03];
/** Cosine, and several winners share a query. */
const [RULE] = routerRetriever("mean").grid;

/** Trains and asks all experts, once a seed. */
export async function retrieve(
  { preferences, ...parts }: Encoded,
  seeds: readonly number[],
  watch: (what: string) => void = () => {},
): Promise<Retrieved> {
  const other = preferences.actions.length;
  const [train, validation, test] = [parts.train, parts.validation, parts.test]
    .map((part) => inScope(part, other));
  const runs: RetrievalRun[] = [];
  for (const seed of seeds) {
    watch(`experts, seed ${seed}`);
    runs.push(await runSeed(preferences, { train, validation, test }, seed, watch));
  }
  return { frozen: await hitsOf(test, train), runs };
}

async function runSeed(
  preferences: Preferences,
  { train, validation, test }: Record<"train" | "validation" | "test", EncodedPart>,
  seed: number,
  watch: (what: string) => void,
): Promise<RetrievalRun> {
  const home = domainsOf(train.labels, preferences), counts = relevant(preferences);
  const names = preferences.domains.map(({ name }) => name);
  const asked = async (expert: Expert, part: EncodedPart): Promise<EncodedPart> => ({
    ...part,
    vectors: await expert(part.vectors),
  });
  /** The best of several rates by the mean nDCG of heads on validation queries of their own. */
  const tuned = async (heads: readonly { name: string; learn: number[]; part: EncodedPart }[]) => {
    let best: { experts: Expert[]; rate: number; value: number } | undefined;
    for (const rate of RATES) {
      const experts: Expert[] = [];
      let value = 0;
      for (const { name, learn, part } of heads) {
        const training: Training = { epochs: EPOCHS, rate };
        const draws = random(seed, "preferences/expert", name);
        const expert = await trainExpert(train, learn, training, draws);
        value += meanNdcg(await hitsOf(await asked(expert, part), train), part, counts);
        experts.push(expert);
      }
      if (!best || value > best.value) best = { experts, rate, value };
    }
    return best!;
  };
  const rows = [...home.keys()];
  const { experts, rate } = await tuned(names.map((name, d) => ({
    name,
    learn: rows.filter((i) => home[i] === d),
    part: ofDomain(validation, preferences, d),
  })));
  watch(`one head for all, seed ${seed}`);
  const all = await tuned([{ name: "all", learn: rows, part: validation }]);
  const hits: Uint16Array[] = [], scores = new Float64Array(rows.length * experts.length);
  const validated: number[] = [];
  for (const [m, expert] of experts.entries()) {
    watch(`pilots of ${names[m]}, seed ${seed}`);
    hits.push(await hitsOf(await asked(expert, test), train));
    const own = await hitsOf(await asked(expert, validation), train);
    validated.push(meanNdcg(own, validation, counts));
    const found = await hitsOf(await asked(expert, train), train, { self: true });
    found.forEach((bits, i) =>
      scores[i * experts.length + m] = ndcg(bits, counts[train.labels[i]] - 1)
    );
  }
  const taught = trainingData(train, Array.from(home, (d) => names[d]), names, scores);
  return {
    ...{ seed, rate, allRate: all.rate, validation: validated, experts: hits },
    all: await hitsOf(await asked(all.experts[0], test), train),
    mean: await route("mean", taught, test, seed),
    max: await route("max", taught, test, seed),
  };
}

/** The expert of every query by RouterRetriever's rule. */
export async function route(
  reading: "mean" | "max",
  taught: TrainingData,
  test: Pick<EncodedPart, "ids" | "vectors">,
  seed: number,
): Promise<Int32Array> {
  const fitted = await routerRetriever(reading).fit(taught, RULE, {
    ...{ stage: "final", seed, random: random(seed, reading), device: "cpu" },
    progress: () => {},
    signal: new AbortController().signal,
  });
  const { quality } = await fitted.predict(batch(test)) as { quality: Float64Array };
  const M = taught.models.length;
  return Int32Array.from(test.ids, (_, i) => {
    const own = quality.subarray(i * M, (i + 1) * M);
    // An expert without a pilot has no similarity.
    return own.reduce((best, value, m) => !(value <= own[best]) && value === value ? m : best, 0);
  });
}

/** Training queries as RouterRetriever takes them: a domain is a dataset, nDCG the score. */
export function trainingData(
  part: Pick<EncodedPart, "ids" | "vectors">,
  domains: readonly string[],
  models: readonly string[],
  scores: Float64Array,
): TrainingData {
  return {
    queries: { ...batch(part), benchmarks: domains },
    ...{ models, scores, tasks: domains },
    costs: new Float64Array(scores.length).fill(NaN),
    meanCosts: new Float64Array(models.length).fill(NaN),
    solvedFrom: new Float64Array(part.ids.length).fill(1),
  };
}

function batch({ ids, vectors }: Pick<EncodedPart, "ids" | "vectors">): QueryBatch {
  return { ids, texts: ids.map(() => ""), vectors, memo: createMemo("preferences") };
}

/** Numbers of every choice of an expert, from what was retrieved and routed alone. */
export function retrievalRows(
  preferences: Preferences,
  { frozen, runs }: Retrieved,
): RetrievalRow[] {
  const counts = relevant(preferences),
    labels = preferences.test.labels
      .filter((label) => label < preferences.actions.length);
  const home = domainsOf(labels, preferences), [{ experts: { length: M } }] = runs;
  const scored = (hits: ArrayLike<number>): Float64Array =>
    Float64Array.from(labels, (label, i) => ndcg(hits[i], counts[label]));
  const base = scored(frozen), by = runs.map((run) => run.experts.map(scored));
  const single = runs.map(({ validation }) => validation.indexOf(Math.max(...validation)));
  const mean = (of: (m: number) => number): number =>
    Array.from({ length: M }, (_, m) => of(m)).reduce((a, b) => a + b) / M;
  const taking = (choose: (s: number, i: number) => number): Float64Array[] =>
    by.map((experts, s) => base.map((_, i) => experts[choose(s, i)][i]));
  const references = { single: taking((s) => single[s]), frozen: runs.map(() => base) };
  const row = (
    id: string,
    values: readonly Float64Array[],
    choose?: (s: number, i: number) => number,
  ): RetrievalRow => {
    const less = (other: readonly Float64Array[]): Cell =>
      cell(values.map((own, s) => own.map((value, i) => value - other[s][i])));
    return {
      ...{ id, ndcg: cell(values) },
      toSingle: less(references.single),
      toFrozen: less(references.frozen),
      home: choose
        ? runs.reduce((sum, _, s) => sum + home.filter((d, i) => d === choose(s, i)).length, 0) /
          runs.length / home.length
        : null,
    };
  };
  const chosen = (id: string, choose: (s: number, i: number) => number): RetrievalRow =>
    row(id, taking(choose), choose);
  return [
    row("frozen", references.frozen),
    row("mean expert", by.map((experts) => base.map((_, i) => mean((m) => experts[m][i])))),
    chosen("best single expert", (s) => single[s]),
    chosen("routed (mean)", (s, i) => runs[s].mean[i]),
    chosen("routed (max)", (s, i) => runs[s].max[i]),
    chosen("own domain's expert", (_, i) => home[i]),
    row("oracle", by.map((experts) => base.map((_, i) => Math.max(...experts.map((e) => e[i]))))),
    row("one head for all", runs.map(({ all }) => scored(all))),
  ];
}

/** Relevant documents of a query by its intent. Length R. */
function relevant({ train, actions }: Preferences): Float64Array {
  const counts = new Float64Array(actions.length);
  for (const label of train.labels) if (label < actions.length) counts[label]++;
  return counts;
}

function meanNdcg(hits: Uint16Array, { labels }: EncodedPart, counts: Float64Array): number {
  return hits.reduce((sum, bits, i) => sum + ndcg(bits, counts[labels[i]]), 0) / hits.length;
}

function ofDomain(part: EncodedPart, preferences: Preferences, domain: number): EncodedPart {
  const { labels } = part, { actions } = preferences;
  const hidden = labels.map((a) => actions[a].domain === domain ? a : actions.length);
  return inScope({ ...part, labels: hidden }, actions.length);
}
