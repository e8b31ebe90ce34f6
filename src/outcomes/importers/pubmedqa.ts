/**
 * PubMedQA's expert-labelled part (github.com/pubmedqa/pubmedqa): questions that a paper's title asks, with the
 * abstract that answers them, its conclusion left out: it gives the answer away. No model has answered; the gold
 * label is yes, no or maybe. Questions of the published test set have the split "test", all others "train".
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import type { Importer } from "./importer.ts";
import { fields, jsonFile, list, text } from "./native.ts";
import { strip } from "./python.ts";

const QUESTIONS = "data/ori_pqal.json", TEST = "data/test_ground_truth.json";
const ANSWERS = ["yes", "no", "maybe"];

/** Reads the thousand labelled questions. */
export const pubmedqa: Importer = {
  name: "pubmedqa",
  about: "PubMedQA's labelled questions with their abstracts (JSON); queries alone",
  layout: [QUESTIONS, TEST],
  options: {},
  queriesAlone: true,
  async read(files, _options, log) {
    const truth = fields(await jsonFile(files, TEST), TEST);
    const records: OutcomeRecord[] = [];
    // JSON objects with whole numbers as keys come in ascending order, whatever the file's.
    for (const [id, item] of Object.entries(fields(await jsonFile(files, QUESTIONS), QUESTIONS))) {
      const where = `${QUESTIONS}: ${id}`, entry = fields(item, where);
      const gold = text(entry.final_decision, `${where}: final_decision`);
      if (!ANSWERS.includes(gold)) {
        throw new DataError(`${where}: expected yes, no or maybe, got "${gold}"`);
      }
      const tested = Object.hasOwn(truth, id);
      if (tested && truth[id] !== gold) {
        throw new DataError(`${where}: expected "${truth[id]}", as ${TEST} says, got "${gold}"`);
      }
      const sections = list(entry.CONTEXTS, `${where}: CONTEXTS`);
      records.push({
        id: `pubmedqa-${id}`,
        benchmark: "pubmedqa",
        query: strip(text(entry.QUESTION, `${where}: QUESTION`)),
        scores: {},
        split: tested ? "test" : "train",
        options: ANSWERS.length,
        gold,
        documents: sections.map((section) => strip(text(section, `${where}: CONTEXTS`))),
      });
    }
    const lost = Object.keys(truth).filter((id) => !records.some((r) => r.id === `pubmedqa-${id}`));
    if (lost.length > 0) {
      throw new DataError(`${TEST}: expected questions in ${QUESTIONS}, none: ${lost}`);
    }
    log.steps.push({ what: "questions", rows: records.length });
    return records;
  },
};
