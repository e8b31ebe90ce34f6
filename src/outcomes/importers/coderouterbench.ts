/**
 * CodeRouterBench (Hugging Face Lance1573/CodeRouterBench): coding tasks × eight models in CSV, a row a task and
 * model, with tokens and dollars. The 9,999 tasks of the main part are published without their texts, so a router
 * has nothing to read: they are counted and left out. The 176 tasks of the second part have theirs.
 *
 * `resolved` counts as it stands: an answer that could not be applied or graded was not a solution.
 * @module
 */
import { significant } from "../pricing.ts";
import type { OutcomeRecord } from "../record.ts";
import { openCsv } from "./csv.ts";
import { drop, dropRepeated, type Importer, type ImportLog } from "./importer.ts";
import { jsonLines, label, matching, type NativeFiles } from "./native.ts";
import { floatOf, round4 } from "./python.ts";
import { DataError } from "../../base/errors.ts";

const LAYOUT = "<id_probing|id_test|ood176>_results_long.csv";

/** Columns of scores and tokens, by part. */
const COLUMNS: Readonly<Record<string, readonly [score: string, input: string, output: string]>> = {
  id_probing: ["score", "input_tokens", "output_tokens"],
  id_test: ["score", "input_tokens", "output_tokens"],
  ood176: ["resolved", "in_tok", "out_tok"],
};

/** Reads the parts that are there. */
export const coderouterbench: Importer = {
  name: "coderouterbench",
  about: "CodeRouterBench's coding tasks (CSV, JSON lines)",
  layout: [LAYOUT, "<part>_tasks.jsonl"],
  options: {},
  async read(files, _options, log) {
    const records: OutcomeRecord[] = [];
    const pattern = /^(id_probing|id_test|ood176)_results_long\.csv$/;
    for (const { path, parts: [part] } of matching(files, pattern, LAYOUT)) {
      for (const record of await readPart(files, path, part, log)) records.push(record);
    }
    return dropRepeated(records, log);
  },
};

async function readPart(
  files: NativeFiles,
  path: string,
  part: string,
  log: ImportLog,
): Promise<OutcomeRecord[]> {
  const tasks = new Map<string, OutcomeRecord>(), silent = new Set<string>();
  for (const task of await jsonLines(files, `${part}_tasks.jsonl`)) {
    const id = label(task.task_id, `${part}_tasks.jsonl: task_id`),
      where = `${part}_tasks.jsonl: ${id}`;
    const prompt = task.prompt ?? task.task_text ?? task.text;
    if (typeof prompt !== "string" || prompt.trim() === "") silent.add(id);
    else {
      tasks.set(id, {
        id: `coderouterbench-${part.replace("_", "-")}-${id}`,
        benchmark: label(task.bench ?? task.dimension, `${where}: bench`),
        ...(task.bench !== undefined && task.dimension !== undefined && {
          task: label(task.dimension, `${where}: dimension`),
        }),
        ...(typeof task.difficulty === "string" && task.difficulty && { level: task.difficulty }),
        split: part === "id_probing" ? "train" : "test",
        query: prompt,
        scores: {},
      });
    }
  }
  const table = await openCsv(files, path), [score, input, output] = COLUMNS[part];
  const at = (name: string): number => table.column(name);
  const columns = {
    ...{ task: at("task_id"), model: at("model"), score: at(score), cost: at("cost_usd") },
    ...{ input: at(input), output: at(output), latency: table.header.indexOf("latency_ms") },
  };
  let rows = 0;
  for await (const row of table.rows) {
    rows++;
    const id = row[columns.task], model = row[columns.model], where = `${path}: ${id}, ${model}`;
    const record = tasks.get(id);
    if (!record) {
      if (!silent.has(id)) throw new DataError(`${where}: expected a task of ${part}_tasks.jsonl`);
      continue;
    }
    if (row[columns.score] === "") {
      drop(log, "row without a score");
      continue;
    }
    if (Object.hasOwn(record.scores, model)) throw new DataError(`${where}: there is a row before`);
    record.scores[model] = round4(floatOf(row[columns.score], where));
    const [cost, tokensIn, tokensOut] = [
      row[columns.cost],
      row[columns.input],
      row[columns.output],
    ];
    if (tokensIn !== "" && tokensOut !== "") {
      (record.tokens ??= {})[model] = [floatOf(tokensIn, where), floatOf(tokensOut, where)];
    }
    if (cost !== "") (record.costs ??= {})[model] = significant(floatOf(cost, where));
    const latency = columns.latency < 0 ? "" : row[columns.latency];
    if (latency !== "") (record.latency_ms ??= {})[model] = floatOf(latency, where);
  }
  log.steps.push({ what: `rows of ${path}`, rows });
  drop(log, "task published without its text", silent.size);
  const scored = [...tasks.values()].filter(({ scores }) => Object.keys(scores).length > 0);
  drop(log, "task without any score", tasks.size - scored.length);
  log.steps.push({ what: `tasks of ${path} with text and score`, rows: scored.length });
  return scored;
}
