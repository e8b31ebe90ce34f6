/**
 * Control: a learned embedding per model in place of its record. As good in-distribution: the record is but a name.
 */
import { iclRouter } from "../../src/icl/router.ts";

/** The router. */
export default iclRouter(
  "ICL-Router (table), names for records",
  "control: one learned token per model in place of its record",
  { identity: true },
);
