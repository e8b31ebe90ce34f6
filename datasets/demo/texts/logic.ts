/**
 * Domain "logic": `deductions` (what follows?) and `orderings` (who comes where?).
 * Harder = more premises, more people, more clues; some settings belong to a topic.
 * @module
 */
import type { Random } from "../../../src/base/random.ts";
import {
  an,
  between,
  capital,
  type Draft,
  enumerate,
  pick,
  plural,
  sample,
  say,
  type Template,
  words,
} from "../grammar.ts";
import { NAMES, TOPICS } from "../words.ts";

/** Templates by task. */
export const DEDUCTIONS: Readonly<Record<string, Template>> = {
  "knights": knights,
  "rules": rules,
  "syllogisms": syllogisms,
};

/** Templates by task. */
export const ORDERINGS: Readonly<Record<string, Template>> = {
  "rankings": rankings,
  "schedules": schedules,
  "seating": seating,
};

const CREATURES = words(
  "blickets|borples|crumps|dorbits|fazzles|gimbles|grolls|jompuses|kettins|lorps|mimwits|numpuses|" +
    "oddles|plonks|quaggles|rompuses|snorfs|tovics|umbles|vumps|wozzes|yimpets|zorgs|thrimps",
);
const QUALITIES = words(
  "blue|cold|shy|noisy|striped|heavy|polite|hollow|bitter|luminous|wooden|slow|transparent|furry|" +
    "left-handed|nocturnal|magnetic|sour",
);

/** A chain of "every A is a B", perhaps broken; three options. */
function syllogisms(r: Random): Draft {
  const links = between(r, 2, 7), distractors = between(r, 0, 2);
  const kinds = sample(r, CREATURES, links + 1 + distractors), quality = pick(r, QUALITIES);
  const premises = [];
  for (let i = 0; i < links; i++) {
    premises.push(
      say(r, "[All {a} are {b}|Every one of the {a} is among the {b}|Only {b} can be {a}].", {
        a: kinds[i],
        b: kinds[i + 1],
      }),
    );
  }
  for (let i = 0; i < distractors; i++) {
    premises.push(
      say(r, "Some {a} are not {q}.", { a: kinds[links + 1 + i], q: pick(r, QUALITIES) }),
    );
  }
  premises.push(
    say(r, "[All {z} are|No {z} are|Not all {z} are] {q}.", {
      z: kinds[links],
      q: quality,
    }),
  );
  const text = say(
    r,
    pick(r, [
      "{premises} {name} is one of the {a}. Is {name} {q}? Answer yes, no or cannot be known.",
      "Suppose the following holds. {premises} Does it follow that {a} are {q}? Choose: yes, no, undecided.",
      "{premises} Statement: some {a} are {q}. Is the statement true, false or uncertain?",
    ]),
    { premises: r.shuffle(premises).join(" "), name: pick(r, NAMES), a: kinds[0], q: quality },
  );
  return { text, difficulty: 0.4 * (links - 4.5) + 0.3 * (distractors - 1), facets: [] };
}

/** Knights speak the truth, knaves lie. */
function knights(r: Random): Draft {
  const count = between(r, 2, 6), people = sample(r, NAMES, count);
  const [good, bad] = pick(r, [["knight", "knave"], ["truth-teller", "liar"], [
    "saint",
    "swindler",
  ]]);
  const others = (i: number): string[] => people.filter((_, j) => j !== i);
  const claims = people.map((person, i) => {
    const [a, b = a] = sample(r, others(i), 2);
    return say(
      r,
      pick(r, [
        `{person} [says|claims]: "{a} is a {kind}."`,
        `{person} [says|claims] that {a} and {b} are of [the same kind|different kinds].`,
        `According to {person}, [exactly one|at least one|none] of the group is a {kind}.`,
        `{person} [says|states]: "If {a} is a {good}, then {b} is a {kind}."`,
      ]),
      { person, a, b, good, kind: pick(r, [good, bad]) },
    );
  });
  const text = say(
    r,
    "[On an island every {good} tells the truth and every {bad} lies|Each {good} always speaks the truth, each {bad} never does]. " +
      "{claims} [Is {last} a {bad}?|So {last} is a {good}?|Are there more {good}s than {bad}s among {people}?] " +
      "[Yes, no, or impossible to say?|Answer yes, no or undecided.]",
    { good, bad, claims: claims.join(" "), people: enumerate(people), last: people[count - 1] },
  );
  return { text, difficulty: 0.65 * (count - 4) + 0.2, facets: [] };
}

/** House rules of a place: conditions chained to a consequence; three options. */
function rules(r: Random): Draft {
  const topic = pick(r, TOPICS), count = between(r, 2, 5), negations = r.next() < 0.4;
  const deeds = sample(r, topic.deeds, count + 1), roles = sample(r, topic.roles, 2);
  const place = pick(r, topic.places), name = pick(r, NAMES);
  const lines = deeds.slice(0, count).map((deed, i) =>
    say(
      r,
      negations && i > 0
        ? "[Unless somebody|If nobody] {deed}, [the {role} was called|somebody {next}]."
        : "[If|Whenever] {who} {deed}, [then somebody|the {role}] {next}.",
      { deed, next: deeds[i + 1], role: roles[1], who: pick(r, ["somebody", `the ${roles[0]}`]) },
    )
  );
  const text = say(
    r,
    pick(r, [
      "[Rules|House rules] of the {place}: {lines} Yesterday {name}, {aRole}, {first}. Does it follow that somebody {last}? Answer yes, no or not certain.",
      "At the {place} these things hold. {lines} We know that nobody {last}. Can we conclude that {name} the {role} never {first}? Yes, no, or not certain?",
      "{name}, {aRole}, {first} at the {place}. {lines} So somebody {last}: valid, invalid or undecided?",
    ]),
    {
      place,
      lines: lines.join(" "),
      name,
      role: roles[0],
      aRole: an(roles[0]),
      first: deeds[0],
      last: deeds[count],
    },
  );
  const difficulty = 0.5 * (count - 3.5) + (negations ? 0.7 : -0.4);
  return { text: capital(text), difficulty, facets: [topic.name] };
}

