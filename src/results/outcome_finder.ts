/**
 * Outcomes for many results: each dataset is loaded and audited once, and where that cannot be, a sentence for
 * readers says why.
 * @module
 */
import { listDatasets, loadDataset } from "../../datasets/load.ts";
import { isOwn, type OutcomeTable } from "../outcomes/table.ts";
import { shellQuote } from "../base/shell.ts";
import { flagsOf } from "./check_run.ts";
import { audited, type AuditedDataset, underProtocol } from "../audit/audited.ts";
import type { Result } from "./result.ts";
import { DataError, UsageError } from "../base/errors.ts";

/** Finds the outcomes that results were made from. */
export class OutcomeFinder {
  readonly #data: string | undefined;
  readonly #known = new Map<string, Promise<AuditedDataset | undefined>>();

  /** Takes outcomes from the dataset or path given, instead of those the results name. */
  constructor(data?: string) {
    this.#data = data;
  }

  /**
   * The outcomes of a result as its protocol takes them, or a sentence that says why they are not here.
   * @throws {UsageError} where the dataset given is not there
   * @throws {DataError} when records are here but broken or altered
   */
  async of(
    result: Pick<Result, "dataset" | "command" | "protocol">,
  ): Promise<OutcomeTable | string> {
    const { dataset } = result, found = await this.audited(result);
    const table = found && underProtocol(found, result.protocol.name).table;
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

  /**
   * The dataset of a result, audited; undefined where it is not on this machine.
   * @throws {UsageError} where the dataset given is not there
   * @throws {DataError} when records are here but broken or altered
   */
  audited(result: Pick<Result, "dataset" | "command">): Promise<AuditedDataset | undefined> {
    const { name, version, gaps, limit } = result.dataset;
    // Where somebody's own records are looked for depends on the command.
    const own = isOwn(result.dataset) && this.#data === undefined && [version, dataOf(result)];
    const key = JSON.stringify([this.#data ?? name, own, gaps, limit]);
    let found = this.#known.get(key);
    if (!found) {
      const given = this.#data === undefined
        ? findOutcomes(result)
        : loadDataset(this.#data, { gaps, limit });
      this.#known.set(key, found = given.then((table) => table && audited(table)));
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
export function dataOf(result: Pick<Result, "dataset" | "command">): string {
  return shellQuote(dataName(result));
}

/** What `--data` of the command that made a result was given. */
export function dataName({ command, dataset }: Pick<Result, "dataset" | "command">): string {
  return flagsOf(command).get("data") ?? dataset.name;
}

async function isAbsent(name: string): Promise<boolean> {
  const [stem] = name.split("/");
  return (await listDatasets()).some((known) => known.name === stem && !known.present);
}
