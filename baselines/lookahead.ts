/**
 * Lookahead (latent regression): foresees what every model would say, and chooses by all of that together.
 *
 * Labels depend on replies that a router does not see. So the network (`_lookahead.ts`) learns from the query two
 * things at once: a latent of each model's reply, and, through these latents, which models do about as well
 * as the best. Replies are read in training only; at test time the query is all there is.
 *
 *   L = L_route + λ · L_resp,   label c_t = 1 where model t's score, scaled to 0…1 within the query, is 0.8 or more
 *
 * The paper's latents are states of a masked language model from which the first 64 tokens of the reply are
 * reconstructed; ours are regressed to features of the reply (`_reply_latents.ts`).
 */
import { byId, CapabilityError, type FitContext, type Router } from "../src/router/mod.ts";
import type { TrainingData } from "../src/router/mod.ts";
import { fitLookahead, type LookaheadNetwork, type Settings } from "./_lookahead.ts";
import { learnReading, type Reading } from "./_reply_latents.ts";

/** One configuration of the grid. */
export type Config = Pick<Settings, "lambda" | "epochs">;

/** From this share of the best on, a score counts as good; both scaled within the query. */
const GOOD = 0.8;

/** The router. */
const router: Router<Config> = {
  name: "Lookahead (latent regression)",
  summary: "foresees features of every model's reply, and chooses by all of them together",
  source: "Lookahead Routing (arXiv 2510.19506, NeurIPS 2025) and its released code",
  statement:
    "regresses features of replies (hashed words, length, form, agreement), does not reconstruct tokens; two hidden " +
    "layers of 128 units on the frozen query embedding in place of ModernBERT, no curriculum; λ weighs the share of " +
    "the features' variance left unexplained, λ and the number of epochs are tuned.",
  needs: ["replies"],
  effort: "seconds",
  scale: "rank",
  grid: [0.2, 1].flatMap((lambda) => [20, 10].map((epochs): Config => ({ lambda, epochs }))),
  async fit(train, config, context) {
    const { models } = train, M = models.length;
    const { network, columns, dropped } = await learnLookahead(train, config, context);
    return {
      models,
      async predict({ vectors }) {
        const chances = await network.chances(vectors), quality = new Float64Array(chances.length);
        chances.forEach((chance, at) => quality[at - at % M + columns[at % M]] = chance);
        return { quality };
      },
      describe: () => ({
        parameters: network.parameters,
        notes: dropped > 0 ? [`training rows left out, a model said nothing: ${dropped}`] : [],
      }),
    };
  },
};
export default router;

/**
 * Labels from scores [N × M]: 1 where a score, scaled to 0…1 between the query's least and greatest, is at least
 * 0.8. Where all are equal, all are good. Missing ones stay missing.
 */
export function goodEnough(scores: Float64Array, M: number): Float64Array {
  const labels = new Float64Array(scores.length);
  for (let from = 0; from < scores.length; from += M) {
    const row = scores.subarray(from, from + M), known = row.filter((s) => !Number.isNaN(s));
    const least = Math.min(...known), range = Math.max(...known) - least;
    row.forEach((s, m) => {
      labels[from + m] = Number.isNaN(s) ? NaN : Number(range === 0 || (s - least) / range >= GOOD);
    });
  }
  return labels;
}

/** What is learned from training data; the network's models are in ascending order of id. */
export interface Learned {
  /** The network. */
  readonly network: LookaheadNetwork;
  /** Columns of its models in the training data. */
  readonly columns: readonly number[];
  /** How it reads replies. */
  readonly reading: Reading;
  /** Rows that were left out. */
  readonly dropped: number;
}

/**
 * Learns from the rows where every model said something.
 * @throws {CapabilityError} when there is none
 */
export async function learnLookahead(
  { queries, models, scores, replies = [] }: TrainingData,
  settings: Settings,
  context: Pick<FitContext, "random" | "progress" | "signal">,
): Promise<Learned> {
  const columns = [...byId({ ids: models })];
  const { texts, vectors } = queries, M = models.length, N = texts.length;
  const cells = Array.from({ length: N }, (_, i) => columns.map((m) => i * M + m)).flat();
  const said = cells.map((at) => replies[at]);
  const rows = byId(queries).filter((i) =>
    said.slice(i * M, (i + 1) * M).every(({ text }) => text !== "")
  );
  if (rows.length === 0) {
    throw new CapabilityError("no training query to which every model said something");
  }
  const { reading, ...read } = learnReading(texts, said, M, rows);
  const labels = goodEnough(Float64Array.from(cells, (at) => scores[at]), M);
  const ordered = columns.map((m) => models[m]);
  const lessons = { models: ordered, vectors, labels, rows, ...read };
  const network = await fitLookahead(lessons, settings, context);
  return { network, columns, reading, dropped: N - rows.length };
}
