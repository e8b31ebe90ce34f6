/**
 * Version of the harness, written into every result.
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { repoPath } from "./files.ts";
import { sha256 } from "./hash.ts";

/** Version of the project, as `deno.json` has it; CHANGELOG.md says what changed. */
export const VERSION: string = config.version;

/**
 * Folders whose code can change a decision, each with all that lies below it. Code outside them that a router
 * imports is hashed with the router.
 */
export const DECISION_ROOMS: readonly string[] = [
  "datasets",
  ...[
    "base",
    "onnx",
    "nn",
    "linalg",
    "lm",
    "embed",
    "outcomes",
    "audit",
    "splits",
    "router",
    "icl",
    "icl_plus",
    "icl_prior",
    "metrics",
    "run",
  ].map((
    room,
  ) => `src/${room}`),
];

/** Whether a file, by its absolute path, is one that {@link harnessHash} covers. */
export function inHarness(path: string): boolean {
  return DECISION_ROOMS.some((room) => path.startsWith(repoPath(room) + "/")) &&
    path.endsWith(".ts") && !path.startsWith(repoPath("datasets/local/"));
}

/** SHA-256 over the code that can change a decision: part of every job's identity. */
export async function harnessHash(): Promise<string> {
  return await codeHash(DECISION_ROOMS.map((room) => [room, repoPath(room)]));
}

/**
 * SHA-256 over the names and bytes of all TypeScript files below some folders.
 * @param folders each as the name to hash it under, and where it is
 */
export async function codeHash(folders: readonly (readonly [string, string])[]): Promise<string> {
  const lines: string[] = [];
  for (const [name, path] of folders) await hashBelow(name, path, lines);
  return sha256(lines.sort().join("\n"));
}

async function hashBelow(name: string, path: string, lines: string[]): Promise<void> {
  for await (const entry of Deno.readDir(path)) {
    const below = `${name}/${entry.name}`, at = `${path}/${entry.name}`;
    if (entry.isDirectory && below !== "datasets/local") await hashBelow(below, at, lines);
    else if (entry.name.endsWith(".ts")) lines.push(`${below} ${sha256(await Deno.readFile(at))}`);
  }
}

/** What the numbers were computed with; deterministic on one machine. */
export function environment(): Readonly<Record<string, string>> {
  return {
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    os: Deno.build.os,
    arch: Deno.build.arch,
  };
}
