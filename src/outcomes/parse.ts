/**
 * Strict reading of one record: every rule of `record.ts` holds, or a {@link DataError} says which one
 * broke, where, and what was found instead. Nothing is repaired.
 *
 * Two things that JSON cannot show go unnoticed: a key written twice (the last one counts) and a value that is
 * wrong but well formed; the manifest's SHA-256 catches those.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { didYouMean, suggest } from "../base/suggest.ts";
import type { OutcomeRecord } from "./record.ts";

/** Where a record stands. */
export interface Where {
  /** As it should be named in messages. */
  readonly file: string;
  /** Line of a text file, row of a table; from 1. */
  readonly line: number;
}

/**
 * Parses one line of `records.jsonl`.
 * @throws {DataError} `file:line: field: expected …, got …`
 */
export function parseRecord(line: string, where: Where): OutcomeRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new DataError(
      `${where.file}:${where.line}: expected one JSON object a line (${(error as Error).message})`,
    );
  }
  return checkRecord(value, where);
}

/**
 * Checks a value that is already parsed (a parquet row, an importer's output); returns it unchanged.
 * @throws {DataError} `file:line: field: expected …, got …`
 */
export function checkRecord(value: unknown, where: Where): OutcomeRecord {
  const fault = recordFault(value);
  if (!fault) return value as OutcomeRecord;
  const field = fault.field ? `${fault.field}: ` : "";
  throw new DataError(
    `${where.file}:${where.line}: ${field}expected ${fault.expected}, got ${show(fault.got)}`,
  );
}

/** What is wrong with a value, if anything. */
interface Fault {
  field: string;
  expected: string;
  got: unknown;
}

/** Finds a fault; `field` is the path that leads to the value. */
type Rule = (value: unknown, field: string) => Fault | undefined;

/** A rule from a yes-or-no test. */
const must = (expected: string, holds: (value: unknown) => boolean): Rule => (value, field) =>
  holds(value) ? undefined : { field, expected, got: value };

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;
const isText = (value: unknown): value is string =>
  typeof value === "string" && value.isWellFormed();
