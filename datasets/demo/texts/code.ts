/**
 * Domain "code": `trace-code` (what does it print?) and `write-function` (write it).
 * Harder = rarer language, more demands, deeper nesting, more statements.
 * @module
 */
import type { Random } from "../../../src/base/random.ts";
import {
  an,
  between,
  type Draft,
  number,
  pick,
  plural,
  sample,
  say,
  type Template,
  words,
} from "../grammar.ts";
import { NAMES, TOPICS } from "../words.ts";

/** Templates by task. */
export const TRACE_CODE: Readonly<Record<string, Template>> = { "bugs": bugs, "loops": loops };

/** Templates by task. */
export const WRITE_FUNCTION: Readonly<Record<string, Template>> = {
  "collections": collections,
  "parsing": parsing,
  "queries": queries,
};

/** Programming languages, the rarer the harder. */
const LANGUAGES: readonly (readonly [string, number])[] = [
  ["Python", -0.8],
  ["JavaScript", -0.6],
  ["Java", -0.2],
  ["Go", 0.1],
  ["Rust", 0.5],
  ["Haskell", 0.9],
];

const DEMANDS = words(
  "Ignore empty entries|Run in linear time|Do not use a sort from the library|Break ties by name|" +
    "Leave the input unchanged|Raise an error on negative values|Support an optional limit|" +
    "Work lazily, one element at a time|Use no recursion|Add a short doc comment|Handle missing fields|" +
    "Use constant extra memory|Make it safe for concurrent callers|Round to two decimals|" +
    "Keep the original order|Treat upper and lower case alike|Return nothing for an empty input|" +
    "Accept any iterable|Avoid floating point|Include three unit tests|Cache repeated calls|" +
    "Stream inputs larger than memory|Validate every argument|Explain the complexity in a comment",
);

/** A function over a collection, with a list of demands. */
function collections(r: Random): Draft {
  const [language, rarity] = pick(r, LANGUAGES), topic = pick(r, TOPICS), count = between(r, 0, 5);
  const [thing, other] = sample(r, topic.things, 2);
  const [goal, effort] = pick<[string, number]>(r, [
    ["counts how often each of the {thing} occurs", -0.5],
    ["returns the {n} [dearest|heaviest|oldest] {thing}", -0.3],
    ["groups {thing} by {role}", -0.2],
    ["finds pairs of {thing} whose prices add up to {n}", 0.2],
    ["merges two sorted lists of {thing}", -0.1],
    ["assigns {thing} to {other} so that the total distance is smallest", 0.8],
    ["returns the longest run of {thing} with rising weight", 0.4],
    ["removes {thing} that appear more than {n} times", -0.3],
    ["packs {thing} into {other} of capacity {n}", 0.7],
  ]);
  const slots = { thing, other, n: between(r, 2, 90), role: pick(r, topic.roles) };
  const text = say(
    r,
    pick(r, [
      "[Write|Implement] {aLanguage} function for {aPlace} that {goal}.{demands}",
      "{Person} needs {aLanguage} function that {goal}.{demands}",
      "[In {language}|Using only the standard library of {language}], write a function that {goal}. It is meant for {aPlace}.{demands}",
      "Task for {aPlace}: {aLanguage} routine that {goal}.{demands}",
    ]),
    {
      language,
      aLanguage: an(language),
      aPlace: an(pick(r, topic.places)),
      Person: pick(r, NAMES),
      goal: say(r, goal, slots),
      demands: sample(r, DEMANDS, count).map((demand) => ` ${demand}.`).join(""),
    },
  );
  const difficulty = 0.6 * rarity + 0.3 * (count - 2.5) + 0.7 * effort;
  return { text, difficulty, facets: [topic.name, language] };
}

/** Reading lines of text. */
function parsing(r: Random): Draft {
  const [language, rarity] = pick(r, LANGUAGES), topic = pick(r, TOPICS);
  const fields = between(r, 2, 6),
    count = between(r, 0, 3),
    separator = pick(r, [";", ",", " | ", "::", "=>"]);
  const example = Array.from({ length: fields }, (_, i) =>
    pick(r, [
      () => pick(r, topic.things),
      () => String(number(r, between(r, 1, 4))),
      () => `${pick(r, topic.things)}=${number(r, 2)}`,
      () => `"${pick(r, NAMES)}${i % 2 ? ", " + pick(r, NAMES) : ""}"`,
      () => `20${number(r, 2)}-0${between(r, 1, 9)}-${between(r, 10, 28)}`,
    ])()).join(separator);
  const text = say(
    r,
    pick(r, [
      "[Write|Implement] {aLanguage} parser for lines such as {example} from {aPlace}.{demands}",
      "Log lines of {aPlace} look like this: {example}. [Parse|Split] them in {language} into typed fields.{demands}",
      "{Person} exports {thing} as {example} and wants {aLanguage} function that reads them back.{demands}",
    ]),
    {
      language,
      aLanguage: an(language),
      example: "`" + example + "`",
      aPlace: an(pick(r, topic.places)),
      Person: pick(r, NAMES),
      thing: pick(r, topic.things),
      demands: sample(r, DEMANDS, count).map((demand) => ` ${demand}.`).join(""),
    },
  );
  const difficulty = 0.6 * rarity + 0.3 * (fields - 4) + 0.3 * (count - 1.5);
  return { text, difficulty, facets: [topic.name, language] };
}

