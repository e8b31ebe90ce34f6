/**
 * The conformance kit: checks that any router must pass before its numbers mean something.
 *
 * It runs on a small synthetic pool of its own, needs no data and takes seconds for a light router.
 * `deno task conformance my_router.ts` prints one line a check.
 * @module
 */
import type { FitContext } from "./contract.ts";
import { playEpisodes } from "./episodes.ts";
import { type AnyRouter, isSequential } from "./sequential.ts";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { createFixture } from "./conformance/fixture.ts";
import { type Check, isRefusal } from "./conformance/kit.ts";
import { Violation } from "./conformance/predictions.ts";
import { DATA_CHECKS } from "./conformance/data_checks.ts";
import { HONESTY_CHECKS } from "./conformance/honesty_checks.ts";
import { DETERMINISTIC, ORDER_CHECKS } from "./conformance/order_checks.ts";
import { SEQUENTIAL_CHECKS } from "./conformance/sequential_checks.ts";
import { SHAPE_CHECKS } from "./conformance/shape_checks.ts";
import { UNSEEN_CHECKS } from "./conformance/unseen_checks.ts";

/** What one check found. */
export interface Finding {
  /** Name of the check. */
  readonly check: string;
  /** `not applicable`: the router has no such feature, or an earlier failure makes the question moot. */
  readonly status: "pass" | "fail" | "not applicable";
  /** What was seen, what was broken, or why it does not apply. */
  readonly detail: string;
}

/** How the kit is run. */
export interface ConformanceOptions {
  /** Seed of the fixture and of the fits; 42 if absent. */
  readonly seed?: number;
  /** Names of checks to run; all if absent. What they build on is run as well. */
  readonly only?: readonly string[];
  /** Where heavy inference runs; `cpu` if absent. */
  readonly device?: FitContext["device"];
  /** Called with every finding as it comes. */
  readonly onFinding?: (finding: Finding) => void;
  /** The environment of sequential routers, where the kit itself is tested. */
  readonly play?: typeof playEpisodes;
}

/** A check by name and rule. */
export type CheckName = Pick<Check, "name" | "rule">;

/** All checks of routers that predict, in order. */
export const CHECKS: readonly CheckName[] = allChecks();

/** The checks of a router of its kind, in order. */
export function checksOf(router: AnyRouter): readonly CheckName[] {
  return isSequential(router) ? SEQUENTIAL_CHECKS : CHECKS;
}

/**
 * Runs the checks on a router. A finding is never thrown.
 *
 * ```ts ignore
 * const findings = await conform((await loadRouter("knn")).router);
 * const failed = findings.filter((f) => f.status === "fail");
 * ```
 * @throws {UsageError} when `only` names an unknown check
 */
export async function conform(
  router: AnyRouter,
  options: ConformanceOptions = {},
): Promise<Finding[]> {
  const { seed = 42, device = "cpu", only, onFinding = () => {}, play = playEpisodes } = options;
  for (const name of only ?? []) {
    const names = checksOf(router).map((check) => check.name);
    if (!names.includes(name)) {
      throw new UsageError(
        `no check "${name}"; there are ${names.join(", ")}${didYouMean(name, names)}`,
      );
    }
  }
  const pool = { ...createFixture(seed), seed, device };
  // One kit for all its checks: they share the fits that are kept by it.
  const [form, basic, ...rest] = isSequential(router)
    ? bound(SEQUENTIAL_CHECKS, { router, ...pool, play })
    : bound(allChecks(), { router, ...pool });
  const findings: Finding[] = [];
  const keep = (finding: Finding): Finding => {
    findings.push(finding);
    onFinding(finding);
    return finding;
  };
  const failed = (name: string): boolean =>
    findings.some((f) => f.check === name && f.status === "fail");

  keep(await runCheck(form));
  for (const check of [basic, ...rest]) {
    const needed = check === basic || check.name === DETERMINISTIC.name;
    if (only && !needed && !only.includes(check.name)) continue;
    const moot = [form.name, basic.name, ...(check.compares ? [DETERMINISTIC.name] : [])]
      .find(failed);
    keep(
      moot === undefined ? await runCheck(check) : {
        check: check.name,
        status: "not applicable",
        detail: `says nothing while ${moot} fails`,
      },
    );
  }
  return findings;
}

/** Closing line of a report, e.g. `22 passed, 1 failed, 2 not applicable`. */
export function tally(findings: readonly Finding[]): string {
  const count = (status: Finding["status"]): number =>
    findings.filter((finding) => finding.status === status).length;
  return `${count("pass")} passed, ${count("fail")} failed, ${
    count("not applicable")
  } not applicable`;
}

function allChecks(): [Check, ...Check[]] {
  const [form, predictions, ...shape] = SHAPE_CHECKS;
  return [
    form,
    predictions,
    DETERMINISTIC,
    ...ORDER_CHECKS,
    ...shape,
    ...DATA_CHECKS,
    ...HONESTY_CHECKS,
    ...UNSEEN_CHECKS,
  ];
}

/** A check of one router. */
interface Bound extends Pick<Check, "name" | "compares"> {
  run(): ReturnType<Check["run"]>;
}

function bound<K>(checks: readonly Check<K>[], kit: K): Bound[] {
  return checks.map(({ name, compares, run }) => ({ name, compares, run: () => run(kit) }));
}

async function runCheck({ name, run }: Bound): Promise<Finding> {
  try {
    const result = await run();
    return typeof result === "string"
      ? { check: name, status: "pass", detail: result }
      : { check: name, status: "not applicable", detail: result.skip };
  } catch (error) {
    return { check: name, status: "fail", detail: blame(error) };
  }
}

function blame(error: unknown): string {
  if (error instanceof Violation) return error.message;
  if (isRefusal(error)) return `refuses what every router must take: ${error.message}`;
  if (!(error instanceof Error)) return `throws ${String(error)}`;
  const root = new URL("../../", import.meta.url).href;
  const frame = /(?:file|https?):[^\s()]+:\d+:\d+/.exec(error.stack ?? "")?.[0].replace(root, "");
  return `throws ${error.name}: ${error.message}${frame ? ` (${frame})` : ""}`;
}
