/**
 * FrugalGPT's cascade, with a scorer that reads the reply.
 *
 * An ordered list of up to three models: the first is asked, g(query, reply) says how good its reply is, and from a
 * threshold on it is the answer; else the next one is asked. Every model that was asked is paid. The search
 * (`_cascade_search.ts`) tries every ordered list, with quantiles of g on the training queries still left as
 * thresholds, for the highest training score at a mean cost within a budget; the budget is the dial, the
 * headline has none.
 *
 * g is one ridge regression a model of its score, on the query's vector and features of the reply
 * (`_reply_features.ts`); FrugalGPT fine-tunes DistilBERT on both texts. In the search the g of a query comes from
 * regressions without the query's fold: a scorer that remembers its training scores would look perfect there.
 */
import type {
  Action,
  FittedSequential,
  Matrix,
  Observation,
  SequentialRouter,
  TrainingData,
} from "../src/router/mod.ts";
import { byId, seededOrder, takeTraining } from "../src/router/mod.ts";
import { ridgePath, ridgePredict, takeRows } from "../src/linalg/mod.ts";
import { type Cascade, search } from "./_cascade_search.ts";
import { formScaling, scaleForm, type Scaling, withReplies } from "./_reply_features.ts";

/** One configuration of the grid. */
export interface Config {
  /** Penalty of the scorers' ridge regressions, relative to trace(XᵀX)/D. */
  readonly rho: number;
}

const RHOS = [0.1, 0.01, 1], FOLDS = 5, LONGEST = 3;
/** Deviation of each feature of form; one of a query vector's numbers has about 0.06. */
const DEVIATION = 0.1;
/** Settings of the dial, from no budget (1) to the cheapest model's cost (0), denser towards the latter. */
const BUDGETS = Array.from({ length: 21 }, (_, i) => ((20 - i) / 20) ** 2);

/** All penalties share their folds and Gram matrices. */
const made = new WeakMap<
  Float64Array,
  { of: TrainingData["replies"]; scorers: Promise<Scorers> }
>();

/** The router. */
const router: SequentialRouter<Config> = {
  name: "cascade (reply scorer)",
  summary:
    "up to three models in turn: the first whose reply looks good enough answers, all asked are paid",
  source: "FrugalGPT (arXiv 2305.05176, TMLR 2024) and its released code",
  statement:
    "the scorer is a ridge regression on the query's vector and hashed words, length and form of the " +
    "reply, not DistilBERT; of long replies beginning and end are kept; thresholds from scores out of fold, the second " +
    "model's rounded down to one of 256 quantiles over all queries.",
  needs: ["cost", "replies"],
  effort: "seconds",
  horizon: LONGEST,
  grid: RHOS.map((rho) => ({ rho })),
  async fit(train, { rho }) {
    const known = made.get(train.scores);
    const scorers = known?.of === train.replies ? known!.scorers : scorersOf(train);
    made.set(train.scores, { of: train.replies, scorers });
    const { byRho, scalings } = await scorers;
    const { outOfFold, weights } = byRho[RHOS.indexOf(rho)];
    return acting(train.models, search(train, outOfFold, BUDGETS, "all"), weights, scalings);
  },
};
export default router;

/** @param cascades one a setting of the dial */
function acting(
  models: readonly string[],
  cascades: readonly Cascade[],
  weights: readonly Float64Array[],
  scalings: readonly Scaling[],
): FittedSequential {
  const lists = cascades.map(({ list }) => list.map((m) => models[m]).join(" → "));
  return {
    models,
    dial: { name: "budget", values: BUDGETS },
    async act(seen, budget = BUDGETS[0]) {
      const { list, thresholds } = cascades[BUDGETS.indexOf(budget)], { step } = seen;
      const all = (action: Action): Action[] => seen.queries.ids.map(() => action);
      if (step === 0) return all({ visit: list[0] });
      const last = list[step - 1];
      if (step === list.length) return all({ commit: last });
      const g = await ridgePredict(lastReplies(seen, scalings[last]), weights[last]);
      return Array.from(
        g,
        (value): Action => value >= thresholds[step - 1] ? { commit: last } : { visit: list[step] },
      );
    },
    describe: () => ({
      parameters: weights.reduce((sum, { length }) => sum + length, 0),
      notes: [`headline: ${lists[0]}`, `${new Set(lists).size} lists on the curve`],
    }),
  };
}

/** What was said last, beside the queries. */
function lastReplies({ queries, replies, step }: Observation, scaling: Scaling): Matrix {
  const x = withReplies(queries, replies.filter((_, at) => at % step === step - 1));
  scaleForm(x, scaling);
  return x;
}

/** Scorers of all models at one penalty. */
interface Scorer {
  /** g of every training query and model, from regressions without its fold, [N × M], NaN = no such fit. */
  readonly outOfFold: Float64Array;
  /** Model by model, from all training queries, as `ridgePredict` takes them. */
  readonly weights: readonly Float64Array[];
}

/** Scorers at all penalties. */
interface Scorers {
  /** In the order of the penalties. */
  readonly byRho: readonly Scorer[];
  /** Model by model. */
  readonly scalings: readonly Scaling[];
}

/** Fits scorers of all models and penalties; folds of about equal size, by a hash of the ids. */
async function scorersOf(train: TrainingData): Promise<Scorers> {
  // In the order of ids: sums of numbers off the grid depend on their order, to the last bit.
  const rows = [...byId(train.queries)], sorted = takeTraining(train, rows, "by id");
  const { queries, models, scores, replies } = sorted, M = models.length, N = rows.length;
  const order = seededOrder(queries.ids.keys(), (i) => queries.ids[i], 0, "cascade folds");
  const folds = Array.from({ length: FOLDS }, (_, fold) => ({
    test: order.filter((_, position) => position % FOLDS === fold),
    rest: order.filter((_, position) => position % FOLDS !== fold),
  })).filter(({ rest }) => rest.length > 0); // a single query has no other to learn from
  const byRho = RHOS.map(() => ({
    outOfFold: new Float64Array(N * M).fill(NaN),
    weights: [] as Float64Array[],
  }));
  const scalings: Scaling[] = [];
  for (let m = 0; m < M; m++) {
    const x = withReplies(queries, replies!.filter((_, at) => at % M === m));
    scalings.push(formScaling(x, DEVIATION));
    scaleForm(x, scalings[m]);
    const y = Float64Array.from({ length: N }, (_, i) => scores[i * M + m]);
    (await ridgePath(x, y, RHOS)).forEach(({ weights }, r) => byRho[r].weights.push(weights));
    for (const { test, rest } of folds) {
      const own = Float64Array.from(rest, (i) => y[i]);
      for (const [r, { weights }] of (await ridgePath(takeRows(x, rest), own, RHOS)).entries()) {
        const g = await ridgePredict(takeRows(x, test), weights);
        test.forEach((i, k) => byRho[r].outOfFold[rows[i] * M + m] = g[k]);
      }
    }
  }
  return { byRho, scalings };
}
