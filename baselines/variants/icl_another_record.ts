/**
 * Control: does ICL-Router read whose record it is shown? Every model is presented with the next model's.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table), records swapped",
  "control: the network of ICL-Router (table), each model with the next one's record",
  {},
  "another",
);
