/** The environment of sequential routers: what an episode shows, charges and forbids. */
import assert from "node:assert/strict";
import {
  type EpisodeRows,
  Episodes,
  IllegalAction,
  playEpisodes,
} from "../../src/router/episodes.ts";
import { type Action, blanked, type SequentialRouter } from "../../src/router/sequential.ts";
import { BLANK, type Reply } from "../../src/base/reply.ts";
import { paidOnPaths } from "../../src/metrics/mod.ts";
import { batch, CONTEXT, training } from "./hand.ts";

const said = (text: string): Reply => ({ text, chars: text.length, tokens: 1 });
/** Two queries, three models; m2's cost of the first is unknown. */
const ROWS: EpisodeRows = {
  queries: batch([[1, 0], [0, 1]]),
  models: ["m0", "m1", "m2"],
  costs: Float64Array.of(1, 4, NaN, 2, 8, 16),
  replies: ["a0", "a1", "a2", "b0", "b1", "b2"].map(said),
};

Deno.test("an episode shows what was visited, in order, and what that cost; the others go on without those that ended", () => {
  const episodes = new Episodes(ROWS, 2);
  const start = episodes.observe();
  assert.deepEqual([start.step, [...start.visited], start.replies, [...start.paid]], [0, [], [], [
    0,
    0,
  ]]);
  assert.deepEqual(Object.keys(start).sort(), ["paid", "queries", "replies", "step", "visited"]);
  episodes.take([{ visit: 1 }, { visit: 0 }]);
  const second = episodes.observe();
  assert.deepEqual([...second.visited], [1, 0]);
  assert.deepEqual(second.replies.map(({ text }) => text), ["a1", "b0"]);
  assert.deepEqual([...second.paid], [4, 2]);
  episodes.take([{ commit: 1 }, { visit: 2 }]);
  const last = episodes.observe();
  assert.deepEqual(last.queries.ids, ["q1"]);
  assert.deepEqual(last.replies.map(({ text }) => text), ["b0", "b2"]);
  assert.deepEqual([...last.paid], [18]);
  assert.equal(episodes.done, false);
  episodes.take([{ commit: 0 }]);
  assert.equal(episodes.done, true);
  const { choice, visited, horizon } = episodes.paths();
  assert.deepEqual([[...choice], [...visited], horizon], [[1, 0], [1, 3, 0, 2], 2]);
});

Deno.test("what is seen is a copy: nothing leads from it to costs and replies of other models", () => {
  const episodes = new Episodes(ROWS, 2);
  episodes.take([{ visit: 1 }, { visit: 0 }]);
  const { paid, visited } = episodes.observe();
  assert.equal(paid.buffer.byteLength, 2 * 8);
  assert.equal(visited.buffer.byteLength, 2 * 2);
  paid[0] = 0, visited[0] = 2;
  assert.deepEqual([...episodes.observe().paid, ...episodes.observe().visited], [4, 2, 1, 0]);
});

Deno.test("actions against the rules are refused, with the query and the rule", () => {
  const after = (first: Action | undefined, then: unknown): () => void => () => {
    const episodes = new Episodes({ ...ROWS, queries: batch([[1, 0]]) }, 2);
    if (first) episodes.take([first]);
    episodes.take([then as Action]);
  };
  const cases: [first: Action | undefined, then: unknown, message: RegExp][] = [
    [undefined, { commit: 0 }, /query q0, after 0 visits: commits to m0, which was not visited$/],
    [{ visit: 1 }, { commit: 2 }, /after 1 visits: commits to m2, which was not visited$/],
    [{ visit: 1 }, { visit: 1 }, /visits m1 again$/],
    [undefined, { visit: 3 }, /visits 3 of 3 models$/],
    [undefined, { visit: -1 }, /visits -1 of 3 models$/],
    [undefined, 1, /expected a visit or a commit, got 1$/],
    [undefined, { visit: 1, commit: 1 }, /expected a visit or a commit/],
  ];
  for (const [first, then, message] of cases) {
    assert.throws(after(first, then), (error) => {
      assert.ok(error instanceof IllegalAction);
      assert.match(error.message, message);
      return true;
    });
  }
  const episodes = new Episodes(ROWS, 1);
  assert.throws(() => episodes.take([{ visit: 0 }]), /1 actions for 2 episodes$/);
  episodes.take([{ visit: 0 }, { visit: 0 }]);
  assert.throws(
    () => episodes.take([{ visit: 1 }, { commit: 0 }]),
    /a visit beyond the horizon of 1$/,
  );
});

Deno.test("a plan's return is its score less λ times all it paid", async () => {
  // Costs 1 and 4, whose mean 2.5 is the unit; λ = 0.1; only the second model is right.
  const rows: EpisodeRows = {
    queries: batch([[1]]),
    models: ["m0", "m1"],
    costs: Float64Array.of(1, 4),
    replies: ["x", "y"].map(said),
  };
  const SCORES = [0, 1];
  const returns = async (...plan: Action[]): Promise<number> => {
    const paths = await playEpisodes({ act: ({ step }) => [plan[step]] }, rows, 2);
    const [paid] = paidOnPaths(rows.costs, 2, paths);
    return SCORES[paths.choice[0]] - 0.1 * paid / 2.5;
  };
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}`);
  near(await returns({ visit: 0 }, { visit: 1 }, { commit: 1 }), 0.80);
  near(await returns({ visit: 0 }, { commit: 0 }), -0.04);
  near(await returns({ visit: 1 }, { commit: 1 }), 0.84);
});

Deno.test("replies blanked: nothing is said in learning and in acting, and all else is the same", async () => {
  const seen: (readonly Reply[] | undefined)[] = [];
  const router: SequentialRouter = {
    name: "listens",
    summary: "s",
    source: "none",
    needs: ["replies"],
    grid: [{}],
    horizon: 2,
    fit: (train) => {
      seen.push(train.replies, train.validation?.replies);
      return {
        models: train.models,
        act: ({ step, replies, queries }) => {
          seen.push(replies);
          return queries.ids.map(() => step === 0 ? { visit: 1 } : { commit: 1 });
        },
        describe: () => ({ parameters: 0 }),
      };
    },
  };
  const train = { ...training([[1, 0]], [[1, 0, 1]]), replies: ROWS.replies.slice(0, 3) };
  const fitted = await blanked(router).fit({ ...train, validation: train }, {}, CONTEXT);
  await playEpisodes(fitted, ROWS, 2);
  const lengths = [3, 3, 0, 2];
  assert.deepEqual(seen, lengths.map((length) => Array<Reply>(length).fill(BLANK)));
  assert.equal(blanked(router).name, "listens, replies blanked");
});
