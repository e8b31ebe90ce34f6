/**
 * A collection grows: models asked earlier, at this endpoint or another, belong to the same table.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import type { Journal } from "./journal.ts";
import { type Collection, collectionCalls } from "./records.ts";

/**
 * One name at two hosts would be two models in one column.
 * @throws {UsageError} naming the model and both hosts
 */
export function expectSameHost(journal: Journal, models: readonly string[], host: string): void {
  const name = (of: string): string => of.replace(/:\d+$/, "");
  for (const line of journal.asked.values()) {
    if (!models.includes(line.model) || name(line.host) === name(host)) continue;
    throw new UsageError(
      `the journal has "${line.model}" from ${line.host}, not from ${host}; take another --out`,
    );
  }
}

/** The models asked now, and those that the journal has under the same settings. */
export function allModels(collection: Collection, journal: Journal): Collection {
  const asked = new Set(
    [...journal.asked.values()].filter(({ variant }) => variant !== "judge").map(({ model }) =>
      model
    ),
  );
  const others = [...asked].filter((model) => !collection.models.includes(model));
  const same = others.filter((model) =>
    collectionCalls({ ...collection, models: [model] }).some(({ key }) => journal.answers.has(key))
  );
  for (const model of others.filter((each) => !same.includes(each))) {
    console.log(`${model}: asked in other ways, and not in these records`);
  }
  return { ...collection, models: [...collection.models, ...same].sort() };
}
