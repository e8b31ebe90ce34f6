/**
 * ICL-Router (table) with graded scores as labels of stage 2.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, soft labels)",
  "graded scores in the loss",
  { softLabels: true },
);
