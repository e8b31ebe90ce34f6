/**
 * RouterRetriever between retrieval experts: documents are the training utterances in scope, those of a query's
 * intent are relevant, one expert a domain.
 * @module
 */
import { random, seededOrder } from "../base/random.ts";
import { takeRows } from "../linalg/mod.ts";
import type { TrainingData } from "../router/mod.ts";
import { domainsOf, type Encoded, type EncodedPart, inScope } from "./encoded.ts";
import { type Expert, hitsOf, trainExpert } from "./experts.ts";
import { ndcg } from "./ndcg.ts";
import { pack } from "./packed.ts";
import type { Preferences } from "./read.ts";
import { route, trainingData } from "./routing.ts";

/**
 * What happened under one seed. Hits and choices are of the test queries in scope, ascending by id, as
 * {@link pack} writes them.
 */
export interface RetrievalRun {
  /** Names the experts' draws. */
  readonly seed: number;
  /** Rate of the experts, chosen under the first seed by their nDCG on validation queries of their own domains. */
  readonly rate: number;
  /** Rate of the head trained on all domains, chosen under the first seed on all validation queries. */
  readonly allRate: number;
  /** nDCG@10 of every expert on all validation queries, domains ascending: the best is the single expert. */
  readonly validation: readonly number[];
  /** Hits of every expert, domains ascending. */
  readonly experts: readonly string[];
  /** Hits of the head trained on all domains. */
  readonly all: string;
  /** The expert whose pilot embeddings are closest on average, the rule of the paper's text. */
  readonly mean: string;
  /** The expert of the single closest pilot embedding, the rule of the released code. */
  readonly max: string;
}

/** Everything that was retrieved. */
export interface Retrieved {
  /** Hits of the frozen encoder. */
  readonly frozen: string;
  /** One run a seed. */
  readonly runs: readonly RetrievalRun[];
}

/** Passes over the queries of a domain, and over all of them, which are ten times as many steps a pass. */
const EPOCHS = { domain: 20, all: 5 }, RATES = [0.003, 0.01, 0.03];
/** Training queries of an intent that pilot embeddings are made of, drawn by seed. */
const PILOTS = 20;

/** What the frozen encoder finds. */
export async function frozenHits({ preferences, train, test }: Encoded): Promise<string> {
  const other = preferences.actions.length;
  return pack(await hitsOf(inScope(test, other), inScope(train, other)));
}

/**
 * Trains and asks all experts under one seed.
 * @param first the run of the first seed, which chose the rates; absent there
 */
export async function retrieve(
  { preferences, ...parts }: Encoded,
  seed: number,
  first?: RetrievalRun,
): Promise<RetrievalRun> {
  const other = preferences.actions.length;
  const [train, validation, test] = [parts.train, parts.validation, parts.test]
    .map((part) => inScope(part, other));
  const home = domainsOf(train.labels, preferences), rows = [...home.keys()];
  const counts = relevant(preferences), names = preferences.domains.map(({ name }) => name);
  const heads = names.map((name, d): Head => ({
    ...{ name, epochs: EPOCHS.domain },
    rows: rows.filter((i) => home[i] === d),
    judge: ofDomain(validation, preferences, d),
  }));
  const tune = (heads: readonly Head[], rates: readonly number[]) =>
    tuned(train, heads, rates, seed, counts);
  const { experts, rate } = await tune(heads, first ? [first.rate] : RATES);
  const wide = [{ name: "all", epochs: EPOCHS.all, rows, judge: validation }];
  const all = await tune(wide, first ? [first.allRate] : RATES);
  const validated: number[] = [], hits: string[] = [];
  for (const expert of experts) {
    validated.push(
      meanNdcg(await hitsOf(await asked(expert, validation), train), validation, counts),
    );
    hits.push(pack(await hitsOf(await asked(expert, test), train)));
  }
  const taught = await pilots(train, Array.from(home, (d) => names[d]), names, experts, seed);
  return {
    ...{ seed, rate, allRate: all.rate, validation: validated, experts: hits },
    all: pack(await hitsOf(await asked(all.experts[0], test), train)),
    mean: pack(await route("mean", taught, test, seed)),
    max: pack(await route("max", taught, test, seed)),
  };
}

/** A head to train: from which rows, and the queries that judge a rate. */
interface Head {
  readonly name: string;
  readonly epochs: number;
  readonly rows: readonly number[];
  readonly judge: EncodedPart;
}

/** Heads at the rate at which their mean nDCG on their own validation queries is best. */
async function tuned(
  train: EncodedPart,
  heads: readonly Head[],
  rates: readonly number[],
  seed: number,
  counts: Float64Array,
): Promise<{ experts: Expert[]; rate: number }> {
  let best = { experts: [] as Expert[], rate: NaN, value: -Infinity };
  for (const rate of rates) {
    const experts: Expert[] = [];
    let value = 0;
    for (const { name, epochs, rows, judge } of heads) {
      const draws = random(seed, "preferences/expert", name);
      const expert = await trainExpert(train, rows, { epochs, rate }, draws);
      value += meanNdcg(await hitsOf(await asked(expert, judge), train), judge, counts);
      experts.push(expert);
    }
    if (value > best.value) best = { experts, rate, value };
  }
  return best;
}

/** Training queries with the nDCG of every expert, each query against all other documents. */
async function pilots(
  train: EncodedPart,
  domains: readonly string[],
  names: readonly string[],
  experts: readonly Expert[],
  seed: number,
): Promise<TrainingData> {
  const byIntent = Map.groupBy(train.labels.keys(), (i) => train.labels[i]);
  const drawn = [...byIntent.values()].flatMap((rows) =>
    seededOrder(rows, (i) => train.ids[i], seed, "preferences/pilots").slice(0, PILOTS)
  ).sort((a, b) => a - b);
  const part = {
    ids: drawn.map((i) => train.ids[i]),
    labels: Int32Array.from(drawn, (i) => train.labels[i]),
    vectors: takeRows(train.vectors, drawn),
  };
  const scores = new Float64Array(drawn.length * names.length);
  for (const [m, expert] of experts.entries()) {
    const hits = await hitsOf(await asked(expert, part), train, drawn);
    hits.forEach((bits, i) =>
      scores[i * names.length + m] = ndcg(bits, byIntent.get(part.labels[i])!.length - 1)
    );
  }
  return trainingData(part, drawn.map((i) => domains[i]), names, scores);
}

async function asked(expert: Expert, part: EncodedPart): Promise<EncodedPart> {
  return { ...part, vectors: await expert(part.vectors) };
}

/** Relevant documents of a query by its intent. Length R. */
export function relevant({ train, actions }: Preferences): Float64Array {
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
