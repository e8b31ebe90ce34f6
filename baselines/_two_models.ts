/**
 * Routing between two models of a pool, as RouteLLM and HybridLLM do: a number says how much a query needs
 * the strong model, and above a threshold it gets it.
 *
 * How this fits into the harness, which knows pools of M models and the rule argmax_m [ŝ − λ·c̃]:
 *
 * - The pair is the best single model and the cheapest one of the training rows. In the predictions the
 *   strong model has the query's strength, the weak one the threshold, so that the rule at λ = 0 *is* the
 *   threshold; every other model has −1, below both, and is never chosen.
 * - The dial raises the threshold from the least one that the method has a use for until no query is left
 *   for the strong model. Its setting is the share that is left of the strong calls, measured on the
 *   training queries: even steps in calls, where steps in the threshold would bunch up.
 * - The headline is a setting of the dial, the first (quality first) unless the method has reasons.
 *   Thresholds below the least would cost more for what the method itself thinks is less; no λ reaches such
 *   points for other routers either.
 * - A pool of two models has no dial: there λ itself raises the threshold (strength > threshold + λ), and
 *   the harness adds columns at fixed call rates, from which it computes APGR and CPT.
 * @module
 */
import type {
  Dial,
  FittedRouter,
  PointPredictions,
  QueryBatch,
  TrainingData,
} from "../src/router/mod.ts";
import { columnMeans, TIE, tieOrder } from "../src/router/mod.ts";

/** Two columns of a pool. */
export interface Pair {
  /** The cheapest model. */
  readonly weak: number;
  /** The best single model; the same as `weak` where that one is best. */
  readonly strong: number;
}

/** What a two-model method has learned. */
export interface TwoModels {
  /** The whole pool. */
  readonly models: readonly string[];
  /** The two of it that are routed between. */
  readonly pair: Pair;
  /** How much every query needs the strong model, 0…1. Length Q. */
  readonly strength: (queries: QueryBatch) => Promise<Float64Array>;
  /** The same of the training queries, where shares of calls are measured. */
  readonly known: Float64Array;
  /** Where the dial starts: the strong model gets the queries of greater strength. 0…1. */
  readonly least: number;
  /** Setting of the headline: share of the training calls above `least`. */
  readonly headline: number;
  /** Learned numbers. */
  readonly parameters: number;
  /** For the router card, after the pair. */
  readonly notes?: readonly string[];
}

/** Best single and cheapest among the models with a known score; ties as in the decision rule. */
export function pairOf({ models, scores, meanCosts }: TrainingData): Pair {
  const means = columnMeans(scores, models.length);
  const order = [...tieOrder({ models, meanCosts })].filter((m) => !Number.isNaN(means[m]));
  const weak = order[0] ?? 0;
  return { weak, strong: order.reduce((best, m) => means[m] > means[best] + TIE ? m : best, weak) };
}

/** Settings of the dial. */
const SHARES = Array.from({ length: 21 }, (_, i) => (20 - i) / 20);

/** The fitted router of a two-model method. */
export function betweenTwo(learned: TwoModels): FittedRouter {
  const { models, pair: { weak, strong }, known, least, headline, parameters, notes = [] } =
    learned;
  const M = models.length;
  const called = known.filter((strength) => strength > least).sort().reverse();
  const at = async (queries: QueryBatch, share: number): Promise<PointPredictions> => {
    const threshold = thresholdAt(share, called, least), strength = await learned.strength(queries);
    const quality = new Float64Array(strength.length * M).fill(-1);
    strength.forEach((value, i) => {
      quality[i * M + strong] = value;
      quality[i * M + weak] = threshold;
    });
    return { quality };
  };
  const dial: Dial = { name: "share of strong calls", values: SHARES, predict: at };
  return {
    models,
    predict: (queries) => at(queries, headline),
    ...(M > 2 ? { dial } : {}),
    describe: () => ({
      parameters,
      notes: [
        strong === weak
          ? `strong and weak: ${models[weak]}, nothing to route`
          : `strong: ${models[strong]}, weak: ${models[weak]}`,
        ...notes,
      ],
    }),
  };
}

/**
 * The threshold that a share of the called is above.
 * @param called strengths above the least threshold, descending
 */
function thresholdAt(share: number, called: Float64Array, least: number): number {
  if (share === 1) return least;
  if (share === 0) return 1; // no strength is above it, seen or not
  return called[Math.round(share * called.length)] ?? least;
}
