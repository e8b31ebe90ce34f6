/**
 * ClashEval (github.com/kevinwu23/StanfordClashEval): six models answer a question first from memory, then with
 * a document that is right or was altered. One parquet file a model; a record is a question with one document.
 *
 * `scores` are the answers from memory, `scores_rag` those with the document. The same question comes with each
 * of its documents, so queries repeat on purpose; `level` names the alteration.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { parquetValues } from "../parquet.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, type Importer } from "./importer.ts";
import { label, matching, number, text } from "./native.ts";

const LAYOUT = "data/model_responses/<model>.pqt";
const COLUMNS = [
  ...["question", "context_mod", "answer_original", "mod_type", "dataset"],
  ...["prior_correct", "post_correct"],
];
/** File → model, by the repository's README. */
const MODELS: Readonly<Record<string, string>> = {
  claudeopus: "claude-opus",
  claudesonnet: "claude-sonnet",
  gemini15flash: "gemini-1.5-flash",
  gpt35: "gpt-3.5",
  gpt4: "gpt-4o",
  llama3: "llama-3-8b-instruct",
};

/** Reads the files that are there. */
export const clasheval: Importer = {
  name: "clasheval",
  about: "ClashEval's answers without and with a right or altered document (parquet)",
  layout: [LAYOUT],
  options: {},
  async read(files, _options, log) {
    const records = new Map<string, OutcomeRecord>(), numbers = new Map<string, number>();
    for (const { path, parts } of matching(files, /^data\/model_responses\/(\w+)\.pqt$/, LAYOUT)) {
      const model = MODELS[parts[0]];
      if (model === undefined) throw new DataError(`${path}: expected ${Object.keys(MODELS)}.pqt`);
      let line = 0;
      for await (const rows of parquetValues(await files.read(path), path, COLUMNS)) {
        for (const row of rows) {
          const where = `${path}: row ${++line}`;
          const benchmark = label(row.dataset, `${where}: dataset`);
          const level = row.mod_type === undefined
            ? "none"
            : label(row.mod_type, `${where}: mod_type`);
          const query = text(row.question, `${where}: question`);
          const document = text(row.context_mod, `${where}: context_mod`);
          const key = JSON.stringify([benchmark, query, level, document]);
          let record = records.get(key);
          if (!record) {
            const n = numbers.get(benchmark) ?? 0;
            numbers.set(benchmark, n + 1);
            const gold = row.answer_original;
            record = {
              id: `clasheval-${benchmark}-${n}`,
              ...{ benchmark, level, query, scores: {}, documents: [document], scores_rag: {} },
              ...(gold !== undefined && { gold: label(gold, `${where}: answer_original`) }),
            };
            records.set(key, record);
          }
          if (Object.hasOwn(record.scores, model)) {
            drop(log, "the same question, document and model again");
          } else if (row.prior_correct === undefined || row.post_correct === undefined) {
            drop(log, "row without both verdicts");
          } else {
            record.scores[model] = number(row.prior_correct, `${where}: prior_correct`);
            record.scores_rag![model] = number(row.post_correct, `${where}: post_correct`);
          }
        }
      }
      log.steps.push({ what: `rows of ${path}`, rows: line });
    }
    const scored = [...records.values()].filter(({ scores }) => Object.keys(scores).length > 0);
    drop(log, "question and document without any verdict", records.size - scored.length);
    log.steps.push({ what: "questions with a document", rows: scored.length });
    return scored;
  },
};
