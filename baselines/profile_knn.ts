/**
 * kNN over the profile: kNN that knows no more of a model than ICL-Router does.
 *
 * ICL-Router reads every model's record on one list of K queries, chosen so that some models solve them and
 * others do not (`src/icl/profile.ts`). Here the same K queries and labels vote: a model's predicted score
 * is its mean score on the nearest of them. What ICL-Router has beyond this row, its network has learned.
 */
import {
  type FitContext,
  onceFor,
  type Router,
  takeTraining,
  type TrainingData,
} from "../src/router/mod.ts";
import { presetFor } from "../src/icl/presets.ts";
import { profileOf } from "../src/icl/profile.ts";
import knn, { type Config, type FewLabels } from "./knn.ts";

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "kNN over the profile",
  summary: "mean score on the k nearest of ICL-Router's profile queries, the same list and labels",
  source: "ours: kNN with ICL-Router's information (arXiv 2510.09719, §3.2)",
  grid: knn.grid,
  refit: "train", // as ICL-Router, so that the list is the same
  unseen: knn.unseen,
  unseenGrid: knn.unseenGrid,
  fit: async (train, config, context) => {
    const { stage, seed, profile = [] } = context;
    const make = (): TrainingData => profileRows(train, context);
    const part = profiles(train.scores, make, [stage, seed, ...profile].join(" "));
    const fitted = await knn.fit(part, config, context);
    return {
      ...fitted,
      describe: () => ({
        ...fitted.describe(),
        notes: [`${part.queries.ids.length} profile queries`],
      }),
    };
  },
};
export default router;

/** Profiles, once for all configurations. */
const profiles = onceFor<TrainingData>();

/** The training rows of the profile, also of a list that goes on into validation rows. */
function profileRows(train: TrainingData, context: FitContext): TrainingData {
  const length = presetFor(train.queries.ids.length).profile;
  const at = new Map(train.queries.ids.map((id, i) => [id, i]));
  const ids = profileOf(train, length, context).ids.filter((id) => at.has(id));
  return takeTraining(train, ids.map((id) => at.get(id)!), `profile/${ids.join(" ")}`);
}
