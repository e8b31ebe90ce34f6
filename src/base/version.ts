/**
 * Version of the harness, written into every result.
 * @module
 */
import { repoPath } from "./files.ts";
import { sha256 } from "./hash.ts";

/** Version of the harness; goes up when any decision or number may change. */
export const VERSION = "0.1.0";

/** Rooms whose code can change a decision; one that is not named here counts with the routers it serves. */
const ROOMS = ["base", "embed", "icl", "linalg", "metrics", "nn", "outcomes", "protocol", "router"];

/** Whether a file belongs to one of the rooms that {@link harnessHash} covers. */
export function inHarness(path: string): boolean {
  return ROOMS.some((room) => path.startsWith(repoPath("src", room) + "/"));
}

/** SHA-256 over the code that can change a decision: part of every job's identity. */
export async function harnessHash(): Promise<string> {
  const parts: string[] = [];
  for (const room of ROOMS) {
    const files: string[] = [];
    for await (const entry of Deno.readDir(repoPath("src", room))) {
      if (entry.isFile && entry.name.endsWith(".ts")) files.push(entry.name);
    }
    for (const name of files.sort()) {
      parts.push(`${room}/${name} ${sha256(await Deno.readFile(repoPath("src", room, name)))}`);
    }
  }
  return sha256(parts.join("\n"));
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
