/**
 * The table most people have: one row a query, one column a model.
 *
 * Two pure steps. {@link readColumns} says what each column is, from what it was told and, for the rest,
 * from names and values; where that leaves a doubt it names it instead of choosing.
 * {@link tableRecords} then makes the records. Empty cells are missing, never 0.
 * @module
 */
import { DataError, UsageError } from "../../base/errors.ts";
import { shellQuote } from "../../base/shell.ts";
import { didYouMean } from "../../base/suggest.ts";
import { checkRecord } from "../parse.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, type ImportLog } from "./importer.ts";

/** A value as files hold it; undefined = an empty cell. */
export type Cell = string | number | boolean | undefined;

/** A table as read from a file. */
export interface Sheet {
  /** As messages name it. */
  readonly file: string;
  /** Column names, in order. */
  readonly columns: readonly string[];
  /** Rows, each with as many cells as there are columns, and the line it begins on. */
  readonly rows: readonly { readonly line: number; readonly cells: readonly Cell[] }[];
}

/** What a person says about the columns; what is absent is guessed. */
export interface ToldColumns {
  /** Column of the query texts. */
  readonly query?: string;
  /** Columns of scores: names, `PREFIX*`, `*SUFFIX` or `MODEL=COLUMN`. */
  readonly scores?: readonly string[];
  /** Columns of costs in US dollars, written as those of the scores. */
  readonly costs?: readonly string[];
  /** Column of the benchmark; without one the file is one benchmark. */
  readonly benchmark?: string;
  /** Column of a finer label. */
  readonly task?: string;
  /** Column of the ids; without one rows are numbered. */
  readonly id?: string;
  /** Scores are 0 to 100. */
  readonly percent?: boolean;
}

/** What every column is. */
export interface Columns {
  /** Column of the query texts. */
  readonly query: string;
  /** Model → column of its scores. */
  readonly scores: ReadonlyMap<string, string>;
  /** Model → column of its costs. */
  readonly costs: ReadonlyMap<string, string>;
  /** Column of the benchmark. */
  readonly benchmark?: string;
  /** Column of a finer label. */
  readonly task?: string;
  /** Column of the ids. */
  readonly id?: string;
  /** Column of the published split. */
  readonly split?: string;
  /** Scores are 0 to 100. */
  readonly percent: boolean;
  /** Columns that are not used. */
  readonly left: readonly string[];
  /** Why a person has to say it; absent where names and values leave no doubt. */
  readonly doubt?: string;
}

