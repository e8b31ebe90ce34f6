/**
 * The part of RouterBench that RouterDC's repository carries as CSV (`datasets/routerbench_zs`): per
 * model a score and the dollars really paid. RouterBench's own pickle files are never read here, since
 * loading a pickle runs code; convert those to records outside.
 *
 * Like the repository it states no licence.
 * @module
 */
import { significant } from "../pricing.ts";
import type { OutcomeRecord } from "../record.ts";
import { openCsv } from "./csv.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { matching } from "./native.ts";
import { floatOf, round4, stringList } from "./python.ts";

const COST = "|total_cost";

/** Reads every `<set>_train.csv` and `<set>_test.csv`. */
export const routerbenchCsv: Importer = {
  name: "routerbench-csv",
  about: "the RouterBench part of RouterDC's repository (CSV, with real costs)",
  layout: ["datasets/routerbench_zs/<set>_<train|test>.csv"],
  options: {},
  async read(files, _options, log) {
    const records: OutcomeRecord[] = [];
    let rows = 0;
    const pattern = /^datasets\/routerbench_zs\/(.+)_(train|test)\.csv$/;
    for (const { path, parts } of matching(files, pattern, routerbenchCsv.layout[0])) {
      const table = await openCsv(files, path);
      const id = table.column("sample_id"), prompt = table.column("prompt");
      const models = table.header.filter((name) => name.endsWith(COST)).map((name) => ({
        name: name.slice(0, -COST.length),
        score: table.column(name.slice(0, -COST.length)),
        cost: table.column(name),
      }));
      for await (const row of table.rows) {
        rows++;
        if (models.some((model) => row[model.score] === "" || row[model.cost] === "")) {
          drop(log, "an empty score or cost");
          continue;
        }
        const where = `${path}: ${row[id]}`;
        const text = row[prompt];
        const of = (read: (m: typeof models[number]) => number): Record<string, number> =>
          Object.fromEntries(models.map((model) => [model.name, read(model)]));
        records.push({
          id: `routerbench-${row[id]}`,
          benchmark: parts[0].replaceAll("_", "-"),
          split: parts[1] as "train" | "test",
          query: text.startsWith("[") ? stringList(text, where).join("\n") : text,
          scores: of((model) => round4(floatOf(row[model.score], where))),
          costs: of((model) => significant(floatOf(row[model.cost], where))),
        });
      }
    }
    log.steps.push({ what: "rows read", rows });
    return dropRepeated(records, log);
  },
};
