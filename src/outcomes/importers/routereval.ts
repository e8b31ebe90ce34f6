/**
 * RouterEval's matrix of the second Open LLM Leaderboard (Hugging Face linggm/RouterEval): 3,811 models × 9,523
 * items in two pickles, read as data (`pickle.ts`), one with scores and one with prompts. No tokens or costs.
 *
 * Records of all models would take gigabytes, so a hundred are taken, by the hash of their names, which has
 * nothing to do with their scores; options name others. Prompts hold worked examples before the question: of MATH
 * and BBH, which mark it, only the question is the query.
 * @module
 */
import { DataError, UsageError } from "../../base/errors.ts";
import { sha256 } from "../../base/hash.ts";
import type { OutcomeRecord } from "../record.ts";
import {
  drop,
  dropRepeated,
  type Importer,
  type ImportLog,
  type ImportOptions,
} from "./importer.ts";
import { matching, type NativeFiles } from "./native.ts";
import { readPickle } from "./pickle.ts";
import { NdArray } from "./pickle_arrays.ts";
import { byCodePoint, round4 } from "./python.ts";

const SCORES = "[…/]leaderboard_new.pkl", PROMPTS = "[…/]leaderboard_new_prompt.pkl";
/** Models taken unless told. */
const POOL = 100;

/** Reads the matrix and its prompts, wherever below the folder they lie. */
export const routereval: Importer = {
  name: "routereval",
  about: "RouterEval's leaderboard matrix (pickles, read as data)",
  layout: [SCORES, PROMPTS],
  options: {
    model: "a model to take; may be given more than once",
    models: `how many to take by the hash of their names, where none is named (${POOL})`,
  },
  async read(files, options, log) {
    const scores = await dict(files, /(?:^|\/)leaderboard_new\.pkl$/, SCORES);
    const prompts = await dict(files, /(?:^|\/)leaderboard_new_prompt\.pkl$/, PROMPTS);
    const names = list(scores.get("model"), `${SCORES}: model`).map(modelName);
    const places = new Map<string, number>();
    names.forEach((name, at) => {
      if (places.has(name)) drop(log, "model that is there already under another name");
      else places.set(name, at);
    });
    const pool = chosen([...places.keys()], options);
    log.notes.push(`${pool.length} of ${places.size} models`);
    const data = scores.get("data");
    if (!(data instanceof Map)) throw new DataError(`${SCORES}: expected a dict "data"`);
    const records: OutcomeRecord[] = [];
    for (const key of [...data.keys()].map(String).sort(byCodePoint)) {
      const cells = data.get(key) instanceof Map ? data.get(key).get("correctness") : undefined;
      if (!(cells instanceof NdArray) || cells.shape[1] !== names.length) {
        throw new DataError(`${SCORES}: ${key}: expected items × ${names.length} models`);
      }
      const texts = list(prompts.get(key), `${PROMPTS}: ${key}`);
      if (texts.length !== cells.shape[0]) {
        throw new DataError(
          `${PROMPTS}: ${key}: expected ${cells.shape[0]} texts, got ${texts.length}`,
        );
      }
      texts.forEach((text, i) => {
        if (typeof text !== "string") {
          throw new DataError(`${PROMPTS}: ${key}[${i}]: expected a text`);
        }
        const row = (model: string): unknown => cells.values[i * names.length + places.get(model)!];
        records.push(recordOf(key, i, text, pool, row, log));
      });
    }
    log.steps.push({ what: "items", rows: records.length });
    const scored = records.filter(({ scores }) => Object.keys(scores).length > 0);
    drop(log, "item without any score", records.length - scored.length);
    return dropRepeated(scored, log);
  },
};

/** Names differ between leaderboards by a prefix and a suffix. */
function modelName(name: unknown): string {
  return String(name).replace("open-llm-leaderboard-old/", "").replace(/^details_/, "")
    .replace(/-details$/, "").replace("__", "/");
}

function chosen(names: readonly string[], options: ImportOptions): string[] {
  for (const name of options.model ?? []) {
    if (!names.includes(name)) throw new UsageError(`routereval: there is no model "${name}"`);
  }
  if (options.model) return [...new Set(options.model)].sort(byCodePoint);
  const [count = String(POOL)] = options.models ?? [];
  if (!/^[1-9]\d*$/.test(count)) {
    throw new UsageError(`routereval: models: a number, not "${count}"`);
  }
  const order = names.map((name) => ({ name, key: sha256(name) }));
  return order.sort((a, b) => a.key < b.key ? -1 : 1).slice(0, Number(count))
    .map(({ name }) => name).sort(byCodePoint);
}

function recordOf(
  key: string,
  i: number,
  prompt: string,
  pool: readonly string[],
  cell: (model: string) => unknown,
  log: ImportLog,
): OutcomeRecord {
  const scores: Record<string, number> = {};
  for (const model of pool) {
    const value = Number(cell(model));
    if (Number.isFinite(value) && value >= 0) scores[model] = round4(value);
    else drop(log, "score of a cell, missing");
  }
  const benchmark = /^(math|bbh|gpqa|musr)_/.exec(key)?.[1] ?? key;
  const record = {
    id: `routereval-${key}-${i}`,
    benchmark,
    query: questionOf(prompt, benchmark),
    scores,
  };
  return benchmark === key ? record : { ...record, task: key };
}

/** The last question of a prompt with worked examples, where the benchmark marks it. */
function questionOf(prompt: string, benchmark: string): string {
  const [from, to] = { math: ["Problem:", "Solution:"], bbh: ["Q:", "A:"] }[benchmark] ?? [];
  const start = from === undefined ? -1 : prompt.lastIndexOf(from);
  if (start < 0) return prompt;
  const rest = prompt.slice(start + from!.length), end = rest.lastIndexOf(to!);
  return (end < 0 ? rest : rest.slice(0, end)).trim();
}

async function dict(
  files: NativeFiles,
  pattern: RegExp,
  layout: string,
): Promise<Map<unknown, unknown>> {
  const [{ path }] = matching(files, pattern, layout);
  const value = readPickle(await files.read(path), path);
  if (value instanceof Map) return value;
  throw new DataError(`${path}: expected a dict`);
}

function list(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof NdArray && value.shape.length === 1) return [...value.values];
  throw new DataError(`${where}: expected a list`);
}
