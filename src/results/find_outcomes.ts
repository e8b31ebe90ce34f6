/**
 * The outcomes a result was made from, if they are on this machine.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { listDatasets, loadDataset } from "../outcomes/load.ts";
import type { OutcomeTable } from "../outcomes/table.ts";

/**
 * Loads a dataset by the name a result gives it.
 *
 * @param name dataset view, `mmlu-pro` or `reasoning-gym/easy`
 * @returns undefined when it is not here: a known dataset whose records were not pulled, or somebody's own
 * @throws {DataError} when its records are here but broken or altered
 */
export async function findOutcomes(name: string): Promise<OutcomeTable | undefined> {
  try {
    return await loadDataset(name);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    if (error instanceof DataError && await isAbsent(name)) return undefined;
    throw error;
  }
}

async function isAbsent(name: string): Promise<boolean> {
  const [stem] = name.split("/");
  return (await listDatasets()).some((known) => known.name === stem && !known.present);
}
