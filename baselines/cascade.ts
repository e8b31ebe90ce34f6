/**
 * FrugalGPT's cascade with a scorer that reads the query only.
 *
 * A cascade is an ordered list of up to three models, with a threshold for all but the last: the first model with
 * g(x,m) ≥ its threshold is accepted, else the last one. FrugalGPT's g reads the reply, so every model on
 * the way is called and paid (`cascade_replies.ts`). This g is the score that a ridge regression predicts from the
 * query, for data without replies. What will be accepted is then known before anything is called, and only the
 * accepted model is called and paid: a router in disguise, with FrugalGPT's search.
 *
 * The search (`_cascade_search.ts`) tries every ordered list, with quantiles of g on the training queries still
 * left as thresholds, for the highest training score at a mean cost within a budget. The budget is the
 * dial; the headline has none. In the search the g of a query comes from regressions without the query's
 * fold: a scorer that has memorised its training scores would look like an oracle there, and its thresholds
 * and budgets would hold for no other query.
 */
import type { FittedRouter, QueryBatch, Router, TrainingData } from "../src/router/mod.ts";
import { onceFor, seededOrder, takeTraining } from "../src/router/mod.ts";
import { ridgePath, ridgePredict } from "../src/linalg/mod.ts";
import { accepted, type Cascade, search } from "./_cascade_search.ts";

/** One configuration of the grid. */
export interface Config {
  /** Penalty of the scorer's ridge regression, relative to trace(XᵀX)/D. */
  readonly rho: number;
}

const RHOS = [1, 0.1, 0.01, 10], FOLDS = 5;
/** Settings of the dial, from no budget (1) to the cheapest model's cost (0), denser towards the latter. */
const BUDGETS = Array.from({ length: 21 }, (_, i) => ((20 - i) / 20) ** 2);

/** All penalties share their folds and Gram matrices. */
const scorers = onceFor<Promise<Scorer[]>>();

/** The router. */
const router: Router<Config> = {
  name: "cascade (query scorer)",
  summary: "up to three models in turn: the first whose predicted score is high enough answers",
  source: "FrugalGPT (arXiv 2305.05176, TMLR 2024) and its released code",
  statement: "a router in disguise: no reply is read, and so only the accepted model is " +
    "called and paid; the scorer is a ridge regression on the query, not DistilBERT on query and reply; " +
    "thresholds from scores out of fold, the second model's rounded down to one of 256 quantiles over all queries.",
  needs: ["cost"],
  effort: "seconds",
  grid: RHOS.map((rho) => ({ rho })),
  scale: "rank",
  async fit(train, { rho }) {
    const all = await scorers(train.scores, () => scorersOf(train));
    const { outOfFold, weights } = all[RHOS.indexOf(rho)];
    return cascading(train.models, search(train, outOfFold, BUDGETS), weights);
  },
};
export default router;

/** @param cascades one a setting of the dial */
function cascading(
  models: readonly string[],
  cascades: readonly Cascade[],
  weights: Float64Array,
): FittedRouter {
  const M = models.length;
  const answers = async ({ vectors }: QueryBatch, cascade: Cascade): Promise<Float64Array> => {
    const g = await ridgePredict(vectors, weights), quality = new Float64Array(g.length);
    for (let start = 0; start < g.length; start += M) {
      quality[start + accepted(cascade, g.subarray(start, start + M))] = 1;
    }
    return quality;
  };
  const lists = cascades.map(({ list }) => list.map((m) => models[m]).join(" → "));
  return {
    models,
    predict: async (queries) => ({ quality: await answers(queries, cascades[0]) }),
    dial: {
      name: "budget",
      values: BUDGETS,
      predict: async (queries, budget) => ({
        quality: await answers(queries, cascades[BUDGETS.indexOf(budget)]),
      }),
    },
    describe: () => ({
      parameters: weights.length,
      notes: [`headline: ${lists[0]}`, `${new Set(lists).size} lists on the curve`],
    }),
  };
}

/** One penalty's scorer. */
interface Scorer {
  /** g of every training query, from regressions without its fold, [N × M], NaN = no such fit. */
  readonly outOfFold: Float64Array;
  /** From all training queries, as `ridgePredict` takes them. */
  readonly weights: Float64Array;
}

/** Fits scorers of all penalties; folds of about equal size, by a hash of the ids. */
async function scorersOf(train: TrainingData): Promise<Scorer[]> {
  const { queries: { ids, vectors }, models, scores } = train, M = models.length;
  const whole = await ridgePath(vectors, scores, RHOS);
  const made = whole.map(({ weights }) => ({
    weights,
    outOfFold: new Float64Array(scores.length),
  }));
  const order = seededOrder(ids.keys(), (i) => ids[i], 0, "cascade folds");
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = (inside: boolean): number[] =>
      order.filter((_, position) => (position % FOLDS === fold) === inside);
    const test = rows(true), rest = takeTraining(train, rows(false), `without fold ${fold}`);
    const held = takeTraining(train, test, `fold ${fold}`);
    if (rest.queries.ids.length === 0) continue; // a single query has no other to learn from
    const fits = await ridgePath(rest.queries.vectors, rest.scores, RHOS);
    for (const [r, { weights }] of fits.entries()) {
      const g = await ridgePredict(held.queries.vectors, weights);
      test.forEach((i, k) => made[r].outOfFold.set(g.subarray(k * M, (k + 1) * M), i * M));
    }
  }
  return made;
}
