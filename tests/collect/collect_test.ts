/** The run: budgets in a thousand simulated worlds, pace, retries, and what is never asked again. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { type Call, callsFor, type Query, type Settings } from "../../src/collect/call.ts";
import { collect, type Ending, type Plan } from "../../src/collect/collect.ts";
import { Journal, type Line } from "../../src/collect/journal.ts";
import type { Outcome } from "../../src/collect/ask.ts";
import type { PriceList } from "../../src/outcomes/pricing.ts";
import { type Chances, SimulatedClock, SimulatedEndpoint } from "./simulation.ts";

const PRICES: PriceList = {
  date: "2026-01-31",
  source: "invented",
  currency: "USD",
  perMillionTokens: { small: [0.1, 0.4], large: [3, 15] },
};
const SETTINGS: Settings = { maxTokens: 200, tokenField: "max_tokens", temperature: 0, draws: 1 };
const PLAN: Plan = {
  host: "host:443",
  limits: {},
  prices: PRICES,
  concurrency: 5,
  attempts: 4,
  retryFailed: false,
};
const CALM: Chances = { refused: 0, broken: 0, cut: 0, silent: 0 };

function calls(queries: number, models = ["small", "large"], settings = SETTINGS): Call[] {
  const asked = Array.from({ length: queries }, (_, i): Query => ({
    id: `q${i}`,
    benchmark: "b",
    query: `Is ${i} even?`,
  }));
  return callsFor(asked, models, settings, false, () => false);
}

interface Told {
  readonly ending: Ending;
  readonly endpoint: SimulatedEndpoint;
  readonly lines: string[];
}

/** Runs in a simulated world. @param lines the journal so far, continued in place */
async function run(
  wanted: Call[],
  plan: Partial<Plan> = {},
  chances: Chances = CALM,
  { seed = 1, lines = [] as string[] } = {},
): Promise<Told> {
  const clock = new SimulatedClock(), stream = random(seed, "world");
  const endpoint = new SimulatedEndpoint(clock, stream, chances, PRICES);
  const journal = new Journal((line) => void lines.push(line));
  for (const line of lines) journal.take(JSON.parse(line) as Line);
  const world = { ask: (call: Call) => endpoint.ask(call), journal, clock, random: stream };
  const ending = await collect(wanted, { ...PLAN, ...plan }, world);
  return { ending, endpoint, lines };
}

Deno.test("budget: never passed in 1,000 runs, by what the endpoint bills and not by what it says", async () => {
  let reached = 0, whole = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const draw = random(seed, "plan");
    const inDollars = draw.next() < 0.5, size = draw.next();
    const limits = inDollars
      ? { dollars: 0.001 + 0.15 * size }
      : { tokens: Math.round(500 + 30_000 * size) };
    const chances = {
      refused: 0.2 * draw.next(),
      broken: 0.2 * draw.next(),
      cut: 0.2 * draw.next(),
      silent: 0.2 * draw.next(),
    };
    const plan = {
      limits,
      concurrency: 1 + draw.integer(8),
      perMinute: draw.next() < 0.3 ? 60 : undefined,
    };
    const { ending, endpoint } = await run(calls(15), plan, chances, { seed });
    assert.ok(endpoint.billed.tokens <= (limits.tokens ?? Infinity), `seed ${seed}`);
    assert.ok(endpoint.billed.dollars <= (limits.dollars ?? Infinity), `seed ${seed}`);
    assert.ok(endpoint.mostInFlight <= plan.concurrency, `seed ${seed}`);
    if (ending.why.includes("the budget does not allow another call")) reached++;
    if (ending.left === 0) whole++;
  }
  // Neither kind of run may be rare, or the test would show nothing.
  assert.ok(reached > 200 && whole > 50, `${reached} reached, ${whole} whole`);
});

Deno.test("budget: holds over runs of one journal that are killed with calls in flight, all of them billed", async () => {
  let marked = 0;
  for (let seed = 0; seed < 40; seed++) {
    const lines: string[] = [], limits = { tokens: 20_000 }, draw = random(seed, "kills");
    let billed = 0;
    for (let part = 0; part < 6; part++) {
      const clock = new SimulatedClock(), stream = random(seed, part);
      const endpoint = new SimulatedEndpoint(clock, stream, CALM, PRICES);
      let left = 5 + draw.integer(30);
      const journal = new Journal((line) => {
        if (left-- <= 0) throw new Error("killed");
        lines.push(line);
      });
      for (const line of lines) journal.take(JSON.parse(line) as Line);
      const world = { ask: (call: Call) => endpoint.ask(call), journal, clock, random: stream };
      await collect(calls(100), { ...PLAN, limits }, world).catch((error) =>
        assert.equal(error.message, "killed")
      );
      await clock.sleep(1e6); // what was in flight is answered to nobody
      billed += endpoint.billed.tokens;
    }
    assert.ok(billed <= limits.tokens, `seed ${seed}: ${billed}`);
    marked += lines.filter((line) => JSON.parse(line).again).length;
  }
  assert.ok(marked > 50, `${marked} marked`);
});

Deno.test("budget: a call that was in flight at a kill counts at its most, though nobody asks it again", async () => {
  const [lost, ...others] = calls(30, ["small"]);
  const lines = [JSON.stringify({
    asked: lost.key,
    at: "2026-01-31T00:00:00.000Z",
    query: lost.query,
    model: "small",
    host: "h",
    variant: "plain",
    draw: 0,
    most: { tokens: 15_000, dollars: 0 },
  })];
  const { endpoint } = await run(others, { limits: { tokens: 20_000 } }, CALM, { lines });
  assert.ok(endpoint.billed.tokens <= 5000, String(endpoint.billed.tokens));
});

