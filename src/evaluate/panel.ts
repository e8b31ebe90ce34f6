/**
 * The reference panel of a seed: numbers that frame every router and need outcomes only.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import {
  averages,
  discountedOracle,
  earned,
  guessFloor,
  kappaOracle,
  modelCosts,
  modelQualities,
  oracle,
  repeatedDrawOracles,
  sampleMean,
  uniformMixture,
} from "../metrics/mod.ts";
import { datasetMeansOfModels } from "./best_single.ts";
import type { SeedRows } from "./decisions.ts";

/** Oracles, hindsight references and single models on the test rows of a seed. */
export interface Panel {
  /** Test queries. */
  readonly queries: number;
  /** Expectation of a random choice. */
  readonly random: { readonly sample: number; readonly dataset: number };
  /** Best model of each query, chosen with hindsight. */
  readonly oracle: { readonly sample: number; readonly dataset: number };
  /** Mean cost of the oracle; unsolved queries go to the cheapest model (LLMRouterBench). */
  readonly oracleCost: number | null;
  /** The same with unsolved queries free of charge (RouterBench). */
  readonly oracleCostZero: number | null;
  /** Oracle of pure guessers. */
  readonly guessFloor: number;
  /** (O − G)/(1 − G). */
  readonly kappaOracle: number | null;
  /** Oracle that does not count lucky guesses. */
  readonly discountedOracle: number;
  /** Oracles over repeated draws, where the source has them. */
  readonly repeated: { singleDraw: number; ofMeans: number; splitHalf: number } | null;
  /**
   * Best single model chosen on the test rows themselves, for each mean by that mean: an upper reference, never a
   * method.
   */
  readonly bestSingleHindsight: { readonly sample: number; readonly dataset: number };
  /** Best model per benchmark chosen on the test rows themselves. */
  readonly bestPerBenchmarkHindsight: { readonly sample: number; readonly dataset: number };
  /** Every model alone. */
  readonly models: readonly {
    readonly model: string;
    readonly quality: number;
    readonly cost: number | null;
  }[];
}

/** Computes the panel of one seed. */
export function panelOf(table: OutcomeTable, seed: SeedRows): Panel {
  const { outcomes } = seed;
  const top = oracle(outcomes, "cheapest");
  const floor = guessFloor(outcomes.options, outcomes.models);
  const meanOracle = sampleMean(top.score);
  const quality = modelQualities(outcomes);
  const costs = outcomes.costs ? modelCosts(outcomes) : undefined;
  return {
    queries: outcomes.rows,
    random: averages(earned(outcomes, uniformMixture(outcomes.models)).score, outcomes),
    oracle: averages(top.score, outcomes),
    oracleCost: top.cost ? sampleMean(top.cost) : null,
    oracleCostZero: costs ? sampleMean(oracle(outcomes, "zero").cost!) : null,
    guessFloor: floor,
    kappaOracle: floor < 1 ? kappaOracle(meanOracle, floor) : null,
    discountedOracle: discountedOracle(outcomes),
    repeated: repeatedOracles(table, seed),
    bestSingleHindsight: {
      sample: Math.max(...quality),
      dataset: Math.max(...datasetMeansOfModels(outcomes)),
    },
    bestPerBenchmarkHindsight: averages(bestPerBenchmark(seed), outcomes),
    models: table.models.map((model, m) => ({
      model,
      quality: quality[m],
      cost: costs ? costs[m] : null,
    })),
  };
}

function bestPerBenchmark({ outcomes }: SeedRows): Float64Array {
  const { rows, models, scores, dataset, datasets } = outcomes;
  const sums = new Float64Array(datasets * models);
  for (let i = 0; i < rows; i++) {
    for (let m = 0; m < models; m++) sums[dataset[i] * models + m] += scores[i * models + m];
  }
  const best = Array.from(
    { length: datasets },
    (_, d) => argmax(sums.subarray(d * models, (d + 1) * models)),
  );
  return Float64Array.from(dataset, (d, i) => scores[i * models + best[d]]);
}

/** Null unless every model was drawn equally often on a query, and at least twice. */
function repeatedOracles({ models, repeats }: OutcomeTable, { rows }: SeedRows): Panel["repeated"] {
  if (!repeats || models.some((m) => !repeats.has(m))) return null;
  const draws = models.map((m) => Array.from(rows, (i) => repeats.get(m)![i]));
  const even = draws.every((own) =>
    own.every((list, i) => list.length >= 2 && list.length === draws[0][i].length)
  );
  return even ? repeatedDrawOracles(draws) : null;
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best] + 1e-12) best = i;
  return best;
}
