/**
 * Domain "knowledge": `fact-choice` (four options) and `fact-recall` (free form).
 * Harder = more obscure subjects, more of them at once.
 * @module
 */
import type { Random } from "../../../src/base/random.ts";
import {
  between,
  capital,
  type Draft,
  enumerate,
  optionList,
  pick,
  sample,
  say,
  type Template,
} from "../grammar.ts";
import { type FactTable, factTables } from "../facts.ts";

const TABLES = factTables();

/** Templates by task. */
export const FACT_CHOICE: Readonly<Record<string, Template>> = {
  "direct": direct,
  "pairs": pairs,
  "reverse": reverse,
};

/** Templates by task. */
export const FACT_RECALL: Readonly<Record<string, Template>> = { "lists": lists, "single": single };

/** A row of a table: the pair and its obscurity, from -1.2 (everybody knows) to 1.2. */
function draw(r: Random): { table: FactTable; subject: string; value: string; obscurity: number } {
  const table = pick(r, TABLES), at = r.integer(table.pairs.length);
  const [subject, value] = table.pairs[at];
  return { table, subject, value, obscurity: obscurity(table, at) };
}

function obscurity(table: FactTable, at: number): number {
  return 2.4 * (at / (table.pairs.length - 1)) - 1.2;
}

/** Three rows with values that differ from the right one and from each other. */
function wrong(r: Random, table: FactTable, value: string): (readonly [string, string])[] {
  const taken = new Set([value]);
  return sample(r, table.pairs, table.pairs.length)
    .filter(([, other]) => !taken.has(other) && taken.add(other))
    .slice(0, 3);
}

/** Subject given, value asked. */
function direct(r: Random): Draft {
  const { table, subject, value, obscurity } = draw(r);
  const options = r.shuffle([value, ...wrong(r, table, value).map(([, v]) => v)]);
  const text = say(
    r,
    "[What is {value}?|Choose {value}.|Which option names {value}?|Quiz: {value}?|Name {value}.]\n{options}",
    { value: say(r, table.value, { s: subject }), options: optionList(options) },
  );
  return { text, difficulty: obscurity, facets: [table.topic] };
}

/** Value given, subject asked. */
function reverse(r: Random): Draft {
  const { table, subject, value, obscurity } = draw(r);
  const options = r.shuffle([subject, ...wrong(r, table, value).map(([s]) => s)]);
  const text = say(r, "[|Pick one. |Only one answer is right. ]{question}\n{options}", {
    question: say(r, table.reverse, { v: value }),
    options: optionList(options),
  });
  return { text, difficulty: obscurity + 0.2, facets: [table.topic] };
}

/** Four pairs, one of them right (or wrong). */
function pairs(r: Random): Draft {
  const { table, subject, value, obscurity } = draw(r);
  const others = wrong(r, table, value), flaw = r.next() < 0.4;
  const shown = flaw
    ? [`${subject}: ${others[0][1]}`, ...wrong(r, table, value).map(([s, v]) => `${s}: ${v}`)]
    : [
      `${subject}: ${value}`,
      ...others.map(([s], i) => `${s}: ${i === 2 ? value : others[i + 1][1]}`),
    ];
  const text = say(
    r,
    "[Which of these pairs of {subject} and answer is {kind}?|Only one line is {kind} ({topic}): which?|" +
      "In {topic}, which match is {kind}?]\n{options}",
    {
      subject: table.subject,
      topic: table.topic,
      kind: flaw ? "wrong" : "right",
      options: optionList(r.shuffle(shown)),
    },
  );
  return { text, difficulty: obscurity + (flaw ? 0.5 : 0.2), facets: [table.topic] };
}

/** One or two facts, free form. */
function single(r: Random): Draft {
  const a = draw(r), b = r.next() < 0.7 ? draw(r) : undefined;
  const ask = ({ table, subject }: typeof a): string => say(r, table.value, { s: subject });
  const text = say(
    r,
    pick(r, [
      "[Name|Tell me|State] {what}[.|, in a few words.]",
      "I am looking for {what}[.|; a short answer will do.]",
      "[Quick question|For a quiz|Crossword help]: {what}?",
    ]),
    { what: b ? `${ask(a)}${say(r, "[, and| and also|, as well as]")} ${ask(b)}` : ask(a) },
  );
  const facets = b && b.table !== a.table ? [a.table.topic, b.table.topic] : [a.table.topic];
  const hardest = b ? Math.max(a.obscurity, b.obscurity) + 0.3 : a.obscurity - 0.3;
  return { text, difficulty: hardest, facets };
}

/** Several subjects of one table. */
function lists(r: Random): Draft {
  const table = pick(r, TABLES), count = between(r, 2, 5);
  const rows = sample(r, table.pairs.map(([s], at) => ({ s, o: obscurity(table, at) })), count);
  const subjects = enumerate(rows.map(({ s }) => s));
  const text = say(
    r,
    pick(r, [
      "For each {subject} in the list, give the {each}: {subjects}.",
      "{Subjects}: [state|write down] the {each} of every {subject}, in this order.",
      "[Make|Fill in] a table of {subject} and {each}. Rows: {subjects}.",
    ]),
    { subject: table.subject, each: table.each, subjects, Subjects: capital(subjects) },
  );
  const hardest = Math.max(...rows.map(({ o }) => o));
  return { text, difficulty: 0.7 * hardest + 0.35 * (count - 3.5), facets: [table.topic] };
}
