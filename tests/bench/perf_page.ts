/**
 * The page that tells how fast the harness is beside other libraries.
 * @module
 */
import { ratioOf, type Row } from "./measure.ts";

/** Everything that was measured in one run, and where. */
export interface Run {
  readonly rows: readonly Row[];
  /** Libraries that were not on the machine. */
  readonly missing: readonly string[];
  /** Year, month, day. */
  readonly date: string;
  /** Version of Deno. */
  readonly deno: string;
  readonly processor: string;
  readonly cores: number;
  /** Processes that wanted a core over the last minute, when the run began and when it ended. */
  readonly load: readonly [before: number, after: number];
  readonly seconds: number;
}

/** docs/performance.md: the answer, the table, and how it was measured. */
export function performancePage(run: Run): string {
  const { rows, missing, date, deno, processor, cores, load, seconds } = run;
  const alone = rows.filter(({ threads }) => threads === 1).sort((a, b) => ratioOf(a) - ratioOf(b));
  const [best, second] = alone, worst = alone[alone.length - 1];
  const faster = alone.filter((row) => ratioOf(row) <= 1).length;
  const left = missing.length > 0
    ? `\nLeft out, since Python here does not have it: what is compared with ${
      missing.join(" and ")
    }. NumPy stands in for MIRT.\n`
    : "";
  return `# How fast it is

On one thread, as a bench does its jobs, the harness takes no longer than the library it is compared with in ${faster} of
${alone.length} comparisons. The two best: ${told(best)}; ${told(second)}.
The worst: ${told(worst)}.

| what | beside | threads | ours, ms | theirs, ms | ours / theirs | |
|---|---|---:|---:|---:|---:|---|
${rows.map((row) => line(row, Math.max(...load) > cores)).join("\n")}
${left}
Deno ${deno} on ${processor}, ${cores} cores, ${date}; load ${
    load[0].toFixed(1)
  } when the run began and ${load[1].toFixed(1)} when it ended (above ${cores}, other work
was waiting for the same cores); ${seconds.toFixed(0)} seconds. All rows are of this one run.

## How it is measured

\`deno task perf\` makes this page; \`--json\` prints the numbers. It needs \`python3\` with scikit-learn and PyTorch, and times
what it finds. Both sides get the same arrays and the same number of threads, run in turns, and are warm, but for
first predictions. A number is the best of at least three runs: other work on the machine only ever adds to a time. With two
threads it adds most, since each waits for the other, and not to both sides alike: a ratio in brackets is of two threads on a
busy machine, and says nothing. It is still one run on one machine, so read a ratio to one digit.

- kNN, ridge, logistic and k-means: 9,000 training queries, 2,400 to predict, vectors of width 256, 28 models. MIRT predicts the
  same 2,400. The small networks: 3,000 and 1,000 queries, width 384, 10 models. A training step: 16 × 128 tokens; that of
  ICL-Router: four records of 256 queries, 256 targets for each, ten blocks of SmolLM2's size, adapters on their attention.
- Ours computes in float64 where a system of equations is solved, so that results are the same bits on any machine; "theirs in
  float32" shows what that costs. Distances in kNN and k-means are exact ([the engine](engine.md)).
- Distances in scikit-learn's kNN come of vectors that are scaled to length 1 once more, so near-ties fall otherwise there. Its
  logistic regression stops at its default tolerance; ours goes on to 10⁻⁶ in the probabilities.
- k-means has one greedy start on both sides, of different random draws.
- A network is compiled when it is first asked, once for one query and once for many; PyTorch compiles nothing.

## Where a board's time goes

\`deno run --allow-read tests/bench/board_profile.ts [RESULT …]\` adds up fits and predictions by router and protocol, from the
speed sheets beside results; \`tests/bench/profile.ts\` times a board's jobs one by one, with a hash of their decisions. No router dominates. One
seed in-distribution, all default rows, is 321 CPU seconds on five pools (mmlu-pro 117, lookahead 79, llmrouter 47, reasoning-gym hard 41 and
easy 37; the dearest rows are Model-SAT 26, RouterDC 25, NIRT 24, MLP 23): five seeds take a quarter of an hour on two cores. Held-out benchmarks and unseen
models take far longer, since each of 7 to 17 folds, or sets of models and numbers of labels, has fits of its own: a board of everything with
five seeds is hours. Half an hour would leave a third of a second for a job. What a network's step takes is arithmetic by now (half of it
matrix products, a third element-wise); fewer folds, seeds or routers save more than any code.

One seed of reasoning-gym hard with the 26 routers there were when a board took 95 minutes, that code and this in turn on the same quiet machine: ID 37
and 27 seconds, held-out benchmarks 179 and 140, unseen models 288 and 260 (rivals are tuned for few labels since then, which is more work). ICL-Router
(table) is half a minute a fit, one seventh of what it was.
On the demo, one seed is some 39 CPU seconds of ID (ICL-Router (table) 5.4, GraphRouter's two rows 5.2, other networks 1 to 2 each) and 29 of OOD
(logistic 6, UniRoute and Avengers 3.4), where no network is trained. Run again, with nothing changed, it takes ten seconds: finished jobs are kept, and
a router that changed is the only one to run.

How time and memory grow with queries and models: [how large a pool can be](scale.md).
`;
}

function told(row: Row): string {
  return `${row.task}, ${ratioOf(row).toFixed(2)} times as long as ${row.peer}`;
}

/** @param busy whether other work waited for the cores */
function line(row: Row, busy: boolean): string {
  const cells = [row.task, row.peer, row.threads, digits(row.ours), digits(row.theirs)];
  const ratio = ratioOf(row).toFixed(2);
  return `| ${cells.join(" | ")} | ${
    busy && row.threads > 1 ? `(${ratio})` : ratio
  } | ${row.note} |`;
}

/** Three digits, no exponent. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
