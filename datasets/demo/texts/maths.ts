/**
 * Domain "maths": `bare-arithmetic` (numbers only) and `word-problems` (set in one of the topics).
 * Harder = more operands, more steps, longer numbers.
 * @module
 */
import type { Random } from "../../../src/base/random.ts";
import {
  an,
  between,
  capital,
  type Draft,
  enumerate,
  number,
  pick,
  sample,
  say,
  type Template,
} from "../grammar.ts";
import { NAMES, TOPICS } from "../words.ts";

/** Templates by task. */
export const BARE_ARITHMETIC: Readonly<Record<string, Template>> = {
  "chains": chain,
  "fractions": fractions,
  "number-theory": numberTheory,
};

/** Templates by task. */
export const WORD_PROBLEMS: Readonly<Record<string, Template>> = {
  "comparisons": comparisons,
  "journeys": journeys,
  "purchases": purchases,
};

/** `Compute 12 + 407 × 3 − 88.` */
function chain(r: Random): Draft {
  const operands = between(r, 3, 9), digits = between(r, 1, 4);
  let expression = String(number(r, digits));
  let products = 0;
  for (let i = 1; i < operands; i++) {
    const sign = pick(r, ["+", "-", "+", "-", "*"]);
    if (sign === "*") products++;
    expression += ` ${sign} ${number(r, sign === "*" ? Math.min(digits, 2) : digits)}`;
  }
  const text = say(
    r,
    pick(r, [
      "[Compute|Evaluate|Work out] {e}.",
      "[What is|What do you get for] {e}?",
      "[Calculate|Give the value of] {e}, [minding the order of operations|showing no working].",
      "{e} = ?",
    ]),
    { e: expression },
  );
  const difficulty = 0.25 * (operands - 6) + 0.5 * (digits - 2.5) + 0.25 * (products - 1);
  return { text, difficulty, facets: [] };
}

/** `Simplify 3/4 + 5/6 - 1/9.` */
function fractions(r: Random): Draft {
  const terms = between(r, 2, 6), digits = between(r, 1, 2);
  const parts = Array.from({ length: terms }, () => `${number(r, digits)}/${number(r, digits)}`);
  const e = parts.slice(1).reduce(
    (sum, part) => `${sum} ${pick(r, ["+", "-", "*"])} ${part}`,
    parts[0],
  );
  const text = say(
    r,
    pick(r, [
      "[Simplify|Reduce] {e} to [lowest terms|a single fraction].",
      "Write {e} as [one fraction|a single fraction in lowest terms|a mixed number].",
      "What fraction equals {e}?",
      "[Evaluate|Compute] {e} [exactly|without decimals].",
    ]),
    { e },
  );
  return { text, difficulty: 0.4 * (terms - 4) + 0.8 * (digits - 1.5) + 0.2, facets: [] };
}

/** Remainders, common divisors, other bases. */
function numberTheory(r: Random): Draft {
  const digits = between(r, 2, 5);
  const a = number(r, digits), b = number(r, Math.max(2, digits - 1)), small = between(r, 3, 19);
  const [demand, pattern] = pick<[number, string]>(r, [
    [0.1, "[Find|Give] the greatest common divisor of {a} and {b}."],
    [0.1, "What is the largest number that divides both {a} and {b}?"],
    [0.2, "[Find|Give] the least common multiple of {a} and {b}."],
    [-0.5, "What [remainder is left|remains] when {a} is divided by {small}?"],
    [0.6, "[Find|Name] the last digit of {small} to the power {a}."],
    [0.9, "What is {b} to the power {small} modulo {a}?"],
    [0.3, "[Write|Express] the decimal number {a} in base {base}."],
    [0, "Is {a} a prime number? If not, [name its smallest prime factor|factor it completely]."],
    [0.4, "How many [positive divisors|divisors] does {a} have?"],
  ]);
  const text = say(r, pattern, { a, b, small, base: between(r, 3, 9) });
  return { text, difficulty: demand - 0.2 + 0.6 * (digits - 3.5), facets: [] };
}

