/**
 * Seconds and peak memory of a run as it grows: a generated pool is written as JSON lines, then loaded, audited,
 * split, embedded, routed and evaluated by the code of a bench, each size in a process of its own.
 *
 *     deno run -A --frozen tests/bench/scale.ts FOLDER 10000x36,100000x36 ridge,knn [--priced]
 *
 * `load` or `audit` in place of routers ends there; with --table the pool is a CSV table, which is read whole. With
 * --result the result is written below FOLDER/results, as a bench writes it, verified, made a page, and compared with a
 * result of all routers but the last; a run that was stopped goes on from the jobs in FOLDER/jobs.
 *
 * Peaks are those of the operating system (VmHWM, Linux only), anew for each stage; what Deno takes with nothing
 * loaded is taken off. A line a stage is printed and kept in FOLDER/scale.jsonl, and what a router does otherwise at
 * this size is printed. docs/scale.md has the table.
 * @module
 */
import { dirname } from "node:path";
import { cpuUsage } from "node:process";
import { exists } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { planRun, type RunPlan } from "../../src/run/plan.ts";
import { worker } from "../../src/run/work.ts";
import { type FinishedJob, JobStore } from "../../src/run/job_store.ts";
import { assemble, evaluateEntries, writeResult } from "../../src/results/assemble.ts";
import { diffResults } from "../../src/results/diff.ts";
import { openResult } from "../../src/results/open.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { htmlReport } from "../../src/report/html/page.ts";
import { AT_THIS_SIZE } from "../../src/router/size_notes.ts";
import { loadDataset } from "../../datasets/load.ts";
import { audited } from "../../src/audit/audited.ts";
import type { DecisionEntry } from "../../src/results/decision_file.ts";

/** How a pool is written. */
interface Form {
  readonly priced: boolean;
  readonly table: boolean;
}

const TOPICS = 40, WORDS = 8000, TEXT = 16;

/** Writes a pool: every topic has words of its own, every model is better at some topics than at others. */
async function write(
  path: string,
  queries: number,
  models: number,
  { priced, table }: Form,
): Promise<void> {
  const draw = random(1, "scale");
  const names = Array.from({ length: models }, (_, m) => `model-${String(m).padStart(4, "0")}`);
  const skill = Float64Array.from({ length: models * TOPICS }, () => 0.2 + 0.6 * draw.next());
  const price = Float64Array.from({ length: models }, () => 1e-6 * (1 + 20 * draw.next()));
  const syllables = "ba ce di fo gu ha ke li mo nu pa re si to vu wa ye zi cho shu".split(" ");
  const word = (n: number): string => {
    let text = "";
    for (let rest = n + 400; rest > 0; rest = Math.floor(rest / 20)) text += syllables[rest % 20];
    return text;
  };
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  let lines = table ? ["id", "benchmark", "query", ...names].join() + "\n" : "";
  const flush = async (): Promise<void> => {
    const bytes = encoder.encode(lines);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    lines = "";
  };
  for (let q = 0; q < queries; q++) {
    const topic = draw.integer(TOPICS), span = WORDS / TOPICS;
    const text = Array.from(
      { length: TEXT },
      () => word(draw.next() < 0.6 ? topic * span + draw.integer(span) : draw.integer(WORDS)),
    ).join(" ");
    const scores: Record<string, number> = {}, costs: Record<string, number> = {};
    for (let m = 0; m < models; m++) {
      scores[names[m]] = draw.next() < skill[m * TOPICS + topic] ? 1 : 0;
      if (priced) costs[names[m]] = Number((price[m] * (50 + draw.integer(900))).toPrecision(4));
    }
    const id = `q${String(q).padStart(7, "0")}`, benchmark = `bench-${topic % 10}`;
    const record = { id, benchmark, query: text, scores, ...(priced && { costs }) };
    lines += table
      ? [id, benchmark, text, ...Object.values(scores)].join() + "\n"
      : JSON.stringify(record) + "\n";
    if (lines.length > 2 ** 20) await flush();
  }
  await flush();
  file.close();
}

/** Peak resident bytes since the last {@link fresh}, and those resident now. */
function memory(): { peak: number; now: number } {
  const status = Deno.readTextFileSync("/proc/self/status");
  const of = (name: string): number =>
    1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]);
  return { peak: of("VmHWM"), now: of("VmRSS") };
}

function fresh(): void {
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
}

/** CPU seconds of this process, all its threads: a busy machine changes them less than it does wall time. */
function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

