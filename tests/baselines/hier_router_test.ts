/** HierRouter-style: rewards and advantages by hand, what PPO's clip stops, and what the policy learns by reading. */
import assert from "node:assert/strict";
import router, { rewardsOf } from "../../baselines/hier_router.ts";
import { type Lesson, lessonsOf, logProbabilities, Ppo, type Step } from "../../baselines/_ppo.ts";
import { hier_router_blanked } from "../../baselines/variants/hier_router.ts";
import { random } from "../../src/base/random.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { type Paths, playEpisodes } from "../../src/router/episodes.ts";
import type { FittedSequential } from "../../src/router/sequential.ts";
import { CONTEXT } from "../router/hand.ts";
import { tellingReplies } from "./scenes.ts";

const near = (a: number, b: number, by = 1e-12): void =>
  assert.ok(Math.abs(a - b) < by, `${a}, not ${b}`);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

Deno.test("the worked case: models that cost 1 and 4, C_ref 2.5, λ .1, scores 0 and 1", () => {
  const both = rewardsOf([1, 4], 1, 0.1, 2.5);
  [-0.04, -0.16, 1].forEach((reward, t) => near(both[t], reward));
  near(sum(both), 0.80);
  near(sum(rewardsOf([4], 1, 0.1, 2.5)), 0.84);
  near(sum(rewardsOf([1], 0, 0.1, 2.5)), -0.04);
});

const step = (value: number): Step => ({
  x: new Float32Array(1),
  legal: Uint8Array.of(1, 1),
  action: 0,
  logProbability: 0,
  value,
});

Deno.test("advantages: δ of the commit 1 − .6, of the visit −.04 + .6 − .5, which gets .95 of the later one", () => {
  const [visit, commit] = lessonsOf([step(0.5), step(0.6)], [-0.04, 1]);
  near(commit.advantage, 0.4);
  near(visit.advantage, 0.06 + 0.95 * 0.4);
  near(visit.target, 0.94);
  near(commit.target, 1);
});

Deno.test("probabilities are of legal actions only", () => {
  const y = Float64Array.of(9, 9, 9, 9, Math.log(3), 50, 0, 9); // rows of three logits and a value
  const logs = logProbabilities(y, 1, Uint8Array.of(1, 0, 1));
  near(logs[0], Math.log(0.75));
  assert.equal(logs[1], -Infinity);
  near(logs[2], Math.log(0.25));
});

/** A fresh network of two actions, and what two lessons do to its output. */
async function taught(lessons: readonly Partial<Lesson>[]): Promise<[Float64Array, Float64Array]> {
  const ppo = new Ppo(1, 2, 4, 0, 100, random(1, "ppo")), x = matrix(1, 1, Float32Array.of(1));
  const before = await ppo.apply(x);
  const whole = lessons.map((lesson): Lesson => ({
    ...step(0),
    x: Float32Array.of(1),
    target: 0,
    advantage: 0,
    ...lesson,
  }));
  await ppo.learn(whole, 0);
  await ppo.release();
  return [before, await ppo.apply(x)];
}

Deno.test("an action that did well becomes likelier; beyond the clip nothing pushes further; same seed, same bytes", async () => {
  const half = Math.log(0.5); // what the fresh network says of both
  const lessons = [
    { action: 0, advantage: 1, logProbability: half },
    { action: 1, advantage: -1, logProbability: half },
  ];
  const [before, after] = await taught(lessons);
  assert.deepEqual([...before], [0, 0, 0]);
  assert.ok(after[0] > 0.001 && after[1] < -0.001, `${after}`);
  assert.deepEqual((await taught(lessons))[1], after);
  const beyond = [
    { action: 0, advantage: 1, logProbability: half - Math.log(1.3) }, // ρ = 1.3
    { action: 1, advantage: -1, logProbability: half - Math.log(0.7) }, // ρ = 0.7
  ];
  assert.deepEqual((await taught(beyond))[1], before);
  const [worse, better] = beyond;
  const [, back] = await taught([{ ...worse, advantage: -1 }, { ...better, advantage: 1 }]);
  assert.ok(back[0] < -0.001 && back[1] > 0.001, `${back}`);
});

Deno.test("where replies tell what queries do not, it probes on after a bad reply and goes back to a good one; blanked it cannot", async () => {
  const N = 300, train = tellingReplies(400, 1), test = tellingReplies(N, 2), M = 3;
  const play = async (of: typeof router, lambda: number): Promise<{ q: number; calls: number }> => {
    const fitted = await of.fit(train, of.grid[0], CONTEXT);
    const { choice, visited }: Paths = await playEpisodes(fitted, test, of.horizon, lambda);
    return {
      q: sum(Array.from(choice, (m, i) => test.scores[i * M + m])) / N,
      calls: visited.filter((m) => m < M).length / N,
    };
  };
  const reading = await play(router, 0), blind = await play(hier_router_blanked, 0);
  assert.ok(reading.q > .75 && reading.calls > 1.2, JSON.stringify(reading));
  assert.ok(blind.q < .66, JSON.stringify(blind));
});

Deno.test("looked at while it learns: the last look is the router itself, also of one that hears nothing", async () => {
  const train = tellingReplies(60, 1), test = tellingReplies(40, 2);
  const choices = async (fitted: FittedSequential): Promise<string> =>
    (await playEpisodes(fitted, test, 3)).choice.join();
  for (const  of of[router, hier_router_blanked]) {
    const config = { ...of.grid[0], passes: 4 }, looks: string[] = [];
    const look = async (soFar: FittedSequential): Promise<void> =>
      void looks.push(await choices(soFar));
    const watched = await choices(await of.fit(train, config, { ...CONTEXT, look }));
    assert.equal(looks.length, 4);
    assert.equal(looks[3], watched);
    assert.equal(
      watched,
      await choices(await of.fit(train, config, CONTEXT)),
      "looks change nothing",
    );
  }
});
