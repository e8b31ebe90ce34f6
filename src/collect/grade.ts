/**
 * Graders: pure functions from an answer and its reference to a score. A reply in which the thing asked for
 * cannot be found is wrong; a query without a reference cannot be graded, and its outcome is missing.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { canonicalJson } from "../base/hash.ts";
import { countOptions } from "../outcomes/build.ts";
import type { Answer } from "./ask.ts";
import type { Query } from "./call.ts";

/** What an answer is worth. */
export interface Grade {
  /** 0 or 1. */
  readonly score: number;
  /** Probability of the right answer, where the endpoint gave log-probabilities. */
  readonly target?: number;
}

/** What a grader reads of an answer. */
export type Graded = Pick<Answer, "text" | "first">;

/** A grader; undefined where there is no reference to grade by. */
export interface Grader {
  /** One line of help. */
  readonly about: string;
  /** Grades one answer. */
  grade(answer: Graded, query: Query): Grade | undefined;
}

/** Graders by the name that `--grader` takes. */
export const GRADERS: Readonly<Record<string, Grader>> = {
  exact: {
    about: "the whole answer is the reference, but for case, spaces and quotes",
    grade: anyGold((gold, { text }) => plain(text) === plain(gold)),
  },
  contains: {
    about: "the reference stands in the answer, as whole words",
    grade: anyGold((gold, { text }) => ` ${words(text)} `.includes(` ${words(gold)} `)),
  },
  choice: {
    about: "the letter of an option",
    grade: anyGold((gold, { text }, { id, query, options = countOptions(query) }) =>
      choiceLetter(text, options) === needed(choiceLetter(gold, options), gold, id, "a letter")
    ),
  },
  number: {
    about: 'the last number, or the one behind "answer is" or "####"',
    grade: anyGold((gold, { text }, { id }) =>
      sameNumber(finalNumber(text), needed(finalNumber(gold), gold, id, "a number"))
    ),
  },
  regex: {
    about: "the reference is a regular expression that the answer matches",
    grade: anyGold((gold, { text }, { id }) => pattern(gold, id).test(text)),
  },
  json: {
    about: "JSON equal to the reference; without one, any JSON",
    grade(answer, query) {
      if (query.gold !== undefined) return anyGold(sameJson)(answer, query);
      return mark(jsonIn(answer.text) !== undefined);
    },
  },
  yesno: {
    about: "yes or no, by log-probabilities where the endpoint gives them",
    grade: yesOrNo,
  },
};

/** A grader that holds for any of several references. */
function anyGold(
  holds: (gold: string, answer: Graded, query: Query) => boolean,
): Grader["grade"] {
  return (answer, query) => {
    if (query.gold === undefined) return undefined;
    return mark([query.gold].flat().some((gold) => holds(gold, answer, query)));
  };
}

/** @throws {DataError} when a reference is not of the kind that its grader reads */
function needed<T>(found: T | undefined, gold: string, id: string, kind: string): T {
  if (found !== undefined) return found;
  throw new DataError(`${id}: gold: expected ${kind}, got ${JSON.stringify(gold.slice(0, 60))}`);
}

function mark(right: boolean): Grade {
  return { score: right ? 1 : 0 };
}

/** Case, spaces, and quotes and full stops around it do not matter. */
function plain(text: string): string {
  const bare = text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
  return bare.replace(/^["'“”‘’`]+/, "").replace(/["'“”‘’`.!]+$/, "");
}

/** Letters, digits and signs between them; all else is a space. */
function words(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}.,+-]+/gu, " ")
    .replace(/[.,+-]+(?= |$)/g, "").trim();
}

/**
 * The letter an answer settles on: behind "answer", in a box, alone at the start, or the only one that
 * stands in brackets or before one. @param options how many letters there are; 0 = any
 */
