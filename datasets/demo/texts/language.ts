/**
 * Domain "language": `rewriting` (change a text under constraints) and `translation`.
 * Harder = rarer language, longer text, more constraints.
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
  sample,
  say,
  type Template,
  words,
} from "../grammar.ts";
import { NAMES, type Topic, TOPICS } from "../words.ts";

/** Templates by task. */
export const REWRITING: Readonly<Record<string, Template>> = {
  "constraints": constraints,
  "summaries": summaries,
  "tone": tone,
};

/** Templates by task. */
export const TRANSLATION: Readonly<Record<string, Template>> = {
  "corrections": corrections,
  "letters": letters,
  "sentences": sentences,
};

/** Human languages, the rarer the harder. */
const LANGUAGES: readonly (readonly [string, number])[] = [
  ["Spanish", -1],
  ["French", -0.9],
  ["German", -0.7],
  ["Japanese", -0.1],
  ["Polish", 0],
  ["Finnish", 0.5],
  ["Swahili", 0.8],
  ["Georgian", 1.3],
];

/** A story of `count` clauses about a topic. */
function story(r: Random, topic: Topic, count: number): string {
  const [role, other] = sample(r, topic.roles, 2), name = pick(r, NAMES);
  const clauses = sample(r, topic.deeds, count).map((deed, i) =>
    say(
      r,
      pick(
        r,
        i === 0
          ? [
            "{name} the {role} {deed}",
            "[On Monday|Last week|In spring], {name} {deed}",
            "The {role} of the {place} {deed}",
          ]
          : [
            "{link} the {other} {deed}",
            "{link} {name} {deed}",
            "{link} a {adjective} visitor from the {place} {deed}",
            "{link} nobody else {deed}",
          ],
      ),
      {
        name,
        role,
        other,
        deed,
        place: pick(r, topic.places),
        adjective: pick(r, words("friendly|tired|famous|silent|young|curious")),
        link: pick(r, ["because", "although", "while", "before", "so", "and"]),
      },
    )
  );
  const sentences = [];
  for (let at = 0; at < clauses.length;) {
    const length = between(r, 1, 3);
    sentences.push(
      clauses.slice(at, at + length).join(" ").replace(
        /^(because|although|so|and|while|before) /,
        "",
      ),
    );
    at += length;
  }
  return sentences.map((sentence) => capital(sentence) + ".").join(" ");
}

/** A text into another language. */
function sentences(r: Random): Draft {
  const topic = pick(r, TOPICS),
    [language, rarity] = pick(r, LANGUAGES),
    clauses = between(r, 1, 5);
  const text = say(
    r,
    pick(r, [
      "Translate into {language}: {story}",
      'How do you say this in {language}? "{story}"',
      "{story} — Give this in {language}[, keeping the tense|, as a native would say it|].",
      "[I need|Please give me] the following in {language}. {story}",
    ]),
    { language, story: story(r, topic, clauses) },
  );
  return { text, difficulty: 0.8 * rarity + 0.25 * (clauses - 3), facets: [topic.name, language] };
}

/** A whole letter written in another language. */
function letters(r: Random): Draft {
  const topic = pick(r, TOPICS), [language, rarity] = pick(r, LANGUAGES), points = between(r, 1, 4);
  const text = say(
    r,
    "[Write|Compose|Draft] a {tone} {kind} in {language} from {aRole} to {name}[ at the {place}|]. " +
      "[Mention|It should say] that {points}.[ About {n} words.|]",
    {
      tone: pick(r, words("polite|friendly|stern|humorous|short")),
      kind: pick(r, words("letter|e-mail|postcard|complaint|invitation|apology")),
      language,
      aRole: an(pick(r, topic.roles)),
      name: pick(r, NAMES),
      place: pick(r, topic.places),
      points: enumerate(
        sample(r, topic.deeds, points).map((deed) =>
          `${pick(r, ["we", "somebody", "they"])} ${deed}`
        ),
      ),
      n: 10 * between(r, 4, 20),
    },
  );
  return {
    text,
    difficulty: 0.8 * rarity + 0.3 * (points - 2.5) + 0.2,
    facets: [topic.name, language],
  };
}

