/**
 * Finds routers by name: every `baselines/<id>.ts` that default-exports a {@link Router}.
 * @module
 */
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Router } from "./contract.ts";
import { DataError, UsageError } from "../base/errors.ts";
import { readBytes, repoPath } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { didYouMean } from "../base/suggest.ts";
import { inHarness } from "../base/version.ts";

/** A router and the file it came from. */
export interface FoundRouter {
  /** File stem, as given to `--routers`; for a path outside `baselines/`, its stem too. */
  readonly id: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** {@link sourceHash} of the file, part of every job's identity. */
  readonly sha256: string;
  /** The method. */
  readonly router: Router;
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
 * Loads a router by id (`knn`) or by path (`./my_router.ts`).
 * @throws {UsageError} when there is no such router, with a suggestion
 * @throws {DataError} when the file does not export a well-formed router
 */
export async function loadRouter(idOrPath: string): Promise<FoundRouter> {
  const isPath = idOrPath.includes("/") || idOrPath.endsWith(".ts");
  if (!isPath) {
    const ids = await routerIds();
    if (!ids.includes(idOrPath)) {
      throw new UsageError(
        `no router "${idOrPath}"${didYouMean(idOrPath, ids)}; there are: ${ids.join(", ")}`,
      );
    }
  }
  const path = isPath ? resolve(idOrPath) : repoPath("baselines", `${idOrPath}.ts`);
  const id = path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$/, "");
  const sha256 = await sourceHash(path);
  const module = await import(pathToFileURL(path).href) as { default?: unknown };
  return { id, path, sha256, router: checkRouter(module.default, path) };
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

/** Loads several routers, or all. */
export async function loadRouters(ids?: readonly string[]): Promise<FoundRouter[]> {
  return await Promise.all((ids ?? await routerIds()).map(loadRouter));
}

function checkRouter(value: unknown, path: string): Router {
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`);
  };
  if (value === null || typeof value !== "object") {
    fail("the default export must be a Router object");
  }
  const router = value as Router;
  for (const field of ["name", "summary", "source"] as const) {
    if (typeof router[field] !== "string" || router[field] === "") {
      fail(`router.${field}: expected a non-empty string, got ${JSON.stringify(router[field])}`);
    }
  }
  if (typeof router.fit !== "function") fail("router.fit: expected a function");
  if (!Array.isArray(router.grid) || router.grid.length === 0) {
    fail("router.grid: expected a list with at least one configuration (the default)");
  }
  if (router.grid.length > TUNING_BUDGET) {
    fail(
      `router.grid: ${router.grid.length} configurations, the tuning budget is ${TUNING_BUDGET}`,
    );
  }
  return router;
}
