/** An invented set of requests: three domains of two intents, and requests that belong to none. */
import {
  type PreferenceRecord,
  type Preferences,
  preferencesOf,
} from "../../src/preferences/read.ts";

/** Routes by domain, with the words their requests are made of. */
const WORDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  garden: { prune: ["cut", "branches", "hedge"], water: ["water", "flowers", "hose"] },
  library: { borrow: ["borrow", "book", "novel"], renew: ["extend", "loan", "due"] },
  music: { tune: ["tune", "guitar", "strings"], sing: ["sing", "choir", "song"] },
};
const FILLERS = [
  "please",
  "now",
  "can you",
  "tomorrow",
  "I want to",
  "how do I",
  "again",
  "kindly",
];
const NOTHING = ["quark", "treaty", "glacier"];
const COUNTS: Readonly<Record<string, number>> = { train: 12, val: 4, test: 6 };

/** Descriptions of all routes. */
export const ROUTES = Object.fromEntries(
  Object.entries(WORDS).map(([domain, routes]) => [domain, {
    description: `everything about the ${domain}`,
    routes: Object.fromEntries(
      Object.entries(routes).map(([name, words]) => [name, words.join(" ")]),
    ),
  }]),
);

/** 6 intents × (12 + 4 + 6) requests, and as many a part that belong to none. */
export function records(): PreferenceRecord[] {
  const kinds = [
    ...Object.entries(WORDS).flatMap(([domain, routes]) =>
      Object.entries(routes).map(([intent, words]) => ({ domain, intent, words }))
    ),
    { domain: "oos", intent: "oos", words: NOTHING },
  ];
  return Object.entries(COUNTS).flatMap(([split, count]) =>
    kinds.flatMap(({ domain, intent, words }) =>
      Array.from({ length: count }, (_, n): PreferenceRecord => ({
        id: `${split}-${intent}-${n}`,
        query: `${FILLERS[(n * 3 + split.length) % 8]} ${words[n % 3]} ${words[(n + 1) % 3]} ${
          FILLERS[n % 5]
        }`,
        ...{ intent, domain, split },
      }))
    )
  );
}

/** The set. */
export function invented(rows: readonly PreferenceRecord[] = records()): Preferences {
  return preferencesOf("invented", "0", rows, ROUTES);
}
