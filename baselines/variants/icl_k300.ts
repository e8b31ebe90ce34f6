/**
 * ICL-Router (table) with a profile of 300 queries.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, K = 300)",
  "records of 300 queries",
  { profile: 300 },
);
