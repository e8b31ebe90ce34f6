/**
 * The evaluation data of RouteLLM (github.com/lm-sys/RouteLLM): one strong and one weak model. MMLU and
 * GSM8K are right or wrong; MT-Bench is the judge's mark for the first turn, divided by ten. Replies,
 * and so token estimates, exist for GSM8K alone.
 * @module
 */
import type { OutcomeRecord } from "../record.ts";
import { tokenCounter } from "../tokens.ts";
import { openCsv } from "./csv.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { type Fields, fields, jsonLines, label, list, matching, number, text } from "./native.ts";
import { round4, SPACE } from "./python.ts";

const STRONG = "gpt-4-1106-preview", WEAK = "mistralai/Mixtral-8x7B-Instruct-v0.1";
const EVALS = "routellm/evals";
const ANSWER = new RegExp(`\\nAnswer:[${SPACE}]*$`);

/** Reads MMLU, GSM8K, MT-Bench, in that order. */
export const routellm: Importer = {
  name: "routellm",
  about: "RouteLLM's evaluation data (CSV, JSON lines)",
  layout: [
    `${EVALS}/mmlu/responses/mmlu_<subject>.csv`,
    `${EVALS}/gsm8k/gsm8k_responses.csv`,
    `${EVALS}/mt_bench/<question|judgements>.jsonl`,
  ],
  options: {},
  async read(files, _options, log) {
    const count = await tokenCounter();
    const records: OutcomeRecord[] = [];
    const add = (
      benchmark: string,
      task: string,
      name: string,
      query: string,
      strong: number,
      weak: number,
    ): OutcomeRecord => {
      const record: OutcomeRecord = {
        id: `routellm-${benchmark}-${name}`,
        benchmark,
        task,
        query,
        scores: { [STRONG]: round4(strong), [WEAK]: round4(weak) },
      };
      records.push(record);
      return record;
    };
    /** Rows with a verdict for both models, each with its number. */
    const judged = async function* (path: string): AsyncGenerator<Verdict> {
      const table = await openCsv(files, path);
      const s = table.column(STRONG), w = table.column(WEAK), p = table.column("prompt");
      let i = 0;
      for await (const row of table.rows) {
        const both = [row[s], row[w]].every((cell) => cell === "True" || cell === "False");
        const verdict = { i: i++, query: row[p], strong: +(row[s] === "True") };
        if (both) {
          yield {
            ...verdict,
            weak: +(row[w] === "True"),
            cell: (n) => row[table.column(n)],
          };
        } else drop(log, "no verdict for one of the models");
      }
    };

    const subjects = matching(
      files,
      /^routellm\/evals\/mmlu\/responses\/mmlu_(.+)\.csv$/,
      routellm.layout[0],
    );
    for (const { path, parts: [subject] } of subjects) {
      for await (const { i, query, strong, weak } of judged(path)) {
        add("mmlu", subject, `${subject}-${i}`, query.replace(ANSWER, ""), strong, weak);
      }
    }
    for await (const row of judged(`${EVALS}/gsm8k/gsm8k_responses.csv`)) {
      const record = add("gsm8k", "gsm8k", `${row.i}`, row.query, row.strong, row.weak);
      const asked = count(row.query);
      record.tokens = Object.fromEntries(
        [STRONG, WEAK].map((model) => [model, [asked, count(row.cell(`${model}_response`))]]),
      );
    }

    const path = `${EVALS}/mt_bench/judgements.jsonl`;
    const marks = new Map<number, Map<string, number>>();
    for (const row of await jsonLines(files, path)) {
      if (row.turn !== 1) continue;
      const id = number(row.question_id, `${path}: question_id`);
      if (!marks.has(id)) marks.set(id, new Map());
      marks.get(id)!.set(label(row.model, `${path}: model`), number(row.score, `${path}: score`));
    }
    const asked = `${EVALS}/mt_bench/question.jsonl`;
    const questions = new Map<unknown, Fields>();
    for (const row of await jsonLines(files, asked)) questions.set(row.question_id, row);
    for (const [id, scores] of [...marks].sort(([a], [b]) => a - b)) {
      const weak = [...scores.keys()].find((model) => model.includes("ixtral"));
      const strong = scores.get(STRONG);
      if (strong === undefined || weak === undefined) continue;
      const where = `${asked}: question ${id}`;
      const question = fields(questions.get(id), where);
      const query = text(list(question.turns, `${where}: turns`)[0], `${where}: turns`);
      const category = text(question.category, `${where}: category`);
      add("mt-bench", category, `${id}`, query, strong / 10, scores.get(weak)! / 10);
    }
    log.steps.push({ what: "rows with both verdicts", rows: records.length });
    return dropRepeated(records, log);
  },
};

interface Verdict {
  /** Row number from 0, rows without a verdict counted. */
  readonly i: number;
  readonly query: string;
  readonly strong: number;
  readonly weak: number;
  /** Any other column. */
  cell(name: string): string;
}
