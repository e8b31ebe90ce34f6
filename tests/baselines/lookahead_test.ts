/** Lookahead (latent regression): labels and latents by hand, what is foreseen, and what the controls leave out. */
import assert from "node:assert/strict";
import router, { type Config, goodEnough, learnLookahead } from "../../baselines/lookahead.ts";
import {
  lookahead_no_reconstruction,
  lookahead_shuffled,
  lookahead_true_replies,
} from "../../baselines/variants/lookahead.ts";
import {
  agreement,
  LATENT_WIDTH,
  learnReading,
  readLatents,
} from "../../baselines/_reply_latents.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random, seededOrder } from "../../src/base/random.ts";
import { BLANK, type Reply } from "../../src/base/reply.ts";
import type { Router, TrainingData } from "../../src/router/contract.ts";
import { type Paths, playEpisodes } from "../../src/router/episodes.ts";
import { takeTraining } from "../../src/router/training.ts";
import { batch, type Cells, cells, CONTEXT, near, qualities, training } from "../router/hand.ts";
import { CORNERS, exclusiveOr, tellingReplies } from "./scenes.ts";

const said = (text: string, more: Partial<Reply> = {}): Reply => ({
  text,
  chars: text.length,
  tokens: 1,
  ...more,
});

Deno.test("labels: the worked cases of the 0.8 rule, and gaps", () => {
  const rows: [Cells[number], Cells[number]][] = [
    [[0.2, 0.6, 1], [0, 0, 1]],
    [[0.9, 1, 0], [1, 1, 0]],
    [[0, 0, 0], [1, 1, 1]],
    [[0.5, 0.5, 0.5], [1, 1, 1]],
    [[2, 10, 8.4], [0, 1, 1]], // (8.4 − 2) / 8 is .8
    [[undefined, 0.3, 0.1], [undefined, 1, 0]],
    [[undefined, undefined, 0.1], [undefined, undefined, 1]],
    [[undefined, undefined, undefined], [undefined, undefined, undefined]],
  ];
  const labels = goodEnough(cells(rows.map(([scores]) => scores)), 3);
  assert.deepEqual([...labels], [...cells(rows.map(([, expected]) => expected))]);
});

Deno.test("agreement: the share of the others with the same answer; none agrees without one", () => {
  const finals = ["7", "7", "9", "7", undefined, undefined, "a", "b"];
  const replies = finals.map((final) => said("so", { final }));
  const expected = [2 / 3, 2 / 3, 0, 2 / 3, 0, 0, 0, 0];
  near([[...agreement(replies, 4)]], [expected]);
  assert.deepEqual([...agreement(replies, 1)], Array(8).fill(0));
});

Deno.test("latents: mean 0 and scaled on the training rows, others by the same rule", () => {
  // Replies that differ in tokens alone: ln 1 and ln 9 become −.3 and .3, and ln 3, halfway, 0.
  const reply = (tokens: number): Reply => ({ ...BLANK, tokens }), TOKENS = 128;
  const replies = [reply(0), reply(8), reply(2)];
  const { reading, latents, variance } = learnReading(
    ["a", "b", "c"],
    replies,
    1,
    Uint32Array.of(0, 1),
  );
  const row = (value: number): number[] =>
    Array.from({ length: LATENT_WIDTH }, (_, k) => k === TOKENS ? value : 0);
  const all = Array.from(
    { length: 3 },
    (_, i) => [...latents.data.subarray(i * LATENT_WIDTH, (i + 1) * LATENT_WIDTH)],
  );
  near(all, [row(-0.3), row(0.3), row(0)]);
  near([[variance]], [[0.09 / LATENT_WIDTH]]);
  near([[...readLatents(["d"], [reply(26)], reading).data]], [row(0.6)]); // ln 27
});

/** Two coordinates whose signs, taken together, say who is right and what everybody answers. */
function foreseeable(count: number): TrainingData & { replies: Reply[] } {
  const { at, scores } = exclusiveOr(count);
  const replies = at.flatMap((_, i) =>
    scores[i].map((_, m) =>
      said(i % 4 < 2 ? `both agree, says m${m}` : `never, ${m} thinks otherwise`)
    )
  );
  return { ...training(at, scores), replies };
}

/** Every query with the replies to another one. */
function misplaced<T extends TrainingData>(train: T): T {
  const { ids } = train.queries, M = train.models.length, to = [...ids.keys()];
  to.sort((a, b) => ids[a] < ids[b] ? -1 : 1);
  const from = seededOrder(to, (i) => ids[i], CONTEXT.seed, "shuffled replies");
  return {
    ...train,
    replies: ids.flatMap((_, i) => {
      const other = from[to.indexOf(i)];
      return train.replies!.slice(other * M, (other + 1) * M);
    }),
  };
}