/** Comparisons of things or people, all in one line. */
function rankings(r: Random): Draft {
  const topic = pick(r, TOPICS), count = between(r, 3, 8), byName = r.next() < 0.4;
  const items = byName
    ? sample(r, NAMES, count)
    : sample(r, topic.things, count).map((t) => `the ${t}`);
  const [above, below, top] = pick(
    r,
    byName
      ? [["older than", "younger than", "oldest"], ["faster than", "slower than", "fastest"], [
        "taller than",
        "shorter than",
        "tallest",
      ]]
      : [["dearer than", "cheaper than", "dearest"], ["heavier than", "lighter than", "heaviest"], [
        "newer than",
        "older than",
        "newest",
      ]],
  );
  const verb = byName ? "is" : "are";
  const clues = items.slice(1).map((item, i) =>
    r.next() < 0.5 ? `${items[i]} ${verb} ${above} ${item}` : `${item} ${verb} ${below} ${items[i]}`
  );
  const rank = between(r, 1, count);
  const text = say(
    r,
    pick(r, [
      "[At|In] the {place}, {clues}. {ask}",
      "{aRole} compares {items}. {Clues}. {ask}",
      "{Clues}. {ask}[| The {role} wants only the answer.]",
    ]),
    {
      place: pick(r, topic.places),
      role: pick(r, topic.roles),
      aRole: capital(an(pick(r, topic.roles))),
      items: enumerate(sample(r, items, count)),
      clues: enumerate(r.shuffle(clues)),
      Clues: capital(clues.join("; ")),
      ask: rank === 1
        ? `Which ${verb} ${top}?`
        : `Which ${verb} number ${rank}, counted from the ${top}?`,
    },
  );
  return {
    text,
    difficulty: 0.45 * (count - 5.5) + (rank === 1 ? -0.4 : 0.1),
    facets: [topic.name],
  };
}

/** Who sits where, in a row or at a round table. */
function seating(r: Random): Draft {
  const count = between(r, 4, 8), round = r.next() < 0.45, people = sample(r, NAMES, count);
  const clues = Array.from({ length: count }, (_, i) => {
    const [a, b] = [people[i], people[(i + between(r, 1, count - 1)) % count]];
    return say(
      r,
      pick(r, [
        "{a} [sits|is] next to {b}.",
        "{a} does not sit next to {b}.",
        "{a} sits [two|three] places to the [left|right] of {b}.",
        "Between {a} and {b} there [is one seat|are two seats].",
      ]),
      { a, b },
    );
  });
  const text = say(
    r,
    "{count} [friends|guests|colleagues], {people}, sit [{shape}|down {shape}]. {clues} " +
      "[Who {where} {first}?|Who is the right-hand neighbour of {first}?|Name everybody in order.|Where does {first} sit?]",
    {
      count: ["Four", "Five", "Six", "Seven", "Eight"][count - 4],
      people: enumerate(sample(r, people, count)),
      shape: round
        ? "at a round table"
        : pick(r, ["in a row", "on a bench", "in one row of a theatre"]),
      clues: r.shuffle(clues).join(" "),
      where: round ? "sits opposite" : "has the seat left of",
      first: people[0],
    },
  );
  return { text, difficulty: 0.5 * (count - 6) + (round ? 0.7 : -0.1), facets: [] };
}

/** Shifts on days of the week. */
function schedules(r: Random): Draft {
  const topic = pick(r, TOPICS), count = between(r, 3, 7), people = sample(r, NAMES, count);
  const days = words("Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday");
  const clues = people.map((a, i) =>
    say(
      r,
      pick(r, [
        "{a} [works|comes] {n} days after {b}.",
        "{a} [cannot work|is free] on {day}.",
        "{a}'s shift is [directly before|directly after|some time before] {b}'s.",
        "Either {a} or {b} works on {day}.",
      ]),
      { a, b: people[(i + 1) % count], day: pick(r, days), n: between(r, 2, 4) },
    )
  );
  const text = say(
    r,
    pick(r, [
      "{people} each take one day at the {place}, no two the same, from {from} on. {clues} [On which day does {first} work?|Who has {day}?]",
      "The {roles} of {aPlace}, {people}, share the week starting {from}. {clues} [Who works on {day}?|Give the full plan.]",
      "A plan for the {place}, beginning on {from}: {clues} Which day [is left for|belongs to] {first}?",
    ]),
    {
      people: enumerate(people),
      place: pick(r, topic.places),
      aPlace: an(pick(r, topic.places)),
      roles: plural(pick(r, topic.roles)),
      clues: clues.join(" "),
      first: people[0],
      day: pick(r, days),
      from: pick(r, days),
    },
  );
  return { text, difficulty: 0.5 * (count - 5) + 0.1, facets: [topic.name] };
}
