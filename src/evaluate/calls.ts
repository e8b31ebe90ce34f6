/**
 * What a decision costs beside the recorded dollars: the seconds of its calls, and its dollars where the endpoints
 * keep prompts in a cache.
 *
 * **Seconds.** Calls of a path are made one after the other, so its latency is the sum of theirs.
 *
 * **Prompt cache.** Calls of one conversation, which are the visits of an episode and the turns before it, share
 * prefixes by one rule: a call finds in the cache the whole prompt of the latest earlier call to the *same model*, and
 * nothing of other models, of replies, or of other conversations. Those input tokens cost the cached price. No model is
 * visited twice in an episode, so within one there is nothing to share; what can be saved is between turns.
 * @module
 */
import type { PriceList } from "../outcomes/pricing.ts";
import { type OutcomeRecord, own } from "../outcomes/record.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { type CurvePoint, sampleMean } from "../metrics/mod.ts";
import type { SeedDecisions, SeedRows } from "./decisions.ts";
import { earnedBy } from "./earn.ts";

/** A price list that may say what cached input costs. */
export interface CachingPrices extends PriceList {
  /** Model → US dollars per million input tokens that the endpoint has in its cache. */
  readonly cachedInput?: Readonly<Record<string, number>>;
}

/** What records say of single calls; cells as those of the table, row-major [Q × M]. */
export interface CallFacts {
  /** Seconds until a reply was complete; absent unless known of every cell. */
  readonly seconds?: Float64Array;
  /** Absent unless the prices of some model's cached input are known and some query has an earlier turn. */
  readonly cache?: PromptCache;
}

/** What a prompt cache needs to know. */
export interface PromptCache {
  /** Input tokens of each cell; NaN = unknown, and then nothing is saved. */
  readonly input: Float64Array;
  /** US dollars that a token of each model is cheaper when it is cached; 0 where the list does not say. */
  readonly saved: Float64Array;
  /** Row of the turn before each query, −1 of a first turn. */
  readonly before: Int32Array;
}

/** Reads the facts of a table's calls from its records. */
export function callFacts(
  records: Iterable<OutcomeRecord>,
  { ids, models }: Pick<OutcomeTable, "ids" | "models">,
  prices?: CachingPrices,
): CallFacts {
  const byId = new Map(Array.from(records, (record) => [record.id, record]));
  const rows = ids.map((id) => byId.get(id)!);
  const cells = (of: (record: OutcomeRecord, model: string) => number | undefined): Float64Array =>
    Float64Array.from(rows.flatMap((record) => models.map((model) => of(record, model) ?? NaN)));
  const seconds = cells(({ latency_ms }, model) => own(latency_ms, model)! / 1000);
  const cache = promptCache(rows, models, prices, cells);
  return {
    ...(!seconds.some(Number.isNaN) && { seconds }),
    ...(cache && { cache }),
  };
}

function promptCache(
  rows: readonly OutcomeRecord[],
  models: readonly string[],
  prices: CachingPrices | undefined,
  cells: (of: (record: OutcomeRecord, model: string) => number | undefined) => Float64Array,
): PromptCache | undefined {
  const saved = Float64Array.from(models, (model) => {
    const cached = own(prices?.cachedInput, model), rates = own(prices?.perMillionTokens, model);
    return cached === undefined || !rates ? 0 : (rates[0] - cached) / 1e6;
  });
  const before = turnsBefore(rows);
  if (saved.every((s) => s === 0) || before.every((row) => row < 0)) return undefined;
  const input = cells((record, model) => {
    const tokens = own(record.tokens, model);
    return tokens && tokens[0] + (record.prompt_tokens_extra ?? 0);
  });
  return { input, saved, before };
}

/** The longest conversation among the records that each record's goes on from, by row; −1 = none. */
export function turnsBefore(
  rows: readonly Pick<OutcomeRecord, "query" | "messages">[],
): Int32Array {
  const spoken = rows.map(({ query, messages }) => messages ?? [{ role: "user", content: query }]);
  const key = (messages: OutcomeRecord["messages"] & object): string =>
    JSON.stringify(messages.map(({ role, content }) => [role, content]));
  // Of several records of one conversation the first counts.
  const row = new Map(spoken.map((messages, i) => [key(messages), i] as const).reverse());
  return Int32Array.from(spoken, (messages) => {
    for (let to = messages.length - 1; to > 0; to--) {
      const found = row.get(key(messages.slice(0, to)));
      if (found !== undefined) return found;
    }
    return -1;
  });
}

/** Seconds a query of one column, the calls of a path one after the other. Length N. */
export function secondsOf(
  decisions: SeedDecisions,
  column: number,
  seed: SeedRows,
  seconds: Float64Array,
): Float64Array {
  return earnedBy(decisions, column, withCosts(seed, seconds)).cost!;
}

/**
 * Dollars a query of one column, with the prompt cache. An earlier turn counts where it is a test query of the seed,
 * too: only then is it known who was asked. Length N.
 */
export function cachedCostOf(
  decisions: SeedDecisions,
  column: number,
  seed: SeedRows,
  { input, saved, before }: PromptCache,
): Float64Array {
  const { outcomes: { models: M }, rows } = seed;
  const paid = Float64Array.from(earnedBy(decisions, column, seed).cost!);
  const asked = askedIn(decisions, column, M),
    position = new Map(Array.from(rows, (r, i) => [r, i]));
  rows.forEach((row, i) => {
    for (const m of asked(i)) {
      let turn = before[row];
      while (turn >= 0 && !(position.has(turn) && asked(position.get(turn)!).includes(m))) {
        turn = before[turn];
      }
      if (turn < 0) continue;
      const shared = Math.min(input[turn * M + m], input[row * M + m]);
      if (shared > 0) paid[i] -= shared * saved[m];
    }
  });
  return paid;
}

/** The models that were called for a row. */
function askedIn(
  { choices, paths }: SeedDecisions,
  column: number,
  models: number,
): (i: number) => readonly number[] {
  if (!paths) return (i) => [choices![column][i]];
  const { visited, horizon } = paths[column];
  return (i) => [...visited.subarray(i * horizon, (i + 1) * horizon)].filter((m) => m < models);
}

/** The outcomes of a seed with something else, by table row, in the place of dollars. */
function withCosts(seed: SeedRows, cells: Float64Array): SeedRows {
  const { outcomes, rows } = seed, M = outcomes.models;
  const costs = new Float64Array(rows.length * M);
  rows.forEach((row, i) => costs.set(cells.subarray(row * M, (row + 1) * M), i * M));
  return { ...seed, outcomes: { ...outcomes, costs } };
}

/** What a query costs in one unit or another. */
export type Price = (decisions: SeedDecisions, column: number, seed: SeedRows) => Float64Array;

/**
 * Points of a router by some price, mean over the seeds: the headline first, then its curve. Empty for a mixture, of
 * which it is not known who was asked.
 */
export function pricedPoints(
  decided: readonly SeedDecisions[],
  seeds: readonly SeedRows[],
  price: Price,
): CurvePoint[] {
  if (!decided[0].choices) return [];
  return decided[0].columns.flatMap(({ kind }, column) => {
    if (kind !== "headline" && kind !== "curve") return [];
    const points = seeds.map((seed, s): CurvePoint => ({
      cost: sampleMean(price(decided[s], column, seed)),
      quality: sampleMean(earnedBy(decided[s], column, seed).score),
    }));
    const mean = (of: (point: CurvePoint) => number): number =>
      points.reduce((sum, point) => sum + of(point), 0) / points.length;
    return [{ cost: mean(({ cost }) => cost), quality: mean(({ quality }) => quality) }];
  });
}
