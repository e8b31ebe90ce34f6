/**
 * ICL-Router (table) with a profile of 100 queries.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, K = 100)",
  "records of 100 queries",
  { profile: 100 },
);
