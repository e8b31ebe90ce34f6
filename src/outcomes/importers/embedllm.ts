/**
 * EmbedLLM's correctness tables (Hugging Face RZ412/EmbedLLM): one CSV row for each model and prompt,
 * right or wrong. No tokens or costs. Files may be larger than memory; they are streamed.
 *
 * A (model, prompt) pair that occurs twice with the same label counts once. With different labels
 * it is unknown which holds (the authors' kNN takes the larger), so the cell is left missing and counted.
 * `val.csv` belongs to the training side: its split is "train", its ids say "val".
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import { openCsv } from "./csv.ts";
import { drop, dropRepeated, type Importer, type ImportLog } from "./importer.ts";
import { matching, type NativeFiles } from "./native.ts";
import { floatOf, round4 } from "./python.ts";

/** Reads the parts that are there, train, val, test. */
export const embedllm: Importer = {
  name: "embedllm",
  about: "EmbedLLM's correctness tables (CSV, one row a model and prompt)",
  layout: ["<train|val|test>.csv"],
  options: {},
  async read(files, _options, log) {
    const found = matching(files, /^(train|val|test)\.csv$/, embedllm.layout[0]);
    const records: OutcomeRecord[] = [];
    for (const part of ["train", "val", "test"]) {
      if (found.some(({ parts }) => parts[0] === part)) {
        for (const record of await readPart(files, part, log)) records.push(record);
      }
    }
    log.steps.push({ what: "prompts", rows: records.length });
    return dropRepeated(records, log);
  },
};

async function readPart(
  files: NativeFiles,
  part: string,
  log: ImportLog,
): Promise<OutcomeRecord[]> {
  const path = `${part}.csv`;
  const table = await openCsv(files, path);
  const promptId = table.column("prompt_id"), prompt = table.column("prompt");
  const model = table.column("model_name"), label = table.column("label");
  const category = table.header.indexOf("category"); // not in every release
  const records = new Map<string, OutcomeRecord>();
  const conflicts = new Set<string>();
  let rows = 0;
  for await (const row of table.rows) {
    rows++;
    const id = row[promptId], name = row[model];
    const where = `${path}: prompt ${id}, model ${name}`;
    let record = records.get(id);
    if (!record) {
      record = {
        id: `embedllm-${part}-${id}`,
        benchmark: (category < 0 ? "" : row[category]) || "embedllm",
        split: part === "test" ? "test" : "train",
        query: row[prompt],
        scores: {},
      };
      records.set(id, record);
    } else if (record.query !== row[prompt]) {
      throw new DataError(`${where}: expected the text this prompt_id had before, got another`);
    }
    const score = round4(floatOf(row[label], `${where}: label`));
    const earlier = record.scores[name];
    if (earlier === undefined) record.scores[name] = score;
    else if (earlier === score) drop(log, "the same model, prompt and label again");
    else conflicts.add(JSON.stringify([id, name]));
  }
  log.steps.push({ what: `rows of ${path}`, rows });
  for (const pair of conflicts) {
    const [id, name] = JSON.parse(pair) as [string, string];
    delete records.get(id)!.scores[name];
  }
  drop(log, "cell with contradicting labels, now missing", conflicts.size);
  const scored = [...records.values()].filter((record) => Object.keys(record.scores).length > 0);
  drop(log, "prompt without any score left", records.size - scored.length);
  return scored;
}
