/**
 * What a split must have before anything is fitted on it.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Split } from "../splits/split.ts";

/**
 * Sees to it that a split has rows to learn from, to tune on and to test on.
 * @throws {CapabilityError} naming the part without one
 */
export function expectRoles(
  { protocol, roles, seed, foldName }: Split,
  { dataset: { name, dropped }, ids }: OutcomeTable,
): void {
  for (const [role, what] of [["t", "learn from"], ["v", "tune on"], ["e", "test on"]]) {
    if (roles.includes(role)) continue;
    const lost = Object.entries(dropped).map(([why, count]) => `, ${count} dropped (${why})`);
    throw new CapabilityError(
      `${name}: ${protocol} needs queries to learn from and others to test on, some to tune on; ` +
        `seed ${seed}, ${foldName} has none to ${what}: got ${ids.length} distinct queries${
          lost.join("")
        }`,
    );
  }
}
