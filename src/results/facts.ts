/**
 * What a result says about its dataset, its splits and its tuning. `bench` writes these facts, `verify`
 * makes them again from the table, the split file and the decision file.
 * @module
 */
import { isPriced, type OutcomeTable } from "../outcomes/table.ts";
import { type Split, splitHash } from "../splits/split.ts";
import type { DecisionEntry } from "./decision_file.ts";
import type { Result, RouterEntry, SplitFacts } from "./result.ts";

/** Facts of the dataset view, strict duplicates merged. */
export function datasetFacts(table: OutcomeTable): Result["dataset"] {
  return {
    ...table.dataset,
    queries: table.ids.length,
    models: table.models,
    benchmarks: table.benchmarks,
    priced: isPriced(table),
  };
}

/** Hash and sizes of every split, in the order given. */
export function splitFacts(splits: readonly Split[]): SplitFacts[] {
  return splits.map((split) => ({
    seed: split.seed,
    fold: split.fold,
    name: split.foldName,
    sha256: splitHash(split),
    train: count(split.roles, "t"),
    validation: count(split.roles, "v"),
    test: count(split.roles, "e"),
    dropped: count(split.roles, "d"),
  }));
}

/** What validation chose for a router on each split: positions in its grid, and in its ways of taking in new models. */
export function chosenFor(
  router: string,
  entries: readonly DecisionEntry[],
): RouterEntry["chosen"] {
  return entries.filter((e) => e.router === router).map(({ seed, fold, tuning }) => ({
    seed,
    fold,
    score: tuning.score,
    area: tuning.area ?? null,
    ...(tuning.replay && { unseen: tuning.replay.map(({ n, way }) => ({ n, way })) }),
  }));
}

function count(roles: string, role: string): number {
  let n = 0;
  for (const r of roles) if (r === role) n++;
  return n;
}
