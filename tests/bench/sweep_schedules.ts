/**
 * How long a sweep takes on some nodes, by how its jobs are dealt out. All times in seconds; `start` is what a process
 * takes before its first job.
 * @module
 */

/** A job of a sweep. */
export interface SweepJob {
  /** Number of its split. */
  readonly split: number;
  /** What it takes on a split that its node has open, and whose neighbours and clusters others have computed. */
  readonly shared: number;
  /** What it takes as the first on its split, opening it included. */
  readonly alone: number;
}

/** Whole splits in turn, one process a node: `--shard i/n` with an array as large as the cluster. */
export function splitsInTurn(jobs: readonly SweepJob[], nodes: number, start: number): number {
  return longest(jobs, start, ({ split }) => split % nodes);
}

/** Single jobs in turn, one process a node. */
export function jobsInTurn(jobs: readonly SweepJob[], nodes: number, start: number): number {
  return longest(jobs, start, (_, j) => j % nodes);
}

/** An array with a task for every split, each a process of its own, started on whichever node is free next. */
export function splitsAsNodesAreFree(
  jobs: readonly SweepJob[],
  nodes: number,
  start: number,
): number {
  const busy = Array<number>(nodes).fill(0);
  for (const split of Map.groupBy(jobs, (job) => job.split).values()) {
    busy[least(busy)] += start + secondsOf(split);
  }
  return Math.max(...busy);
}

/** Single jobs, the longest first, each to the node that has least to do, as if all times were known. */
export function longestFirst(jobs: readonly SweepJob[], nodes: number, start: number): number {
  const load = Array<number>(nodes).fill(0), open = load.map(() => new Set<number>());
  for (const job of jobs.toSorted((a, b) => b.alone - a.alone)) {
    const node = least(load);
    load[node] += open[node].has(job.split) ? job.shared : job.alone;
    open[node].add(job.split);
  }
  return start + Math.max(...load);
}

/** Wall time where each job's node is given. */
function longest(
  jobs: readonly SweepJob[],
  start: number,
  nodeOf: (job: SweepJob, at: number) => number,
): number {
  const byNode = new Map<number, SweepJob[]>();
  jobs.forEach((job, at) => {
    const node = nodeOf(job, at);
    if (!byNode.has(node)) byNode.set(node, []);
    byNode.get(node)!.push(job);
  });
  return start + Math.max(...[...byNode.values()].map(secondsOf));
}

/** What one process takes for some jobs. */
function secondsOf(jobs: readonly SweepJob[]): number {
  const open = new Set<number>();
  return jobs.reduce((sum, { split, shared, alone }) => {
    const first = !open.has(split);
    open.add(split);
    return sum + (first ? alone : shared);
  }, 0);
}

/** Place of the smallest number, the first of equals. */
function least(numbers: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] < numbers[best]) best = i;
  return best;
}
