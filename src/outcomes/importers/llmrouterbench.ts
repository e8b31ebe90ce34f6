/**
 * LLMRouterBench's results (Hugging Face NPULH/LLMRouterBench, unpacked): one JSON file for each run of
 * a model on a dataset, with true token counts and costs.
 *
 * - Several runs of one model on one dataset are an error until `pick` names one: the newest is not
 *   necessarily the right one, and their own loader takes it silently.
 * - Runs are joined on index *and* query text; where an index has several texts, each is a row.
 * - What a run lacks stays missing. A cost of 0 is how the files write an unknown one (local models,
 *   failed calls), and so are 0 input tokens: left out, never counted as free.
 * - Their `split` names a part of the source benchmark, not a router's train and test: it goes into ids.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { significant } from "../pricing.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, dropRepeated, type Importer, type ImportLog } from "./importer.ts";
import { type Fields, fields, jsonFile, label, list, matching, number } from "./native.ts";
import { byCodePoint, round4 } from "./python.ts";

const LAYOUT = "[results/bench/]<dataset>/[<split>/]<model>/<run>.json";

/** Dataset, split (empty where a dataset has no folders of splits) and model; a model may hold slashes. */
function namesOf(path: string): [dataset: string, split: string, model: string] | undefined {
  const parts = path.split("/").slice(0, -1);
  const bench = parts.findIndex((part, i) => part === "bench" && parts[i - 1] === "results");
  const root = bench >= 0 ? bench : parts.findIndex((part) => /^bench([-_]|$)/.test(part));
  const [dataset, ...rest] = parts.slice(root + 1);
  if (rest.length === 0) return undefined;
  return rest.length === 1 ? [dataset, "", rest[0]] : [dataset, rest[0], rest.slice(1).join("/")];
}

/** Reads every run below the folder. */
export const llmrouterbench: Importer = {
  name: "llmrouterbench",
  about: "LLMRouterBench's results (JSON, one file a run)",
  layout: [LAYOUT],
  options: { pick: "path of the run to take where a model has several on a dataset" },
  async read(files, options, log) {
    const runs = matching(files, /\.json$/, LAYOUT).flatMap(({ path }) => {
      const names = namesOf(path);
      return names ? [{ path, names }] : [];
    });
    if (runs.length === 0) throw new DataError(`expected ${LAYOUT} in the folder of native files`);
    for (const path of options.pick ?? []) {
      if (!runs.some((run) => run.path === path)) throw new DataError(`pick: no run ${path}`);
    }
    const chosen = Map.groupBy(runs, ({ names }) => names.filter(Boolean).join("/"));
    const rows = new Map<string, OutcomeRecord>();
    const ids = new Map<string, number>();
    let cells = 0;
    for (const [key, group] of [...chosen].sort(([a], [b]) => byCodePoint(a, b))) {
      const path = oneOf(group.map((run) => run.path), key, options.pick ?? []);
      const body = fields(await jsonFile(files, path), path);
      const [dataset, split, model] = group[0].names;
      const named = { dataset_name: dataset, model_name: model, ...(split && { split }) };
      checkNames(body, named, path);
      const records = list(body.records, `${path}: records`);
      if (body.demo === true) {
        drop(log, "row of a demo run", records.length);
        continue;
      }
      cells += records.length;
      records.forEach((item, i) => {
        const where = `${path}: records[${i}]`;
        const row = fields(item, where);
        const index = label(row.index, `${where}.index`);
        const asked = row.origin_query;
        const query = typeof asked === "string" ? asked : JSON.stringify(asked) ?? "";
        const join = JSON.stringify([dataset, split, index, query]);
        if (!rows.has(join)) {
          const id = `llmrouterbench-${dataset}-${split && `${split}-`}${index}`;
          const texts = (ids.get(id) ?? 0) + 1;
          ids.set(id, texts);
          const unique = texts === 1 ? id : `${id}~${texts}`;
          rows.set(join, {
            id: unique,
            benchmark: dataset,
            query,
            scores: {},
            tokens: {},
            costs: {},
          });
        }
        addCell(rows.get(join)!, model, row, where, log);
      });
    }
    log.steps.push({ what: "cells (one model on one query)", rows: cells });
    const torn = [...ids.values()].filter((texts) => texts > 1).length;
    if (torn > 0) log.notes.push(`${torn} indices have several query texts; each text is a row`);
    const scored = [...rows.values()].filter((row) => Object.keys(row.scores).length > 0);
    drop(log, "query without any score", rows.size - scored.length);
    log.steps.push({ what: "queries", rows: scored.length });
    return dropRepeated(scored.map(withoutEmpty), log);
  },
};

function oneOf(paths: readonly string[], key: string, picks: readonly string[]): string {
  if (paths.length === 1) return paths[0];
  const picked = paths.filter((path) => picks.includes(path));
  if (picked.length === 1) return picked[0];
  throw new DataError(
    `${key}: expected one run, got ${paths.length}; name one with --option pick=<path>: ` +
      paths.join(", "),
  );
}

/** The names in a file must be those of its folders, else runs were mixed up. */
function checkNames(body: Fields, expected: Record<string, string>, path: string): void {
  for (const [field, name] of Object.entries(expected)) {
    if (body[field] !== undefined && body[field] !== name) {
      throw new DataError(
        `${path}: ${field}: expected "${name}" as in the path, got "${body[field]}"`,
      );
    }
  }
}

function addCell(
  record: OutcomeRecord,
  model: string,
  row: Fields,
  where: string,
  log: ImportLog,
): void {
  if (row.score === null || row.score === undefined) return drop(log, "cell without a score");
  const score = round4(number(row.score, `${where}.score`));
  const earlier = record.scores[model];
  if (earlier === score) return drop(log, "the same query and score of one run again");
  if (earlier !== undefined) {
    throw new DataError(`${where}: scored ${earlier} on the same query before, now ${score}`);
  }
  record.scores[model] = score;
  const known = (value: unknown, field: string): number =>
    value === null || value === undefined ? 0 : number(value, `${where}.${field}`);
  const input = known(row.prompt_tokens, "prompt_tokens");
  const cost = known(row.cost, "cost");
  if (input > 0) {
    record.tokens![model] = [input, known(row.completion_tokens, "completion_tokens")];
  } else drop(log, "token count of a cell, unknown");
  if (cost > 0) record.costs![model] = significant(cost);
  else drop(log, "cost of a cell, 0 or unknown");
}

function withoutEmpty({ tokens, costs, ...record }: OutcomeRecord): OutcomeRecord {
  const filled = (value: object | undefined): boolean => Object.keys(value ?? {}).length > 0;
  return {
    ...record,
    ...(filled(tokens) ? { tokens } : {}),
    ...(filled(costs) ? { costs } : {}),
  };
}
