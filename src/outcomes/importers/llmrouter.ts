/**
 * The example data of LLMRouter (github.com/ulab-uiuc/LLMRouter): scores are in
 * `data/dcrouter_preprocessed`, the task of a query in `data/example_data/query_data`.
 *
 * A train query that is a test query too stays in test only. GPQA is left out: its authors ask that its
 * questions not be posted. The source gives neither tokens nor costs.
 * @module
 */
import type { OutcomeRecord } from "../record.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { fields, jsonFile, jsonLines, list, number, text } from "./native.ts";
import { byCodePoint, round4 } from "./python.ts";

/** Reads both parts; the split is the source's. */
export const llmrouter: Importer = {
  name: "llmrouter",
  about: "LLMRouter's example data (JSON, JSON lines)",
  layout: [
    "data/dcrouter_preprocessed/<train|test>.json",
    "data/example_data/query_data/default_query_<train|test>.jsonl",
  ],
  options: {},
  async read(files, _options, log) {
    const records: OutcomeRecord[] = [];
    let rows = 0;
    for (const split of ["train", "test"] as const) {
      const taskOf = new Map<string, string>();
      const named = `data/example_data/query_data/default_query_${split}.jsonl`;
      for (const row of await jsonLines(files, named)) {
        const query = text(row.query, `${named}: query`);
        if (!taskOf.has(query)) taskOf.set(query, text(row.task_name, `${named}: task_name`));
      }
      const path = `data/dcrouter_preprocessed/${split}.json`;
      list(await jsonFile(files, path), path).forEach((item, i) => {
        rows++;
        const where = `${path}[${i}]`;
        const row = fields(item, where);
        const query = text(row.question, `${where}.question`);
        const task = taskOf.get(query);
        if (!task) return drop(log, "no task of that query");
        const scores = Object.entries(fields(row.scores, `${where}.scores`));
        records.push({
          id: `llmrouter-${split}-${i}`,
          benchmark: task.replaceAll("_", "-"),
          split,
          query,
          scores: Object.fromEntries(
            scores.sort(([a], [b]) => byCodePoint(a, b))
              .map(([model, score]) => [model, round4(number(score, `${where}.${model}`))]),
          ),
        });
      });
    }
    log.steps.push({ what: "rows read", rows });
    const tested = new Set(records.filter((r) => r.split === "test").map((r) => r.query));
    const apart = records.filter((r) => r.split === "test" || !tested.has(r.query));
    drop(log, "a train query that is a test query too", records.length - apart.length);
    log.steps.push({ what: "train and test made disjoint", rows: apart.length });
    const postable = apart.filter((r) => r.benchmark !== "gpqa");
    drop(log, "GPQA, not to be posted", apart.length - postable.length);
    return dropRepeated(postable, log);
  },
};
