/**
 * RouterDC (github.com/shuhao02/RouterDC), its seven-model tables. No costs.
 *
 * Generated answers score in multiples of 0.1. Multiple-choice sets hold the probability of the right
 * option, 0 where another one was preferred; the paper's evaluation counts any score above 0 as right, and
 * so does this reader, unless it is asked for the probabilities. The published run trained on the first
 * 1,000 rows of every train set: later ones have the level `after-1000`, by which a view leaves them out.
 *
 * The repository states no licence, so only this reader is here, never its records.
 * @module
 */
import { UsageError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import { dropRepeated, type Importer } from "./importer.ts";
import { fields, jsonFile, list, matching, number, text } from "./native.ts";
import { round4 } from "./python.ts";

/** Sets that the paper's evaluation calls "probability", and ARC-easy, which it leaves out. */
const PROBABILITIES = ["arc-challenge", "arc-easy", "ceval", "cmmlu", "math-prealgebra", "mmlu"];
/** Rows of a train set that the published run used. */
const USED = 1000;

/** Reads `datasets/split2_model7`; the split is in the file name, no suffix means test. */
export const routerdc: Importer = {
  name: "routerdc",
  about: "RouterDC's seven-model tables (JSON)",
  layout: ["datasets/split2_model7/<set>[_train|_test|-train|-test].json"],
  options: {
    scores: "probability: of the right option, in multiple-choice sets (accuracy if absent)",
    target: "probability: fits learn from it, accuracy is what counts (as the published protocol)",
  },
  async read(files, options, log) {
    const [kind = "accuracy"] = options.scores ?? [];
    if (kind !== "accuracy" && kind !== "probability") {
      throw new UsageError(`routerdc: scores are accuracy or probability, not "${kind}"`);
    }
    const [target] = options.target ?? [];
    if (target !== undefined && target !== "probability") {
      throw new UsageError(`routerdc: a target is probability, not "${target}"`);
    }
    const records: OutcomeRecord[] = [];
    const pattern = /^datasets\/split2_model7\/(.+)\.json$/;
    for (const { path, parts } of matching(files, pattern, routerdc.layout[0])) {
      const name = parts[0];
      const benchmark = name.replace(/[-_](train|test)$/, "").toLowerCase().replaceAll("_", "-");
      list(await jsonFile(files, path), path).forEach((item, i) => {
        const where = `${path}[${i}]`;
        const row = fields(item, where);
        const scores = Object.entries(fields(row.scores, `${where}.scores`));
        const split = name.endsWith("train") ? "train" : "test";
        const counted = kind === "accuracy" && PROBABILITIES.includes(benchmark);
        records.push({
          id: `routerdc-${name}-${i}`,
          benchmark,
          ...(split === "train" && i >= USED ? { level: "after-1000" } : {}),
          split,
          query: text(row.question, `${where}.question`),
          scores: Object.fromEntries(
            scores.map(([model, given]) => {
              const score = number(given, `${where}.${model}`);
              return [model, counted && score > 0 && score <= 1 ? 1 : round4(score)];
            }),
          ),
          ...(target && PROBABILITIES.includes(benchmark) && {
            target: Object.fromEntries(
              scores.map(([model, given]) => [model, round4(number(given, `${where}.${model}`))]),
            ),
          }),
        });
      });
    }
    log.steps.push({ what: "rows read", rows: records.length });
    const late = records.filter((record) => record.level !== undefined).length;
    if (late > 0) log.notes.push(`${late} train rows come after the first ${USED} of their set`);
    const train = new Set(records.filter((r) => r.split === "train").map((r) => r.query));
    const shared = records.filter((r) => r.split === "test" && train.has(r.query)).length;
    if (shared > 0) log.notes.push(`${shared} test queries are train queries too; they are kept`);
    return dropRepeated(records, log);
  },
};
