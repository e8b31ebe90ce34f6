/** Episodes by hand: three queries on two models, of two routers that read and one that does not. */
import assert from "node:assert/strict";
import type { SeedRows, SplitDecisions } from "../../src/evaluate/decisions.ts";
import { controlOf, costOfPath, episodeFacts } from "../../src/evaluate/episodes.ts";
import type { Split } from "../../src/splits/split.ts";

const SPLIT = { seed: 7, fold: 0 } as Split;
/** a solves the first query for 1, b the first two for 4; nobody the third. */
const SEED: SeedRows = {
  seed: 7,
  splits: [SPLIT],
  rows: Uint32Array.of(0, 1, 2),
  fold: Uint16Array.of(0, 0, 0),
  outcomes: {
    rows: 3,
    models: 2,
    scores: Float64Array.of(1, 1, 0, 1, 0, 0),
    costs: Float64Array.of(1, 4, 1, 4, 1, 4),
    options: Uint16Array.of(0, 0, 0),
    solvedFrom: Float64Array.of(1, 1, 1),
    dataset: Uint16Array.of(0, 0, 0),
    datasets: 1,
  },
};

function decided(router: string, choice: number[], visited?: number[]): SplitDecisions {
  return {
    ...{ router, seed: 7, fold: 0, models: ["a", "b"], columns: [{ kind: "headline" }] },
    choice: Uint16Array.from(choice),
    ...(visited && { paths: { visited: Uint16Array.from(visited), horizon: 2 } }),
  };
}

Deno.test("paths, what each call costs, the perfect judge, and rows that read beside others", () => {
  const rows = ["best-single", "reader", "reader_blanked", "taught"].map((id) => ({
    id,
    reads: id !== "best-single",
  }));
  const entries = [
    decided("best-single", [1, 1, 1]),
    decided("reader", [0, 1, 0], [0, 2, 0, 1, 0, 1]),
    decided("reader_blanked", [0, 0, 0], [0, 2, 0, 2, 0, 2]),
    decided("taught", [0, 1, 1]),
  ];
  const facts = episodeFacts(rows, entries, [SEED], ["a", "b"], Uint32Array.of(0, 1, 2));
  assert.deepEqual(facts.routers[0], {
    router: "reader",
    calls: 5 / 3,
    paths: [
      { asked: ["a"], answer: "a", queries: 1, quality: 1, paid: [1] },
      { asked: ["a", "b"], answer: "a", queries: 1, quality: 0, paid: [1, 4] },
      { asked: ["a", "b"], answer: "b", queries: 1, quality: 1, paid: [1, 4] },
    ],
  });
  assert.equal(costOfPath(facts.routers[0].paths[1]), 5);
  assert.deepEqual(facts.routers.map(({ router }) => router), ["reader", "reader_blanked"]);
  // Asks a, stops at the first query, pays b for the other two: (1 + 5 + 5) / 3. No third model is there to ask.
  for (const judged of facts.judged) {
    assert.deepEqual([judged.seed, judged.list], [7, ["a", "b"]]);
    assert.ok(Math.abs(judged.quality - 2 / 3) + Math.abs(judged.cost - 11 / 3) < 1e-12);
  }
  assert.deepEqual(facts.judged.map(({ asked }) => asked), [2, 3]);
  const found = facts.pairs.map(({ router, other, score, cost }) => [
    ...[router, other, Math.round(30 * score.mean), Math.round(30 * cost.mean)],
  ]);
  assert.deepEqual(found, [
    ["reader", "best-single", 0, -10], // 11 − 12 dollars on three queries
    ["reader", "reader_blanked", 10, 80],
    ["taught", "best-single", 0, -30],
  ]);
  assert.deepEqual([facts.pairs[0].score.low, facts.pairs[0].cost.high], [null, null]);
});

Deno.test("a control's id goes on where its router's ends", () => {
  const readers = ["hier", "hier_router", "hier_router_blanked", "hiero"];
  assert.equal(controlOf("hier_router_blanked", ["hier_router", "hier"]), "hier_router");
  assert.equal(controlOf("hiero", readers), undefined);
  assert.equal(controlOf("hier", readers), undefined);
});
