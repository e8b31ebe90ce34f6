/**
 * Results in the forms of two other harnesses, as their repositories write and describe them: ORBIT
 * (github.com/LAMDA-Model-Reuse/ORBIT, October 2026) and xRouteBench (`benchmark_pipeline` of
 * github.com/ulab-uiuc/LLMRouter).
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { decidedIn, type SeedRows, seedRows } from "../evaluate/decisions.ts";
import { curvePoints, earnedBy } from "../evaluate/earn.ts";
import { improving } from "../metrics/curve.ts";
import { sampleMean } from "../metrics/mod.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Split } from "../splits/split.ts";
import { ownEntries } from "./export.ts";
import type { OpenedResult } from "./result.ts";

/** A point of ORBIT's trade-off file: means over the test queries, US dollars a query. */
export interface OrbitPoint {
  /** Mean realised cost. */
  readonly cost: number;
  /** Mean realised score. */
  readonly performance: number;
}

/**
 * ORBIT's trade-off points of one router and seed: those of its curve, and of the policy that asks every query's cheapest
 * model, which improve on everything cheaper; by rising cost.
 * @throws {UsageError} when the router has no decisions of its own there, or for a new-model result
 * @throws {CapabilityError} where an outcome has no known cost
 */
export function exportOrbit(
  opened: OpenedResult,
  table: OutcomeTable,
  router: string,
  seed: number,
): OrbitPoint[] {
  const rows = rowsOf(opened, table, router, seed), { outcomes } = rows;
  const { costs, scores, models: M } = outcomes;
  if (!costs) throw new CapabilityError("ORBIT's points need the cost of every outcome");
  const decided = decidedIn(opened.entries, router, rows), headline = earnedBy(decided, 0, rows);
  let cost = 0, quality = 0;
  for (let i = 0; i < outcomes.rows; i++) {
    const own = costs.subarray(i * M, (i + 1) * M), cheapest = own.indexOf(Math.min(...own));
    cost += own[cheapest] / outcomes.rows;
    quality += scores[i * M + cheapest] / outcomes.rows;
  }
  const points = [
    ...curvePoints(decided, rows),
    { cost: sampleMean(headline.cost!), quality: sampleMean(headline.score) },
    { cost, quality },
  ];
  return improving(points).map((point) => ({ cost: point.cost, performance: point.quality }));
}

/**
 * ORBIT's protocol file of a split, version 1 of its adapters: what was compared on what. Validation rows count as training
 * rows, as ORBIT has none. Its hashes of the cells are left out: they are of Pandas' own making.
 */
export function orbitProtocol(
  { result: { dataset } }: OpenedResult,
  { ids, models, benchmarks, benchmark, tasks, task }: OutcomeTable,
  { roles, protocol, seed }: Split,
): Record<string, unknown> {
  const idsOf = (letters: string): string[] =>
    ids.filter((_, row) => letters.includes(roles[row])).toSorted();
  const train = idsOf("tv"), test = idsOf("e"), all = train.length + test.length;
  const label = (row: number): string =>
    protocol === "task" ? tasks[task[row]] : benchmarks[benchmark[row]];
  const heldOut = ids.keys().filter((row) => roles[row] === "e").map(label);
  const hashOf = (of: readonly string[]): string => sha256(of.join("\n"));
  return {
    adapter_version: 1,
    benchmark: dataset.name,
    cost_scale: 1,
    cost_scaling: "none",
    hf_id: null,
    include_responses: false,
    max_samples: dataset.limit ?? null,
    modality: "text",
    model_list: models,
    raw_cost_unit: "USD",
    revision: dataset.version,
    seed,
    sources: { [dataset.name]: dataset.sha256 },
    split: protocol.startsWith("id")
      ? { mode: "in-domain", ratios: { test: test.length / all, train: train.length / all } }
      : { mode: "out-of-domain", test_tasks: [...new Set(heldOut)].sort() },
    test_ids_sha256: hashOf(test),
    test_queries: test.length,
    train_ids_sha256: hashOf(train),
    train_queries: train.length,
  };
}

/** A result file of xRouteBench's pipeline; null where it needs what is not recorded. */
export interface XRouteBenchResult {
  /** Router id. */
  readonly router: string;
  /** Dataset view. */
  readonly dataset: string;
  /** Weight of performance in its reward: score alone. */
  readonly alpha: 1;
  /** Weight of cost. */
  readonly beta: 0;
  /** Mean score at λ = 0. */
  readonly avg_performance: number;
  /** Null: an outcome table has costs, no tokens. */
  readonly avg_token_cost: null;
  /** Mean US dollars a query; null where a cost is not known. */
  readonly avg_price_cost: number | null;
  /** Null: how its pipeline scales rewards is not described. */
  readonly avg_reward: null;
  /** Test queries. */
  readonly num_queries: number;
  /** Queries sent to each model, those of none left out. */
  readonly routing_distribution: Readonly<Record<string, number>>;
}

/**
 * Headline decisions of one router and seed, summed up as xRouteBench's pipeline does.
 * @throws {UsageError} when the router has no decisions of its own there, or for a new-model result
 */
export function exportXRouteBench(
  opened: OpenedResult,
  table: OutcomeTable,
  router: string,
  seed: number,
): XRouteBenchResult {
  const rows = rowsOf(opened, table, router, seed),
    decided = decidedIn(opened.entries, router, rows);
  const { score, cost } = earnedBy(decided, 0, rows);
  const sent = table.models.map((model, m): [string, number] => [
    model,
    decided.choices![0].reduce((n, chosen) => n + Number(chosen === m), 0),
  ]);
  return {
    ...{ router, dataset: opened.result.dataset.name, alpha: 1, beta: 0 },
    avg_performance: sampleMean(score),
    avg_token_cost: null,
    avg_price_cost: cost ? sampleMean(cost) : null,
    avg_reward: null,
    num_queries: score.length,
    routing_distribution: Object.fromEntries(sent.filter(([, queries]) => queries > 0)),
  };
}

function rowsOf(
  opened: OpenedResult,
  table: OutcomeTable,
  router: string,
  seed: number,
): SeedRows {
  ownEntries(opened, router, seed);
  return seedRows(table, opened.splits.filter((split) => split.seed === seed))[0];
}