/** A line of the output, one a stage and size. */
export interface Stage {
  readonly queries: number;
  readonly models: number;
  readonly stage: string;
  /** Of CPU. */
  readonly seconds: number;
  /** MiB, Deno's own aside. */
  readonly peakMiB: number;
  /** Peak bytes a cell. */
  readonly bytesACell: number;
}

/** Runs all stages on one file and prints a line for each. */
async function measure(
  path: string,
  queries: number,
  models: number,
  routers: string[],
  result: boolean,
): Promise<void> {
  const idle = memory().now;
  const stage = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    fresh();
    const start = cpuSeconds(), done = await work();
    const taken = memory().peak - idle;
    const line: Stage = {
      queries,
      models,
      stage: name,
      seconds: Number((cpuSeconds() - start).toFixed(2)),
      peakMiB: Math.round(taken / 2 ** 20),
      bytesACell: Number((taken / queries / models).toFixed(1)),
    };
    console.log(JSON.stringify(line));
    Deno.writeTextFileSync(`${dirname(path)}/scale.jsonl`, JSON.stringify(line) + "\n", {
      append: true,
    });
    return done;
  };
  const kind = path.endsWith(".csv") ? " a table" : "";
  const table = await stage(`load${kind}`, () => loadDataset(path));
  if (routers.includes("load")) return;
  const dataset = await stage("audit", () => audited(table));
  if (routers.includes("audit")) return;
  const planOf = (names: string[]): Promise<RunPlan> =>
    planRun({
      data: path,
      protocol: "id",
      seeds: [42],
      routers: names,
      embedding: "static",
      validation: "benchmarks",
      device: "cpu",
    }, { dataset });
  const plan = await stage("split and embed", () => planOf(routers));
  const work = worker(plan.setup), done: FinishedJob[] = [];
  const store = new JobStore(`${dirname(path)}/jobs`);
  for (const job of plan.jobs) {
    const known = result ? await store.get(job.id, console.error) : undefined;
    if (!result && !["random", "best-single", ...routers].includes(job.router)) continue;
    const finished = known ??
      await stage(`fit and decide: ${job.router}`, () => work({ ...job, timed: false }));
    const { outcome } = finished;
    if (outcome.status === "decided") {
      for (const note of outcome.card.notes) {
        if (note.startsWith(AT_THIS_SIZE)) console.log(`${job.router}: ${note}`);
      }
    }
    if (result) await store.put(finished);
    done.push(finished);
  }
  if (result) {
    const folder = `${dirname(path)}/results`;
    const { path: written } = await stage(
      "evaluate and write",
      () => writeResult(assemble(plan, done), folder),
    );
    const verified = await stage("verify", () => verifyResult(written, { dataset }));
    const page = await stage("report", async () => {
      const shown = { ...await openResult(written), path: written, outcomes: dataset.table };
      return htmlReport({ command: "deno task report", results: [shown] });
    });
    Deno.writeTextFileSync(`${folder}/report.html`, page);
    const fewer = await planOf(routers.slice(0, -1));
    const { path: other } = await writeResult(
      assemble(fewer, fewer.jobs.map(({ id }) => done.find((job) => job.id === id)!)),
      folder,
    );
    const diff = await stage("diff", () => diffResults(other, written, dataset));
    const { depth, numbers } = verified, pageMB = page.length / 1e6;
    console.log(JSON.stringify({ written, depth, numbers, pageMB, rows: diff.routers.length }));
    return;
  }
  await stage(
    "evaluate",
    () =>
      evaluateEntries(
        plan,
        done.flatMap(({ outcome, ...job }): DecisionEntry[] =>
          outcome.status === "decided" ? [{ ...job, ...outcome }] : []
        ),
      ),
  );
}

if (import.meta.main) {
  const [folder, sizes, names = "ridge", ...flags] = Deno.args;
  const [queries, models] = sizes.split("x").map(Number), routers = names.split(",");
  const form = { priced: flags.includes("--priced"), table: flags.includes("--table") };
  const pathOf = (size: string): string =>
    `${folder}/pool-${size}${form.priced ? "-priced" : ""}.${form.table ? "csv" : "jsonl"}`;
  if (flags.includes("--inside")) {
    await measure(pathOf(sizes), queries, models, routers, flags.includes("--result"));
  } else {
    for (const size of sizes.split(",")) {
      const [q, m] = size.split("x").map(Number);
      const file = pathOf(size);
      if (!await exists(file)) await write(file, q, m, form);
      const inside = [import.meta.filename!, folder, size, names, "--inside", ...flags];
      const process = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--frozen", ...inside],
      }).spawn();
      await process.status;
    }
  }
}
