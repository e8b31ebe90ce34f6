/** IRO over routing plans: the search by hand, what values learn, and what planning wins. */
import assert from "node:assert/strict";
import router from "../../baselines/iro_plans.ts";
import { grown, survivors } from "../../baselines/_plan_search.ts";
import { basePolicy, fitValue, type Plan, type PlanValue } from "../../baselines/_plan_values.ts";
import { type Config, earned, LAMBDAS, Planner, START } from "../../baselines/_planner.ts";
import {
  answer_utility,
  iro_plans_blanked,
  plan_utility,
} from "../../baselines/variants/iro_plans.ts";
import { observed } from "../../baselines/_reply_reader.ts";
import { random } from "../../src/base/random.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { conform } from "../../src/router/conformance.ts";
import type { TrainingData } from "../../src/router/contract.ts";
import { playEpisodes } from "../../src/router/episodes.ts";
import { leaky, peekingCopy } from "../router/conformance/leaky.ts";
import { CONTEXT, training } from "../router/hand.ts";
import { tellingReplies } from "./scenes.ts";

const near = (a: number, b: number, by = 1e-9): void =>
  assert.ok(Math.abs(a - b) < by, `${a}, not ${b}`);
const CONFIG: Config = { hops: 2, beta: 1, rounds: 3, keep: "earned most", learns: "plans" };

/** Two models of cost 1 and 4 (mean 2.5), one query that only the second solves. */
function pair(): TrainingData {
  const reply = { text: "so", chars: 2, tokens: 1 };
  return { ...training([[1]], [[0, 1]], { costs: [[1, 4]] }), replies: [reply, reply] };
}

Deno.test("what plans earn: .80 for both, .84 for the second alone, −.04 for the first", () => {
  near(earned(1, 5, 0.1, 2.5), 0.80);
  near(earned(1, 4, 0.1, 2.5), 0.84);
  near(earned(0, 1, 0.1, 2.5), -0.04);
});

Deno.test("π_0 by hand: a visit first, then half of the plans end; no more than `hops` visits", () => {
  const policy = basePolicy(2, [1, 1]), base = Float64Array.of(0.1 * Math.log(3), 0);
  const chances = (asked: number[]): number[] =>
    [...policy(base, asked)].map((log) => Math.round(1e9 * Math.exp(log)) / 1e9);
  assert.deepEqual(chances([]), [0.75, 0.25, 0, 0]);
  assert.deepEqual(chances([0]), [0, 0.5, 0.5, 0]);
  assert.deepEqual(chances([1, 0]), [0, 0, 0.75, 0.25]);
  assert.deepEqual([...basePolicy(2, [1, 0])(base, [0])].map(Math.exp), [0, 0, 1, 0]);
});

Deno.test("the worked case of plans: V changes what π_0 would do, V_2 at β_2 = 2 takes it back", () => {
  // After a visit of model 0, π_0 is even between visiting 1 and answering with 0: π ∝ (½, ½) exp Σ V_i/β_i.
  const logBase = Float64Array.of(-Infinity, Math.log(0.5), Math.log(0.5), -Infinity);
  const one = { asked: [0], logBase: Math.log(0.75), score: 7 };
  const after = (...values: number[]): number => {
    const [visit, commit] = grown(one, { logBase, values: Float64Array.of(9, ...values, 9) });
    assert.deepEqual([visit.asked, visit.commit], [[0, 1], undefined]);
    assert.deepEqual([commit.asked, commit.commit], [[0], 0]);
    near(commit.logBase, Math.log(0.375));
    return 1 / (1 + Math.exp(visit.score - commit.score));
  };
  near(after(0, 0), 0.5);
  near(after(1, 0), 0.2689414213699951); // V_1 = (1, 0), β_1 = 1
  near(after(1, 0 + 2 / 2), 0.5); // V_2 = (0, 2), β_2 = 2
});

Deno.test("survivors: of plans that have read the same the best only, others as far as there is room", () => {
  const plan = (asked: number[], score: number, commit?: number): Plan => ({
    asked,
    score,
    logBase: 0,
    ...(commit !== undefined && { commit }),
  });
  const [ab, ba, ac, end] = [plan([0, 1], 5), plan([1, 0], 4), plan([0, 2], 3), plan([0], 2, 0)];
  assert.deepEqual(survivors([end, ac, ba, ab], 3), [ab, ac, end]);
  assert.deepEqual(survivors([end, ac, ba, ab], 4), [ab, ac, end, ba]);
  assert.deepEqual(survivors([plan([0], 1, 0), plan([0], 2)], 1), [plan([0], 2)]);
});

/** V that is the same in every state. */
const valued = (values: readonly number[]): PlanValue => ({
  values: ({ rows }: Matrix) =>
    Promise.resolve(Float64Array.from(Array.from({ length: rows }, () => values).flat())),
  parameters: 0,
  loss: 0,
});

Deno.test("search on the worked pool: four plans are kept, and the one that earned most is learned from", async () => {
  const train = pair(), base = new Float64Array(2), task = { row: 0, lambda: 3 }; // λ = .1
  assert.equal(LAMBDAS[task.lambda], 0.1);
  const found = async (keep: Config["keep"], values: number[]): Promise<Plan> => {
    const planner = new Planner(train, base, { ...CONFIG, keep });
    const [plan] = await planner.searched([task], [valued(values)]);
    return plan;
  };
  // Visits then answers. Without a preference all whole plans are within reach of four beams.
  const best = await found("earned most", [0, 0, 0, 0]);
  assert.deepEqual([best.asked, best.commit], [[1], 1]);
  // V likes the first model, in every state: by score alone its plan is kept, hindsight still finds the other.
  const likes = [3, 0, 3, 0];
  const liked = await found("highest score", likes);
  assert.deepEqual([liked.asked, liked.commit], [[0], 0]);
  // log π_0 of "visit 0, answer with 0" is log ½ + log ½; V at the last action.
  near(liked.score, 2 * Math.log(0.5) + 3);
  near((await found("earned most", likes)).asked[0], 1);
});

