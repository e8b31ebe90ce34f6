/**
 * Controls of ICL-Router (prior-fitted): does it read which queries a model solved, and whose record it is?
 */
import {
  byId,
  type FittedRouter,
  type ModelProfiles,
  random,
  type Router,
} from "../../src/router/mod.ts";
import prior, { type Config } from "../icl_router_prior.ts";

/** Records of some models on the same queries. */
type Records = Pick<ModelProfiles, "queries" | "models" | "scores">;

/** Control: the scores of every record are permuted among its queries. */
export const icl_prior_shuffled: Router<Config> = control(
  "ICL-Router (prior-fitted), shuffled",
  "control: every record's scores are permuted within the record",
  ({ queries, models, scores }) => {
    const M = models.length, rows = byId(queries), out = scores.slice();
    models.forEach((model, m) => {
      const others = random(0, "shuffled", model).shuffle(rows.slice());
      rows.forEach((row, i) => out[others[i] * M + m] = scores[row * M + m]);
    });
    return out;
  },
);

/** Control: every model is shown with the record of the next one, the last with that of the first. */
export const icl_prior_swapped: Router<Config> = control(
  "ICL-Router (prior-fitted), swapped",
  "control: models exchange their records",
  ({ models, scores }) => {
    const M = models.length;
    const next = models.toSorted().map((model, i, all) => [model, all[(i + 1) % M]]);
    const of = models.map((model) => models.indexOf(next.find(([own]) => own === model)![1]));
    return scores.map((_, at) => scores[at - at % M + of[at % M]]);
  },
);

function control(
  name: string,
  summary: string,
  change: (records: Records) => Float64Array,
): Router<Config> {
  const changed = <R extends Records>(records: R): R => ({ ...records, scores: change(records) });
  return {
    ...prior,
    name,
    summary,
    fit: async (train, config, context): Promise<FittedRouter> => {
      const { validation } = train;
      const shown = { ...changed(train), validation: validation && changed(validation) };
      const fitted = await prior.fit(shown, config, context);
      return {
        ...fitted,
        withModels: (profiles) => fitted.withModels!(changed(profiles)),
      };
    },
  };
}