Deno.test("budget: what is left of it is used, up to the longest call", async () => {
  const { ending, endpoint } = await run(calls(200, ["small"]), { limits: { tokens: 20_000 } });
  assert.ok(ending.left > 0);
  assert.ok(endpoint.billed.tokens > 20_000 - 600, String(endpoint.billed.tokens));
});

Deno.test("what is recorded is not asked again; what failed only when told", async () => {
  const { lines, ending } = await run(calls(20), {}, { ...CALM, cut: 0.3 });
  assert.ok(ending.failed > 0 && ending.answered > 0 && ending.left === 0);
  const same = await run(calls(20), {}, CALM, { lines });
  assert.deepEqual(same.endpoint.asked, []);
  const more = await run(calls(22), {}, CALM, { lines });
  assert.equal(more.endpoint.asked.length, 4);
  const failed = await run(calls(20), { retryFailed: true }, CALM, { lines });
  assert.equal(failed.endpoint.asked.length, ending.failed);
});

Deno.test("temperature, draw and seed make other calls", async () => {
  const drawn = { ...SETTINGS, temperature: 0.7, draws: 3, seed: 10 };
  const all = calls(1, ["small"], drawn);
  assert.deepEqual(all.map(({ draw, body }) => [draw, body.seed]), [[0, 10], [1, 11], [2, 12]]);
  const keys = [
    ...all,
    ...calls(1, ["small"], { ...drawn, seed: undefined }),
    ...calls(1, ["small"], { ...drawn, temperature: 0.8 }),
    ...calls(1, ["small", "large"]),
  ].map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  const { lines } = await run(all);
  assert.equal((await run(all, {}, CALM, { lines })).endpoint.asked.length, 0);
});

Deno.test("a call that stays without an answer is left open, and three of them end the model", async () => {
  const { ending, endpoint, lines } = await run(calls(20), { concurrency: 1 }, {
    ...CALM,
    refused: 1,
  });
  assert.equal(endpoint.asked.length, 2 * 3 * 4);
  assert.deepEqual([ending.answered, ending.failed, ending.left], [0, 0, 40]);
  assert.match(ending.why.join(), /large: given up after 4 tries: 429.*small: given up/);
  assert.equal((await run(calls(20), {}, CALM, { lines })).ending.answered, 40);
});

Deno.test("pace: so many a minute, and nobody during the pause that one was told", async () => {
  const { endpoint } = await run(calls(20), { perMinute: 30 });
  for (const [i, at] of endpoint.times.entries()) {
    if (i > 0) assert.ok(at - endpoint.times[i - 1] >= 2000 - 1e-6);
  }
  const clock = new SimulatedClock();
  const starts: number[] = [];
  const journal = new Journal(() => {});
  await collect(calls(10, ["small"]), PLAN, {
    ask: async () => {
      const nth = starts.push(clock.now());
      await clock.sleep(10);
      return nth === 3
        ? { kind: "again", why: "429", billed: false, wait: 60_000 }
        : { kind: "answer", answer: { text: "", tokens: [1, 1], counted: "usage", whole_ms: 1 } };
    },
    journal,
    clock,
    random: random(1),
  });
  assert.equal(starts.length, 11);
  // The first, five at once, and one more that took the place of the call answered before the pause.
  assert.equal(starts.filter((at) => at < 60_000).length, 7);
  assert.equal(starts.filter((at) => at >= 60_000).length, 4);
});

Deno.test("the first call of a model goes alone: a wrong key costs one try a model", async () => {
  let asked = 0;
  const clock = new SimulatedClock();
  const ending = await collect(calls(50), PLAN, {
    ask: async () => {
      asked++;
      await clock.sleep(1);
      return { kind: "stop", why: "401", billed: false };
    },
    journal: new Journal(() => {}),
    clock,
    random: random(1),
  });
  assert.equal(asked, 2);
  assert.deepEqual([ending.left, ending.why], [100, ["large: 401", "small: 401"]]);
});

Deno.test("a model that refuses three calls in a row is not asked any more; an answer between makes them no row", async () => {
  const clock = new SimulatedClock();
  const refuse = async (nth: number): Promise<Outcome> => {
    await clock.sleep(1);
    return nth % 3 === 0
      ? { kind: "answer", answer: { text: "", tokens: [1, 1], counted: "usage", whole_ms: 1 } }
      : { kind: "failed", why: "400", billed: false };
  };
  for (const [offset, asked] of [[0, 30], [NaN, 3]]) {
    let nth = 0;
    const ending = await collect(calls(30, ["small"]), { ...PLAN, concurrency: 1 }, {
      ask: () => refuse(++nth + offset),
      journal: new Journal(() => {}),
      clock,
      random: random(1),
    });
    assert.equal(nth, asked);
    assert.deepEqual(ending.why, asked === 3 ? ["small: given up 400"] : []);
  }
});

Deno.test("a template longer than its bound is learned from the first call", async () => {
  const clock = new SimulatedClock();
  let billed = 0;
  await collect(calls(100, ["small"]), { ...PLAN, limits: { tokens: 100_000 } }, {
    ask: async () => {
      billed += 5200;
      await clock.sleep(1);
      return {
        kind: "answer",
        answer: { text: "", tokens: [5000, 200], counted: "usage", whole_ms: 1 },
      };
    },
    journal: new Journal(() => {}),
    clock,
    random: random(1),
  });
  assert.ok(billed <= 100_000 && billed > 90_000, String(billed));
});
