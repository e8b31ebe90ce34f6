/** Router-R1 on a table: its reward by hand, its format, and what the policies learn by reading. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/router_r1.ts";
import { breaks, cheapness, CostBuffer, rewardOf } from "../../baselines/_format_reward.ts";
import { drawn, lessonsOf, logProbabilities, type Step } from "../../baselines/_ppo.ts";
import { router_r1_one_hop } from "../../baselines/variants/router_r1.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { conform } from "../../src/router/conformance.ts";
import { playEpisodes } from "../../src/router/episodes.ts";
import { leaky, peekingCopy } from "../router/conformance/leaky.ts";
import { CONTEXT } from "../router/hand.ts";
import { tellingReplies } from "./scenes.ts";

const near = (a: number, b: number, by = 1e-12): void =>
  assert.ok(Math.abs(a - b) < by, `${a}, not ${b}`);

Deno.test("the worked case: α .6, bounds 2 and 10", () => {
  const reward = (raw: number, outcome: number): number =>
    rewardOf(0, outcome, cheapness(Math.sqrt(raw), 2, 10), 0.6);
  near(cheapness(Math.sqrt(36), 2, 10), 0.5);
  near(reward(36, 1), 0.70);
  near(reward(36, 0), 0);
  near(reward(4, 1), 1);
  near(reward(36, 0.5), 0.4 * 0.5 + 0.6 * 0.5);
  near(reward(400, 1), 0.4); // dearer than the upper bound
  near(rewardOf(-1, 1, 1, 0.6), -1); // format comes first
  near(rewardOf(0, 0.5, 0, 0), 0.5);
  near(cheapness(3, 3, 3 + 1e-9), 0.5);
});

Deno.test("cost buffer: percentiles between two values, of the last 1,000 episodes", () => {
  const buffer = new CostBuffer();
  near(buffer.push(49), 0.5); // alone
  near(buffer.push(0), 1); // z 0 of 0 and 7: below the 5th percentile, .35
  near(buffer.bounds[0], 0.35);
  near(buffer.bounds[1], 6.65);
  const many = new CostBuffer();
  for (let z = 20; z >= 0; z--) many.push(z * z);
  assert.deepEqual(many.bounds.map((b) => Math.round(1e9 * b) / 1e9), [1, 19]);
  near(many.push(100), 0.5);
  for (let n = 0; n < 1000; n++) many.push(9);
  assert.deepEqual(many.bounds, [3, 3], "what lies further back is forgotten");
});

Deno.test("format: no model twice, none beyond the last, no answer of a model that was not asked", () => {
  const search = (model: number, asked: number[]): boolean =>
    breaks({ tag: "search", model }, asked, 2);
  const answer = (model: number, asked: number[]): boolean =>
    breaks({ tag: "answer", model }, asked, 2);
  assert.deepEqual([search(0, []), search(1, [0]), search(0, [0]), search(2, [0, 1])], [
    false,
    false,
    true,
    true,
  ]);
  assert.deepEqual([answer(0, [0]), answer(1, [0, 1]), answer(1, [0]), answer(1, [])], [
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("with λ = 1 every turn is told the reward of the last, less what was expected", () => {
  const step = (value: number): Step => ({
    x: new Float32Array(1),
    legal: Uint8Array.of(1),
    action: 0,
    logProbability: 0,
    value,
  });
  const lessons = lessonsOf([step(0.2), step(0.5)], [0, 0.7], 1);
  near(lessons[0].advantage, 0.5);
  near(lessons[1].advantage, 0.2);
  lessons.forEach(({ target }) => near(target, 0.7));
});

Deno.test("what breaks the format is unlikely, not impossible", () => {
  const y = Float64Array.of(0, 0, 0, 9), legal = Uint8Array.of(1, 0, 1), half = Math.log(0.5);
  const logs = logProbabilities(y, 0, legal, half);
  [0.4, 0.2, 0.4].forEach((p, a) => near(Math.exp(logs[a]), p));
  const x = matrix(1, 1), at = (u: number): number => drawn(x, y, 0, legal, u, half).action;
  assert.deepEqual([0.39, 0.41, 0.59, 0.61, 0.999].map(at), [0, 1, 1, 2, 2]);
  assert.equal(drawn(x, y, 0, Uint8Array.of(0, 0, 1), 0.999, half).action, 2);
  assert.equal(drawn(x, y, 0, Uint8Array.of(1, 0, 0), 0.999, half).action, 2);
  assert.equal(drawn(x, y, 0, Uint8Array.of(1, 1, 0), 0.999).action, 1);
});

const SHORT: Config = { ...router.grid[0], episodes: 8000 };

Deno.test("where replies tell what queries do not, it asks on and answers with the better; with α it pays less", async () => {
  const N = 300, train = tellingReplies(400, 1), test = tellingReplies(N, 2), M = 3;
  const play = async (of: typeof router, config: Config, alphas: number[]) => {
    const fitted = await of.fit(train, config, CONTEXT);
    assert.equal(fitted.describe().notes?.length, 3);
    const all = [];
    for (const alpha of alphas) {
      const { choice, visited } = await playEpisodes(fitted, test, of.horizon, alpha);
      const score = choice.reduce((sum, m, i) => sum + test.scores[i * M + m], 0) / N;
      const cost = visited.reduce((sum, m) => sum + ([1, 2, 8][m] ?? 0), 0) / N;
      all.push({ score, cost, calls: visited.filter((m) => m < M).length / N });
    }
    return all;
  };
  const [reading, thrifty] = await play(router, SHORT, [0, 0.9]);
  assert.ok(reading.score > 0.7 && reading.calls > 1.2, JSON.stringify(reading)); // blind: .6 at most
  assert.ok(thrifty.cost < 0.8 * reading.cost, JSON.stringify([thrifty, reading]));
  const hop = { ...router_r1_one_hop.grid[0], episodes: 400 };
  const [one] = await play(router_r1_one_hop, hop, [0]);
  assert.equal(one.calls, 1);
});

Deno.test("a copy that looks at replies it did not pay for is caught", async () => {
  const copy = peekingCopy({ ...router, grid: [{ ...SHORT, episodes: 300 }] });
  const [found] = await conform(copy, { only: ["no-peeking"], play: leaky })
    .then((all) => all.filter(({ check }) => check === "no-peeking"));
  assert.equal(found.status, "fail", found.detail);
});
