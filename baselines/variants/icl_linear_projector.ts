/**
 * ICL-Router (table) with one linear layer as projector.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, linear projector)",
  "one bias-free layer from vector to token",
  { linearProjector: true },
);
