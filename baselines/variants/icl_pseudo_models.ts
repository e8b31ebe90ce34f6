/**
 * ICL-Router (table) with more models to learn from than there are.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, pseudo-models)",
  "ten made-up models for every real one: per benchmark, the outcomes of a random real model",
  { pseudoModels: 10 },
);
