/**
 * ICL-Router's data (Hugging Face lalalamdbf/ICL-Router): one row for each query and model, with ten
 * graded draws (`is_correct`) and one more bit of unstated origin (`is_correct_direct`).
 *
 * The score is the share of right draws, kept as `repeats`; with the option `label=direct` it is the
 * other bit. With `experts=<file>` the profile exemplars are read instead of the outcome tables. The
 * source has no tokens, costs or latencies.
 * @module
 */
import { DataError, UsageError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, dropRepeated, type Importer, type ImportLog } from "./importer.ts";
import {
  fields,
  jsonFile,
  label,
  list,
  matching,
  type NativeFiles,
  number,
  text,
} from "./native.ts";
import { round4 } from "./python.ts";

/** Reads `train_router.json` and `test_router.json`, or one file of exemplars. */
export const iclRouter: Importer = {
  name: "icl-router",
  about: "ICL-Router's outcome tables or profile exemplars (JSON)",
  layout: ["<train|test>_router.json", "expert<size>.json"],
  options: {
    label: "draws (default): share of the ten draws; direct: the bit is_correct_direct",
    experts: "a file of profile exemplars (expert500.json) to read instead",
  },
  async read(files, options, log) {
    const [kind = "draws"] = options.label ?? [];
    if (kind !== "draws" && kind !== "direct") {
      throw new UsageError(`icl-router: label is draws or direct, not "${kind}"`);
    }
    const records: OutcomeRecord[] = [];
    for (const path of options.experts ?? []) records.push(...await exemplars(files, path, log));
    if (!options.experts) {
      const pattern = /^(train|test)_router\.json$/;
      for (const { path, parts } of matching(files, pattern, iclRouter.layout[0])) {
        records.push(...await outcomes(files, path, parts[0] as "train" | "test", kind, log));
      }
    }
    log.steps.push({ what: "queries", rows: records.length });
    return dropRepeated(records, log);
  },
};

async function outcomes(
  files: NativeFiles,
  path: string,
  split: "train" | "test",
  kind: "draws" | "direct",
  log: ImportLog,
): Promise<OutcomeRecord[]> {
  const rows = list(await jsonFile(files, path), path);
  const records = new Map<string, OutcomeRecord>();
  const ids = new Set<string>();
  rows.forEach((item, i) => {
    const where = `${path}[${i}]`;
    const row = fields(item, where);
    const model = label(row.model, `${where}.model`);
    const query = text(row.query, `${where}.query`);
    const benchmark = label(row.task, `${where}.task`);
    const index = label(row.index, `${where}.index`);
    const key = JSON.stringify([benchmark, index, query]);
    if (!records.has(key)) {
      // The index may start again within a task, or not be unique at all.
      let id = `icl-router-${split}-${benchmark}-${index}`;
      for (let n = 2; ids.has(id); n++) id = `icl-router-${split}-${benchmark}-${index}~${n}`;
      ids.add(id);
      records.set(key, { id, benchmark, split, query, scores: {} });
    }
    const draws = list(row.is_correct, `${where}.is_correct`).map((draw) => number(draw, where));
    if (kind === "draws" && draws.length === 0) {
      throw new DataError(`${where}.is_correct: expected at least one draw`);
    }
    const score = kind === "direct"
      ? number(row.is_correct_direct, `${where}.is_correct_direct`)
      : round4(draws.reduce((sum, draw) => sum + draw, 0) / draws.length);
    const record = records.get(key)!;
    put(record, model, score, where, log);
    if (kind === "draws") (record.repeats ??= {})[model] ??= draws;
  });
  log.steps.push({ what: `rows of ${path}`, rows: rows.length });
  return [...records.values()];
}

async function exemplars(
  files: NativeFiles,
  path: string,
  log: ImportLog,
): Promise<OutcomeRecord[]> {
  const records = new Map<string, OutcomeRecord>();
  let rows = 0;
  for (const [model, shown] of Object.entries(fields(await jsonFile(files, path), path))) {
    list(shown, `${path}: ${model}`).forEach((item, i) => {
      rows++;
      const where = `${path}: ${model}[${i}]`;
      const row = fields(item, where);
      const query = text(row.input, `${where}.input`);
      const benchmark = label(row.task, `${where}.task`);
      if (row.label !== "Yes" && row.label !== "No") {
        throw new DataError(`${where}.label: expected Yes or No, got ${JSON.stringify(row.label)}`);
      }
      const key = JSON.stringify([benchmark, query]);
      if (!records.has(key)) {
        const id = `icl-router-${path.replace(/\.json$/, "")}-${records.size}`;
        records.set(key, { id, benchmark, split: "train", query, scores: {} });
      }
      put(records.get(key)!, model, row.label === "Yes" ? 1 : 0, where, log);
    });
  }
  log.steps.push({ what: `rows of ${path}`, rows });
  return [...records.values()];
}

/** Sets a score; the same one again is dropped, another one is an error. */
function put(
  record: OutcomeRecord,
  model: string,
  score: number,
  where: string,
  log: ImportLog,
): void {
  const earlier = record.scores[model];
  if (earlier === score) return drop(log, "the same query, model and score again");
  if (earlier !== undefined) {
    throw new DataError(
      `${where}: ${model} scored ${earlier} on the same query before, now ${score}`,
    );
  }
  record.scores[model] = score;
}
