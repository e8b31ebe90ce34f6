/**
 * FrugalGPT's cascade, with a scorer that reads the reply.
 *
 * An ordered list of up to three models: the first is asked, g(query, reply) says how good its reply is, and from a
 * threshold on it is the answer; else the next one is asked. Every model that was asked is paid. The search
 * (`_cascade_search.ts`) tries every ordered list, with quantiles of g on the training queries still left as
 * thresholds, for the highest training score at a mean cost within a budget; the budget is the dial, the
 * headline has none.
 *
 * g is a small network on the query's vector, features of the reply and the model (`_reply_scorer.ts`); FrugalGPT
 * fine-tunes DistilBERT on both texts. In the search the g of a query comes from a network trained without the query's
 * fold: a scorer that remembers its training scores would look perfect there.
 */
import type { Action, FittedSequential, SequentialRouter } from "../src/router/mod.ts";
import { seededOrder } from "../src/router/mod.ts";
import { type Cascade, search } from "./_cascade_search.ts";
import { fitReplyScorer, type ReplyScorer, scorerData } from "./_reply_scorer.ts";

/** One configuration of the grid. */
export interface Config {
  /** Passes of the scorer's training over all replies. */
  readonly epochs: number;
}

const FOLDS = 4, LONGEST = 3;
/** Settings of the dial, from no budget (1) to the cheapest model's cost (0), denser towards the latter. */
const BUDGETS = Array.from({ length: 21 }, (_, i) => ((20 - i) / 20) ** 2);

/** The router. */
const router: SequentialRouter<Config> = {
  name: "cascade (reply scorer)",
  summary:
    "up to three models in turn: the first whose reply looks good enough answers, all asked are paid",
  source: "FrugalGPT (arXiv 2305.05176, TMLR 2024) and its released code",
  statement:
    "the scorer is a network with 64 hidden units on the query's vector, hashed words, length and form of the " +
    "reply and the model, not DistilBERT; of long replies beginning and end are kept; thresholds from scores out of " +
    "fold, the second model's rounded down to one of 256 quantiles over all queries.",
  needs: ["cost", "replies"],
  effort: "seconds",
  horizon: LONGEST,
  grid: [{ epochs: 6 }, { epochs: 12 }],
  async fit(train, { epochs }, context) {
    const { ids } = train.queries, M = train.models.length, data = scorerData(train);
    const order = seededOrder(ids.keys(), (i) => ids[i], 0, "cascade folds");
    const outOfFold = new Float64Array(ids.length * M).fill(NaN);
    const on = (rows: Iterable<number>, name: string): Promise<ReplyScorer> =>
      fitReplyScorer(data, new Set(rows), epochs, context.random.fork("scorer", name), context);
    for (let fold = 0; fold < FOLDS; fold++) {
      const held = order.filter((_, position) => position % FOLDS === fold);
      if (held.length === 0 || held.length === order.length) continue;
      const scorer = await on(order.filter((_, position) => position % FOLDS !== fold), `${fold}`);
      const g = await scorer.scoreRows(held);
      held.forEach((i, k) => outOfFold.set(g.subarray(k * M, (k + 1) * M), i * M));
    }
    const cascades = search(train, outOfFold, BUDGETS, "all");
    return acting(train.models, cascades, await on(order, "all"));
  },
};
export default router;

/** @param cascades one a setting of the dial */
function acting(
  models: readonly string[],
  cascades: readonly Cascade[],
  scorer: ReplyScorer,
): FittedSequential {
  const lists = cascades.map(({ list }) => list.map((m) => models[m]).join(" → "));
  return {
    models,
    dial: { name: "budget", values: BUDGETS },
    async act({ queries, replies, step }, budget = BUDGETS[0]) {
      const { list, thresholds } = cascades[BUDGETS.indexOf(budget)];
      const all = (action: Action): Action[] => queries.ids.map(() => action);
      if (step === 0) return all({ visit: list[0] });
      const last = list[step - 1];
      if (step === list.length) return all({ commit: last });
      const said = replies.filter((_, at) => at % step === step - 1);
      const g = await scorer.score(queries, said, last);
      return Array.from(
        g,
        (value): Action => value >= thresholds[step - 1] ? { commit: last } : { visit: list[step] },
      );
    },
    describe: () => ({
      parameters: scorer.parameters,
      notes: [`headline: ${lists[0]}`, `${new Set(lists).size} lists on the curve`],
    }),
  };
}
