/**
 * The demo pool on a small scale, for tests that fit every router again and again: six of its ten models, and vectors of
 * 32 numbers.
 */
import { demoRecords } from "../../datasets/demo/generate.ts";
import { openHashed } from "../../src/embed/hashed.ts";
import type { EmbeddingProvider } from "../../src/embed/mod.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { npy } from "./npy.ts";

/** Vectors of 32 numbers. */
export const SMALL: EmbeddingProvider = openHashed(32);

/** Weak ones and strong ones; noise in place of their outcomes makes others the best and the dearest. */
function kept(_: unknown, m: number): boolean {
  return m % 4 < 2;
}

/** A table of the demo pool with six of its models. */
export function smallTable(table: OutcomeTable): OutcomeTable {
  const M = table.models.length;
  const cells = (all: Iterable<number>): Float64Array =>
    Float64Array.from(all).filter((_, at) => kept(_, at % M));
  return {
    ...table,
    models: table.models.filter(kept),
    scores: cells(table.scores),
    costs: cells(table.costs),
    truth: cells(table.truth!),
    truthCost: cells(table.truthCost!),
  };
}

/** Records of the demo pool with six of its models. */
export function smallRecords(queries: number): OutcomeRecord[] {
  const six = (cells: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(cells).sort().filter(kept));
  return demoRecords({ queries }).map(({ tokens: _tokens, ...record }) => ({
    ...record,
    scores: six(record.scores),
    costs: six(record.costs!),
  }));
}

/** Writes the {@link SMALL} vectors of records into a folder; returns the embedding's name on a command line. */
export async function writeVectors(
  folder: string,
  records: readonly OutcomeRecord[],
): Promise<string> {
  const { rows, width, data } = await SMALL.embed(records.map(({ query }) => query));
  await Deno.writeFile(`${folder}/vectors.npy`, npy(data, { shape: `(${rows}, ${width})` }));
  await Deno.writeTextFile(
    `${folder}/vectors.ids.txt`,
    records.map(({ id }) => `${id}\n`).join(""),
  );
  return `file:${folder}/vectors.npy`;
}
