/**
 * The data of "Lookahead Routing" (github.com/huangcb01/lookahead-routing, `compressed_data`): five
 * models on six test sets and one training set, a sixth (gemma-2-9b-it) on part of them.
 *
 * GSM8K, MATH, HumanEval, MBPP: right or wrong. MT-Bench: the judge's mark for the first turn, divided
 * by ten; no replies, so no tokens. Arena-Hard: two verdicts against the baseline brought to 0…1.
 * Self-OSS-Instruct: share of unit tests passed. AlpacaEval's prompts are CC BY-NC 4.0: only on request.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import { tokenCounter } from "../tokens.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import {
  type Fields,
  fields,
  jsonFile,
  jsonLines,
  label,
  list,
  type NativeFiles,
  number,
  text,
} from "./native.ts";
import { round4, strip } from "./python.ts";

const POOL = [
  "Llama-3.1-8B-Instruct",
  "Phi-3-medium-4k-instruct",
  "Qwen2.5-Coder-7B-Instruct",
  "Yi-1.5-34B-Chat",
  "internlm2_5-20b-chat",
];
const ALL = [...POOL, "gemma-2-9b-it"];
const TEST = "compressed_data/test", TRAIN = "compressed_data/train/SelfOSSInstructSC2_filtered2";
/** Closes every maths prompt; not part of the question. */
const STEP = "\nPlease reason step by step, and put your final answer within \\boxed{}.\n";
const VERDICT = new Map([["A>>B", 1], ["A>B", 0.5], ["A=B", 0], ["B>A", -0.5], ["B>>A", -1]]);

/** A question with every model's score and, where the files hold them, prompt and replies. */
interface Item {
  name: string;
  query: string;
  scores: Record<string, number>;
  prompt?: string;
  replies?: Record<string, string>;
}

/** Reads all parts, in the order of the paper's tables. */
export const lookahead: Importer = {
  name: "lookahead",
  about: "the Lookahead paper's data (gzipped JSON)",
  layout: [
    `${TEST}/<GSM8k|MATH>/<model>.json.gz`,
    `${TEST}/<HumanEval|MBPP>/<predictions|results>/<model>.json.gz`,
    `${TEST}/MT-Bench/question.jsonl.gz, …/judgments/gpt-4-0125-preview_judge_<model>_single.jsonl.gz`,
    `${TEST}/ArenaHard/question.jsonl.gz, …/<model_answer|model_judgment>/<model>.jsonl.gz`,
    `${TRAIN}/instructions.jsonl.gz, …/responses/<model>.jsonl.gz`,
  ],
  options: { alpaca: "yes: AlpacaEval too (prompts CC BY-NC 4.0)" },
  async read(files, options, log) {
    const count = await tokenCounter();
    const records: OutcomeRecord[] = [];
    const add = (benchmark: string, split: "train" | "test", items: readonly Item[]): void => {
      for (const { name, query, scores, prompt, replies } of items) {
        const rounded = Object.entries(scores).map(([model, score]) => [model, round4(score)]);
        const record: OutcomeRecord = {
          id: `lookahead-${benchmark}-${name}`,
          benchmark,
          split,
          query: strip(query),
          scores: Object.fromEntries(rounded),
        };
        if (prompt !== undefined && replies) {
          const asked = count(prompt);
          record.tokens = Object.fromEntries(
            ALL.filter((m) => m in replies).map((m) => [m, [asked, count(replies[m])]]),
          );
        }
        records.push(record);
      }
    };
    add("gsm8k", "test", await maths(files, "GSM8k"));
    add("math", "test", await maths(files, "MATH"));
    add("humaneval", "test", await code(files, "HumanEval"));
    add("mbpp", "test", await code(files, "MBPP"));
    add("mt-bench", "test", await mtBench(files));
    const arena = await arenaHard(files);
    add("arena-hard", "test", arena.items);
    drop(log, "Arena-Hard question without two verdicts for each model", arena.unjudged);
    if (options.alpaca?.includes("yes")) add("alpaca-eval", "test", await alpaca(files));
    add("self-oss-instruct", "train", await selfOss(files));
    log.steps.push({ what: "questions", rows: records.length });
    return dropRepeated(records, log);
  },
};

