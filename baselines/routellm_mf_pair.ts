/**
 * RouteLLM's matrix factorisation in the paper's own setting: a strong and a weak model, and a threshold.
 *
 *   P(strong beats weak on x) = σ( δ(strong,x) − δ(weak,x) ),   strong if P > threshold
 *
 * δ is learned from the wins of all models (`routellm_mf.ts`); then only two of them are routed between, the
 * best single model and the cheapest one. P is the chance that the strong model wins where one of the two
 * does, so at λ = 0, quality only, the threshold is ½: with answers right or wrong, the strong model has the
 * higher expected score above it, the weak one below. From there the dial raises the threshold, towards
 * fewer strong calls (`_two_models.ts`). In a pool of two models the harness also reports APGR and CPT.
 */
import type { QueryBatch, Router } from "../src/router/mod.ts";
import { betweenTwo, pairOf } from "./_two_models.ts";
import { type Config, DEPARTURES, factorise, GRID } from "./routellm_mf.ts";

/** Where strong and weak model are equally likely to win. */
const EVEN = 0.5;

/** The router. */
const router: Router<Config> = {
  name: "RouteLLM-MF (two models)",
  summary: "the best single model if it is likely enough to beat the cheapest one",
  source: "RouteLLM (arXiv 2406.18665, ICLR 2025), matrix factorisation, and its released code",
  statement: "strong = best single, weak = cheapest model of the training rows, no other " +
    `model is ever chosen; headline at P > ½, the curve raises the threshold; ${DEPARTURES}.`,
  needs: ["cost"],
  effort: "seconds",
  grid: GRID,
  scale: "rank",
  async fit(train, config, context) {
    const { models, queries } = train, M = models.length, pair = pairOf(train);
    const { delta, parameters, note } = await factorise(train, config, context);
    const strength = async (batch: QueryBatch): Promise<Float64Array> => {
      const d = await delta(batch);
      return Float64Array.from(
        batch.ids,
        (_, i) => 1 / (1 + Math.exp(d[i * M + pair.weak] - d[i * M + pair.strong])),
      );
    };
    const known = await strength(queries);
    return betweenTwo({
      models,
      pair,
      strength,
      known,
      least: EVEN,
      headline: 1,
      parameters,
      notes: [note],
    });
  },
};
export default router;
