/**
 * Finds routers by name: every `baselines/<id>.ts` that default-exports a {@link Router}, and any other file
 * that exports one or several.
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect, isDeepStrictEqual } from "node:util";
import type { Router } from "./contract.ts";
import { type AnyRouter, isSequential } from "./sequential.ts";
import { messageOf, placeOfError, shownPath, UsageError } from "../base/errors.ts";
import { exists, readBytes, repoPath } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { didYouMean } from "../base/suggest.ts";
import { inHarness } from "../base/version.ts";

/** A router and the file it came from. */
export interface FoundRouter {
  /** Its name in tables and results: its file's stem, or its export's name where a file has several. */
  readonly id: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** {@link sourceHash} of the file, part of every job's identity. */
  readonly sha256: string;
  /** The method. */
  readonly router: AnyRouter;
}

/** Most configurations a router may try: the same tuning budget for all. */
export const TUNING_BUDGET = 30;

/** Ids of all routers in `baselines/`, in file-name order; names starting with `_` are helpers. */
export async function routerIds(): Promise<string[]> {
  const ids: string[] = [];
  for await (const entry of Deno.readDir(repoPath("baselines"))) {
    if (entry.isFile && entry.name.endsWith(".ts") && !entry.name.startsWith("_")) {
      ids.push(entry.name.slice(0, -3));
    }
  }
  return ids.sort();
}

/**
 * Loads a router by name:
 *
 * - `knn`: the default export of `baselines/knn.ts`; case, `-` and `_` make no difference
 * - `./my_router.ts`: the default export of a file
 * - `./variants.ts#wide`: one of several routers of a file, by the name of its export, which is its id
 *
 * A path without a file, `./wide.ts`, means the same where just one file of that folder has a router called
 * `wide`: so a command keeps its meaning when routers move into one file.
 * @throws {UsageError} when there is no such router, with a suggestion; when its file cannot be imported, with
 * the line; when its export is no well-formed router, with the field
 * @throws {DataError} when the file is missing
 */
export async function loadRouter(name: string): Promise<FoundRouter> {
  const { id, path, exported } = await placeOf(name);
  await readBytes(path);
  const router = routerIn(await imported(path), exported, path);
  return { id, path, sha256: await sourceHash(path), router };
}

async function imported(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const file = shownPath(path), place = placeOfError(error) ?? file;
    const helper = place.startsWith(file) ? "" : `${file}: `;
    throw new UsageError(`${helper}${place}: ${messageOf(error)}`);
  }
}

/** The file name of a router that goes by a name: lower case, `_` for `-`. */
export function fileStem(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** Where a router is: its file, and under which name the file exports it. */
interface Place {
  readonly id: string;
  readonly path: string;
  readonly exported: string;
}

async function placeOf(name: string): Promise<Place> {
  const [, file, exported] = /^(.*\.ts)#([\w$]+)$/.exec(name) ?? [];
  if (file !== undefined) return { id: exported, path: resolve(file), exported };
  if (!name.includes("/") && !name.endsWith(".ts")) return await placeById(name);
  const path = resolve(name), id = basename(path, ".ts");
  if (await exists(path)) return { id, path, exported: "default" };
  const others = await exporting(dirname(path), id);
  if (others.length > 1) {
    const all = others.map((other) => `${other}#${id}`).join(" and ");
    throw new UsageError(`${path} is not there, and more than one router is called so: ${all}`);
  }
  return others.length === 1
    ? { id, path: others[0], exported: id }
    : { id, path, exported: "default" };
}

async function placeById(name: string): Promise<Place> {
  const ids = await routerIds();
  const id = ids.find((id) => id === name) ??
    ids.find((id) => fileStem(id) === fileStem(name));
  if (id === undefined) {
    throw new UsageError(
      `no router "${name}"${didYouMean(name, ids)}; there are: ${ids.join(", ")}`,
    );
  }
  return { id, path: repoPath("baselines", `${id}.ts`), exported: "default" };
}

/** Files of a folder that say they export a name. They are read, not run: any script may lie there. */
async function exporting(folder: string, name: string): Promise<string[]> {
  const found: string[] = [];
  if (!/^[\w$]+$/.test(name) || !await exists(folder)) return found;
  const says = new RegExp(`^export const ${name.replaceAll("$", "\\$")}\\b`, "m");
  for await (const { isFile, name: file } of Deno.readDir(folder)) {
    if (!isFile || !file.endsWith(".ts")) continue;
    const source = new TextDecoder().decode(await readBytes(`${folder}/${file}`));
    if (says.test(source)) found.push(`${folder}/${file}`);
  }
  return found.sort();
}

/**
 * Hash of a router's file and of everything it imports by relative path outside the rooms that the
 * harness hash covers: what a change must not leave old decisions standing for.
 */
export async function sourceHash(path: string): Promise<string> {
  const seen = new Map<string, string>(), open = [path];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file) || (file !== path && inHarness(file))) continue;
    const source = new TextDecoder().decode(await readBytes(file));
    seen.set(file, sha256(source));
    for (const [, target] of source.matchAll(/(?:from|import)\s*\(?\s*"(\.\.?\/[^"]+)"/g)) {
      open.push(resolve(dirname(file), target));
    }
  }
  const hashes = [...seen].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, hash]) => hash);
  return hashes.length === 1 ? hashes[0] : sha256(hashes.join("\n"));
}