/** One value for each of some models. */
async function each<T>(
  models: readonly string[],
  read: (model: string) => Promise<T>,
): Promise<Map<string, T>> {
  const values = new Map<string, T>();
  for (const model of models) values.set(model, await read(model));
  return values;
}

/** Model → value, from what `each` read. */
function by<T, V>(
  values: ReadonlyMap<string, T>,
  pick: (value: T, model: string) => V,
): Record<string, V> {
  return Object.fromEntries([...values].map(([model, value]) => [model, pick(value, model)]));
}

/** The prompt all models were given. @throws {DataError} when they were given different ones */
function shared(prompts: Record<string, string>, where: string): string {
  const [first, ...others] = Object.values(prompts);
  if (others.every((prompt) => prompt === first)) return first;
  throw new DataError(`${where}: expected the same prompt for every model`);
}

/** Where the files of a set keep what; the prompt is one turn of several. */
interface Places {
  folder: string;
  turns: string;
  turn: number;
  reply: string;
  right: string;
}

/** A set of numbered questions. JSON.parse lists such keys in ascending order, which is the files'. */
function numbered(
  asked: ReadonlyMap<string, Fields>,
  graded: ReadonlyMap<string, Fields>,
  { folder, turns, turn, reply, right }: Places,
): Item[] {
  return Object.keys(asked.get(POOL[0])!).map((name) => {
    const where = `${folder} ${name}`;
    const row = (all: Fields): Fields => fields(all[name], where);
    const promptOf = (all: Fields): string =>
      text(fields(list(row(all)[turns], where).at(turn), where).prompt, `${where}: prompt`);
    const prompt = shared(by(asked, promptOf), where);
    return {
      name,
      prompt,
      query: prompt.endsWith(STEP) ? prompt.slice(0, -STEP.length) : prompt,
      scores: by(graded, (all) => number(row(all)[right], `${where}: ${right}`)),
      replies: by(asked, (all) => text(row(all)[reply], `${where}: ${reply}`)),
    };
  });
}

async function maths(files: NativeFiles, folder: string): Promise<Item[]> {
  const details = await each(
    ALL,
    (model) => detailsOf(files, `${TEST}/${folder}/${model}.json.gz`),
  );
  const places = { turns: "prompt", turn: 0, reply: "origin_prediction", right: "correct" };
  return numbered(details, details, { folder, ...places });
}

async function code(files: NativeFiles, folder: string): Promise<Item[]> {
  const path = (part: string, model: string): string =>
    `${TEST}/${folder}/${part}/${model}.json.gz`;
  const asked = await each(ALL, async (model) => {
    return fields(await jsonFile(files, path("predictions", model)), path("predictions", model));
  });
  const graded = await each(ALL, (model) => detailsOf(files, path("results", model)));
  const places = { turns: "origin_prompt", turn: -1, reply: "prediction", right: "is_correct" };
  return numbered(asked, graded, { folder, ...places });
}

async function detailsOf(files: NativeFiles, path: string): Promise<Fields> {
  return fields(fields(await jsonFile(files, path), path).details, `${path}: details`);
}

async function mtBench(files: NativeFiles): Promise<Item[]> {
  const marks = await each(ALL, async (model) => {
    const path = `${TEST}/MT-Bench/judgments/gpt-4-0125-preview_judge_${model}_single.jsonl.gz`;
    const first = (await jsonLines(files, path)).filter((row) => row.turn === 1);
    return new Map(first.map((row) => [row.question_id, row.score]));
  });
  return (await jsonLines(files, `${TEST}/MT-Bench/question.jsonl.gz`)).map((row) => {
    const where = `MT-Bench ${row.question_id}`;
    return {
      name: label(row.question_id, where),
      query: text(list(row.turns, where)[0], where), // only the first turn is a query a router sees
      scores: by(marks, (m, model) => number(m.get(row.question_id), `${where}: ${model}`) / 10),
    };
  });
}

