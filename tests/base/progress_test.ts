/** Progress lines: silent at first, and no estimate before it means something. */
import assert from "node:assert/strict";
import { progress } from "../../src/base/progress.ts";

/** What is written when steps end at the given milliseconds. */
function written(total: number, steps: readonly (readonly [at: number, done: number])[]): string[] {
  const real = { now: performance.now, write: Deno.stderr.writeSync, is: Deno.stderr.isTerminal };
  const lines: string[] = [];
  let now = 0;
  performance.now = () => now;
  Deno.stderr.isTerminal = () => false;
  Deno.stderr.writeSync = (bytes) => lines.push(new TextDecoder().decode(bytes)) && bytes.length;
  try {
    const line = progress("jobs", total);
    for (const [at, done] of steps) {
      now = at;
      line.update(done, "x");
    }
    line.end();
  } finally {
    performance.now = real.now;
    Deno.stderr.writeSync = real.write;
    Deno.stderr.isTerminal = real.is;
  }
  return lines;
}

Deno.test("a line a time, none in the first two seconds, no estimate before a tenth is done", () => {
  assert.deepEqual(written(100, [[1000, 1], [2500, 5], [3000, 6], [13_000, 9], [24_000, 12]]), [
    "jobs 5/100 (5%) x\n",
    "jobs 9/100 (9%) x\n",
    "jobs 12/100 (12%, 3 min left) x\n",
  ]);
});

Deno.test("a total that nobody knows is not shown", () => {
  assert.deepEqual(written(0, [[2500, 5]]), ["jobs 5 x\n"]);
});
