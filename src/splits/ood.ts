/**
 * The OOD protocol: test rows come from benchmarks that no training row comes from.
 *
 * Validation rows are drawn in the same way, as whole benchmarks (or domains) that are not trained on:
 * hyper-parameters that decide about generalisation must be judged by it. Copies of test queries in
 * other benchmarks are dropped, never the test rows.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import { seededOrder } from "../base/random.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { deal, dropCopies, rowsOf } from "./strata.ts";
import type { Cut, Role, SplitOptions } from "./split.ts";

/** Validation takes at least this share of the rows outside the test, if whole benchmarks allow. */
const VALIDATION = 0.2;
/** And never more than this. */
const VALIDATION_AT_MOST = 0.5;

/**
 * Leave-benchmark-out: one fold a benchmark, named after it.
 * @throws {CapabilityError} with fewer than three benchmarks
 */
export function oodCuts(
  table: OutcomeTable,
  groups: Uint32Array,
  seed: number,
  options: SplitOptions,
): Cut[] {
  const names = Array.from(table.benchmark, (b) => table.benchmarks[b]);
  const units = [...new Set(names)].sort();
  if (units.length < 3) {
    throw new CapabilityError(
      `${table.dataset.name}: ood needs at least 3 benchmarks (training, validation, test), ` +
        `got ${units.length}`,
    );
  }
  return units.map((unit) => cut(table, groups, names, [unit], seed, options));
}

/**
 * Whole domains in `k` folds of about equal size, the same for every seed.
 * @throws {CapabilityError} with fewer than three folds, or fewer domains than folds
 */
export function domainCuts(
  k: number,
  table: OutcomeTable,
  groups: Uint32Array,
  seed: number,
  options: SplitOptions,
): Cut[] {
  const names = Array.from(table.benchmark, (b) => table.domains[b]);
  const rows = Map.groupBy(names, (name) => name);
  if (k < 3 || rows.size < k) {
    throw new CapabilityError(
      `${table.dataset.name}: ood:${k} needs 3 folds or more and as many domains, got ${rows.size} domains`,
    );
  }
  const folds = Array.from({ length: k }, () => ({ units: [] as string[], rows: 0 }));
  const size = (name: string): number => rows.get(name)!.length;
  for (const name of [...rows.keys()].sort((a, b) => size(b) - size(a) || (a < b ? -1 : 1))) {
    const smallest = folds.reduce((a, b) => b.rows < a.rows ? b : a);
    smallest.units.push(name);
    smallest.rows += size(name);
  }
  return folds.map(({ units }) => cut(table, groups, names, units.sort(), seed, options));
}

/** One fold: the named units are tested, others validate, the rest trains. */
function cut(
  table: OutcomeTable,
  groups: Uint32Array,
  names: readonly string[],
  test: readonly string[],
  seed: number,
  { validation = "benchmarks" }: SplitOptions,
): Cut {
  const foldName = test.join(" + ");
  const roles = names.map((name): Role => test.includes(name) ? "e" : "t");
  dropCopies(roles, groups);
  const rest = rowsOf(roles, "t");
  if (validation === "id") {
    for (const [row, part] of deal(table, groups, rest, 5, seed, `ood ${foldName}`)) {
      if (part === 0) roles[row] = "v";
    }
  } else {
    const drawn = drawUnits(rest.map((row) => names[row]), seed, `ood ${foldName}`);
    for (const row of rest) if (drawn.has(names[row])) roles[row] = "v";
    dropCopies(roles, groups);
  }
  return { foldName, roles: roles.join(""), validation };
}

/**
 * Draws whole units in seeded order until they hold a fifth of the rows, passing over any that would
 * bring them above half. (Of two units, one very large, the small one may hold less than a fifth.)
 */
function drawUnits(names: readonly string[], seed: number, purpose: string): Set<string> {
  const rows = Map.groupBy(names, (name) => name);
  const drawn = new Set<string>();
  let taken = 0;
  for (const name of seededOrder(rows.keys(), (unit) => unit, seed, purpose)) {
    const size = rows.get(name)!.length;
    if (taken >= VALIDATION * names.length) break;
    if (taken + size > VALIDATION_AT_MOST * names.length) continue;
    drawn.add(name);
    taken += size;
  }
  return drawn;
}