async function arenaHard(files: NativeFiles): Promise<{ items: Item[]; unjudged: number }> {
  const folder = `${TEST}/ArenaHard`;
  const turnOf = (turns: unknown, where: string): string =>
    text(fields(list(turns, where)[0], where).content, where);
  const answers = await each(POOL, async (model) => {
    const path = `${folder}/model_answer/${model}.jsonl.gz`;
    return new Map((await jsonLines(files, path)).map((row) => {
      const choice = fields(list(row.choices, path)[0], path);
      return [row.question_id, turnOf(choice.turns, `${path}: ${row.question_id}`)];
    }));
  });
  const verdicts = await each(POOL, async (model) => {
    const path = `${folder}/model_judgment/${model}.jsonl.gz`;
    const scores = new Map<unknown, number>();
    for (const row of await jsonLines(files, path)) {
      // First game: the baseline is A; second game: the model is A.
      const games = list(row.games, path).map((game) =>
        VERDICT.get(String(fields(game, path).score))
      );
      const [asB, asA] = games;
      if (games.length !== 2 || asA === undefined || asB === undefined) continue;
      scores.set(row.question_id, (asA - asB + 2) / 4);
    }
    return scores;
  });
  const questions = await jsonLines(files, `${folder}/question.jsonl.gz`);
  const judged = questions.filter((row) =>
    POOL.every((m) => verdicts.get(m)!.has(row.question_id))
  );
  const items = judged.map((row) => {
    const id = row.question_id, where = `Arena-Hard ${id}`;
    const prompt = turnOf(row.turns, where);
    return {
      name: label(id, where),
      query: prompt,
      prompt,
      scores: by(verdicts, (v) => v.get(id)!),
      replies: by(answers, (a, model) => text(a.get(id), `${where}: ${model}`)),
    };
  });
  return { items, unjudged: questions.length - judged.length };
}

async function alpaca(files: NativeFiles): Promise<Item[]> {
  const rows = await each(POOL, async (model) => {
    const path = `${TEST}/AlpacaEval/${model}/weighted_alpaca_eval_gpt4_turbo/annotations.json.gz`;
    return list(await jsonFile(files, path), path).map((row) => fields(row, path));
  });
  const byPrompt = by(rows, (all) => new Map(all.map((row) => [row.instruction, row])));
  return rows.get(POOL[0])!.map(({ instruction }, i) => {
    const where = `AlpacaEval ${i}`;
    const prompt = text(instruction, where);
    const row = (model: string): Fields => fields(byPrompt[model].get(prompt), where);
    return {
      name: `${i}`,
      query: prompt,
      prompt,
      scores: by(rows, (_, model) => number(row(model).preference, where) - 1),
      replies: by(rows, (_, model) => text(row(model).output_2, where)),
    };
  });
}

async function selfOss(files: NativeFiles): Promise<Item[]> {
  const rows = await each(POOL, async (model) => {
    const lines = await jsonLines(files, `${TRAIN}/responses/${model}.jsonl.gz`);
    return new Map(lines.map((row) => [row.prompt_id, row]));
  });
  return (await jsonLines(files, `${TRAIN}/instructions.jsonl.gz`)).map((asked) => {
    const id = label(asked.prompt_id, "instructions: prompt_id");
    const prompt = text(asked.prompt, id);
    const row = (all: ReadonlyMap<unknown, Fields>): Fields => fields(all.get(id), id);
    return {
      name: id.slice(id.lastIndexOf("-") + 1),
      query: prompt,
      prompt,
      scores: by(rows, (r) => number(row(r).score, id)),
      replies: by(rows, (r) => text(row(r).response, id)),
    };
  });
}
