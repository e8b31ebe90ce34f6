/**
 * Control: kNN over ICL-Router's profile, the same K queries and labels that its records are made of.
 */
import { type Router, takeTraining } from "../../src/router/mod.ts";
import { presetFor } from "../../src/icl/presets.ts";
import { profileOf } from "../../src/icl/profile.ts";
import knn, { type Config } from "../knn.ts";

/** The router. */
const router: Router<Config> = {
  ...knn,
  name: "kNN over the profile",
  summary: "control: mean score on the k nearest of the profile queries",
  refit: "train", // as ICL-Router, so that the list is the same
  fit: (train, config, context) => {
    const length = presetFor(train.queries.ids.length).profile;
    const at = new Map(train.queries.ids.map((id, i) => [id, i]));
    // Of a list that goes on into validation rows, the training rows.
    const ids = profileOf(train, length, context).ids.filter((id) => at.has(id));
    const rows = ids.map((id) => at.get(id)!);
    return knn.fit(takeTraining(train, rows, `profile/${ids.join(" ")}`), config, context);
  },
};
export default router;
