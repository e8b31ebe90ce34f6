/**
 * The zero-shot runs of reasoning-gym-eval (github.com/open-thought/reasoning-gym-eval): 50 questions a
 * task and level, each answered up to three times; the score is the mean reward of the answers.
 *
 * Not all runs used the same generator seeds, so questions are aligned on their text, and only those
 * every model of the level was asked, exactly once, are kept. A task some model lacks is left out. Two files
 * that the recorded copy lacked are passed over by name, so that a whole clone gives the same records.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import { tokenCounter } from "../tokens.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { fields, jsonFile, list, matching, number, text } from "./native.ts";
import { round4, roundToEven } from "./python.ts";

/** Models billed for reasoning the repository does not hold: no token counts can be given. */
const HIDDEN: ReadonlySet<string> = new Set([
  "openai/o3-mini",
  "deepseek/deepseek-r1",
  "qwen/qwq-32b",
  "x-ai/grok-3-mini-beta",
]);

const ROOT = "reasoninggym-paper-experiments/zero-shot";
const LAYOUT = `${ROOT}/<easy|hard>/<model>_<date>_<time>/<category>/<task>.json`;
const PATTERN = new RegExp(`^${ROOT}/(easy|hard)/([^/]+)_\\d{8}_\\d{6}/([^/]+)/([^/]+)\\.json$`);

/** Not in the copy that the recorded outcomes were made from. */
const PASSED_OVER: ReadonlySet<string> = new Set([
  `${ROOT}/easy/mistralai_mistral-small-3.1-24b-instruct_20250322_063733/games/sokoban.json`,
  `${ROOT}/hard/google_gemma-3-27b-it_20250412_154913/graphs/shortest_path.json`,
]);

/** What one model made of a question; `asked` counts how often its file holds the question. */
interface Outcome {
  score: number;
  /** Mean output tokens; absent where hidden. */
  tokens?: number;
  asked: number;
}

/** One task at one level. */
interface Task {
  level: string;
  category: string;
  task: string;
  /** System prompt of the model read last; it is the same for all. */
  system: string;
  /** Model → question → outcome, in file order. */
  models: Map<string, Map<string, Outcome>>;
}

/** Reads both levels. */
export const reasoningGym: Importer = {
  name: "reasoning-gym",
  about: "reasoning-gym-eval's zero-shot runs (JSON)",
  layout: [LAYOUT],
  options: {},
  async read(files, _options, log) {
    const count = await tokenCounter();
    const tasks = new Map<string, Task>();
    for (const { path, parts } of matching(files, PATTERN, LAYOUT)) {
      if (PASSED_OVER.has(path)) {
        log.notes.push(`${path} passed over: the recorded outcomes were made without it`);
        continue;
      }
      const [level, folder, category, task] = parts;
      const body = fields(await jsonFile(files, path), path);
      if (!("results" in body)) continue;
      const model = folder.replace("_", "/"); // the first "_" of the folder stands for a slash
      const key = [level, category, task].join("\0");
      if (!tasks.has(key)) tasks.set(key, { level, category, task, system: "", models: new Map() });
      const entry = tasks.get(key)!;
      entry.system = text(body.system_prompt ?? "", `${path}: system_prompt`);
      const counter = HIDDEN.has(model) ? undefined : count;
      entry.models.set(model, outcomes(list(body.results, path), path, counter));
    }

    const pool = new Map<string, Set<string>>();
    for (const { level, models } of tasks.values()) {
      pool.set(level, (pool.get(level) ?? new Set()).union(new Set(models.keys())));
    }
    const records: OutcomeRecord[] = [];
    let questions = 0;
    for (const [, entry] of [...tasks].sort(([a], [b]) => a < b ? -1 : 1)) {
      const first = [...entry.models.values()][0];
      questions += first.size;
      if (entry.models.size < pool.get(entry.level)!.size) {
        const lacking = [...pool.get(entry.level)!.difference(entry.models)].sort().join(", ");
        log.notes.push(`${entry.level} ${entry.task} left out: ${lacking} lacks it`);
        drop(log, "task not run by every model of the level", first.size);
        continue;
      }
      let kept = 0;
      for (const question of first.keys()) {
        if ([...entry.models.values()].some((model) => model.get(question)?.asked !== 1)) {
          drop(log, "not asked once, in the same words, of every model");
        } else records.push(recordOf(entry, question, kept++, count(entry.system + question)));
      }
    }
    log.steps.push({ what: "questions", rows: questions });
    log.steps.push({ what: "aligned over the models of their level", rows: records.length });
    return dropRepeated(records, log);
  },
};

function outcomes(
  rows: readonly unknown[],
  path: string,
  count: ((text: string) => number) | undefined,
): Map<string, Outcome> {
  const found = new Map<string, Outcome>();
  rows.forEach((item, i) => {
    const where = `${path}: results[${i}]`;
    const row = fields(item, where);
    const question = text(row.question, `${where}.question`);
    const earlier = found.get(question);
    if (earlier) return void earlier.asked++;
    const replies = list(row.completions, `${where}.completions`).map((c) => fields(c, where));
    if (replies.length === 0) throw new DataError(`${where}.completions: expected at least one`);
    const mean = (value: (reply: typeof replies[number]) => number): number =>
      replies.reduce((sum, reply) => sum + value(reply), 0) / replies.length;
    const reply = (value: unknown): string => text(value ?? "", `${where}: full_model_response`);
    found.set(question, {
      score: round4(mean((r) => number(r.score, `${where}: score`))),
      tokens: count && roundToEven(mean((r) => count(reply(r.full_model_response)))),
      asked: 1,
    });
  });
  return found;
}

function recordOf(entry: Task, question: string, n: number, asked: number): OutcomeRecord {
  const models = [...entry.models.keys()].sort();
  const outcome = (model: string): Outcome => entry.models.get(model)!.get(question)!;
  const counted = models.filter((model) => outcome(model).tokens !== undefined);
  const record: OutcomeRecord = {
    id: `rg-${entry.level}-${entry.task}-${n}`,
    benchmark: `reasoning-gym-${entry.category}`,
    task: entry.task,
    level: entry.level,
    query: question,
    scores: Object.fromEntries(models.map((model) => [model, outcome(model).score])),
  };
  if (counted.length === 0) return record;
  const tokens = counted.map((model) => [model, [asked, outcome(model).tokens!]]);
  return { ...record, tokens: Object.fromEntries(tokens) };
}
