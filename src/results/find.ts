/**
 * Result files named on a command line.
 * @module
 */
import { DataError } from "../base/errors.ts";

/** Files as given; folders become the result files below them, in name order. */
export async function resultFiles(paths: readonly string[]): Promise<string[]> {
  const out: string[] = [];
  for (const path of paths) {
    const stat = await Deno.stat(path).catch(() => {
      throw new DataError(`${path}: no such file or folder`);
    });
    if (stat.isDirectory) out.push(...await resultsBelow(path));
    else out.push(path);
  }
  return out;
}

/** A result is a `.json` with a `.decisions.gz` beside it. */
async function resultsBelow(folder: string): Promise<string[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(folder)) entries.push(entry);
  const names = new Set(entries.map((e) => e.name));
  const found: string[] = [];
  for (const { name, isDirectory } of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) found.push(...await resultsBelow(`${folder}/${name}`));
    else if (name.endsWith(".json") && names.has(name.replace(/\.json$/, ".decisions.gz"))) {
      found.push(`${folder}/${name}`);
    }
  }
  return found;
}
