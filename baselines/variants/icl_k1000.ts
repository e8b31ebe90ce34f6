/**
 * ICL-Router (table) with a profile of 1000 queries.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, K = 1000)",
  "records of 1000 queries",
  { profile: 1000 },
);
