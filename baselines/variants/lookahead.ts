/** Controls of Lookahead (latent regression), and what it could win at most. */
import router, { type Config, learnLookahead } from "../lookahead.ts";
import { readLatents } from "../_reply_latents.ts";
import {
  byId,
  type Router,
  seededOrder,
  type SequentialRouter,
  TIE,
  tieOrder,
  type TrainingData,
} from "../../src/router/mod.ts";

const EPOCHS: readonly Config[] = [20, 10].map((epochs) => ({ lambda: 0, epochs }));

/** The same network, which foresees nothing: what the router earns more than this, replies taught it. */
export const lookahead_no_reconstruction: Router<Config> = {
  ...router,
  name: `${router.name}, λ = 0`,
  summary: "control: the same network, trained to choose only",
  grid: EPOCHS,
};

/** The same router, which foresees replies to other queries: whether the second task helps by itself. */
export const lookahead_shuffled: Router<Config> = {
  ...router,
  name: `${router.name}, replies shuffled`,
  summary: "control: the same network, which learns to foresee the replies to other queries",
  fit: (train, config, context) => router.fit(shuffled(train, context.seed), config, context),
};

/** Every query gets all models' replies to another one, by their ids. */
function shuffled(train: TrainingData, seed: number): TrainingData {
  const { queries, models, replies = [], validation } = train, M = models.length;
  const to = byId(queries), from = seededOrder(to, (i) => queries.ids[i], seed, "shuffled replies");
  const given = new Array(replies.length);
  to.forEach((row, k) => {
    for (let m = 0; m < M; m++) given[row * M + m] = replies[from[k] * M + m];
  });
  return {
    ...train,
    replies: given,
    ...(validation && { validation: shuffled(validation, seed) }),
  };
}

/**
 * The same network on the true replies of all models, which it pays for: no router that foresees replies
 * can be expected to choose better.
 */
export const lookahead_true_replies: SequentialRouter<Config> = {
  name: "Lookahead, true replies",
  summary: "asks every model, pays all, and chooses by all replies together",
  source: "control: the upper reference of Lookahead Routing (arXiv 2510.19506)",
  statement:
    "pays for every model of the pool; the network is that of Lookahead (latent regression).",
  needs: ["replies"],
  effort: "seconds",
  horizon: 256,
  grid: EPOCHS,
  async fit(train, config, context) {
    const { models } = train, M = models.length, order = [...tieOrder(train)];
    const settings = { ...config, given: true };
    const { network, columns, reading } = await learnLookahead(train, settings, context);
    return {
      models,
      async act({ queries: { ids, texts, vectors }, replies, step }) {
        if (step < M) return ids.map(() => ({ visit: columns[step] }));
        const chances = await network.chances(vectors, readLatents(texts, replies, reading));
        return ids.map((_, i) => {
          const of = (m: number): number => chances[i * M + columns.indexOf(m)];
          const known = order.filter((m) => !Number.isNaN(of(m)));
          return { commit: known.reduce((best, m) => of(m) > of(best) + TIE ? m : best) };
        });
      },
      describe: () => ({ parameters: network.parameters }),
    };
  },
};