/** Which of several renderings; explain a word. */
function corrections(r: Random): Draft {
  const topic = pick(r, TOPICS), [language, rarity] = pick(r, LANGUAGES), count = between(r, 1, 5);
  const things = sample(r, topic.things, count);
  const text = say(
    r,
    pick(r, [
      "[Give|List] the {language} [words|nouns] for {things}[, with their plural|, with an example each].",
      "In {language}, how would {aRole} [ask for|speak of] {things} [politely|on the phone|in one sentence]?",
      "{name} is learning {language} and mixes up the words for {things}. [Explain|Show] the difference.",
    ]),
    { language, things: enumerate(things), aRole: an(pick(r, topic.roles)), name: pick(r, NAMES) },
  );
  return {
    text,
    difficulty: 0.8 * rarity + 0.25 * (count - 3) - 0.2,
    facets: [topic.name, language],
  };
}

/** Say it in another tone. */
function tone(r: Random): Draft {
  const topic = pick(r, TOPICS), clauses = between(r, 1, 5);
  const [style, effort] = pick<[string, number]>(r, [
    ["more politely", -0.7],
    ["as a headline", -0.4],
    ["for a child of {n}", -0.3],
    ["in the style of a sermon", 0.3],
    ["as a riddle", 0.5],
    ["in rhyming couplets", 0.9],
    ["as a dialogue between {name} and {aRole}", 0.2],
  ]);
  const text = say(
    r,
    "[Rewrite this|Say this|Put this|Express the following] {style}: {story}",
    {
      style: say(r, style, {
        n: between(r, 4, 12),
        name: pick(r, NAMES),
        aRole: an(pick(r, topic.roles)),
      }),
      story: story(r, topic, clauses),
    },
  );
  return { text, difficulty: effort + 0.25 * (clauses - 3), facets: [topic.name] };
}

/** Say it shorter. */
function summaries(r: Random): Draft {
  const topic = pick(r, TOPICS), clauses = between(r, 3, 8), limit = between(r, 5, 25);
  const text = say(
    r,
    pick(r, [
      "[Summarise|Shorten] in [at most|no more than] {limit} words: {story}",
      "{story} [What happened, in {limit} words?|Cut this to {limit} words.]",
      "Reduce this {place} report to {limit} words. {story}",
    ]),
    { limit, place: pick(r, topic.places), story: story(r, topic, clauses) },
  );
  return { text, difficulty: 0.3 * (clauses - 5.5) + 0.05 * (15 - limit), facets: [topic.name] };
}

const RULES = words(
  "use no word with the letter e|start every sentence with the same letter|use exactly {n} sentences|" +
    "mention {name} twice|avoid every adjective|end with a question|write everything in the future tense|" +
    "use only words of one syllable|put the last event first|number the sentences|" +
    "replace every name by a job|use the passive voice|quote {aRole}|keep it under {m} words|" +
    "add one simile|use no comma|write it as a list|spell out all numbers",
);

/** Rewrite under several rules at once. */
function constraints(r: Random): Draft {
  const topic = pick(r, TOPICS), clauses = between(r, 1, 4), count = between(r, 1, 5);
  const slots = {
    n: between(r, 2, 9),
    m: between(r, 12, 60),
    name: pick(r, NAMES),
    aRole: an(pick(r, topic.roles)),
  };
  const demands = sample(r, RULES, count).map((rule) => say(r, rule, slots));
  const text = say(
    r,
    pick(r, [
      "Rewrite the text and {rules}. Text: {story}",
      "{story} [Retell this|Write this again], but {rules}.",
      "[Follow|Obey] {count} {noun} — {rules} — when you rewrite: {story}",
    ]),
    {
      rules: enumerate(demands),
      count: ["one", "two", "three", "four", "five"][count - 1],
      noun: count === 1 ? "rule" : "rules",
      story: story(r, topic, clauses),
    },
  );
  return {
    text,
    difficulty: 0.5 * (count - 3) + 0.15 * (clauses - 2.5) + 0.3,
    facets: [topic.name],
  };
}
