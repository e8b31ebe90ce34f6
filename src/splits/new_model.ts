/**
 * The new-model protocol: some models are unknown until the test, and then known by a few rows only.
 *
 * Rows are split as in the ID protocol (always one fold). Held-out models must stay out of everything
 * that is fitted; here they do not even influence which rows they will be profiled on.
 * @module
 */
import { CapabilityError, UsageError } from "../base/errors.ts";
import { seededOrder } from "../base/random.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { idRoles } from "./id.ts";
import { profileOrder } from "./profile_order.ts";
import { rowsOf } from "./strata.ts";
import type { Cut, SplitOptions } from "./split.ts";

/** Most random sets of held-out models a seed. */
const MOST_SUBSETS = 20;

/**
 * One fold a set of held-out models: each model once for `holdOut` 1, else `subsets` distinct random
 * sets, or all sets where there are fewer.
 *
 * @param holdOut models held out at a time; undefined for ⌈M/3⌉
 * @throws {CapabilityError} when fewer than two models would be left to train with
 * @throws {UsageError} when an option is out of range
 */
export function newModelCuts(
  holdOut: number | undefined,
  table: OutcomeTable,
  groups: Uint32Array,
  seed: number,
  { subsets = 4, selection = "random" }: SplitOptions,
): Cut[] {
  const M = table.models.length;
  const k = holdOut ?? Math.ceil(M / 3);
  if (M - k < 2) {
    throw new CapabilityError(
      `${table.dataset.name}: new-model with ${k} held out needs at least ${
        k + 2
      } models, got ${M}`,
    );
  }
  if (k < 1) throw new UsageError("new-model:0 holds out no model; expected 1 or more");
  if (!Number.isInteger(subsets) || subsets < 1 || subsets > MOST_SUBSETS) {
    throw new UsageError(`subsets must be 1…${MOST_SUBSETS}, got ${subsets}`);
  }
  const roles = idRoles(table, groups, seed, 0);
  const sets = holdOut === 1
    ? table.models.map((model) => [model])
    : modelSets(table.models, k, subsets, seed);
  return sets.map((heldOutModels): Cut => ({
    foldName: heldOutModels.join(" + "),
    roles,
    validation: "id",
    heldOutModels,
    profile: {
      selection,
      order: profileOrder(table, rowsOf(roles, "t", "v"), heldOutModels, seed, selection),
    },
  }));
}

/** Distinct random sets of k models, each ascending. */
function modelSets(
  models: readonly string[],
  k: number,
  wanted: number,
  seed: number,
): string[][] {
  const possible = Math.min(wanted, binomial(models.length, k));
  const sets = new Map<string, string[]>();
  for (let draw = 0; sets.size < possible; draw++) {
    const order = seededOrder(models, (model) => model, seed, `held out ${draw}`);
    const set = order.slice(0, k).sort();
    sets.set(JSON.stringify(set), set);
  }
  return [...sets.values()];
}

function binomial(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
  return Math.round(ways);
}
