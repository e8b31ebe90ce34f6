/**
 * Invented results as the generated pages read them.
 * @module
 */
import { join } from "node:path";
import type { ResultFile } from "../../src/report/pages/cells.ts";
import type { ArmReport, NewModelEvaluation } from "../../src/evaluate/evaluate_new_model.ts";
import type { Result } from "../../src/results/result.ts";
import type { JobOutcome } from "../../src/run/job.ts";
import { choices, type Decider, handRun, withFolder, written } from "../results/fixture.ts";
import { records } from "./fixture.ts";

/** Solves, where it can be solved, this share of the queries; otherwise the worst model. */
export function able(share: number): Decider {
  return (table, split) => {
    const best = (row: number): number => {
      const scores = [0, 1, 2, 3].map((m) => table.scores[row * 4 + m]);
      return scores.indexOf(
        (row * 7) % 10 < 10 * share ? Math.max(...scores) : Math.min(...scores),
      );
    };
    return withCard(choices([[{ kind: "headline" }, best]])(table, split));
  };
}

async function withCard(outcome: ReturnType<Decider>): Promise<JobOutcome> {
  const made = await outcome;
  if (made.status !== "decided") return made;
  const notes = ["preset small; 12 of 500 profile queries", "no stage 1"];
  return { ...made, card: { parameters: 1234, notes } };
}

/** A result by hand as the page reads it, by another name and protocol if wanted. */
export function invented(
  skills: Readonly<Record<string, number>>,
  path: string,
  seeds: number[],
): Promise<ResultFile> {
  return withFolder(async (parent) => {
    // A dataset has its folder's name, which is part of its splits.
    const folder = join(parent, "pool");
    await Deno.mkdir(folder);
    const run = await handRun(folder, {
      records: records(false),
      seeds,
      routers: Object.fromEntries(Object.entries(skills).map(([id, share]) => [id, able(share)])),
      facts: { icl_router: { name: "ICL-Router (table)", statement: "A small one." } },
    });
    const { assembled: { result } } = await written(folder, run);
    const cards = run.jobs.flatMap(({ router, seed, fold, outcome }) =>
      outcome.status === "decided" ? [{ router, seed, fold, ...outcome.card }] : []
    );
    return { path, result: renamed(result, "mmlu-pro/all"), cards };
  });
}

/** The same result under another dataset name. */
export function renamed(result: Result, name: string): Result {
  return { ...result, command: "deno task bench", dataset: { ...result.dataset, name } };
}

/** A file as if it were of the new-model protocol. */
export function unseen(first: ResultFile): ResultFile {
  const arm = (
    router: string,
    name: ArmReport["arm"],
    n: number | null,
    quality: number,
    versus?: number,
  ): ArmReport => ({
    router,
    arm: name,
    n,
    pool: "all",
    quality,
    sd: null,
    gapClosed: null,
    vsBestSingle: versus === undefined
      ? null
      : { difference: versus, low: versus - 0.01, high: versus + 0.01, p: 0.001, pHolm: 0.01 },
  });
  const evaluation: NewModelEvaluation = {
    oracle: { all: 0.9, new: 0.8 },
    random: { all: 0.5, new: 0.5 },
    units: 60,
    effectiveUnits: 60,
    arms: [
      arm("best-single", "zero-update", 8, 0.6),
      arm("best-single", "zero-update", 32, 0.7),
      arm("best-single", "ignore", null, 0.6),
      arm("icl_router", "zero-update", 8, 0.5, -0.1),
      arm("icl_router", "zero-update", 32, 0.75, 0.05),
      arm("icl_router", "ignore", null, 0.625),
      arm("icl_router", "retrain", 32, 0.8),
      arm("knn", "zero-update", 32, 0.7),
    ],
  };
  const protocol = { ...first.result.protocol, name: "new-model", arms: ["own" as const] };
  return { ...first, path: "a/new-model.json", result: { ...first.result, protocol, evaluation } };
}
