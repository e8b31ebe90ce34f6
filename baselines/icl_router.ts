/**
 * ICL-Router (table).
 */
import { iclRouter } from "../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table)",
  "a transformer reads each model's record on a few hundred queries and says whether it solves this one",
);
