/**
 * Costs from tokens and a dated price list, and the guards around them.
 *
 * All costs of a table come from one source: with a price list, from tokens times prices, and a model
 * without either has no cost; without a list, from the records. Unknown is NaN, never free.
 * @module
 */
import { hashJson } from "../base/hash.ts";
import type { RecordColumns } from "./columns.ts";
import { type OutcomeRecord, own } from "./record.ts";

/** Prices of one day. */
export interface PriceList {
  /** The day the list was published, YYYY-MM-DD. */
  readonly date: string;
  /** Where the prices were looked up. */
  readonly source: string;
  /** All prices and costs are in US dollars. */
  readonly currency: "USD";
  /** Model → [input, output] US dollars per million tokens. */
  readonly perMillionTokens: Readonly<Record<string, readonly [number, number]>>;
  /** Model → US dollars a query, a rough sum for a model whose tokens are not recorded. */
  readonly perQuery?: Readonly<Record<string, number>>;
  /** Model → whose price it is, where the model had none of its own. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** Hash that names a price list in results: any change of date, source or price changes it. */
export function priceListHash(prices: PriceList): string {
  return hashJson(prices);
}

/**
 * Rounds a number ≥ 0 to significant digits, bit for bit as Python's `float(f"{value:.4g}")`. The two
 * languages differ on exact ties (0.0078125), where Python takes the even digit.
 */
export function significant(value: number, digits = 4): number {
  const up = Number(value.toPrecision(digits));
  if (up <= value || Number(value.toPrecision(digits + 1)) !== value) return up;
  const [mantissa, exponent] = value.toExponential(60).split("e");
  const exact = mantissa.replace(".", "");
  const tie = /^50*$/.test(exact.slice(digits));
  const even = Number(exact[digits - 1]) % 2 === 0;
  return tie && even ? Number(`0.${exact.slice(0, digits)}e${Number(exponent) + 1}`) : up;
}

/** US dollars for [input, output] tokens at [input, output] dollars per million, 4 significant digits. */
export function tokenCost(
  tokens: readonly [number, number],
  rates: readonly [number, number],
): number {
  return significant((tokens[0] * rates[0] + tokens[1] * rates[1]) / 1e6);
}

/** What one model's answer to one query cost, in US dollars; NaN = unknown. */
export function costOf(record: OutcomeRecord, model: string, prices?: PriceList): number {
  if (!prices) return own(record.costs, model) ?? NaN;
  const [input, output] = own(record.tokens, model) ?? [NaN, NaN];
  return listedCost([input + (record.prompt_tokens_extra ?? 0), output], model, prices);
}

/** What one model's answer costs by a price list, in US dollars; NaN = unknown. Tokens that are not known are NaN. */
export function listedCost(
  tokens: readonly [number, number],
  model: string,
  { perMillionTokens, perQuery }: PriceList,
): number {
  const rates = own(perMillionTokens, model);
  if (Number.isNaN(tokens[0]) || !rates) return own(perQuery, model) ?? NaN;
  return tokenCost(tokens, rates);
}

/** The same records with the costs of another price list; what it cannot price loses its cost. */
export function reprice(records: Iterable<OutcomeRecord>, prices: PriceList): OutcomeRecord[] {
  return Array.from(records, (record) => {
    const { costs: _, ...rest } = record;
    const known = Object.keys(record.tokens ?? {})
      .map((model) => [model, costOf(record, model, prices)] as const)
      .filter(([, cost]) => !Number.isNaN(cost));
    return known.length ? { ...rest, costs: Object.fromEntries(known) } : rest;
  });
}

/**
 * Token columns that cannot be true counts: the same number for every query. One sentence each.
 * @param of the rows that count, and the columns
 */
export function tokenFaults(
  { rows, tokens }: Pick<RecordColumns, "rows" | "tokens">,
  models: readonly string[],
): string[] {
  const faults: string[] = [];
  for (const model of models) {
    for (const [i, side] of ["input", "output"].entries()) {
      if (tokens[i].count(model) < 2) continue;
      const counts = rows.map(({ at }) => tokens[i].get(model, at))
        .filter((count) => !Number.isNaN(count));
      if (counts.length >= 2 && counts.every((count) => count === counts[0])) {
        faults.push(
          `${model}: ${side} tokens are ${counts[0]} in all ${counts.length} queries, ` +
            `so its costs do not tell queries apart`,
        );
      }
    }
  }
  return faults;
}
