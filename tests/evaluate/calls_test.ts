/** Seconds and prompt caches by hand. No recorded pool has latencies or turns of a conversation: all is made up. */
import assert from "node:assert/strict";
import {
  cachedCostOf,
  type CachingPrices,
  callFacts,
  pricedPoints,
  secondsOf,
  turnsBefore,
} from "../../src/evaluate/calls.ts";
import type { SeedDecisions, SeedRows } from "../../src/evaluate/decisions.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";

const say = (role: string, content: string) => ({ role, content });
const ONE = [say("user", "one")];
const TWO = [...ONE, say("assistant", "1"), say("user", "two")];
const THREE = [...TWO, say("assistant", "2"), say("user", "three")];

/** Three turns of a conversation; a costs 2 dollars a million input tokens and 1 where cached, b 10, cached or not. */
function turn(id: string, messages: typeof ONE, tokens: [number, number][]): OutcomeRecord {
  return {
    ...{ id, benchmark: "talk", query: messages.at(-1)!.content, messages },
    scores: { a: 1, b: 0 },
    tokens: { a: tokens[0], b: tokens[1] },
    latency_ms: { a: 500, b: 1500 },
  };
}
const RECORDS = [
  turn("q1", ONE, [[100, 0], [100, 0]]),
  turn("q2", TWO, [[250, 0], [240, 0]]),
  turn("q3", THREE, [[400, 0], [390, 0]]),
];
const PRICES: CachingPrices = {
  date: "2030-01-01",
  source: "made up",
  currency: "USD",
  perMillionTokens: { a: [2, 0], b: [10, 0] },
  cachedInput: { a: 1 },
};
const TABLE = { ids: ["q1", "q2", "q3"], models: ["a", "b"] };
const M = 1e-6;
const SEED: SeedRows = {
  ...{ seed: 1, splits: [], rows: Uint32Array.of(0, 1, 2), fold: Uint16Array.of(0, 0, 0) },
  outcomes: {
    ...{ rows: 3, models: 2, datasets: 1, dataset: Uint16Array.of(0, 0, 0) },
    scores: Float64Array.of(1, 0, 1, 0, 1, 0),
    costs: Float64Array.of(200 * M, 1000 * M, 500 * M, 2400 * M, 800 * M, 3900 * M),
    options: Uint16Array.of(0, 0, 0),
    solvedFrom: Float64Array.of(1, 1, 1),
  },
};
const once = (...choice: number[]): SeedDecisions => ({
  columns: [{ kind: "headline" }],
  choices: [Uint16Array.from(choice)],
});
/** a, then a and b, then b. */
const VISITS: SeedDecisions = {
  ...once(0, 1, 1),
  paths: [{ visited: Uint16Array.of(0, 2, 0, 1, 1, 2), horizon: 2 }],
};

function near(found: Iterable<number>, expected: readonly number[]): void {
  const all = [...found];
  assert.equal(all.length, expected.length);
  all.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-12, `${i}: ${value}`));
}

Deno.test("turns go on from the longest conversation before them; a query alone is a conversation of one", () => {
  assert.deepEqual([...turnsBefore(RECORDS)], [-1, 0, 1]);
  assert.deepEqual([...turnsBefore(RECORDS.toReversed())], [1, 2, -1]);
  assert.deepEqual([...turnsBefore([{ query: "one" }, RECORDS[2]])], [-1, 0]);
  assert.deepEqual([...turnsBefore([{ query: "two" }, RECORDS[2]])], [-1, -1]);
});

Deno.test("a later turn pays the cached price for the last prompt of the same model, and for nothing else", () => {
  const { cache } = callFacts(RECORDS.toReversed(), TABLE, PRICES);
  // Stays with a: turn 2 saves the 100 tokens of turn 1, turn 3 the 250 of turn 2, at a dollar a million.
  near(cachedCostOf(once(0, 0, 0), 0, SEED, cache!), [200 * M, 400 * M, 550 * M]);
  // Leaves and comes back: turn 3 finds the prompt of turn 1; b's cached input costs what the other does.
  near(cachedCostOf(once(0, 1, 0), 0, SEED, cache!), [200 * M, 2400 * M, 700 * M]);
  // Every visit shares by itself: a of turn 2 finds its prompt of turn 1.
  near(cachedCostOf(VISITS, 0, SEED, cache!), [200 * M, (500 + 2400 - 100) * M, 3900 * M]);
});

Deno.test("a turn that is no test query is not known to have been asked of anybody", () => {
  const { cache } = callFacts(RECORDS, TABLE, PRICES), { outcomes } = SEED;
  const last = <T extends Float64Array | Uint16Array>(cells: T): T => cells.slice(-2) as T;
  const later: SeedRows = {
    ...SEED,
    rows: Uint32Array.of(1, 2),
    outcomes: {
      ...{
        ...outcomes,
        rows: 2,
        costs: outcomes.costs!.slice(2),
        scores: outcomes.scores.slice(2),
      },
      ...{ dataset: last(outcomes.dataset), options: last(outcomes.options) },
      solvedFrom: last(outcomes.solvedFrom),
    },
  };
  near(cachedCostOf(once(0, 0), 0, later, cache!), [500 * M, 550 * M]);
});

Deno.test("within an episode nothing is shared: no model is visited twice", () => {
  const alone = RECORDS.map(({ messages: _, ...record }) => record);
  assert.equal(callFacts(alone, TABLE, PRICES).cache, undefined);
  const { cachedInput: _, ...plain } = PRICES;
  assert.equal(callFacts(RECORDS, TABLE, plain).cache, undefined);
});

Deno.test("the seconds of a path are the sum of its calls, and missing ones are not made up", () => {
  const { seconds } = callFacts(RECORDS, TABLE);
  near(secondsOf(VISITS, 0, SEED, seconds!), [0.5, 2, 1.5]);
  const [point] = pricedPoints([VISITS], [SEED], (d, c, s) => secondsOf(d, c, s, seconds!));
  near([point.cost, point.quality], [4 / 3, 1 / 3]);
  const gap = [RECORDS[0], { ...RECORDS[1], latency_ms: { a: 1 } }, RECORDS[2]];
  assert.equal(callFacts(gap, TABLE).seconds, undefined);
});
