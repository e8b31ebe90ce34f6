/**
 * Are the reference rows honest? They learn from outcomes alone, so that anyone can let them
 * decide again: a weak "best single" would make every router look good.
 * @module
 */
import { VerificationError } from "../base/errors.ts";
import { matrix } from "../linalg/matrix.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { FAILED, type JobOutcome, runJob, whyNot } from "../run/job.ts";
import { decisionsHash } from "../run/job_store.ts";
import { type ArmKind, runNewModelJob } from "../run/new_model_job.ts";
import { type Control, type OpenedSplit, openSplit } from "../run/open_split.ts";
import type { Router } from "../router/contract.ts";
import { REFERENCES } from "../router/references.ts";
import { named } from "./decision_file.ts";
import type { OpenedResult, Result } from "./result.ts";
import { sameOrThrow } from "./same.ts";

/**
 * Lets the reference rows decide again, on every split, and finds out again why rows are missing.
 * @throws {VerificationError} naming the row
 */
export async function checkRows(
  path: string,
  { result, entries, splits }: OpenedResult,
  table: OutcomeTable,
): Promise<void> {
  const { control, budgets, arms } = result.protocol;
  const raw = matrix(table.ids.length, 1); // reference rows look at no vector
  for (const split of splits) {
    const opened = openSplit(
      { table, raw, preparation: "none" },
      split,
      control === "none" ? undefined : control as Control,
    );
    for (const [r, { id, router }] of REFERENCES.entries()) {
      const outcome = await decideAgain(id, router as Router, opened, table, budgets, arms);
      const entry = entries.find((e) =>
        e.router === id && e.seed === split.seed && e.fold === split.fold
      );
      const { notApplicable } = result.routers[r];
      const reason = outcome.status === "decided" ? null : outcome.reason;
      // The reason stored is the first split's; other splits may count other rows.
      if (split === splits[0] || (reason === null) !== (notApplicable === null)) {
        sameOrThrow(path, `/routers/${r}/notApplicable`, notApplicable, reason);
      }
      if (entry && decisionsHash(outcome) !== entry.decisionsSha256) {
        throw new VerificationError(
          `${path}: /routers/${r}: decisions of ${
            named(entry)
          } are not what ${router.name} decides`,
        );
      }
    }
    if (split === splits[0]) checkReasons(path, result, opened);
  }
}

function decideAgain(
  id: string,
  router: Router,
  split: OpenedSplit,
  table: OutcomeTable,
  budgets: readonly number[],
  arms?: readonly ArmKind[],
): Promise<JobOutcome> {
  const options = {
    device: "cpu",
    signal: new AbortController().signal,
    progress: () => {},
  } as const;
  return split.split.heldOutModels.length > 0
    ? runNewModelJob(id, router, split, table, budgets, options, arms)
    : runJob(id, router, split, options);
}

/** Why competing rows have no decisions: a row must not be left out because of what it shows. */
function checkReasons(
  path: string,
  { routers, replies, splits: { parts: splits } }: Result,
  opened: OpenedSplit,
): void {
  const { priced, hasTruth, hasDocuments } = opened, hasReplies = replies !== undefined;
  const facts = { priced, hasTruth, hasReplies, hasDocuments };
  routers.forEach(({ needs, notApplicable }, r) => {
    if (r < REFERENCES.length) return;
    const reason = whyNot({ needs }, opened.all, facts) ?? null;
    if (reason === null && isFailure(notApplicable, splits)) return;
    // Of a router that could run, the new-model protocol asks more: what, only the router knows.
    if (reason === null && opened.split.heldOutModels.length > 0) return;
    sameOrThrow(path, `/routers/${r}/notApplicable`, notApplicable, reason);
  });
}

/** Whether a reason says that a router failed on one of the splits; that it did, only the router knows. */
function isFailure(reason: string | null, splits: Result["splits"]["parts"]): boolean {
  const [, seed, fold] = /, seed (\d+), fold (\d+)$/.exec(reason ?? "") ?? [];
  return (reason ?? "").startsWith(FAILED) &&
    splits.some((split) => split.seed === Number(seed) && split.fold === Number(fold));
}
