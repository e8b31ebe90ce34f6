/**
 * Outcomes for many results: each dataset is loaded and audited once, and where that cannot be, a sentence for
 * readers says why.
 * @module
 */
import { listDatasets, loadDataset } from "../../datasets/load.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { audited } from "../audit/audited.ts";
import type { Result } from "./result.ts";
import { DataError, UsageError } from "../base/errors.ts";

/** Finds the outcomes that results were made from. */
export class OutcomeFinder {
  readonly #data: string | undefined;
  readonly #known = new Map<string, Promise<OutcomeTable | undefined>>();

  /** Takes outcomes from the dataset or path given, instead of those the results name. */
  constructor(data?: string) {
    this.#data = data;
  }

  /**
   * The audited outcomes of a result, or why they are not here.
   * @throws {UsageError} where the dataset given is not there
   * @throws {DataError} when records are here but broken or altered
   */
  async of({ dataset }: Pick<Result, "dataset">): Promise<OutcomeTable | string> {
    const name = this.#data ?? dataset.name;
    const table = await this.#load(name);
    if (!table) {
      const [stem] = name.split("/");
      return `The queries of ${name} are not in this page, because its records were not on the machine that ` +
        `made it. "deno task data pull ${stem}" gets those of a known dataset, --data names others; then make ` +
        "the page again.";
    }
    if (table.dataset.sha256 === dataset.sha256) {
      if (table.dataset.prices?.sha256 === dataset.prices?.sha256) return table;
      return `The queries of ${dataset.name} are not in this page: its price list has changed since.`;
    }
    return `The queries of ${dataset.name} are not in this page: it was made from other records ` +
      `(${dataset.sha256.slice(0, 12)}) than those on the machine that made the page ` +
      `(${table.dataset.sha256.slice(0, 12)}).`;
  }

  #load(name: string): Promise<OutcomeTable | undefined> {
    let found = this.#known.get(name);
    if (!found) {
      const given = this.#data === undefined ? findOutcomes(name) : loadDataset(name);
      this.#known.set(name, found = given.then((table) => table && audited(table).table));
    }
    return found;
  }
}

// The outcomes a result was made from, if they are on this machine.

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
