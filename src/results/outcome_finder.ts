/**
 * Outcomes for many results: each dataset is loaded and audited once, and where that cannot be, a sentence for
 * readers says why.
 * @module
 */
import { listDatasets, loadDataset } from "../../datasets/load.ts";
import { isOwn, type OutcomeTable } from "../outcomes/table.ts";
import { shellQuote } from "../base/shell.ts";
import { flagsOf } from "./check_run.ts";
import { audited, underProtocol } from "../audit/audited.ts";
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
  async of(
    result: Pick<Result, "dataset" | "command" | "protocol">,
  ): Promise<OutcomeTable | string> {
    const { dataset } = result;
    const table = await this.#load(result);
    if (!table && isOwn(dataset)) {
      return `The queries of ${dataset.name} are not in this page, because its records were not found where its ` +
        `command looks for them: make the page again with --data ${dataOf(result)}`;
    }
    if (!table) {
      const name = this.#data ?? dataset.name;
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

  #load(
    result: Pick<Result, "dataset" | "command" | "protocol">,
  ): Promise<OutcomeTable | undefined> {
    const { name, version, gaps, limit } = result.dataset;
    const { name: protocol } = result.protocol;
    const key = JSON.stringify([
      this.#data ?? name,
      isOwn(result.dataset) && version,
      gaps,
      limit,
      protocol === "id:published",
    ]);
    let found = this.#known.get(key);
    if (!found) {
      const given = this.#data === undefined
        ? findOutcomes(result)
        : loadDataset(this.#data, { gaps, limit });
      this.#known.set(
        key,
        found = given.then((table) => table && underProtocol(audited(table), protocol).table),
      );
    }
    return found;
  }
}

// The outcomes a result was made from, if they are on this machine.

/**
 * Loads the data of a result: by the name it gives them, or, where they are somebody's own, from the path
 * that its command names, if the records there are the same.
 *
 * @returns undefined when they are not here: a known dataset whose records were not pulled, or somebody's own
 * @throws {DataError} when records of a known dataset are here but broken or altered
 */
export async function findOutcomes(
  { dataset, command }: Pick<Result, "dataset" | "command">,
): Promise<OutcomeTable | undefined> {
  const { name, gaps, limit } = dataset;
  if (isOwn(dataset)) {
    for (const place of new Set([flagsOf(command).get("data") ?? name, name])) {
      const table = await loadDataset(place, { gaps, limit }).catch((error) => {
        if (error instanceof DataError || error instanceof UsageError) return undefined;
        throw error;
      });
      if (table?.dataset.sha256 === dataset.sha256) return table;
    }
    return undefined;
  }
  try {
    return await loadDataset(name, { gaps, limit });
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    if (error instanceof DataError && await isAbsent(name)) return undefined;
    throw error;
  }
}

/** What `--data` of the command that made a result was given, quoted. */
export function dataOf({ command, dataset }: Pick<Result, "dataset" | "command">): string {
  return shellQuote(flagsOf(command).get("data") ?? dataset.name);
}

async function isAbsent(name: string): Promise<boolean> {
  const [stem] = name.split("/");
  return (await listDatasets()).some((known) => known.name === stem && !known.present);
}