const POOL = foreseeable(400), CONFIG: Config = { lambda: 1, epochs: 60 };

Deno.test("what the query tells of replies is foreseen, of replies to other queries next to nothing", async () => {
  const share = async (train: TrainingData): Promise<number> => {
    const { network, reading } = await learnLookahead(train, CONFIG, CONTEXT);
    const { texts, vectors } = POOL.queries, truth = readLatents(texts, POOL.replies, reading).data;
    const foreseen = await network.foresee(vectors);
    const missed = truth.reduce((sum, y, at) => sum + (y - foreseen[at]) ** 2, 0);
    return 1 - missed / truth.reduce((sum, y) => sum + y ** 2, 0);
  };
  const own = await share(POOL), other = await share(misplaced(POOL));
  assert.ok(own > .9 && other < .1, `${own}, ${other}`);
});

Deno.test("it chooses who is right where the signs agree and where they do not", async () => {
  const fitted = await router.fit(POOL, CONFIG, CONTEXT);
  const chosen = (await qualities(fitted, batch(CORNERS)))
    .map((row) => row.indexOf(Math.max(...row)));
  assert.deepEqual(chosen, [0, 0, 1, 1]);
});

/** Predictions for the corners, to the bit. */
async function corners(of: Router<Config>, train: TrainingData): Promise<number[][]> {
  return await qualities(
    await of.fit(train, { ...of.grid[0], epochs: 10 }, CONTEXT),
    batch(CORNERS),
  );
}

Deno.test("with λ = 0 replies change nothing, else they do; shuffled are those of other queries", async () => {
  const other = { ...POOL, replies: POOL.replies.map((_, at) => said(`word ${at % 7}`)) };
  const without = await corners(lookahead_no_reconstruction, POOL);
  assert.deepEqual(await corners(lookahead_no_reconstruction, other), without);
  const own = await corners(router, POOL), wrong = await corners(router, misplaced(POOL));
  assert.deepEqual(await corners(router, POOL), own);
  assert.notDeepEqual(await corners(router, other), own);
  assert.deepEqual(await corners(lookahead_shuffled, POOL), wrong);
  assert.notDeepEqual(wrong, own);
});

Deno.test("a query to which a model said nothing is left out; when all are, the fit is refused", async () => {
  const silent = { ...POOL, replies: POOL.replies.with(3 * 7 + 1, { ...BLANK }) };
  const kept = [...POOL.queries.ids.keys()].filter((i) => i !== 7);
  const rest = takeTraining(POOL, kept, "without the eighth");
  assert.deepEqual(await corners(router, silent), await corners(router, rest));
  const fitted = await router.fit(silent, { ...CONFIG, epochs: 1 }, CONTEXT);
  assert.deepEqual(fitted.describe().notes, ["training rows left out, a model said nothing: 1"]);
  const mute = { ...POOL, replies: POOL.replies.map(() => BLANK) };
  await assert.rejects(async () => await router.fit(mute, CONFIG, CONTEXT), CapabilityError);
});

Deno.test("a model without a label is never chosen, one with some is predicted", async () => {
  const scores = POOL.scores.map((s, at) => at % 3 === 2 || at < 90 && at % 3 === 1 ? NaN : s);
  const rows = await corners(router, { ...POOL, scores });
  for (const [a, b, c] of rows) assert.ok(a > 0 && b > 0 && Number.isNaN(c), `${a}, ${b}, ${c}`);
});

Deno.test("where replies alone tell who is right, true ones are worth having: all are asked, and paid", async () => {
  const N = 300, train = tellingReplies(400, 1), test = tellingReplies(N, 2), M = 3;
  const mean = (choice: ArrayLike<number>): number =>
    Array.from(choice, (m, i) => test.scores[i * M + m]).reduce((a, b) => a + b) / N;
  const true_ = await lookahead_true_replies.fit(train, { lambda: 0, epochs: 20 }, CONTEXT);
  const { choice, visited }: Paths = await playEpisodes(true_, test, M, undefined);
  assert.equal(visited.filter((m) => m < M).length, N * M);
  const rows = await qualities(
    await router.fit(train, { lambda: 1, epochs: 20 }, CONTEXT),
    test.queries,
  );
  const foreseeing = mean(rows.map((row) => row.indexOf(Math.max(...row))));
  assert.ok(mean(choice) > .8 && foreseeing < .66, `${mean(choice)}, ${foreseeing}`);
});

Deno.test("the seed counts", async () => {
  const [a, b] = await Promise.all([1, 2].map(async (seed) => {
    const fitted = await router.fit(POOL, { ...CONFIG, epochs: 2 }, {
      ...CONTEXT,
      random: random(seed, "hand"),
    });
    return await qualities(fitted, batch(CORNERS));
  }));
  assert.notDeepEqual(a, b);
});
