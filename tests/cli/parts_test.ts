/** `--shard`: numbers, and the environment that Slurm 22.05 gives its array tasks. */
import assert from "node:assert/strict";
import { readShard } from "../../src/cli/parts.ts";
import { UsageError } from "../../src/base/errors.ts";

/** Variables of one task: id, count, min, max, step. */
const task = (...numbers: (number | string | undefined)[]) => (name: string) => {
  const at = ["ID", "COUNT", "MIN", "MAX", "STEP"].indexOf(name.replace("SLURM_ARRAY_TASK_", ""));
  return numbers[at]?.toString();
};

Deno.test("shard: i/n, whatever the environment says", () => {
  assert.deepEqual(readShard("3/8", task(1, 4, 1, 4, 1)), { index: 3, of: 8 });
  for (const text of ["0/8", "9/8", "3", "3/", "-1/2", "3/8x", "parallel", "Slurm"]) {
    assert.throws(() => readShard(text, task()), (error) => {
      assert.ok(error instanceof UsageError);
      return error.message === `--shard: "${text}" is neither slurm nor i/n with 1 ≤ i ≤ n`;
    });
  }
});

Deno.test("shard: each task of a whole Slurm array has its own part, and all parts are taken", () => {
  const arrays: [ids: number[], step: number][] = [
    [[1, 2, 3, 4, 5, 6, 7, 8], 1], // --array=1-8
    [[0, 1, 2, 3], 1], // --array=0-3
    [[0, 4, 8, 12], 4], // --array=0-15:4, of which Slurm says that 12 is the last
    [[1], 1], // --array=1
  ];
  for (const [ids, step] of arrays) {
    const shards = ids.map((id) =>
      readShard("slurm", task(id, ids.length, ids[0], ids.at(-1), step))
    );
    assert.deepEqual(shards, ids.map((_, i) => ({ index: i + 1, of: ids.length })));
  }
});

Deno.test("shard: a part of an array is refused, with what to write instead", () => {
  const parts = [
    task(3, 2, 3, 5, 1), // --array=3,5
    task(1, 2, 1, 3, 1), // --array=1,3
    task(0, 3, 0, 7, 1), // --array=0,1,7
    task(4, 3, 3, 5, 1), // --array=3-5
    task(5, 1, 5, 5, 1), // --array=5
    task(5, 4, 0, 12, 4), // no task of this array
  ];
  for (const part of parts) {
    assert.throws(() => readShard("slurm", part), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /are not a whole array, which begins with 0 or 1/);
      assert.match(error.message, /--shard \$SLURM_ARRAY_TASK_ID\/8$/);
      return true;
    });
  }
});

Deno.test("shard: outside an array, the variable that is missing or odd is named", () => {
  assert.throws(() => readShard("slurm", task()), {
    message:
      "--shard slurm: SLURM_ARRAY_TASK_ID is not set; it is set in the tasks of sbatch --array=1-8",
  });
  assert.throws(() => readShard("slurm", task(1, 4, 1, 4)), /SLURM_ARRAY_TASK_STEP is not set/);
  assert.throws(() => readShard("slurm", task("1,2", 4, 1, 4, 1)), /SLURM_ARRAY_TASK_ID is "1,2"/);
  // What a task gets that was started with the right permissions: the process's own environment.
  assert.throws(() => readShard("slurm"), UsageError);
});
