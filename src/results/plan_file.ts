/**
 * Plan files: the jobs of runs before any of them is done, so that a sweep can be counted, cut and compared first.
 * @module
 */
import type { RunPlan } from "../run/plan.ts";
import { splitHash } from "../splits/split.ts";
import { commandOf, stemOf } from "./assemble.ts";

/** One run of a plan file. Equal runs have equal content: there is no clock, path or count of finished jobs in it. */
export interface PlannedRun {
  /** Name of the result below its folder, without an extension: `demo@1/id.static`. */
  readonly stem: string;
  /** The command line that does it. */
  readonly command: string;
  /** Names the run: hash of all job ids. Shards of the run carry it. */
  readonly key: string;
  /** Hash of records and view. */
  readonly dataSha256: string;
  /** Hash of the code that can change a decision. */
  readonly harnessSha256: string;
  /** Embedding, with all that can change a vector. */
  readonly embedding: string;
  /** Rows of the table to come; the hash is that of the router's file, `reference` for reference rows. */
  readonly routers: readonly { readonly id: string; readonly sha256: string }[];
  /** Frozen splits; `--shard i/n` does those whose place in this list, from 1, is i, i + n, i + 2n … */
  readonly splits: readonly {
    readonly seed: number;
    readonly fold: number;
    readonly foldName: string;
    readonly sha256: string;
  }[];
  /** Jobs; the id is the name of the finished job's file, `split` counts from 0. */
  readonly jobs: readonly {
    readonly id: string;
    readonly router: string;
    readonly split: number;
  }[];
}

/** What `bench --plan` writes. */
export interface PlanFile {
  /** Tells the form. */
  readonly format: "icl-router-bench/plan";
  /** Version of the form. */
  readonly formatVersion: 1;
  /** One of each dataset and protocol. */
  readonly runs: readonly PlannedRun[];
}

/** The plan file of some runs. */
export function planFile(plans: readonly RunPlan[]): PlanFile {
  return { format: "icl-router-bench/plan", formatVersion: 1, runs: plans.map(plannedRun) };
}

function plannedRun(plan: RunPlan): PlannedRun {
  return {
    stem: stemOf(plan),
    command: commandOf(plan.settings),
    key: plan.key,
    dataSha256: plan.table.dataset.sha256,
    harnessSha256: plan.harnessSha256,
    embedding: plan.provider.key,
    routers: plan.routers.map(({ id, sha256 }) => ({ id, sha256 })),
    splits: plan.splits.map((split) => ({
      seed: split.seed,
      fold: split.fold,
      foldName: split.foldName,
      sha256: splitHash(split),
    })),
    jobs: plan.jobs.map(({ id, router, split }) => ({ id, router, split })),
  };
}