/** Unit prices, then a total or the change. */
function purchases(r: Random): Draft {
  const topic = pick(r, TOPICS), steps = between(r, 2, 6), digits = between(r, 1, 3);
  const [buyer, seller] = sample(r, NAMES, 2);
  const lines = sample(r, topic.things, steps).map((thing, i) =>
    say(
      r,
      i === 0 ? "{n} {thing} at {p} crowns each" : "{n} {thing} [at|for] {p} crowns [each|apiece]",
      {
        n: number(r, Math.min(2, digits)),
        thing,
        p: number(r, digits),
      },
    )
  );
  const discount = r.next() < 0.4, rate = 5 * between(r, 1, 8);
  const text = say(
    r,
    pick(r, [
      "{buyer}, {role} at the {place}, [buys|orders|needs] {list}. {extra}{ask}",
      "At the {place} {seller} [sells|delivers] {list} to {buyer}. {extra}{ask}",
      "The {place} [orders|replaces] {list}. {extra}[The bill goes to {buyer}. |]{ask}",
      "{aRole} called {seller} [packs|counts out] {list} for {buyer}. {extra}{ask}",
    ]),
    {
      buyer,
      seller,
      role: pick(r, topic.roles),
      aRole: capital(an(pick(r, topic.roles))),
      place: pick(r, topic.places),
      list: enumerate(lines),
      extra: discount
        ? say(r, "[A discount of|Today there is a discount of] {rate} percent applies. ", { rate })
        : "",
      ask: say(r, "[What is the total?|How many crowns is that in all?|How much must be paid?]"),
    },
  );
  const difficulty = 0.4 * (steps - 4) + 0.5 * (digits - 2) + (discount ? 0.5 : -0.3);
  return { text, difficulty, facets: [topic.name] };
}

/** Legs at different speeds. */
function journeys(r: Random): Draft {
  const topic = pick(r, TOPICS), legs = between(r, 1, 5);
  const name = pick(r, NAMES), thing = pick(r, topic.things);
  const halves = r.next() < 0.5;
  const stretches = Array.from(
    { length: legs },
    (_, i) =>
      say(r, i === 0 ? "for {h} at {v} km/h" : "[then|after that] for {h} at {v} km/h", {
        h: `${between(r, 2, 9)}${halves ? ".5" : ""} hours`,
        v: between(r, 12, 98),
      }),
  );
  const text = say(
    r,
    pick(r, [
      "{name} [drives|takes] a load of {thing} to the {place}: {legs}. {ask}",
      "A van with {n} {thing} leaves the {place} and [travels|moves] {legs}. {ask}",
      "The {role} {name} [cycles|travels] from the {place} {legs}, [carrying|with] {n} {thing}. {ask}",
      "To [fetch|bring] {n} {thing}, {aRole} [rides|drives] {legs}. {ask}",
    ]),
    {
      name,
      thing,
      n: between(r, 3, 60),
      role: pick(r, topic.roles),
      aRole: an(pick(r, topic.roles)),
      place: pick(r, topic.places),
      legs: stretches.join(", "),
      ask: legs > 1 && r.next() < 0.6
        ? "What is the average speed?"
        : say(r, "[How far is that?|How long is the way in kilometres?|What distance is covered?]"),
    },
  );
  const difficulty = 0.55 * (legs - 3) + (text.includes("average") ? 0.6 : -0.2) +
    (halves ? 0.2 : -0.2);
  return { text, difficulty, facets: [topic.name] };
}

/** Ada has 12; Bo has twice as many as Ada; … */
function comparisons(r: Random): Draft {
  const topic = pick(r, TOPICS), links = between(r, 2, 7), digits = between(r, 1, 3);
  const people = sample(r, NAMES, links + 1), thing = pick(r, topic.things);
  let held = number(r, digits + 1);
  const start = held;
  const clues = people.slice(1).map((person, i) => {
    const n = number(r, digits), fewer = held > n && r.next() < 0.5;
    const times = r.next() < 0.3 ? between(r, 2, 4) : 0;
    held = times ? held * times : fewer ? held - n : held + n;
    const slots = {
      person,
      before: people[i],
      n,
      times: ["twice", "three times", "four times"][times - 2],
    };
    if (times) return say(r, "{person} [has|owns] {times} as many as {before}.", slots);
    return fewer
      ? say(r, "[{person} has {n} fewer than {before}|{before} has {n} more than {person}].", slots)
      : say(
        r,
        "[{person} has {n} more than {before}|{before} has {n} fewer than {person}].",
        slots,
      );
  });
  const text = say(
    r,
    pick(r, [
      "{first} the {role} has {n} {thing}. {clues} How many {thing} [does {last} have|do all of them have together]?",
      "[In|At] the {place}, {first} [counts|stores] {n} {thing}. {clues} How many does {last} have?",
      "{first} [left|counted] {n} {thing} at the {place}. {clues} [What is the number for {last}|How many are there altogether]?",
    ]),
    {
      first: people[0],
      last: people[links],
      n: start,
      thing,
      role: pick(r, topic.roles),
      place: pick(r, topic.places),
      clues: clues.join(" "),
    },
  );
  return { text, difficulty: 0.35 * (links - 4.5) + 0.5 * (digits - 2), facets: [topic.name] };
}
