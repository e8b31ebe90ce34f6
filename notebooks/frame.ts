/**
 * Tables as danfojs data frames. danfojs is large (390 MB with its parts) and hardly maintained: this file is all that
 * knows it, and it lies here, outside `src/`, so that nothing but notebooks installs it. Version 1.1.2 with the
 * overrides of `package.json` beside this file is the one that Deno can install.
 */
import { DataFrame } from "npm:danfojs-node@1.1.2";
import { table } from "icl-router-bench";

/** A data frame that a cell can end with. */
export type Frame = DataFrame;

// Shown as the tables of the other notebooks are, not as danfojs prints, which cuts long ones. Groups come back as
// frames of a class of their own, so the way to show them is set on what all frames have in common.
let common = DataFrame.prototype as object;
while (Object.getPrototypeOf(common) !== Object.prototype) common = Object.getPrototypeOf(common);
Object.defineProperty(common, Symbol.for("Jupyter.display"), {
  value(this: DataFrame) {
    const shown = table(this.columns, this.values as unknown[][]);
    return (shown as unknown as Record<symbol, () => Promise<unknown>>)[
      Symbol.for("Jupyter.display")
    ]();
  },
});

/**
 * A data frame of rows; missing is NaN.
 *
 * ```ts
 * frame([{ model: "a", score: 1 }, { model: "b", score: 0 }]).groupby(["model"]).agg({ score: "mean" })
 * ```
 */
export function frame(
  rows: readonly Readonly<Record<string, string | number>>[],
): Frame {
  return new DataFrame([...rows]);
}
