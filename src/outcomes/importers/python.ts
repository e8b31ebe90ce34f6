/**
 * Python's conventions, where records made by Python converters must be matched to the byte: rounding, white space,
 * number texts, list literals, and how `json.dumps` writes a record.
 * @module
 */
import type { OutcomeRecord } from "../record.ts";
import { DataError } from "../../base/errors.ts";

/**
 * The characters `\s` and `str.strip()` mean in Python, for use in a character class. Unlike
 * JavaScript's: with U+001C–1F and U+0085, without U+FEFF.
 */
export const SPACE: string = String
  .raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;

const EDGES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");

/** `str.strip()`. */
export function strip(text: string): string {
  return text.replace(EDGES, "");
}

/** Order of Python's `sorted` on strings: by code point, where JavaScript's is by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const x = Array.from(a, (c) => c.codePointAt(0)!), y = Array.from(b, (c) => c.codePointAt(0)!);
  const at = x.findIndex((code, i) => code !== y[i]);
  return at < 0 ? -1 : at >= y.length ? 1 : x[at] - y[at];
}

/** `round(x, 4)`: to the nearest, judged on the exact binary value, exact ties to the even digit. */
export function round4(x: number): number {
  if (Number.isInteger(x)) return x;
  // Sixty places show a tie exactly; toFixed(4) alone would send it away from zero.
  const tie = /^(-?\d+\.\d{3}[02468])50*$/.exec(x.toFixed(60));
  return Number(tie ? tie[1] : x.toFixed(4)) + 0;
}

/** `round(x)`: to the nearest whole number, ties to even. */
export function roundToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low === 0.5) return low % 2 === 0 ? low : low + 1;
  return Math.round(x);
}

/**
 * `float(text)` for finite numbers.
 * @throws {DataError} naming `where`, for anything else
 */
export function floatOf(text: string, where: string): number {
  const digits = strip(text);
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits)) return Number(digits);
  throw new DataError(`${where}: expected a number, got ${JSON.stringify(text)}`);
}

const STRING = /\s*(?:'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)")/y;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;
const PLAIN: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/**
 * A list literal of strings, as Python's `repr` writes it: `['a', "it's"]`.
 * @throws {DataError} naming `where`, for any other literal
 */
export function stringList(literal: string, where: string): string[] {
  const fail = (at: number): never => {
    throw new DataError(
      `${where}: expected a Python list of strings, got ${
        JSON.stringify(literal.slice(at, at + 40))
      }`,
    );
  };
  const items: string[] = [];
  let at = literal.startsWith("[") ? 1 : fail(0);
  for (;;) {
    const gap = /\s*(\]\s*$)?/y;
    gap.lastIndex = at;
    if (gap.exec(literal)?.[1]) return items;
    let item: string | undefined;
    STRING.lastIndex = at;
    for (let found; (found = STRING.exec(literal)); at = STRING.lastIndex) {
      item = (item ?? "") + unescape(found[1] ?? found[2], where); // neighbours join, as in Python
    }
    if (item === undefined) return fail(at);
    items.push(item);
    const next = /\s*(,|(?=\]))/y;
    next.lastIndex = at;
    if (!next.test(literal)) fail(at);
    at = next.lastIndex;
  }
}

function unescape(body: string, where: string): string {
  return body.replace(ESCAPE, (whole, x, u, U, other) => {
    if (other === undefined) return String.fromCodePoint(parseInt(x ?? u ?? U, 16));
    if (Object.hasOwn(PLAIN, other)) return PLAIN[other];
    throw new DataError(`${where}: expected an escape that repr() writes, got ${whole}`);
  });
}

/**
 * A record as one line, byte for byte as `json.dumps(record, ensure_ascii=False, separators=(",", ":"))`
 * writes it: costs are floats there (`1e-05`, `2.0`), all other numbers print alike. Costs come last; empty
 * scores (queries alone) are left out.
 */
export function recordLine(record: OutcomeRecord): string {
  const { costs, ...rest } = record, { scores, ...query } = rest;
  const line = JSON.stringify(Object.keys(scores).length > 0 ? rest : query);
  if (!costs) return line;
  const pairs = Object.entries(costs).map(([m, cost]) => `${JSON.stringify(m)}:${float(cost)}`);
  return `${line.slice(0, -1)},"costs":{${pairs.join(",")}}}`;
}

/** `repr` of a float. */
function float(x: number): string {
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return Number.isInteger(x) ? `${x}.0` : String(x);
}
