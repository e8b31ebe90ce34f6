/**
 * Files of arms: a model asked in several ways, each a column of its own in the table.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { isObject } from "../base/json.ts";
import type { PriceList } from "../outcomes/pricing.ts";
import { own } from "../outcomes/record.ts";
import type { Arm, Arms, Message } from "./call.ts";

const TEXTS = ["model", "system", "query"], FIELDS = [...TEXTS, "examples"];

/**
 * Reads a JSON file of arms.
 * @throws {DataError} naming file and field
 */
export async function readArms(path: string): Promise<Arms> {
  const arms = await readJson(path);
  if (!isObject(arms)) throw new DataError(`${path}: expected an object of arms by name`);
  for (const [name, arm] of Object.entries(arms)) {
    const wrong = (what: string): DataError => new DataError(`${path}: ${name}: ${what}`);
    if (!isObject(arm)) throw wrong("expected an object");
    for (const [field, value] of Object.entries(arm)) {
      if (!FIELDS.includes(field)) throw wrong(`no field "${field}" (${FIELDS.join(", ")})`);
      if (TEXTS.includes(field) && typeof value !== "string") {
        throw wrong(`${field}: expected a text`);
      }
    }
    const { examples = [], query = "{query}" } = arm as Arm;
    if (!Array.isArray(examples) || !examples.every(isTurn)) {
      throw wrong("examples: expected turns with role and content");
    }
    if (query.split("{query}").length !== 2) throw wrong("query: expected {query} once");
  }
  return arms as Arms;
}

/**
 * A price list in which each arm has the prices of its model.
 * @throws {UsageError} for an arm that has the name of another model with a price
 */
export function withArms(prices: PriceList, arms: Arms): PriceList {
  const perMillionTokens = { ...prices.perMillionTokens };
  for (const [name, { model = name }] of Object.entries(arms)) {
    const price = own(prices.perMillionTokens, model);
    if (name !== model && own(perMillionTokens, name)) {
      throw new UsageError(
        `arm "${name}": the price list has a model of this name; call it otherwise`,
      );
    }
    if (price) perMillionTokens[name] = price;
  }
  return { ...prices, perMillionTokens };
}

function isTurn(value: unknown): value is Message {
  return isObject(value) && typeof value.role === "string" && typeof value.content === "string" &&
    Object.keys(value).length === 2;
}
