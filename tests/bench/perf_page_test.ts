import assert from "node:assert/strict";
import { bestOf, inTurns, type Row } from "./measure.ts";
import { performancePage, type Run } from "./perf_page.ts";

function rowOf(task: string, ours: number, theirs: number, threads = 1): Row {
  return { task, peer: "peer 1.0", threads, ours, theirs, runs: 3, note: "a note" };
}

const RUN: Run = {
  rows: [
    rowOf("even", 5, 5),
    rowOf("slow", 30, 12),
    rowOf("two threads", 1, 99, 2),
    rowOf("fast", 1, 4),
    rowOf("faster", 100, 1000),
  ],
  missing: [],
  date: "2026-01-02",
  deno: "2.9.6",
  processor: "a processor",
  cores: 2,
  load: [0.25, 3],
  seconds: 61,
};

Deno.test("the page begins with how many rows are no slower, the two best and the worst", () => {
  const [title, , ...rest] = performancePage(RUN).split("\n");
  const answer = rest.join(" ").split("|")[0];
  assert.equal(title, "# How fast it is");
  assert.match(answer, /no longer than .* in 3 of 4 comparisons\./);
  assert.match(
    answer,
    /The two best: faster, 0\.10 times as long as peer 1\.0; fast, 0\.25 times/,
  );
  assert.match(answer, /The worst: slow, 2\.50 times as long/);
});

Deno.test("every row is a line of the table; what is missing is named", () => {
  const page = performancePage(RUN);
  assert.ok(page.includes("| slow | peer 1.0 | 1 | 30 | 12 | 2.50 | a note |"));
  assert.ok(
    page.includes("| two threads | peer 1.0 | 2 | 1 | 99 | (0.01) | a note |"),
    "load 3 on 2 cores",
  );
  assert.ok(performancePage({ ...RUN, load: [1, 2] }).includes("| 99 | 0.01 |"));
  assert.equal(page.match(/\| peer 1\.0 \|/g)?.length, 5);
  assert.match(page, /load 0\.3 when the run began and 3\.0 when it ended/);
  assert.ok(!page.includes("Left out"));
  assert.match(performancePage({ ...RUN, missing: ["PyTorch"] }), /Left out.*with PyTorch\. NumPy/);
});

Deno.test("both sides run in turns, and the run that warms up does not count", async () => {
  const runs: string[] = [];
  const best = await inTurns(
    async () => void runs.push("ours"),
    async () => (runs.push("theirs"), runs.length === 2 ? 0 : runs.length),
  );
  assert.deepEqual(runs.slice(0, 4), ["ours", "theirs", "ours", "theirs"]);
  assert.equal(best.theirs, 4);
  assert.equal(best.runs, runs.length / 2 - 1);
  assert.deepEqual(bestOf([[3, 9], [4, 8]]), { ours: 3, theirs: 8, runs: 2 });
});
