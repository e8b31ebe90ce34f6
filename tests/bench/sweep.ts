/**
 * How the wall time of a sweep of 10,000 jobs falls with the number of nodes, and what stops it: simulated from
 * times measured here. Measured are CPU seconds in one thread, which a busy machine changes less than wall time:
 * the start of a process, every job on an open split and by itself, and joining the jobs into a result.
 *
 *     deno run -A --frozen --no-prompt tests/bench/sweep.ts demo ood 42 knn,ridge,mlp [FILE.json]
 *
 * Times are written to the file, and read from it where it is there. The table stands in docs/cluster.md.
 * @module
 */
import { cpuUsage } from "node:process";
import { exists, readJson, repoPath, writeJson } from "../../src/base/files.ts";
import { Pool } from "../../src/api/pool.ts";
import { runOf } from "../../src/api/run.ts";
import type { FinishedJob } from "../../src/run/job_store.ts";
import { planRun } from "../../src/run/plan.ts";
import { worker } from "../../src/run/work.ts";
import { markdownTable } from "../../src/report/tables/text_table.ts";
import {
  jobsInTurn,
  longestFirst,
  splitsAsNodesAreFree,
  splitsInTurn,
  type SweepJob,
} from "./sweep_schedules.ts";

const JOBS = 10_000, NODES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const SCHEDULES: Readonly<Record<string, typeof splitsInTurn>> = {
  "splits in turn": splitsInTurn,
  "a task a split": splitsAsNodesAreFree,
  "jobs in turn": jobsInTurn,
  "jobs, longest first": longestFirst,
};

/** CPU seconds. */
interface Times {
  /** What was measured, in words. */
  readonly of: string;
  /** Deno with the modules of a bench. */
  readonly deno: number;
  /** Data, audit, splits and cached vectors. */
  readonly data: number;
  /** Joining, writing and verifying all jobs measured. */
  readonly join: number;
  /** Every job: in its split's turn, and by itself on a split opened for it (measured on the first). */
  readonly jobs: readonly (SweepJob & { readonly router: string })[];
}

/** CPU seconds of this process, all its threads. */
function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

async function clock<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const start = cpuSeconds(), result = await work();
  return [result, cpuSeconds() - start];
}

/** CPU seconds of a bench with these arguments, the least of three. */
async function secondsOfBench(args: readonly string[]): Promise<number> {
  const bench = ["run", "-A", "--frozen", repoPath("src/cli/bench.ts"), ...args];
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: [
        "-c",
        `TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1`,
        "bash",
        Deno.execPath(),
        ...bench,
      ],
    }).output();
    const text = new TextDecoder().decode(stderr);
    if (code !== 0) throw new Error(new TextDecoder().decode(stdout) + text);
    times.push(text.trim().split(" ").map(Number).reduce((a, b) => a + b));
  }
  return Math.min(...times);
}

async function measure(
  data: string,
  protocol: string,
  seeds: string,
  routers: string,
): Promise<Times> {
  const plan = await planRun({
    data,
    protocol,
    seeds: seeds.split(",").map(Number),
    routers: routers.split(","),
    embedding: "static",
    validation: "benchmarks",
    device: "cpu",
  });
  const jobs: Times["jobs"][number][] = [], finished: FinishedJob[] = [], alone: number[] = [];
  // By itself first, when its code is as cold as in a new process; a worker of its own has no split open.
  for (const job of plan.jobs.filter(({ split }) => split === 0)) {
    const [, seconds] = await clock(() => worker(plan.setup)({ ...job, timed: false }));
    alone.push(seconds);
    console.error(`${job.router}: ${seconds.toFixed(3)}`);
  }
  const inTurn = worker(plan.setup);
  for (const [at, job] of plan.jobs.entries()) {
    const [done, shared] = await clock(() => inTurn({ ...job, timed: false }));
    finished.push(done);
    jobs.push({ router: job.router, split: job.split, shared, alone: alone[at % alone.length] });
  }
  const folder = await Deno.makeTempDir();
  try {
    const [, join] = await clock(() =>
      runOf(plan, finished, new Pool(data, plan.dataset)).save(folder)
    );
    const deno = await secondsOfBench(["--help"]);
    const nothing = [
      "--data",
      data,
      "--protocol",
      protocol,
      "--seeds",
      seeds,
      "--routers",
      routers,
    ];
    const idle = await secondsOfBench([
      ...[...nothing, "--shard", "100000/100000", "--workers", "1"],
      ...["--out", folder, "--jobs", folder],
    ]);
    const of = `${data} ${protocol}, seeds ${seeds}: ${plan.table.ids.length} queries × ` +
      `${plan.table.models.length} models, splits: ${plan.splits.length}, routers: ${plan.routers.length}`;
    return { of, deno, data: idle - deno, join, jobs };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A sweep of {@link JOBS}: the measured splits, again and again. */
function sweep(measured: Times["jobs"]): SweepJob[] {
  const splits = 1 + measured.at(-1)!.split, routers = measured.length / splits;
  return Array.from({ length: JOBS }, (_, j) => ({
    ...measured[j % measured.length],
    split: Math.floor(j / routers),
  }));
}

/** Seconds as people say them. */
function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toPrecision(2)} s`;
  return seconds < 6000
    ? `${(seconds / 60).toPrecision(2)} min`
    : `${(seconds / 3600).toPrecision(2)} h`;
}

if (import.meta.main) {
  const [data, protocol, seeds, routers, file] = Deno.args;
  const times = file && await exists(file)
    ? await readJson(file) as Times
    : await measure(data, protocol, seeds, routers);
  if (file) await writeJson(file, times);
  const jobs = sweep(times.jobs), start = times.deno + times.data;
  const names = Object.keys(SCHEDULES);
  console.log(markdownTable(
    ["nodes", ...names].map((title) => ({ title, align: "right" })),
    NODES.map((n) => [
      n.toLocaleString("en"),
      ...names.map((name) => duration(SCHEDULES[name](jobs, n, start))),
    ]),
  ));
  const longest = times.jobs.reduce((a, b) => a.alone > b.alone ? a : b);
  const splits = 1 + jobs.at(-1)!.split;
  console.log(`
${times.of}
10,000 jobs are ${splits} splits; a split takes ${duration(splitsInTurn(jobs, splits, 0))} at most
a process: Deno ${duration(times.deno)}, data ${duration(times.data)}
longest job: ${longest.router}, ${duration(longest.alone)} by itself
joining the ${times.jobs.length} jobs measured: ${
    duration(times.join)
  }; 10,000 in runs of this size, one after the other: ${
    duration(times.join * JOBS / times.jobs.length)
  }`);
}
