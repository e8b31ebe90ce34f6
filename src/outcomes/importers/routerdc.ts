/**
 * RouterDC (github.com/shuhao02/RouterDC), its seven-model tables: scores of multiple-choice sets are
 * the probability of the right option, those of generated answers multiples of 0.1. No costs.
 *
 * The repository states no licence, so only this reader is here, never its records.
 * @module
 */
import type { OutcomeRecord } from "../record.ts";
import { dropRepeated, type Importer } from "./importer.ts";
import { fields, jsonFile, list, matching, number, text } from "./native.ts";
import { round4 } from "./python.ts";

/** Reads `datasets/split2_model7`; the split stands in the file name, no suffix means test. */
export const routerdc: Importer = {
  name: "routerdc",
  about: "RouterDC's seven-model tables (JSON)",
  layout: ["datasets/split2_model7/<set>[_train|_test|-train|-test].json"],
  options: {},
  async read(files, _options, log) {
    const records: OutcomeRecord[] = [];
    const pattern = /^datasets\/split2_model7\/(.+)\.json$/;
    for (const { path, parts } of matching(files, pattern, routerdc.layout[0])) {
      const name = parts[0];
      const benchmark = name.replace(/[-_](train|test)$/, "").toLowerCase().replaceAll("_", "-");
      list(await jsonFile(files, path), path).forEach((item, i) => {
        const where = `${path}[${i}]`;
        const row = fields(item, where);
        const scores = Object.entries(fields(row.scores, `${where}.scores`));
        records.push({
          id: `routerdc-${name}-${i}`,
          benchmark,
          split: name.endsWith("train") ? "train" : "test",
          query: text(row.question, `${where}.question`),
          scores: Object.fromEntries(
            scores.map(([model, score]) => [model, round4(number(score, `${where}.${model}`))]),
          ),
        });
      });
    }
    log.steps.push({ what: "rows read", rows: records.length });
    const train = new Set(records.filter((r) => r.split === "train").map((r) => r.query));
    const shared = records.filter((r) => r.split === "test" && train.has(r.query)).length;
    if (shared > 0) log.notes.push(`${shared} test queries are train queries too; they are kept`);
    return dropRepeated(records, log);
  },
};