const QUERY = ["query", "prompt", "question", "input"];
const BENCHMARK = ["benchmark", "dataset", "task", "category"];
const TASK = ["task", "category", "subject"];
const ID = ["id", "query_id", "prompt_id", "question_id", "sample_id", "uid"];
/** What pandas and others call the column of row numbers. */
const INDEX = ["", "unnamed: 0", "index"];
/** Names of numbers in [0, 1] that are about the query, or about all models. */
const NO_MODEL = new Set(
  ("answer label gold target difficulty level fold correct best winner oracle mean average avg " +
    "std weight rank seed score cost length year")
    .split(" "),
);
/** Names of other numbers, such as `gpt_tokens`, `latency_ms`. */
const MEASURES = /tokens?\b|latency|duration|seconds|time|_ms$/i;
const MISSING = new Set(["", "nan", "na", "n/a", "null", "none"]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const COST_NAMES = [/^costs?[:_ .|-](.+)$/is, /^(.+?)[:_ .|-](?:total_)?costs?$/is];
const SCORE_NAMES = [/^scores?[:_ .|-](.+)$/is, /^(.+?)[:_ .|-]scores?$/is];

/** What a column holds, apart from empty cells. */
interface Kind {
  /** `mixed`: text among numbers, as in a column of scores with remarks. */
  readonly is: "empty" | "score" | "percent" | "number" | "mixed" | "text";
  /** Its cells that are numbers are all ≥ 0. */
  readonly positive: boolean;
  /** Mean length of its texts. */
  readonly length: number;
  /** The first text among numbers. */
  readonly odd?: { readonly line: number; readonly value: string };
}

/**
 * Says what each column is.
 * @throws {DataError} for a column name twice, or no rows
 * @throws {UsageError} for a column told that is not there, with the nearest
 */
export function readColumns(sheet: Sheet, told: ToldColumns = {}): Columns {
  const { file, columns, rows } = sheet;
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw new DataError(`${file}:1: column ${shown(twice)} is there twice`);
  if (rows.length === 0) throw new DataError(`${file}: expected rows below the header, got none`);
  const kinds = new Map(columns.map((name, i) => [name, kindOf(sheet, i)]));
  const kind = (name: string): Kind => kinds.get(name)!;
  const named = (names: readonly string[], taken: readonly (string | undefined)[] = []): string[] =>
    names.flatMap((name) =>
      columns.filter((column) =>
        column.trim().toLowerCase() === name && !taken.includes(column) &&
        kind(column).is !== "empty"
      )
    );
  const doubts: string[] = [];
  for (const name of [told.query, told.benchmark, told.task, told.id]) {
    if (name !== undefined) oneColumn(sheet, name);
  }

  const texts = named(QUERY).filter((name) => kind(name).is === "text");
  if (told.query === undefined && texts.length > 1) {
    doubts.push(`the query is in ${texts.map(shown).join(" or ")}`);
  }
  const benchmark = told.benchmark ?? named(BENCHMARK, [told.task, told.id, told.query])[0];
  const task = told.task ?? named(TASK, [benchmark, told.id, told.query])[0];
  const id = told.id ?? [...named(ID), ...named(INDEX)][0];
  const longest = columns
    .filter((name) => kind(name).is === "text" && ![benchmark, task, id].includes(name))
    .toSorted((a, b) => kind(b).length - kind(a).length)[0];
  const query = told.query ?? texts[0] ?? longest;
  if (told.query === undefined && texts.length === 0) {
    doubts.push(`no column of text is called ${QUERY.join(", ")}`);
  }
  const split = columns.find((name, i) =>
    name.trim().toLowerCase() === "split" &&
    rows.every(({ cells }) => cells[i] === "train" || cells[i] === "test")
  );
  const about = [query, benchmark, task, id, split, ...named(INDEX)];
  const rest = columns.filter((name) => !about.includes(name));

  const costly = rest.filter((name) =>
    modelOf(name, COST_NAMES) !== undefined && kind(name).positive &&
    ["score", "percent", "number"].includes(kind(name).is)
  );
  const others = rest.filter((name) => !costly.includes(name));
  const guessed = told.scores ? undefined : guessScores(others, costly, kind, told.percent, doubts);
  const scores = told.scores ? chosen(sheet, told.scores, SCORE_NAMES) : guessed!.scores;
  if (!told.scores && scores.size < 2) {
    doubts.push(`${scores.size === 0 ? "no column" : "only one column"} holds scores from 0 to 1`);
  }
  const costs = told.costs
    ? chosen(sheet, told.costs, COST_NAMES)
    : new Map(costly.map((name) => [modelOf(name, COST_NAMES)!, name]));
  if (told.costs) {
    const surplus = [...costs.keys()].find((model) => !scores.has(model));
    if (surplus !== undefined) {
      throw new UsageError(
        `${shown(costs.get(surplus)!)} holds costs of ${shown(surplus)}, which is no model with ` +
          `scores${didYouMean(surplus, [...scores.keys()])} (MODEL=COLUMN says whose they are)`,
      );
    }
  } else if (!told.scores && costs.size > 0) {
    const free = [...scores.keys()].find((model) => !costs.has(model));
    const lone = [...costs.keys()].find((model) => !scores.has(model));
    if (free !== undefined) doubts.push(`${shown(free)} has no column of costs, other models do`);
    else if (lone !== undefined) doubts.push(`${shown(lone)} has costs but no scores`);
  }
  for (const model of costs.keys()) {
    if (!scores.has(model)) (costs as Map<string, string>).delete(model);
  }
  const used = new Set([...about.slice(0, 5), ...scores.values(), ...costs.values()]);
  return {
    query: query ?? "",
    scores,
    costs,
    ...(benchmark !== undefined && { benchmark }),
    ...(task !== undefined && { task }),
    ...(id !== undefined && { id }),
    ...(split !== undefined && { split }),
    percent: told.percent ?? guessed?.percent ?? false,
    left: columns.filter((name) => !used.has(name)),
    ...(doubts.length > 0 && { doubt: doubts[0] }),
  };
}

/** Which of the columns hold scores, as far as names and values tell. */
function guessScores(
  columns: readonly string[],
  costly: readonly string[],
  kind: (name: string) => Kind,
  percent: boolean | undefined,
  doubts: string[],
): { scores: Map<string, string>; percent: boolean } {
  const is = (...kinds: Kind["is"][]) => (name: string): boolean => kinds.includes(kind(name).is);
  const said = columns.filter((name) => modelOf(name, SCORE_NAMES) !== undefined)
    .filter(is("score", "percent", "mixed"));
  const priced = new Set(costly.map((name) => modelOf(name, COST_NAMES)!));
  const numbers = (said.length > 0 ? said : columns).filter(is("score", "percent", "mixed"))
    .filter((name) =>
      is("score")(name) || !NO_MODEL.has(name.trim().toLowerCase()) && !MEASURES.test(name)
    );
  const mixed = numbers.find(is("mixed"));
  if (mixed !== undefined) {
    const { line, value } = kind(mixed).odd!;
    doubts.push(`line ${line}, column ${shown(mixed)}: ${shown(value)} among numbers`);
  }
  const large = numbers.filter(is("percent"));
  const looksPercent = percent ?? (large.length > 0 &&
    (said.length > 0 || !numbers.some(is("score")) || large.some((name) => priced.has(name))));
  if (large.length > 0 && percent === undefined) {
    doubts.push(
      looksPercent
        ? `column ${shown(large[0])} holds numbers up to 100, percentages if they are scores`
        : `column ${shown(large[0])} holds numbers that are neither scores from 0 to 1 nor costs`,
    );
  }
  const found = numbers.filter(
    is(...(looksPercent ? ["score", "percent", "mixed"] : ["score", "mixed"]) as Kind["is"][]),
  );
  const isModel = (name: string): boolean =>
    said.length > 0 || !NO_MODEL.has(name.trim().toLowerCase());
  const odd = found.find((name) => !isModel(name));
  if (odd !== undefined) doubts.push(`column ${shown(odd)} may be no model`);
  const models = found.filter(isModel);
  return {
    scores: new Map(models.map((name) => [
      said.length > 0 ? modelOf(name, SCORE_NAMES)! : name.trim(),
      name,
    ])),
    percent: looksPercent,
  };
}

/** Columns by the words of a person, by model. */
function chosen(
  sheet: Sheet,
  words: readonly string[],
  affixes: readonly RegExp[],
): Map<string, string> {
  const found = new Map<string, string>();
  const add = (model: string, column: string): void => {
    if (found.has(model)) throw new UsageError(`two columns for ${shown(model)}`);
    found.set(model, column);
  };
  const plain: string[] = [];
  for (const word of words) {
    const star = word.indexOf("*");
    if (sheet.columns.includes(word)) plain.push(word);
    else if (star >= 0) {
      const [before, after] = [word.slice(0, star), word.slice(star + 1)];
      const fits = sheet.columns.filter((name) =>
        name.length > before.length + after.length && name.startsWith(before) &&
        name.endsWith(after)
      );
      if (fits.length === 0) throw new UsageError(`${sheet.file}: no column is like "${word}"`);
      for (const name of fits) add(name.slice(before.length, name.length - after.length), name);
    } else if (word.includes("=")) {
      add(word.slice(0, word.indexOf("=")), oneColumn(sheet, word.slice(word.indexOf("=") + 1)));
    } else plain.push(oneColumn(sheet, word));
  }
  // `a_score,b_score` are the scores of a and b; `a_score,b` those of two models with these names.
  const inside = plain.map((name) => modelOf(name, affixes));
  const named = inside.every((model) => model !== undefined);
  plain.forEach((name, i) => add(named ? inside[i]! : name.trim(), name));
  return found;
}

/** A column that is there. */
function oneColumn({ file, columns }: Sheet, name: string): string {
  if (columns.includes(name)) return name;
  throw new UsageError(
    `${file}: no column ${shown(name)}${didYouMean(name, columns)} (columns: ${
      columns.map(shown).join(", ")
    })`,
  );
}

/** The model in a column's name such as `cost:MODEL`, `MODEL_cost`. */
function modelOf(name: string, affixes: readonly RegExp[]): string | undefined {
  for (const affix of affixes) {
    const model = affix.exec(name.trim())?.[1];
    if (model !== undefined) return model;
  }
}

function kindOf({ rows }: Sheet, column: number): Kind {
  let given = 0, numbers = 0, length = 0, largest = 0, smallest = 0;
  let odd: Kind["odd"];
  for (const { line, cells } of rows) {
    const cell = known(cells[column]);
    if (cell === undefined) continue;
    given++;
    const value = numberOf(cell);
    if (value === undefined) {
      odd ??= { line, value: String(cell) };
      length += String(cell).length;
      continue;
    }
    numbers++;
    largest = Math.max(largest, value);
    smallest = Math.min(smallest, value);
  }
  const is = given === 0
    ? "empty"
    : numbers < given
    ? (2 * numbers > given ? "mixed" : "text")
    : smallest < 0 || largest > 100
    ? "number"
    : largest > 1
    ? "percent"
    : "score";
  return { is, positive: smallest >= 0, length: length / rows.length, ...(odd && { odd }) };
}

/** A cell that says something, without space around it. */
function known(cell: Cell): Cell {
  if (typeof cell === "number") return Number.isNaN(cell) ? undefined : cell;
  if (typeof cell !== "string") return cell;
  const text = cell.trim();
  return MISSING.has(text.toLowerCase()) ? undefined : text;
}

/** A number, or right and wrong as 1 and 0; undefined for other text. */
function numberOf(cell: Exclude<Cell, undefined>): number | undefined {
  if (typeof cell === "number") return cell;
  const text = String(cell).toLowerCase();
  if (text === "true") return 1;
  if (text === "false") return 0;
  const digits = text.endsWith("%") ? text.slice(0, -1).trim() : text;
  return NUMBER.test(digits) ? Number(digits) : undefined;
}

/**
 * The records of a table, in row order. Rows without any score are left out and counted; a cost without
 * a score beside it is not used.
 * @throws {DataError} naming file, line, column and value: an empty query, a score outside its range,
 * text among numbers, an id twice
 */
export function tableRecords(
  sheet: Sheet,
  columns: Columns,
  benchmarkName: string,
  log: ImportLog,
): OutcomeRecord[] {
  const { file, rows } = sheet;
  const at = (name: string | undefined): number =>
    name === undefined ? -1 : sheet.columns.indexOf(name);
  const [query, benchmark, task, id, split] = [
    ...[columns.query, columns.benchmark, columns.task, columns.id, columns.split].map(at),
  ];
  const scoreAt = [...columns.scores].map(([model, name]) => [model, at(name)] as const);
  const costAt = [...columns.costs].map(([model, name]) => [model, at(name)] as const);
  const seen = new Map<string, number>();
  const records: OutcomeRecord[] = [];
  let hundreds = false;
  rows.forEach(({ line, cells }, i) => {
    const fail = (column: number, expected: string): never => {
      const got = cells[column];
      throw new DataError(
        `${file}:${line}: column ${shown(sheet.columns[column])}: expected ${expected}, got ` +
          (got === undefined || got === "" ? "an empty cell" : shown(got)),
      );
    };
    const label = (column: number): string | undefined => {
      const cell = cells[column];
      return cell === undefined || String(cell).trim() === "" ? undefined : String(cell).trim();
    };
    const amounts = (
      from: readonly (readonly [string, number])[],
      read: (value: number, column: number, percent: boolean) => number,
    ): [string, number][] =>
      from.flatMap(([model, column]) => {
        const cell = known(cells[column]);
        if (cell === undefined) return [];
        const value = numberOf(cell);
        if (value === undefined) return fail(column, "a number, or an empty cell");
        return [[model, read(value, column, String(cell).endsWith("%"))]];
      });
    const scores = amounts(scoreAt, (value, column, sign) => {
      const percent = columns.percent;
      if (sign && !percent) fail(column, "a number from 0 to 1 (--percent reads percentages)");
      // true among percentages is right, not one percent.
      const full = percent && !/^(true|false)$/i.test(String(cells[column]).trim());
      if (value < 0 || value > (full ? 100 : 1)) {
        const hint = !percent && value > 1 && value <= 100 ? " (--percent reads 0 to 100)" : "";
        fail(column, `a score from 0 to ${full ? 100 : 1}${hint}`);
      }
      hundreds ||= value > 1;
      return full ? value / 100 : value;
    });
    const scored = new Set(scores.map(([model]) => model));
    const costs = amounts(costAt, (value, column) => {
      return value >= 0 ? value : fail(column, "dollars, not below 0");
    }).filter(([model]) => scored.has(model));
    if (scores.length === 0) return drop(log, "no score");
    const text = cells[query];
    if (text === undefined || String(text).trim() === "") fail(query, "a query");
    const key = id < 0 ? String(i + 1).padStart(6, "0") : label(id) ?? fail(id, "an id");
    const before = seen.get(key);
    if (before !== undefined) fail(id, `an id of its own (line ${before} has the same)`);
    seen.set(key, line);
    const finer = task < 0 ? undefined : label(task);
    const record = {
      id: key,
      benchmark: benchmark < 0 ? benchmarkName : label(benchmark) ?? fail(benchmark, "a label"),
      ...(finer !== undefined && { task: finer }),
      query: String(text),
      ...(split >= 0 && { split: cells[split] }),
      scores: Object.fromEntries(scores),
      ...(costs.length > 0 && { costs: Object.fromEntries(costs) }),
    };
    records.push(checkRecord(record, { file, line }));
  });
  if (columns.percent && !hundreds) {
    throw new DataError(
      `${file}: expected percentages, got no score above 1 (leave --percent out)`,
    );
  }
  log.steps.push({ what: "rows", rows: rows.length }, { what: "records", rows: records.length });
  return records;
}

/** What the columns were taken for, on one line. */
export function describeColumns(columns: Columns, benchmarkName: string): string {
  const { query, id, benchmark, task, split, scores, costs, percent, left } = columns;
  const models = [...scores.keys()];
  const some = (names: readonly string[]): string =>
    names.length > 12 ? `${names.slice(0, 10).join(", ")}, … (${names.length})` : names.join(", ");
  return [
    [
      `query = ${query}`,
      id === undefined ? "id = row number" : `id = ${id || "first column"}`,
      `benchmark = ${benchmark ?? `"${benchmarkName}"`}`,
      ...(task === undefined ? [] : [`task = ${task}`]),
      ...(split === undefined ? [] : [`split = ${split}`]),
    ].join(", "),
    `${percent ? "percent scores" : "scores"} of ${models.length} models: ${some(models)}`,
    costs.size === 0
      ? "no costs"
      : costs.size === models.length
      ? "costs of all"
      : `costs of ${some([...costs.keys()])}`,
    ...(left.length > 0 ? [`not used: ${some(left.map((name) => name || '""'))}`] : []),
  ].join("; ");
}

/** The command that says to the importer what the columns are. */
export function importCommand(file: string, columns: Columns, out: string): string {
  const list = (found: ReadonlyMap<string, string>, affixes: readonly RegExp[]): string =>
    [...found].map(([model, name]) =>
      model === name.trim() || modelOf(name, affixes) === model ? name : `${model}=${name}`
    ).join(",");
  const flags: [string, string][] = [
    ["query", columns.query || "COLUMN"],
    ["scores", list(columns.scores, SCORE_NAMES) || "COLUMNS"],
    ["costs", list(columns.costs, COST_NAMES)],
    ["benchmark", columns.benchmark ?? ""],
    ["task", columns.task ?? ""],
    ["id", columns.id ?? ""],
  ];
  return [
    `deno task data import table ${shellQuote(file)}`,
    ...flags.flatMap(([name, value]) => value ? [`--${name} ${shellQuote(value)}`] : []),
    ...(columns.percent ? ["--percent"] : []),
    `--out ${shellQuote(out)}`,
  ].join(" ");
}

/** A value as a message shows it, at most 60 characters. */
function shown(value: Cell): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
