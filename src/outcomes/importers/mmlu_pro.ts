/**
 * MMLU-Pro's published answers (github.com/TIGER-AI-Lab/MMLU-Pro, `eval_results`): one zip a model.
 *
 * The letters recorded there come from two generations of reading, some guessing where none is found.
 * So every reply is read again here, all in one way: the benchmark's published order of patterns; no
 * letter is wrong. Input tokens count the question and its options, not the five worked examples.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { isObject } from "../../base/json.ts";
import type { OutcomeRecord } from "../record.ts";
import { tokenCounter } from "../tokens.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { decode, type Fields, list, matching, number, parseJson, text } from "./native.ts";
import { SPACE } from "./python.ts";
import { openZip } from "../../base/zip.ts";

/** Answered only 10,351 of the 12,032 questions; with it those would be all that is left. */
const SKIP = "DeepSeek-Coder-V2";

const STATED = /answer is \(?([A-J])\)?/;
const LABELLED = new RegExp(`[aA]nswer:[${SPACE}]*([A-J])`, "g");
/** A capital that is a word of its own, by Unicode's idea of a word. */
const LONE = /(?<![\p{L}\p{N}_])[A-J](?![\p{L}\p{N}_])/gu;

/** The letter a reply settles on, if any. */
export function letterOf(reply: string): string | undefined {
  const stated = STATED.exec(reply);
  if (stated) return stated[1];
  const labels = [...reply.matchAll(LABELLED)];
  if (labels.length > 0) { // the last one on the first line that has one
    const end = reply.indexOf("\n", labels[0].index);
    return labels.filter((found) => end < 0 || found.index < end).at(-1)![1];
  }
  return reply.match(LONE)?.at(-1);
}

/** Reads all archives; keeps the questions every model answered in the same words. */
export const mmluPro: Importer = {
  name: "mmlu-pro",
  about: "MMLU-Pro's published answers (zips of JSON)",
  layout: ["eval_results/model_outputs_<model>_5shots.zip"],
  options: {},
  async read(files, _options, log) {
    const count = await tokenCounter();
    /** By question: what was asked, as first seen, and per model [right, output tokens]. */
    const items = new Map<
      number,
      { row: Fields; asked: string; changed: boolean; answers: Answers }
    >();
    const models = new Set<string>();
    const pattern = /^eval_results\/model_outputs_(.+)_5shots\.zip$/;
    for (const { path, parts: [model] } of matching(files, pattern, mmluPro.layout[0])) {
      if (model === SKIP) {
        log.notes.push(`${SKIP} left out: it answered only part of the questions`);
        continue;
      }
      models.add(model);
      for (const row of archiveRows(await files.read(path), path)) {
        const where = `${path}: question ${row.question_id}`;
        const id = number(row.question_id, where);
        const reply = Object.hasOwn(row, "generated_text") ? row.generated_text : row.model_outputs;
        const said = text(reply ?? "", `${where}: reply`);
        const asked = JSON.stringify([
          row.question,
          row.options,
          row.answer,
          row.category,
          row.src ?? null,
        ]);
        const item = items.get(id) ?? { row, asked, changed: false, answers: new Map() };
        items.set(id, item);
        item.changed ||= item.asked !== asked;
        item.answers.set(model, [+((letterOf(said) ?? null) === row.answer), count(said)]);
      }
    }
    log.steps.push({ what: `questions of ${models.size} models`, rows: items.size });
    const records: OutcomeRecord[] = [];
    for (const [id, { row, changed, answers }] of [...items].sort(([a], [b]) => a - b)) {
      if (changed) drop(log, "question, options or key changed between runs");
      else if (answers.size < models.size) drop(log, "not answered by every model");
      else records.push(recordOf(id, row, answers, [...models].sort(), count));
    }
    return dropRepeated(records, log);
  },
};

type Answers = Map<string, [right: number, tokens: number]>;

function recordOf(
  id: number,
  row: Fields,
  answers: Answers,
  models: readonly string[],
  count: (text: string) => number,
): OutcomeRecord {
  const where = `question ${id}`;
  const options = list(row.options, `${where}: options`).map((option, i) =>
    `${String.fromCharCode(65 + i)}. ${option}`
  );
  const query = `${text(row.question, `${where}: question`)}\n${options.join("\n")}`;
  const asked = count(query);
  return {
    id: `mmlu-pro-${id}`,
    benchmark: "mmlu-pro-" + text(row.category, `${where}: category`).replaceAll(" ", "-"),
    query,
    scores: Object.fromEntries(models.map((model) => [model, answers.get(model)![0]])),
    tokens: Object.fromEntries(models.map((model) => [model, [asked, answers.get(model)![1]]])),
  };
}

/** The rows of the first JSON file of an archive; macOS's shadow files and non-objects aside. */
function archiveRows(bytes: Uint8Array, path: string): Fields[] {
  const member = openZip(bytes, path)
    .find(({ name }) => name.endsWith(".json") && !name.startsWith("__MACOSX"));
  if (!member) throw new DataError(`${path}: expected a .json file in the archive`);
  const where = `${path}: ${member.name}`;
  return list(parseJson(decode(member.read(), where), where), where)
    .filter(isObject);
}
