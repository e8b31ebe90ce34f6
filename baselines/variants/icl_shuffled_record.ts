/**
 * Control: does ICL-Router read which queries a model solved? The labels of every record are shuffled when it counts.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table), records shuffled",
  "control: the network of ICL-Router (table), shown records with permuted labels",
  {},
  "shuffled",
);