const isPair = (value: unknown, each: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(each);

const text = must("text", isText);
const name = must("a non-empty string", (value) => isText(value) && value !== "");
const query = must("a query with text in it", (value) => isText(value) && value.trim() !== "");
const score = must(
  "a number in [0, 1]",
  (value) => isNumber(value) && value >= 0 && value <= 1,
);
const amount = must("a finite number ≥ 0", (value) => isNumber(value) && value >= 0);
const count = must("a whole number ≥ 0", isCount);
const tokens = must("[input, output], two whole numbers ≥ 0", (value) => isPair(value, isCount));
const rates = must(
  "[input, output], two finite numbers ≥ 0",
  (value) => isPair(value, (item) => isNumber(item) && item >= 0),
);
const options = must(
  "0 (free form) or a whole number from 2 to 65535",
  (value) => isCount(value) && value !== 1 && value <= 65535,
);
const split = must('"train" or "test"', (value) => value === "train" || value === "test");

const reply: Rule = (value, field) =>
  typeof value === "string"
    ? text(value, field)
    : shape({ prefix: text, sha256: digest })(value, field);
const digest = must("64 hex digits", (value) => isText(value) && /^[0-9a-f]{64}$/.test(value));
const gold: Rule = (value, field) =>
  Array.isArray(value) ? list(text)(value, field) : text(value, field);

/** A non-empty list of one kind. */
function list(item: Rule): Rule {
  return (value, field) => {
    if (!Array.isArray(value) || value.length === 0) {
      return { field, expected: "a non-empty list", got: value };
    }
    for (let i = 0; i < value.length; i++) {
      const fault = item(value[i], `${field}[${i}]`);
      if (fault) return fault;
    }
  };
}

/** An object with exactly these fields. */
function shape(fields: Record<string, Rule>): Rule {
  const names = Object.keys(fields);
  return (value, field) => {
    if (!isObject(value) || Object.keys(value).sort().join() !== names.toSorted().join()) {
      return { field, expected: `an object of ${names.join(" and ")}`, got: value };
    }
    for (const key of names) {
      const fault = fields[key](value[key], `${field}.${key}`);
      if (fault) return fault;
    }
  };
}

/** An object from model to one kind, with at least one model. */
function byModel(item: Rule): Rule {
  return (value, field) => {
    if (!isObject(value)) {
      return { field, expected: "an object from model to value", got: value };
    }
    const models = Object.keys(value);
    if (models.length === 0) return { field, expected: "at least one model", got: value };
    for (const model of models) {
      // As a key "__proto__" would reach past the object wherever a record is copied by assignment.
      if (model === "" || model === "__proto__" || !model.isWellFormed()) {
        return { field, expected: "a usable model name", got: model };
      }
      const fault = item(value[model], "");
      if (fault) return { ...fault, field: `${field}[${JSON.stringify(model)}]${fault.field}` };
    }
  };
}

const REQUIRED = ["id", "benchmark", "query", "scores"] as const;

/** What other files call the required fields. */
const OTHER_NAMES: Readonly<Record<typeof REQUIRED[number], readonly string[]>> = {
  id: ["query_id", "question_id", "sample_id", "uid", "index"],
  benchmark: ["dataset", "source", "subset", "category"],
  query: ["prompt", "question", "input", "text", "instruction"],
  scores: ["score", "results", "performance", "outcomes", "labels"],
};

/** Fields whose models must be among those of `scores`: a misspelt model would otherwise be lost silently. */
const SCORED = [
  ...["target", "tokens", "costs", "repeats", "latency_ms", "responses", "scores_rag"] as const,
  ...["tokens_rag", "costs_rag"] as const,
];

const RULES: ReadonlyMap<string, Rule> = new Map(Object.entries(
  {
    id: name,
    benchmark: name,
    task: name,
    level: name,
    query,
    scores: byModel(score),
    target: byModel(score),
    tokens: byModel(tokens),
    costs: byModel(amount),
    split,
    options,
    repeats: byModel(list(score)),
    prompt_tokens_extra: count,
    prices: byModel(rates),
    latency_ms: byModel(amount),
    responses: byModel(reply),
    gold,
    checker: name,
    documents: list(text),
    scores_rag: byModel(score),
    tokens_rag: byModel(tokens),
    costs_rag: byModel(amount),
    messages: list(shape({ role: name, content: text })),
  } satisfies Record<keyof OutcomeRecord, Rule>,
));

/** A text that is no Unicode is told apart from a text that is something else. */
function recordFault(value: unknown): Fault | undefined {
  const fault = brokenRule(value);
  if (!fault || typeof fault.got !== "string" || fault.got.isWellFormed()) return fault;
  const at = [...fault.got].findIndex((character) => !character.isWellFormed());
  const code = [...fault.got][at].charCodeAt(0).toString(16);
  return {
    ...fault,
    expected: `well-formed Unicode (character ${at + 1}, \\u${code}, is half of a surrogate pair)`,
  };
}

function brokenRule(value: unknown): Fault | undefined {
  if (!isObject(value)) return { field: "", expected: "an object", got: value };
  for (const field of REQUIRED) {
    if (Object.hasOwn(value, field)) continue;
    const other = OTHER_NAMES[field].find((name) => Object.hasOwn(value, name)) ??
      suggest(field, Object.keys(value).filter((name) => !RULES.has(name)));
    if (other === undefined) return { field, expected: "a value", got: undefined };
    return {
      field: other,
      expected: `one of the fields ${[...RULES.keys()].join(", ")}; did you mean "${field}"?`,
      got: other,
    };
  }
  for (const field of Object.keys(value)) {
    const rule = RULES.get(field);
    if (!rule) {
      const near = didYouMean(field, RULES.keys());
      return {
        field,
        expected: `one of the fields ${[...RULES.keys()].join(", ")}${near}`,
        got: field,
      };
    }
    const fault = rule(value[field], field);
    if (fault) return fault;
  }
  const scores = value.scores as Record<string, number>;
  for (const field of SCORED) {
    for (const model of Object.keys(value[field] ?? {})) {
      if (!Object.hasOwn(scores, model)) {
        return { field, expected: "only models that have a score", got: model };
      }
    }
  }
}

/** A value as a message shows it: JSON, at most 60 characters. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const written = typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : JSON.stringify(value) ?? String(value);
  return written.length > 60 ? `${written.slice(0, 59)}…` : written;
}
