import assert from "node:assert/strict";
import { shuffleLabels } from "../../src/run/open_split.ts";
import { random } from "../../src/base/random.ts";

Deno.test("shuffled labels: whole rows move, scores with their costs, none lost", () => {
  const M = 3, N = 50;
  const scores = Float64Array.from({ length: N * M }, (_, at) => at);
  const costs = scores.map((x) => x + 0.5);
  costs[7] = NaN;
  const before = scores.slice();
  const mixed = shuffleLabels(scores, costs, M, random(1, "shuffle"));
  assert.deepEqual(scores, before, "arguments are left alone");
  const seen = new Set<number>();
  let moved = 0;
  for (let i = 0; i < N; i++) {
    const from = mixed.scores[i * M] / M;
    seen.add(from);
    moved += Number(from !== i);
    assert.deepEqual(mixed.scores.slice(i * M, i * M + M), scores.slice(from * M, from * M + M));
    assert.deepEqual(mixed.costs.slice(i * M, i * M + M), costs.slice(from * M, from * M + M));
  }
  assert.equal(seen.size, N);
  assert.ok(moved > N / 2);
  assert.deepEqual(shuffleLabels(scores, costs, M, random(1, "shuffle")), mixed);
});
