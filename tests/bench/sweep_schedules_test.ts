/** Schedules of a sweep, on times that can be added up by hand. */
import assert from "node:assert/strict";
import {
  jobsInTurn,
  longestFirst,
  splitsAsNodesAreFree,
  splitsInTurn,
  type SweepJob,
} from "./sweep_schedules.ts";

/** Three splits of a quick router (1 s, 2 s as the first on a split) and a slow one (5 s, 7 s). */
const JOBS: SweepJob[] = [0, 1, 2].flatMap((split) => [
  { split, shared: 1, alone: 2 },
  { split, shared: 5, alone: 7 },
]);

Deno.test("one node: every split is opened once, whatever the order; a process a split pays for each start", () => {
  assert.equal(splitsInTurn(JOBS, 1, 10), 10 + 3 * 7);
  assert.equal(jobsInTurn(JOBS, 1, 10), 10 + 3 * 7);
  assert.equal(longestFirst(JOBS, 1, 10), 10 + 3 * 8, "the slow router comes first on its split");
  assert.equal(splitsAsNodesAreFree(JOBS, 1, 10), 3 * 17);
});

Deno.test("two nodes", () => {
  assert.equal(splitsInTurn(JOBS, 2, 10), 10 + 2 * 7, "splits 0 and 2, and 1");
  assert.equal(jobsInTurn(JOBS, 2, 10), 10 + 3 * 7, "one node gets the slow router each time");
  assert.equal(splitsAsNodesAreFree(JOBS, 2, 10), 2 * 17);
  // The slow router: 7 and 7, then 7 more to the first node; the quick one: 2 + 1 + 2 to the second.
  assert.equal(longestFirst(JOBS, 2, 10), 10 + 14);
});

Deno.test("more nodes than splits or jobs: a whole split, or the longest job, is what is left", () => {
  assert.equal(splitsInTurn(JOBS, 100, 10), 10 + 7);
  assert.equal(splitsAsNodesAreFree(JOBS, 100, 10), 10 + 7);
  assert.equal(jobsInTurn(JOBS, 100, 10), 10 + 7);
  assert.equal(longestFirst(JOBS, 100, 10), 10 + 7);
});
