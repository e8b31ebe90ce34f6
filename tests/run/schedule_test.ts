/** Scheduling: who takes which job, and that it leaves no trace in the results. */
import assert from "node:assert/strict";
import { doJobs, JobQueue } from "../../src/run/run.ts";
import { type Job, worker } from "../../src/run/work.ts";
import type { FinishedJob } from "../../src/run/job_store.ts";
import { random } from "../../src/base/random.ts";
import { planOf, withRecords, writeRouter } from "./runs.ts";

/** Jobs named by split and number, `"0a 0b 1a"`. */
const jobs = (names: string): Job[] =>
  names.split(" ").map((id) => ({ id, router: id, split: Number(id[0]), timed: false }));

Deno.test("queue: a worker keeps to its split, then opens an untouched one, then helps the fullest", () => {
  const queue = new JobQueue(jobs("0a 0b 0c 0d 1a 1b 2a"));
  const next = (open: number): string | undefined => queue.next(open)?.id;
  assert.equal(next(-1), "0a"); // first worker
  assert.equal(next(-1), "1a"); // second
  assert.equal(next(-1), "2a"); // third
  assert.equal(next(0), "0b");
  assert.equal(next(2), "0c", "split 2 is done; 0 has two left, 1 has one");
  assert.equal(next(1), "1b");
  assert.equal(next(1), "0d");
  assert.equal(next(0), undefined);
  assert.equal(next(-1), undefined);
});

Deno.test("queue: of equally full splits the first is helped; jobs may come in any order", () => {
  const queue = new JobQueue(jobs("1a 0a 1b 0b"));
  const taken = [queue.next(-1), queue.next(-1), queue.next(-1), queue.next(0)].map((j) => j?.id);
  assert.deepEqual(taken, ["1a", "0a", "1b", "0b"]);
});

Deno.test("queue: every job is handed out once, however many workers ask in whatever order", () => {
  const draw = random(5, "queue");
  const all = Array.from({ length: 60 }, (_, i) => `${i % 7}${i}`);
  const queue = new JobQueue(jobs(all.join(" ")));
  const open = Array(4).fill(-1);
  const taken: string[] = [];
  for (;;) {
    const hand = draw.integer(4), job = queue.next(open[hand]);
    if (!job) break;
    open[hand] = job.split;
    taken.push(job.id);
  }
  assert.deepEqual(taken.toSorted(), all.toSorted());
});

/** What of a job may not depend on when and where it ran: all but its speed. */
const essence = ({ speed: _speed, ...job }: FinishedJob): unknown => job;

Deno.test("order and number of workers leave no trace in any job", () =>
  withRecords(async (folder) => {
    const plan = await planOf(folder, { routers: ["uniroute", "ridge"] });
    const ids = plan.jobs.map(({ id }) => id);
    const run = async (list: readonly Job[], workers: number): Promise<unknown[]> => {
      const done = new Map<string, unknown>();
      await doJobs(plan.setup, list, workers, async (job) => {
        assert.ok(!done.has(job.id), "done once");
        done.set(job.id, essence(job));
      });
      return ids.map((id) => done.get(id));
    };
    const plain = await run(plan.jobs, 1);
    assert.equal(plain.filter(Boolean).length, 5 * 9);
    assert.deepEqual(await run(plan.jobs.toReversed(), 1), plain, "backwards");
    assert.deepEqual(
      await run(random(1, "order").shuffle([...plan.jobs]), 2),
      plain,
      "two, shuffled",
    );

    // One job at a time, each on a split opened again, with no work shared.
    const alone = [];
    for (const job of plan.jobs.slice(-9)) alone.push(essence(await worker(plan.setup)(job)));
    assert.deepEqual(alone, plain.slice(-9), "each by itself");
  }));

Deno.test("a failing router is the outcome of its job, with the line and its exit code; others go on", () =>
  withRecords(async (folder) => {
    const refuses = `() => { throw Object.assign(new Error("needs more rows"), { exitCode: 4 }); }`;
    const breaks = `function broken() { return undefined.models; }`;
    const later =
      `() => { setTimeout(() => { throw new Error("late"); }); return new Promise(() => {}); }`;
    const lost = `() => { Promise.reject(new Error("lost")); return new Promise(() => {}); }`;
    const cases = [
      ["refuses", refuses, /^failed: needs more rows, seed 3, fold 0$/, 4],
      [
        "breaks",
        breaks,
        /^failed: Cannot read properties of undefined .*, seed 3, fold 0$/,
        undefined,
      ],
      ["later", later, /^failed: late, seed 3, fold 0$/, undefined],
      ["lost", lost, /^failed: lost, seed 3, fold 0$/, undefined],
    ] as const;
    const files = await Promise.all(cases.map(([name, fit]) => writeRouter(folder, name, fit)));
    const plan = await planOf(folder, { routers: [...files, "uniroute"] });
    for (const workers of [1, 2]) {
      const all = plan.jobs.filter(({ router, split }) =>
        split === 0 && (workers > 1 || !["later", "lost"].includes(router))
      );
      const outcomes = new Map<string, FinishedJob["outcome"]>();
      await doJobs(plan.setup, all, workers, async (job) => {
        outcomes.set(job.router, job.outcome);
      });
      assert.equal(outcomes.size, all.length);
      assert.equal(outcomes.get("uniroute")?.status, "decided");
      for (const [name, _, message, exitCode] of cases) {
        const outcome = outcomes.get(name);
        if (outcome === undefined) continue;
        assert.ok(outcome.status === "failed", name);
        assert.match(outcome.reason, message);
        assert.equal(outcome.exitCode, exitCode);
        assert.match(outcome.at!, new RegExp(`${name}\\.ts:1:\\d+$`));
      }
    }
  }));

Deno.test("what `finished` throws stops the run too", () =>
  withRecords(async (folder) => {
    const plan = await planOf(folder);
    for (const workers of [1, 2]) {
      await assert.rejects(
        doJobs(plan.setup, plan.jobs, workers, () => Promise.reject(new Error("disk full"))),
        /disk full/,
      );
    }
  }));
