/**
 * Decisions along a router's quality-cost dial: one column a price of cost.
 * @module
 */
import type {
  FittedRouter,
  PointPredictions,
  Predictions,
  QueryBatch,
  Router,
} from "../router/contract.ts";
import { decide, decideAlong, lambdaGrid, type Pool } from "../router/decide.ts";
import { CapabilityError } from "../base/errors.ts";

/** One column of decisions. */
export interface Column {
  /**
   * `headline`: λ = 0, tuned for score. `default`: λ = 0, untuned first configuration. `curve`: tuned
   * for Area, at one λ (or dial setting). `calls`: two-model pools, a fixed share of calls to the
   * stronger model. `arm`: new-model protocol, λ = 0.
   */
  readonly kind: "headline" | "default" | "curve" | "calls" | "arm";
  /** λ, the dial's value or the call rate; "Infinity" as a string, since JSON has no ∞. */
  readonly at?: number | "Infinity";
  /** How the new models were taken in. */
  readonly arm?: Arm;
  /** Labelled profile queries; absent where the arm uses none or all. */
  readonly n?: number;
  /** Models to choose from: old and new, or the new ones only. */
  readonly pool?: "all" | "new";
}

/**
 * Ways to handle unseen models: the router's own (`zero-update`, `fit-new-vector`), `retrain` with the n
 * labels, `clairvoyant` (trained with all their labels: upper reference), `ignore` them (floor).
 */
export type Arm = "zero-update" | "fit-new-vector" | "retrain" | "clairvoyant" | "ignore";

/**
 * Decisions along a router's quality-cost dial: its own, or the λ grid.
 * @param known what the router predicts for the queries, where that is known
 */
export async function curveOf(
  fitted: FittedRouter,
  queries: QueryBatch,
  pool: Pool,
  router: Router,
  known?: PointPredictions,
): Promise<{ columns: Column[]; choices: Uint16Array[] }> {
  if (fitted.dial) {
    const columns: Column[] = [], choices: Uint16Array[] = [];
    for (const at of fitted.dial.values) {
      columns.push({ kind: "curve", at });
      choices.push(decide(await fitted.dial.predict(queries, at), pool));
    }
    return { columns, choices };
  }
  const predictions = known ?? points(await fitted.predict(queries), router);
  const lambdas = lambdaGrid(pool);
  return {
    columns: lambdas.map((at) => ({ kind: "curve", at: at === Infinity ? "Infinity" : at })),
    choices: decideAlong(predictions, pool, lambdas),
  };
}

/** Narrows predictions to per-query ones. */
export function points(predictions: Predictions, router: Router): PointPredictions {
  if ("mixtures" in predictions) {
    throw new CapabilityError(
      `${router.name}: mixtures are for reference rows; a competing router predicts quality per query`,
    );
  }
  return predictions;
}