export function choiceLetter(text: string, options: number): string | undefined {
  const last = String.fromCharCode(64 + (options >= 2 && options <= 26 ? options : 26));
  const letter = `([A-${last}])(?![A-Za-z'’])`;
  const find = (source: string): string[] =>
    [...text.matchAll(new RegExp(source, "gm"))].map(([, found]) => found);
  const said = find(`(?:[Aa]nswer|ANSWER)(?:\\s+is|\\s*:)?[\\s:*("\\[]*${letter}`);
  if (said.length > 0) return said.at(-1);
  const boxed = find(`\\\\boxed\\{(?:\\\\text\\{)?\\(?${letter}`);
  if (boxed.length > 0) return boxed.at(-1);
  const alone = new RegExp(`^[\\s*("\\[]*${letter}(?:[).:,\\]*"]|\\s*$|\\s*\\n)`).exec(text);
  if (alone) return alone[1];
  const marked = new Set([...find(`\\(${letter}\\)`), ...find(`(?<![A-Za-z])${letter}[).]`)]);
  return marked.size === 1 ? [...marked][0] : undefined;
}

const NUMBER =
  /(?:(?<!\d)[-−+])?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?:\s*\/\s*\d+)?/g;

/** The number an answer ends on: behind "####", in a box, behind "answer is" or "answer:", or the last one. */
export function finalNumber(text: string): number | undefined {
  const marks = [/####([^\n]*)/g, /\\boxed\{([^}]*)\}/g, /answer(?:\s+is|\s*:)([^\n]*)/gi];
  for (const sign of marks) {
    const [found] = text.matchAll(sign).toArray().at(-1)?.[1].match(NUMBER) ?? [];
    if (found !== undefined) return value(found);
  }
  const last = text.match(NUMBER)?.at(-1);
  return last === undefined ? undefined : value(last);
}

/** `1,234.5`, `−3`, `3/4`; NaN for a fraction of zero. */
function value(text: string): number {
  const [above, below = "1"] = text.replaceAll(",", "").replace("−", "-").split("/");
  return Number(below) === 0 ? NaN : Number(above) / Number(below);
}

function sameNumber(a: number | undefined, b: number): boolean {
  if (a === undefined) return false;
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function pattern(source: string, id: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch (error) {
    throw new DataError(`${id}: gold: expected a regular expression (${(error as Error).message})`);
  }
}

function sameJson(gold: string, { text }: Graded, { id }: Query): boolean {
  const found = jsonIn(text), wanted = needed(jsonIn(gold), gold, id, "JSON");
  return found !== undefined && canonicalJson(found.value) === canonicalJson(wanted.value);
}

/** JSON of an answer: all of it, a fenced block, or from its first bracket to its last. */
function jsonIn(text: string): { value: unknown } | undefined {
  const [, fenced] = /```(?:json)?\s*\n([^]*?)\n\s*```/.exec(text) ?? [];
  const [bracketed] = /[{[][^]*[}\]]/.exec(text) ?? [];
  for (const candidate of [text, fenced, bracketed]) {
    if (candidate === undefined) continue;
    try {
      return { value: JSON.parse(candidate) };
    } catch {
      // The next reading of it.
    }
  }
}

/** What an answer that begins with yes or no says. */
export function yesNo(text: string): "yes" | "no" | undefined {
  const [, word] = /^[^\p{L}]*(yes|no)(?!\p{L})/iu.exec(text) ??
    /answer(?:\s+is|\s*:)[^\p{L}]*(yes|no)(?!\p{L})/iu.exec(text) ?? [];
  return word?.toLowerCase() as "yes" | "no" | undefined;
}

/** With log-probabilities: which of the two is likelier as the first token, and how likely among both. */
function yesOrNo({ text, first }: Graded, { id, gold }: Query): Grade | undefined {
  if (gold === undefined) return undefined;
  const [given] = [gold].flat(), wanted = needed(yesNo(given), given, id, "yes or no");
  const mass = (side: string): number =>
    (first ?? []).filter(([token]) => token.trim().toLowerCase() === side)
      .reduce((sum, [, logprob]) => sum + Math.exp(logprob), 0);
  const yes = mass("yes"), no = mass("no");
  if (yes + no === 0) return mark(yesNo(text) === wanted);
  const target = (wanted === "yes" ? yes : no) / (yes + no);
  return { score: target > 0.5 ? 1 : 0, target };
}
