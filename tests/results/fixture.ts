/**
 * Runs without routers: decisions written by hand go through assembling, writing and verifying like any
 * others. And one small real run.
 */
import { join } from "node:path";
import { demoRecords } from "../../datasets/demo/generate.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { auditedDataset } from "../../src/audit/audited.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { type Decided, type JobOutcome, runJob } from "../../src/run/job.ts";
import type { Column } from "../../src/run/curve.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { decisionsHash, type FinishedJob } from "../../src/run/job_store.ts";
import { planRun, type RunPlan, type RunSettings } from "../../src/run/plan.ts";
import { runPlan } from "../../src/run/run.ts";
import type { Split } from "../../src/splits/split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import type { Router } from "../../src/router/contract.ts";
import { REFERENCES } from "../../src/router/references.ts";
import { assemble, type AssembledResult, writeResult } from "../../src/results/assemble.ts";
import { testRows } from "../../src/evaluate/decisions.ts";

/** Decides for the test rows of a split. */
export type Decider = (table: OutcomeTable, split: Split) => JobOutcome | Promise<JobOutcome>;

/** Choices by table row, one function a column; the first is the headline. */
export function choices(
  columns: readonly (readonly [Column, (row: number) => number])[],
  tuning: Decided["tuning"] = { score: 0, trials: [] },
): Decider {
  return (table, split) => ({
    status: "decided",
    columns: columns.map(([column]) => column),
    choice: Uint16Array.from(
      [...testRows(split)].flatMap((row) => columns.map(([, choose]) => choose(row))),
    ),
    models: table.models,
    tuning,
    card: { parameters: 1, notes: [] },
  });
}

/** One model for every query: a headline and a curve of one point. */
export function always(model: number): Decider {
  return choices([[{ kind: "headline" }, () => model], [{ kind: "curve", at: 0 }, () => model]]);
}

/** Mixtures, one a point of the curve; the first is also the headline. */
export function mixtures(...weights: number[][]): Decider {
  return (table) => ({
    status: "decided",
    columns: [{ kind: "headline" }, ...weights.map((_, at): Column => ({ kind: "curve", at }))],
    choice: new Uint16Array(),
    mixtures: [weights[0], ...weights],
    models: table.models,
    tuning: { score: 0, trials: [] },
    card: { parameters: 1, notes: [] },
  });
}

/** Without the curve: what is decided where costs are unknown. */
export function headlineOnly(decide: Decider): Decider {
  return async (table, split) => {
    const outcome = await decide(table, split);
    if (outcome.status !== "decided") return outcome;
    const P = outcome.columns.length;
    return {
      ...outcome,
      columns: outcome.columns.slice(0, 1),
      choice: outcome.choice.filter((_, at) => at % P === 0),
      ...(outcome.mixtures && { mixtures: outcome.mixtures.slice(0, 1) }),
      tuning: { score: 0, trials: [] },
    };
  };
}

/** No decisions. */
export function notApplicable(reason: string): Decider {
  return () => ({ status: "not applicable", reason });
}

/** What the harness makes of a reference row; it needs no vectors. */
function byItself(id: string, router: Router): Decider {
  return (table, split) =>
    runJob(
      id,
      router,
      openSplit({ table, raw: matrix(table.ids.length, 1), preparation: "none" }, split),
      { device: "cpu", signal: new AbortController().signal, progress: () => {} },
    );
}

/** What a run by hand may set. */
export interface HandRun {
  readonly records: readonly OutcomeRecord[];
  readonly protocol?: string;
  readonly seeds?: readonly number[];
  /** Decisions of reference rows by id; where absent, they decide for themselves. */
  readonly references?: Readonly<Record<string, Decider>>;
  /** Decisions of competing rows by id. */
  readonly routers: Readonly<Record<string, Decider>>;
  /** Facts of competing rows that differ from the default, by id. */
  readonly facts?: Readonly<Record<string, Partial<Router>>>;
  /** Profile sizes of the new-model protocol. */
  readonly budgets?: readonly number[];
}

/** A plan whose jobs were done by hand, on records written into the folder. */
export async function handRun(
  folder: string,
  { records, protocol = "id", seeds = [7], references = {}, routers, facts = {}, budgets = [] }:
    HandRun,
): Promise<{ plan: RunPlan; jobs: FinishedJob[]; data: string }> {
  const data = await writeRecords(folder, records);
  const dataset = await auditedDataset(data);
  const { table, groups, templates } = dataset;
  const splits = makeSplits(table, groups, protocol, seeds);
  const rows = [
    ...REFERENCES.map(({ id, router }) => ({ id, router: router as Router, sha256: "reference" })),
    ...Object.keys(routers).map((id) => ({
      id,
      router: {
        name: id,
        summary: "by hand",
        source: "this test",
        grid: [{}],
        fit: () => {
          throw new Error("not to be fitted");
        },
        ...facts[id],
      } as Router,
      sha256: "1".repeat(64),
    })),
  ].map((row) => ({ ...row, argument: row.id }));
  const settings: RunSettings = {
    data,
    routers: Object.keys(routers),
    protocol,
    seeds,
    embedding: "static",
    validation: "benchmarks",
    device: "cpu",
  };
  const jobs: FinishedJob[] = [];
  for (const split of splits) {
    for (const { id, router } of rows) {
      const decide = references[id] ?? routers[id] ?? byItself(id, router);
      const outcome = await decide(table, split);
      const { seed, fold } = split;
      const decisionsSha256 = decisionsHash(outcome);
      jobs.push({ id: `${id}-${seed}-${fold}`, router: id, seed, fold, outcome, decisionsSha256 });
    }
  }
  const plan = {
    settings,
    table,
    dataset,
    units: templates,
    splits,
    provider: { name: "static", key: "2".repeat(64), facts: {} },
    routers: rows,
    harnessSha256: "3".repeat(64),
    setup: { budgets },
    jobs: [],
    key: "0123456789abcdef",
  } as unknown as RunPlan;
  return { plan, jobs, data };
}

/** Assembles and writes; gives the result's path. */
export async function written(
  folder: string,
  { plan, jobs }: { plan: RunPlan; jobs: FinishedJob[] },
): Promise<{ path: string; assembled: AssembledResult }> {
  const assembled = assemble(plan, jobs);
  const { path } = await writeResult(assembled, join(folder, "results"));
  return { path, assembled };
}

/** A real run of a small part of the demo pool with the ridge router. */
export async function realRun(
  folder: string,
  queries: number,
  settings: Partial<RunSettings> = {},
): Promise<{ path: string; data: string; assembled: AssembledResult }> {
  const data = await writeRecords(folder, demoRecords({ queries }));
  const plan = await planRun({
    data,
    routers: ["ridge"],
    protocol: "id",
    seeds: [1],
    embedding: "static",
    validation: "benchmarks",
    device: "cpu",
    ...settings,
  });
  const jobs = await runPlan(plan, {
    workers: 1,
    jobs: join(folder, "jobs"),
    warn: (message) => {
      throw new Error(message);
    },
  });
  return { ...await written(folder, { plan, jobs }), data };
}

async function writeRecords(folder: string, records: readonly OutcomeRecord[]): Promise<string> {
  const path = join(folder, "records.jsonl");
  const lines = records.map((record) => JSON.stringify(record) + "\n");
  await Deno.writeTextFile(path, lines.join(""));
  return path;
}

/** Runs with a folder that is removed afterwards. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "results-" });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