/**
 * Loads several routers, or all.
 * @throws {UsageError} when one cannot be loaded; of all, with what leaves it out
 */
export async function loadRouters(ids?: readonly string[]): Promise<FoundRouter[]> {
  if (ids) return await Promise.all(ids.map(loadRouter));
  const all = await routerIds();
  const loaded = await Promise.allSettled(all.map(loadRouter));
  const broken = all.filter((_, i) => loaded[i].status === "rejected");
  for (const result of loaded) {
    if (result.status === "fulfilled") continue;
    const named = broken.map((id) => `baselines/${id}.ts to _${id}.ts`).join(", ");
    throw new UsageError(
      `${messageOf(result.reason)} (to leave it out, rename ${named}, or name others in --routers)`,
    );
  }
  return loaded.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
}

/** An export of a router file, if it is a router. */
function routerIn(
  module: Readonly<Record<string, unknown>>,
  exported: string,
  path: string,
): AnyRouter {
  const value = module[exported];
  if (value !== undefined) return checkRouter(value, exported, path);
  const others = Object.keys(module).filter((name) => isRouter(module[name]));
  if (exported !== "default") {
    throw new UsageError(
      `${path} has no router "${exported}"${didYouMean(exported, others)}; ` +
        `there are: ${others.join(", ") || "none"}`,
    );
  }
  const hint = others.length > 0 ? `; or name one of ${others.join(", ")} after a "#"` : "";
  throw new UsageError(`${shownPath(path)}: the default export must be a Router object${hint}`);
}

function isRouter(value: unknown): boolean {
  return typeof (Object(value) as Partial<Router>).fit === "function";
}

/**
 * Checks the fields of what should be a router.
 *
 * @param exported name of the export, for the message
 * @param where names the file, or the router in memory
 * @throws {UsageError} naming the field, and what was expected
 */
export function checkRouter(value: unknown, exported: string, where: string): AnyRouter {
  const fail = (what: string): never => {
    throw new UsageError(`${shownPath(where)}: ${what}`);
  };
  if (value === null || typeof value !== "object") {
    fail(`${exported === "default" ? "the default export" : exported} must be a Router object`);
  }
  const router = value as AnyRouter;
  for (const field of ["name", "summary", "source"] as const) {
    if (typeof router[field] !== "string" || router[field] === "") {
      fail(`router.${field}: expected a non-empty string, got ${said(router[field])}`);
    }
  }
  if (typeof router.fit !== "function") fail("router.fit: expected a function");
  checkGrid("grid", router.grid, fail);
  if (isSequential(router)) {
    if (!Number.isInteger(router.horizon) || router.horizon < 1) {
      fail(`router.horizon: expected a whole number from 1, got ${said(router.horizon)}`);
    }
    if (!router.needs?.includes("replies")) {
      fail(`router.needs: a router with a horizon reads replies, got ${said(router.needs)}`);
    }
  } else if (router.unseenGrid !== undefined) checkGrid("unseenGrid", router.unseenGrid, fail);
  for (const [field, allowed] of Object.entries(CHOICES)) {
    const given = (router as Router)[field as keyof Router];
    for (const one of field === "needs" ? [given ?? []].flat() : [given]) {
      if (one === undefined || (allowed as readonly unknown[]).includes(one)) continue;
      fail(`router.${field}: expected ${allowed.map(said).join(" or ")}, got ${said(one)}`);
    }
  }
  if (router.needs !== undefined && !Array.isArray(router.needs)) {
    fail(`router.needs: expected a list, got ${said(router.needs)}`);
  }
  for (const field of ["statement", "weights"] as const) {
    const given = (router as Router)[field];
    if (given !== undefined && typeof given !== "string") {
      fail(`router.${field}: expected a string, got ${said(given)}`);
    }
  }
  return router;
}

/** A list of configurations: not empty, within the tuning budget, plain JSON. */
function checkGrid(
  field: "grid" | "unseenGrid",
  grid: unknown,
  fail: (what: string) => never,
): void {
  if (!Array.isArray(grid) || grid.length === 0) {
    return fail(`router.${field}: expected a list with at least one configuration (the default)`);
  }
  if (grid.length > TUNING_BUDGET) {
    fail(`router.${field}: ${grid.length} configurations, the tuning budget is ${TUNING_BUDGET}`);
  }
  const lost = grid.findIndex((config) => !isJson(config));
  if (lost >= 0) fail(`router.${field}[${lost}]: expected plain JSON, got ${said(grid[lost])}`);
}

/** Fields of a router that have few values. */
const CHOICES: Readonly<Partial<Record<keyof Router, readonly (string | boolean)[]>>> = {
  needs: ["cost", "benchmark", "truth", "replies", "documents"],
  refit: ["train+validation", "train"],
  unseen: ["zero-update", "fit-new-vector"],
  scale: ["score", "rank"],
  effort: ["seconds", "minutes"],
  reference: [true, false],
};

/** Whether a value is the same after it was written as JSON, as a result writes it. */
function isJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}

/** A value in a message. */
function said(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value)
    : inspect(value, { depth: 1, breakLength: Infinity });
}