/** SQL. */
function queries(r: Random): Draft {
  const topic = pick(r, TOPICS), joins = between(r, 0, 4), window = r.next() < 0.35;
  const tables = [...sample(r, topic.things, joins), plural(pick(r, topic.roles))]
    .map((name) => name.replaceAll(/[ -]/g, "_"));
  const amount = pick(r, words("price|weight|rating|stock|age|deposit"));
  const label = pick(r, words("city|colour|status|country|owner_id|started_on"));
  const columns = words(
    "id|name|kind|note|size|email|ended_on|approved|batch|shelf|version|district",
  );
  const schema = tables.map((table, i) => {
    const own = [...sample(r, columns, between(r, 1, 4)), ...(i === 0 ? [amount, label] : [])];
    return `${table}(${own.join(", ")})`;
  });
  const text = say(
    r,
    pick(r, [
      "Given the tables {schema}, write an SQL query that {goal}.{more}",
      "The {place} keeps {schema}. Which SQL statement {goal}?{more}",
      "Write SQL for the {place}: schema {schema}; the query {goal}.{more}",
    ]),
    {
      schema: schema.join(", "),
      place: pick(r, topic.places),
      goal: say(
        r,
        "[lists the {n} rows of {t} with the highest {amount}|counts {t} per {label}|returns every {label} that occurs more than {n} times|" +
          "shows the average {amount} of {t} by {label}|finds {t} without any {label}]",
        { t: tables[0], n: between(r, 2, 50), amount, label },
      ),
      more: (joins > 1 ? say(r, " Join [all tables|them all] on their [ids|keys].") : "") +
        (window
          ? say(
            r,
            " Add [a running total|the rank within each group|the change against the row before] by {label}.",
            { label },
          )
          : ""),
    },
  );
  const difficulty = 0.45 * (joins - 2) + (window ? 0.7 : -0.5);
  return { text, difficulty, facets: [topic.name, "SQL"] };
}

/** A random program of a few statements in nested loops. */
function program(r: Random, language: string, depth: number, lines: number): string {
  const [total, item, step] = sample(r, words("total|x|acc|best|k|size|seen|score|left|z"), 3);
  const indent = (level: number): string => "  ".repeat(level);
  const loops = Array.from({ length: depth }, (_, i) => {
    const v = "ijm"[i], n = between(r, 3, 12);
    if (language === "Python") return `${indent(i)}for ${v} in range(${between(r, 0, 2)}, ${n}):`;
    if (language === "Go") {
      return `${indent(i)}for ${v} := ${between(r, 0, 2)}; ${v} < ${n}; ${v}++ {`;
    }
    return `${indent(i)}for (let ${v} = ${between(r, 0, 2)}; ${v} < ${n}; ${v}++) {`;
  });
  const inner = "ijm"[depth - 1];
  const body = Array.from({ length: lines }, () =>
    indent(depth) +
    say(
      r,
      "[{t} += {v} * {n}|{t} = {t} * {n} + {v}|{x} = {x} + {t} % {n}|{t} -= {x}|{x} += {n} - {v}|{t} = {t} ^ {x}|{x} = {x} * {v} % {m}]",
      { t: total, x: item, v: inner, n: between(r, 2, 19), m: between(r, 20, 99) },
    ));
  const close = language === "Python" ? [] : loops.map((_, i) => indent(depth - 1 - i) + "}");
  const assign = language === "Go" ? ":=" : "=", declare = language === "JavaScript" ? "let " : "";
  const print = { Python: "print", Go: "fmt.Println", JavaScript: "console.log" }[language];
  return [
    `${declare}${total} ${assign} ${between(r, 0, 30)}`,
    `${declare}${item} ${assign} ${between(r, 1, 9)}`,
    ...(r.next() < 0.3 ? [`${declare}${step} ${assign} ${total} + ${item}`] : []),
    ...loops,
    ...body,
    ...close,
    `${print}(${r.next() < 0.5 ? total : `${total}, ${item}`})`,
  ].join("\n");
}

/** What does it print? */
function loops(r: Random): Draft {
  const [language, rarity] = pick<[string, number]>(r, [["Python", -0.3], ["JavaScript", 0], [
    "Go",
    0.4,
  ]]);
  const depth = between(r, 1, 3), lines = between(r, 1, 5);
  const text = say(
    r,
    "[What does this {language} code print?|Trace the {language} program and give its output.|Predict the output ({language}).|" +
      "Run this {language} snippet in your head. What appears?]\n\n{code}",
    { language, code: program(r, language, depth, lines) },
  );
  return { text, difficulty: 0.6 * (depth - 2) + 0.3 * (lines - 3) + rarity, facets: [language] };
}

/** What is wrong? */
function bugs(r: Random): Draft {
  const [language, rarity] = pick<[string, number]>(r, [["Python", -0.3], ["JavaScript", 0], [
    "Go",
    0.4,
  ]]);
  const depth = between(r, 1, 2), lines = between(r, 2, 5), topic = pick(r, TOPICS);
  const text = say(
    r,
    "[{name}'s {language} script|This {language} script of {aPlace}|The {language} code below] should " +
      "[add up the {thing}|count the {thing} without overflow|find the largest number of {thing}|stop at the first of the {thing}], but it does not. " +
      "[Which line is wrong?|Give the corrected line.|Explain the mistake in one sentence.]\n\n{code}",
    {
      name: pick(r, NAMES),
      language,
      aPlace: an(pick(r, topic.places)),
      thing: pick(r, topic.things),
      code: program(r, language, depth, lines),
    },
  );
  return {
    text,
    difficulty: 0.7 * (depth - 1.5) + 0.35 * (lines - 3.5) + rarity + 0.1,
    facets: [topic.name, language],
  };
}
