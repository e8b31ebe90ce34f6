/** The cascade that reads replies: the search where all calls are paid, its features, and what reading wins. */
import assert from "node:assert/strict";
import router from "../../baselines/cascade_replies.ts";
import { cascade_replies_blanked } from "../../baselines/variants/cascade_replies.ts";
import { search } from "../../baselines/_cascade_search.ts";
import {
  formScaling,
  REPLY_WIDTH,
  replyFeatures,
  scaleForm,
} from "../../baselines/_reply_features.ts";
import { BLANK, type Reply } from "../../src/base/reply.ts";
import { random } from "../../src/base/random.ts";
import { paidOnPaths } from "../../src/metrics/mod.ts";
import { type EpisodeRows, type Paths, playEpisodes } from "../../src/router/episodes.ts";
import type { SequentialRouter } from "../../src/router/sequential.ts";
import { CONTEXT, training } from "../router/hand.ts";
import { tellingReplies } from "./scenes.ts";

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, not ${b}`);

Deno.test("the worked case: A costs 1 and is right on 24 of 40, B costs 2 and is right on the other 16", () => {
  const scores = Array.from({ length: 40 }, (_, i) => i < 24 ? [1, 0] : [0, 1]);
  const train = training(scores.map(() => [1]), scores, { costs: scores.map(() => [1, 2]) });
  const g = Float64Array.from(scores.flat(), (s, at) => .1 + .8 * s + .001 * (at % 7));
  const [paid] = search(train, g, [1], "all"), [accepted] = search(train, g, [1]);
  assert.deepEqual([paid.list, paid.quality], [[0, 1], 1]);
  near(paid.cost, (24 * 1 + 16 * 3) / 40);
  near(accepted.cost, (24 * 1 + 16 * 2) / 40);
});

Deno.test("with all calls paid the search finds what doing every list with every threshold finds", () => {
  const N = 40, draw = random(5, "search"), COSTS = [1, 3, 9];
  const scores = Array.from({ length: N }, () => COSTS.map(() => Number(draw.next() < .5)));
  const train = training(scores.map(() => [1]), scores, {
    costs: scores.map(() => COSTS.map((c) => c * (.5 + draw.next()))),
  });
  const g = train.scores.map((s) => .4 * s + draw.next());
  for (const share of [1, .6, .3]) {
    const [found] = search(train, g, [share], "all");
    const { list, thresholds } = found;
    let quality = 0, cost = 0;
    for (let i = 0; i < N; i++) {
      const stop = list.findIndex((m, k) => k === list.length - 1 || g[i * 3 + m] >= thresholds[k]);
      quality += train.scores[i * 3 + list[stop]] / N;
      for (const m of list.slice(0, stop + 1)) cost += train.costs[i * 3 + m] / N;
    }
    near(found.quality, quality);
    near(found.cost, cost);
  }
});

Deno.test("features: words and answer hashed to length 1, then size and form", () => {
  const reply: Reply = { text: "so it is 12 … is 12", final: "12", chars: 99, tokens: 7 };
  const { data, width } = replyFeatures(["what is 12?", "no"], [reply, reply]);
  assert.equal(width, REPLY_WIDTH);
  const form = [...data.subarray(width - 9, width)], other = [...data.subarray(2 * width - 9)];
  const expected = [Math.log(8), Math.log(100), 0, 1, 1, Math.log(3), 1, 1, 5 / 7];
  form.forEach((value, k) => assert.ok(Math.abs(value - expected[k]) < 1e-6, `${k}: ${value}`));
  assert.equal(other[7], 0, "the second query does not have the answer's words");
  near(Math.round(1e6 * Math.hypot(...data.subarray(0, width - 9))) / 1e6, 1);
  const empty = replyFeatures(["x"], [BLANK]).data;
  assert.deepEqual([...empty].filter((v) => v !== 0), [1], "only that it is empty");
});

Deno.test("scaling brings features of form to the deviation asked for, and equal ones to 0", () => {
  const said = (tokens: number): Reply => ({ text: "a", chars: 1, tokens });
  const x = replyFeatures(["q", "q"], [said(Math.E - 1), said(Math.E ** 3 - 1)]);
  const rows = Uint32Array.of(0, 1), scaling = formScaling(x, rows, .5);
  scaleForm(x, rows, scaling);
  const form = (
    row: number,
  ): number[] => [...x.data.subarray((row + 1) * REPLY_WIDTH - 9, (row + 1) * REPLY_WIDTH)];
  assert.deepEqual(form(0).map((v) => Math.round(1e5 * v) / 1e5), [-.5, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(form(1).map((v) => Math.round(1e5 * v) / 1e5), [.5, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("where replies tell what queries do not, reading earns much more than the best single model, and blanked nothing", async () => {
  const train = tellingReplies(900, 1), test = tellingReplies(400, 2), M = 3;
  const rows: EpisodeRows = { ...test, queries: test.queries };
  const play = async (
    of: SequentialRouter<{ readonly epochs: number }>,
    budget?: number,
  ): Promise<Paths> =>
    await playEpisodes(await of.fit(train, of.grid[0], CONTEXT), rows, of.horizon, budget);
  const score = ({ choice }: Paths): number =>
    choice.reduce((sum, m, i) => sum + test.scores[i * M + m], 0) / 400;
  const reading = await play(router), blind = await play(cascade_replies_blanked);
  assert.ok(score(reading) > .75, `${score(reading)}`);
  assert.ok(score(blind) < .65, `${score(blind)}`);
  const cheap = await play(router, 0);
  const mean = (paths: Paths): number =>
    paidOnPaths(test.costs, M, paths).reduce((a, b) => a + b) / 400;
  assert.equal(mean(cheap), 1, "without money the cheapest answers");
  assert.ok(mean(reading) > 1.4, `${mean(reading)}`);
});
