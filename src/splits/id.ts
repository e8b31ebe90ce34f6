/**
 * The ID protocol: training, validation and test rows from the same benchmarks.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { deal, dropCopies } from "./strata.ts";
import type { Cut, Role, SplitOptions } from "./split.ts";

/** Rows are dealt into this many parts: one is tested, one validates, the others train. */
const PARTS = 5;

/**
 * 60/20/20 stratified by benchmark. Where the test part would be small (under 500 rows), five folds in
 * which each part is tested once, and validates once; metrics are then taken over all folds together.
 */
export function idCuts(
  table: OutcomeTable,
  groups: Uint32Array,
  seed: number,
  { smallTest = 500 }: SplitOptions,
): Cut[] {
  const rows = table.ids.length;
  const folds = rows / PARTS < smallTest ? PARTS : 1;
  return Array.from({ length: folds }, (_, fold): Cut => ({
    foldName: folds === 1 ? "random" : `part ${fold + 1} of ${PARTS}`,
    roles: idRoles(table, groups, seed, fold),
    validation: "id",
  }));
}

/** Roles of one fold of {@link idCuts}. */
export function idRoles(
  table: OutcomeTable,
  groups: Uint32Array,
  seed: number,
  fold: number,
): string {
  const rows = Array.from(table.ids.keys());
  const part = deal(table, groups, rows, PARTS, seed, "id");
  const role = (row: number): Role => {
    if (part.get(row) === fold) return "e";
    return part.get(row) === (fold + 1) % PARTS ? "v" : "t";
  };
  return rows.map(role).join("");
}

/**
 * Keeps the published test rows; validation is a quarter of the published training rows, and training
 * rows that are copies of test rows are dropped.
 * @throws {CapabilityError} when a row has no published split
 */
export function publishedCuts(table: OutcomeTable, groups: Uint32Array, seed: number): Cut[] {
  const without = table.published.filter((split) => split === 0).length;
  if (without > 0) {
    throw new CapabilityError(
      `${table.dataset.name}: id:published needs a published split; ${without} of ` +
        `${table.ids.length} rows have none`,
    );
  }
  const roles = Array.from(table.published, (split): Role => split === 2 ? "e" : "t");
  dropCopies(roles, groups);
  const rest = Array.from(roles.keys()).filter((row) => roles[row] === "t");
  for (const [row, part] of deal(table, groups, rest, 4, seed, "published")) {
    if (part === 0) roles[row] = "v";
  }
  return [{ foldName: "published", roles: roles.join(""), validation: "id" }];
}
