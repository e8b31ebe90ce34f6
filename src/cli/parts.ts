/**
 * Runs in parts: the plan of all jobs, and the part that one process does, told in numbers or by a Slurm array.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { exists, writeAtomic, writeJson } from "../base/files.ts";
import type { Pool } from "../api/pool.ts";
import { type BenchOptions, planBench } from "../api/run.ts";
import { JobStore } from "../run/job_store.ts";
import { CACHE, type RunPlan } from "../run/plan.ts";
import type { Shard } from "../run/run.ts";
import { stemOf } from "../results/assemble.ts";
import { planFile } from "../results/plan_file.ts";
import { encodeShard } from "../results/shard.ts";
import { shown } from "./writable.ts";

/**
 * Reads `--shard`: `i/n`, or `slurm`, the task of a Slurm array (`sbatch --array=1-8`) that this process is.
 *
 * Slurm says which numbers the array has, so the count is known as long as the array is a whole one. An array of
 * the tasks that were lost (`--array=3,5`) is not: its own size says nothing of the run's, so it is refused.
 *
 * @param variable reads a variable of the environment
 * @throws {UsageError} naming what was expected, and what to write instead
 */
export function readShard(
  text: string,
  variable: (name: string) => string | undefined = Deno.env.get,
): Shard {
  if (text === "slurm") return slurmShard(variable);
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!(index >= 1 && index <= of)) {
    throw new UsageError(`--shard: "${text}" is neither slurm nor i/n with 1 ≤ i ≤ n`);
  }
  return { index, of };
}

function slurmShard(variable: (name: string) => string | undefined): Shard {
  const [id, count, min, max, step] = ["ID", "COUNT", "MIN", "MAX", "STEP"].map((part) => {
    const name = `SLURM_ARRAY_TASK_${part}`, text = variable(name);
    if (text !== undefined && /^\d+$/.test(text)) return Number(text);
    throw new UsageError(
      `--shard slurm: ${name} is ${text === undefined ? "not set" : `"${text}"`}; ` +
        `it is set in the tasks of sbatch --array=1-8`,
    );
  });
  const at = (id - min) / step;
  if (min > 1 || min + step * (count - 1) !== max || !Number.isInteger(at)) {
    throw new UsageError(
      `--shard slurm: ${count} tasks from ${min} to ${max} are not a whole array, which begins ` +
        `with 0 or 1 and leaves none out; for a part of one, say of how many: ` +
        `--shard $SLURM_ARRAY_TASK_ID/8`,
    );
  }
  return { index: at + 1, of: count };
}

/** Writes the jobs of some runs, and prints how many each has. */
export async function writePlan(
  path: string,
  runs: readonly { pool: Pool; options: BenchOptions }[],
  folder = `${CACHE}/jobs`,
): Promise<void> {
  const plans: RunPlan[] = [], store = new JobStore(folder);
  for (const { pool, options } of runs) {
    const { plan } = await planBench(pool, options);
    plans.push(plan);
    const there = await Promise.all(plan.jobs.map(({ id }) => exists(store.path(id))));
    console.log(
      `${pool.name} ${options.protocol}: ${plan.jobs.length} jobs (${plan.routers.length} routers on ` +
        `${plan.splits.length} splits), ${
          there.filter(Boolean).length
        } finished; --shard i/n deals ` +
        `out whole splits: n up to ${plan.splits.length}`,
    );
  }
  await writeJson(path, planFile(plans));
  console.log(`wrote ${shown(path)}`);
}

/** Does one part of the jobs and writes them for `merge`; returns the line to print. */
export async function benchShard(
  pool: Pool,
  options: BenchOptions,
  shard: Shard,
  root: string,
  watch: Parameters<typeof planBench>[2],
  failures: string[],
): Promise<string> {
  const { plan, run } = await planBench(pool, options, watch);
  const jobs = await run(shard);
  const failed = new Map(
    jobs.flatMap(({ router, outcome }) =>
      outcome.status === "failed" ? [[router, outcome.reason]] : []
    ),
  );
  failures.push(...failed.entries().map(([router, reason]) => `${router} ${reason}`));
  const path = `${root}/${stemOf(plan)}.shard-${shard.index}-of-${shard.of}.gz`;
  await writeAtomic(path, encodeShard(plan.settings, plan.key, shard, jobs));
  return `wrote ${shown(path)} (${jobs.length} jobs)`;
}
