/**
 * RouterBench (Hugging Face withmartian/routerbench): wide pandas pickles with a row a prompt and, for each of
 * eleven models, score, reply and the dollars paid. The pickles are read as data (`pickle.ts`); nothing in
 * them is run.
 *
 * `prompt` is the text of a Python list, its items are joined by line ends. MMLU's subjects are tasks of one
 * benchmark. An empty cell is a missing score or cost. An id that comes again is numbered.
 * @module
 */
import { DataError, UsageError } from "../../base/errors.ts";
import { significant } from "../pricing.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, dropRepeated, type Importer } from "./importer.ts";
import { matching } from "./native.ts";
import { readPickle } from "./pickle.ts";
import { Frame } from "./pickle_types.ts";
import { round4, stringList } from "./python.ts";

const COST = "|total_cost";

/** Reads one of the two files. */
export const routerbench: Importer = {
  name: "routerbench",
  about: "RouterBench's wide tables (pickles, read as data, with real costs)",
  layout: ["routerbench_<0shot|5shot>.pkl"],
  options: { shots: "0 or 5, where both files are there" },
  async read(files, options, log) {
    const found = matching(files, /^routerbench_(0|5)shot\.pkl$/, routerbench.layout[0]);
    const [shots = found.length === 1 ? found[0].parts[0] : undefined] = options.shots ?? [];
    const file = found.find(({ parts }) => parts[0] === shots);
    if (!file) {
      const there = found.map(({ path }) => path).join(" and ");
      throw new UsageError(
        `routerbench: there are ${there}; choose with --option shots=0 or shots=5`,
      );
    }
    const { path } = file, frame = readPickle(await files.read(path), path);
    if (!(frame instanceof Frame)) throw new DataError(`${path}: expected a frame of pandas`);
    const records = recordsOf(frame, path);
    log.steps.push({ what: "rows read", rows: records.length });
    const scored = records.filter(({ scores }) => Object.keys(scores).length > 0);
    drop(log, "prompt without any score", records.length - scored.length);
    return dropRepeated(scored, log);
  },
};

function recordsOf(frame: Frame, path: string): OutcomeRecord[] {
  const column = (name: string): readonly unknown[] => {
    const values = frame.column(name);
    if (values) return values;
    throw new DataError(`${path}: expected a column "${name}", got ${frame.names.join(", ")}`);
  };
  const texts = (name: string): string[] =>
    column(name).map((value, row) => {
      if (typeof value === "string") return value;
      throw new DataError(`${path}: row ${row}: ${name}: expected a text, got ${value}`);
    });
  const ids = texts("sample_id"), prompts = texts("prompt"), names = texts("eval_name");
  const models = frame.names.filter((name) => name.endsWith(COST))
    .map((name) => name.slice(0, -COST.length));
  if (models.length === 0) throw new DataError(`${path}: expected columns "<model>${COST}"`);
  const times = new Map<string, number>();
  const unique = (id: string): string => {
    const n = (times.get(id) ?? 0) + 1;
    times.set(id, n);
    return n === 1 ? id : `${id}~${n}`;
  };
  const scores = models.map(column), costs = models.map((model) => column(model + COST));
  return ids.map((id, row) => {
    const where = `${path}: ${id}`, prompt = prompts[row];
    const [, task] = /^mmlu-(.+)$/.exec(names[row]) ?? [];
    const known = (columns: readonly (readonly unknown[])[], round: (x: number) => number) => {
      const cells = models.flatMap((model, m): [string, number][] => {
        const value = numberOrNone(columns[m][row], `${where}: ${model}`);
        return value === undefined ? [] : [[model, round(value)]];
      });
      return Object.fromEntries(cells);
    };
    const scored = known(scores, round4), paid = known(costs, significant);
    for (const model of Object.keys(paid)) if (!Object.hasOwn(scored, model)) delete paid[model];
    return {
      id: `routerbench-${unique(id)}`,
      benchmark: task === undefined ? names[row] : "mmlu",
      ...(task !== undefined && { task }),
      query: prompt.startsWith("[") ? stringList(prompt, where).join("\n") : prompt,
      scores: scored,
      ...(Object.keys(paid).length > 0 && { costs: paid }),
    };
  });
}

/** A number, or nothing where pandas has NaN or None. */
function numberOrNone(value: unknown, where: string): number | undefined {
  if (value === null || Number.isNaN(value)) return undefined;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (Number.isFinite(value)) return value as number;
  throw new DataError(`${where}: expected a number, got ${value}`);
}
