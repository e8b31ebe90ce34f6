/**
 * ICL-Router (table) without stage 1: what reconstruction is worth.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, no stage 1)",
  "trained on records alone, from random weights",
  { withoutStage1: true },
);
