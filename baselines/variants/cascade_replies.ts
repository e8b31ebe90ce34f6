/** Controls of the cascade that reads replies. */
import cascade, { type Config } from "../cascade_replies.ts";
import { blanked, type SequentialRouter, TIE, tieOrder } from "../../src/router/mod.ts";
import { fitReplyScorer, scorerData } from "../_reply_scorer.ts";

/** The same cascade, whose scorer sees empty replies: what it earns more than this, it reads. */
export const cascade_replies_blanked: SequentialRouter<Config> = blanked(cascade);

/** All models are asked and paid, and the reply that looks best answers: what the scorer knows, whatever it costs. */
export const best_reply: SequentialRouter<Config> = {
  name: "best-looking reply of all",
  summary: "asks every model, pays all, and answers with the reply of the highest g",
  source: "control: the scorer of the cascade without its lists and thresholds",
  statement: "pays for every model of the pool; the scorer is the cascade's.",
  needs: ["replies"],
  effort: "seconds",
  horizon: 256,
  grid: cascade.grid,
  async fit(train, { epochs }, context) {
    const { models } = train, order = [...tieOrder(train)], M = models.length;
    const rows = new Set(train.queries.ids.keys());
    const random = context.random.fork("scorer", "all");
    const scorer = await fitReplyScorer(scorerData(train), rows, epochs, random, context);
    return {
      models,
      async act({ queries, replies, step }) {
        if (step < M) return queries.ids.map(() => ({ visit: order[step] }));
        const g = await Promise.all(
          order.map((m, k) => scorer.score(queries, replies.filter((_, at) => at % M === k), m)),
        );
        return queries.ids.map((_, i) => {
          const best = order.keys().reduce((best, k) => g[k][i] > g[best][i] + TIE ? k : best);
          return { commit: order[best] };
        });
      },
      describe: () => ({ parameters: scorer.parameters }),
    };
  },
};

/** The best-looking of empty replies: a router by the query, and a dear one. */
export const best_reply_blanked: SequentialRouter<Config> = blanked(best_reply);