Deno.test("utility regression by hand: V alone decides, however unlikely π_0 finds the action", async () => {
  const train = pair(), { grid: [config] } = plan_utility;
  assert.deepEqual([config.learns, config.rounds], ["plans", 1]); // one regression, on whole plans
  const planner = new Planner(train, new Float64Array(2), config),
    start = observed(train, [0], [[]]);
  // π_0 visits the first with a chance of 1/(1 + e⁻⁸) = .99966: log π_0 is 8 more for it, V .01 less.
  const states = { seen: start, base: [Float64Array.of(0.8, 0)], lambda: [3] };
  const next = async (by: Planner): Promise<readonly number[]> => {
    const [successors] = await by.successors(states, [valued([0.79, 0.8, 9, 9])]);
    return survivors(grown(START, successors), 1)[0].asked;
  };
  assert.deepEqual(await next(planner), [1]);
  assert.deepEqual(await next(new Planner(train, new Float64Array(2), CONFIG)), [0]); // β = 1
});

Deno.test("lessons: every prefix of a plan is told what the plan earned; or each answer what it would earn", () => {
  const train = pair(), base = new Float64Array(2), task = { row: 0, lambda: 3 };
  const plan: Plan = { ...START, asked: [0, 1], commit: 1 };
  const whole = new Planner(train, base, CONFIG).lessons([task], [plan]);
  const cells = (of: Float32Array): number[] => [...of].map((v) => Math.round(1e4 * v) / 1e4);
  assert.deepEqual(cells(whole.weights), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(cells(whole.targets), [.8, 0, 0, 0, 0, .8, 0, 0, 0, 0, 0, .8]);
  const each = new Planner(train, base, { ...CONFIG, learns: "answers" }).lessons([task], [plan]);
  assert.deepEqual(cells(each.weights), [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1]);
  const worth = [-0.04, 0.84, 0.80, -0.04, -0.2, 0.80];
  assert.deepEqual(cells(each.targets).filter((_, at) => each.weights[at] === 1), worth);
});

Deno.test("plans drawn from π_0 come as often as it says, whoever else is planned", () => {
  const N = 900, train = tellingReplies(N, 3), base = new Float64Array(3 * N);
  const planner = new Planner(train, base, CONFIG),
    tasks = [...Array(N).keys()]
      .map((row) => ({ row, lambda: 0 }));
  const plans = planner.drawn(tasks, random(1, "draw"));
  const share = (of: (plan: Plan) => boolean): number => plans.filter(of).length / N;
  near(share(({ asked }) => asked[0] === 2), 1 / 3, 0.05);
  near(share(({ asked }) => asked.length === 1), 1 / 2, 0.05);
  near(share(({ asked, commit }) => asked.length === 2 && commit === asked[0]), 1 / 4, 0.05);
  assert.deepEqual(planner.drawn(tasks.slice(7, 8), random(1, "draw")), plans.slice(7, 8));
});

Deno.test("a value function learns the mean of what an action earned, where it was taken", async () => {
  const P = 2560, A = 2, x = matrix(P, 2), targets = new Float32Array(P * A);
  const taken = new Float32Array(P * A);
  for (let p = 0; p < P; p++) {
    const a = p % 2;
    taken[p * A + a] = 1;
    targets[p * A + a] = a === 0 ? Number(p % 8 === 0) : 0.5;
    targets[p * A + 1 - a] = 9; // not taken: never seen
  }
  const { values } = await fitValue({ x, targets, weights: taken }, random(1), CONTEXT.signal);
  const [first, second] = await values(matrix(1, 2));
  near(first, 0.25, 0.05);
  near(second, 0.5, 0.02);
});

Deno.test("where replies tell what queries do not, it asks on after a bad reply; blanked it cannot", async () => {
  const N = 300, train = tellingReplies(600, 1), test = tellingReplies(N, 2), M = 3;
  const play = async (of: typeof router): Promise<number> => {
    const fitted = await of.fit(train, of.grid[0], CONTEXT);
    const { choice } = await playEpisodes(fitted, test, of.horizon);
    return choice.reduce((sum, m, i) => sum + test.scores[i * M + m], 0) / N;
  };
  const reading = await play(router), blind = await play(iro_plans_blanked);
  assert.ok(reading > 0.74, `${reading}`);
  assert.ok(blind < 0.67, `${blind}`);
  const direct = await play(answer_utility);
  assert.ok(direct > 0.74, `${direct}`);
  const plans = await play(plan_utility);
  assert.ok(plans > 0.74, `${plans}`);
});

Deno.test("fewer queries than parts are refused", async () => {
  const train = { ...training([[1], [2]], [[1], [0]], { costs: [[1], [1]] }), replies: [] };
  await assert.rejects(
    async () => await router.fit(train, CONFIG, CONTEXT),
    (error: Error) => error instanceof CapabilityError && /needs 3/.test(error.message),
  );
});

Deno.test("a copy that looks at replies it did not pay for is caught", async () => {
  const findings = await conform(peekingCopy(router), { only: ["no-peeking"], play: leaky });
  const found = findings.find(({ check }) => check === "no-peeking")!;
  assert.equal(found.status, "fail", found.detail);
});
