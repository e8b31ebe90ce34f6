/**
 * ICL-Router (table) that is shown records of many lengths and orders.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table, varied K)",
  "record length and order drawn anew at each step",
  { variedLength: true },
);
