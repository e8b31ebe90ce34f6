/**
 * What choices of a retrieval expert are worth.
 * @module
 */
import { domainsOf } from "./encoded.ts";
import { type Cell, cell, type Matched } from "./matching.ts";
import { CUT, ndcg } from "./ndcg.ts";
import { unpack } from "./packed.ts";
import type { Preferences } from "./read.ts";
import { relevant, type Retrieved } from "./retrieval.ts";

/** One line of the table. ↑ */
export interface RetrievalRow {
  /** Which choice of an expert, as in the table. */
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

/**
 * Numbers of every choice of an expert, from what was retrieved, routed and matched alone.
 * @param matched decisions among them of kNN on domains
 * @throws {VerificationError} where there is not one number a test query
 */
export function retrievalRows(
  preferences: Preferences,
  { frozen, runs }: Retrieved,
  matched: readonly Matched[],
): RetrievalRow[] {
  const { test: { labels: all }, actions, domains } = preferences, M = domains.length;
  const inside = [...all.keys()].filter((i) => all[i] < actions.length);
  const labels = Int32Array.from(inside, (i) => all[i]), home = domainsOf(labels, preferences);
  const counts = relevant(preferences);
  const scored = (packed: string): Float64Array =>
    unpack(packed, labels.length, 2 ** CUT - 1).reduce(
      (scores, hits, i) => (scores[i] = ndcg(hits, counts[labels[i]]), scores),
      new Float64Array(labels.length),
    );
  const experts = runs.map((run) => run.experts.map(scored)), base = scored(frozen);
  /** Scores of the expert that each query is sent to, by run. */
  const sent = (choices: readonly Int32Array[]): Float64Array[] =>
    experts.map((own, s) => base.map((_, i) => own[choices[s][i]][i]));
  const same = (choice: Int32Array): Int32Array[] => runs.map(() => choice);
  const routed = (reading: "mean" | "max"): Int32Array[] =>
    runs.map((run) => unpack(run[reading], labels.length, M - 1));
  const single = runs.map(({ validation }) =>
    home.map(() => validation.indexOf(Math.max(...validation)))
  );
  const references = { single: sent(single), frozen: runs.map(() => base) };
  const row = (id: string, values: readonly Float64Array[], home: number | null = null) => {
    const less = (other: readonly Float64Array[]): Cell =>
      cell(values.map((own, s) => own.map((value, i) => value - other[s][i])));
    return {
      ...{ id, ndcg: cell(values), home },
      ...{ toSingle: less(references.single), toFrozen: less(references.frozen) },
    };
  };
  const chosen = (id: string, choices: readonly Int32Array[]): RetrievalRow => {
    const right = choices.reduce((n, own) => n + own.filter((m, i) => m === home[i]).length, 0);
    return row(id, sent(choices), right / choices.length / home.length);
  };
  const across = (id: string, take: (scores: readonly number[]) => number): RetrievalRow =>
    row(id, experts.map((own) => base.map((_, i) => take(own.map((scores) => scores[i])))));
  const knn = matched.find(({ level, matcher }) => level === "domains" && matcher === "knn");
  const guessed = knn && unpack(knn.routes, all.length, M);
  return [
    row("frozen encoder", references.frozen),
    row("one head for all domains", runs.map(({ all }) => scored(all))),
    across("mean expert", (scores) => scores.reduce((a, b) => a + b) / M),
    chosen("best single expert", single),
    chosen("RouterRetriever (mean)", routed("mean")),
    chosen("RouterRetriever (max)", routed("max")),
    // A query that kNN thinks out of scope goes to the best single expert.
    ...guessed
      ? [chosen(
        "expert of the domain that kNN guesses",
        single.map((own) => own.map((m, i) => guessed[inside[i]] < M ? guessed[inside[i]] : m)),
      )]
      : [],
    chosen("expert of the true domain", same(home)),
    across("oracle", (scores) => Math.max(...scores)),
  ];
}
