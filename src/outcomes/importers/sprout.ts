/**
 * SPROUT (Hugging Face CARROT-LLM-Routing/SPROUT): parquet with a row a prompt and a struct a model: score of a
 * judge model, true counts of tokens, reply and the judge's words. No prices: costs come from a price list.
 * Validation rows belong to the training side: their split is "train", their ids say "validation".
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { parquetValues } from "../parquet.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { type Fields, fields, label, matching, number, text } from "./native.ts";
import { round4 } from "./python.ts";

const LAYOUT = "data/<train|validation|test>-<part>-of-<parts>.parquet";
const PATTERN = /^data\/(train|validation|test)-\d+-of-\d+\.parquet$/;
/** Columns that are no model. */
const ABOUT = ["key", "dataset", "dataset_level", "dataset_idx", "prompt", "golden_answer"];
const PARTS = ["train", "validation", "test"];

/** Reads all parts: train, validation, test. */
export const sprout: Importer = {
  name: "sprout",
  about: "SPROUT's outcomes with true token counts (parquet)",
  layout: [LAYOUT],
  options: {},
  async read(files, _options, log) {
    const records: OutcomeRecord[] = [];
    const ids = new Map<string, number>();
    let cells = 0;
    const found = matching(files, PATTERN, LAYOUT);
    for (const part of PARTS) {
      for (const { path } of found.filter(({ parts }) => parts[0] === part)) {
        let line = 0;
        for await (const rows of parquetValues(await files.read(path), path)) {
          for (const row of rows) {
            const record = recordOf(row, part, `${path}: row ${++line}`);
            // The key may come again in another part, or not be unique at all.
            const times = (ids.get(record.id) ?? 0) + 1;
            ids.set(record.id, times);
            if (times > 1) record.id += `~${times}`;
            cells += Object.keys(record.scores).length;
            records.push(record);
          }
        }
      }
    }
    log.steps.push({ what: "prompts", rows: records.length });
    log.steps.push({ what: "scores", rows: cells });
    const scored = records.filter(({ scores }) => Object.keys(scores).length > 0);
    drop(log, "prompt without any score", records.length - scored.length);
    log.steps.push({ what: "scored prompts", rows: scored.length });
    return dropRepeated(scored, log);
  },
};

function recordOf(row: Fields, part: string, where: string): OutcomeRecord {
  const models = Object.keys(row).filter((name) => !ABOUT.includes(name)).sort();
  if (models.length === 0) throw new DataError(`${where}: expected columns of models, got none`);
  const scores: Record<string, number> = {}, tokens: Record<string, [number, number]> = {};
  for (const model of models) {
    const cell = fields(row[model], `${where}: ${model}`);
    if (cell.score === undefined || Number.isNaN(cell.score)) continue; // nobody judged it
    scores[model] = round4(number(cell.score, `${where}: ${model}.score`));
    if (cell.num_input_tokens === undefined || cell.num_output_tokens === undefined) continue;
    tokens[model] = [
      number(cell.num_input_tokens, `${where}: ${model}.num_input_tokens`),
      number(cell.num_output_tokens, `${where}: ${model}.num_output_tokens`),
    ];
  }
  const level = row.dataset_level;
  return {
    id: `sprout-${part}-${label(row.key ?? row.dataset_idx, `${where}: key`)}`,
    benchmark: label(row.dataset, `${where}: dataset`),
    ...(level !== undefined && level !== "" && { level: label(level, `${where}: dataset_level`) }),
    split: part === "test" ? "test" : "train",
    query: text(row.prompt, `${where}: prompt`),
    scores,
    ...(Object.keys(tokens).length > 0 && { tokens }),
    ...(typeof row.golden_answer === "string" && row.golden_answer !== "" &&
      { gold: row.golden_answer }),
  };
}
