/**
 * Preferences: queries labelled with the route a user wants for them, and the routes in words.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readBytes, readJson, repoPath, unpack } from "../base/files.ts";
import { hashJson, sha256 } from "../base/hash.ts";

/** A route: a kind of query in words. */
export interface Route {
  /** Its name. */
  readonly name: string;
  /** What it is about, one line. */
  readonly description: string;
}

/** A route of the lower level. */
export interface Action extends Route {
  /** Index of the domain it belongs to. */
  readonly domain: number;
}

/** Queries of one part, ascending by id. */
export interface LabelledQueries {
  /** Length Q. */
  readonly ids: readonly string[];
  /** Length Q. */
  readonly texts: readonly string[];
  /** Index of the action wanted; the number of actions where the query is out of scope. Length Q. */
  readonly labels: Int32Array;
}

/** A set of preferences. Routes are ascending by name, so that their order says nothing. */
export interface Preferences {
  /** Name of the set. */
  readonly name: string;
  /** SHA-256 of the file of queries. */
  readonly sha256: string;
  /** Hash of routes and descriptions. */
  readonly routesSha256: string;
  /** The upper level. */
  readonly domains: readonly Route[];
  /** The lower level. */
  readonly actions: readonly Action[];
  /** Training queries. */
  readonly train: LabelledQueries;
  /** Queries that choose settings. */
  readonly validation: LabelledQueries;
  /** Queries that are reported. */
  readonly test: LabelledQueries;
}

/** A line of the file. */
export interface PreferenceRecord {
  /** Unique. */
  readonly id: string;
  /** What a matcher sees. */
  readonly query: string;
  /** Name of the action, or `oos`. */
  readonly intent: string;
  /** Its domain, or `oos`. */
  readonly domain: string;
  /** Part it belongs to. */
  readonly split: string;
}

/** `routes.json`: domains by name, each with its actions' descriptions by name. */
export type RouteList = Readonly<
  Record<
    string,
    { readonly description: string; readonly routes: Readonly<Record<string, string>> }
  >
>;

/** What the file calls out of scope. */
const OUT_OF_SCOPE = "oos";

/**
 * Reads CLINC150 below a data folder and its routes in this repository.
 * @throws {DataError} when a file is missing or broken
 */
export async function readClinc150(folder: string): Promise<Preferences> {
  const path = `${folder}/clinc150/queries.jsonl.gz`, bytes = await readBytes(path);
  const lines = new TextDecoder().decode(unpack(bytes, path)).trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as PreferenceRecord);
  const routes = await readJson(repoPath("datasets/clinc150/routes.json")) as RouteList;
  return preferencesOf("clinc150", sha256(bytes), records, routes);
}

/**
 * Sorts records into parts and routes.
 * @throws {DataError} naming a record of an unknown part or route
 */
export function preferencesOf(
  name: string,
  fileSha256: string,
  records: readonly PreferenceRecord[],
  routes: RouteList,
): Preferences {
  const ascending = (a: { name: string }, b: { name: string }): number => a.name < b.name ? -1 : 1;
  const domains = Object.entries(routes)
    .map(([name, { description }]) => ({ name, description })).sort(ascending);
  const actions = domains.flatMap((domain, d) =>
    Object.entries(routes[domain.name].routes)
      .map(([name, description]) => ({ name, description, domain: d }))
  ).sort(ascending);
  const index = new Map(
    actions.map((action, a) => [`${domains[action.domain].name}/${action.name}`, a]),
  ).set(`${OUT_OF_SCOPE}/${OUT_OF_SCOPE}`, actions.length);
  const part = (split: string): LabelledQueries => {
    const rows = records.filter((record) => record.split === split)
      .sort((a, b) => a.id < b.id ? -1 : 1);
    const labels = rows.map(({ id, domain, intent }) => {
      const label = index.get(`${domain}/${intent}`);
      if (label === undefined) throw new DataError(`${id}: no route ${domain}/${intent}`);
      return label;
    });
    return {
      ids: rows.map(({ id }) => id),
      texts: rows.map(({ query }) => query),
      labels: Int32Array.from(labels),
    };
  };
  const parts = { train: part("train"), validation: part("val"), test: part("test") };
  const known = Object.values(parts).reduce((n, { ids }) => n + ids.length, 0);
  if (known !== records.length) {
    throw new DataError(`${name}: /split: expected train, val or test in every record`);
  }
  return { name, sha256: fileSha256, routesSha256: hashJson(routes), domains, actions, ...parts };
}
