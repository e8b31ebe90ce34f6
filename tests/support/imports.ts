/** What the project's files import, as text: enough for rules about who may import whom. */
import { dirname, join, relative } from "node:path";
import { isTracked } from "./tracked.ts";
import { repoPath } from "../../src/base/files.ts";

/** TypeScript files below a folder of the repository, as paths from its root, ascending. */
export function filesBelow(folder: string, kind = /\.ts$/): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(repoPath(folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...filesBelow(path, kind));
    else if (kind.test(name) && (folder !== "baselines" || isTracked(path))) found.push(path);
  }
  return found.sort();
}

/**
 * Files that a file names by relative path: in imports, for workers, for modules opened later. Comments do not count.
 * @param kind `imports`: only what `import` and `export … from` name
 */
export function namedBy(path: string, kind: "imports" | "all" = "all"): string[] {
  const source = Deno.readTextFileSync(repoPath(path)).replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const pattern = kind === "all"
    ? /"(\.\.?\/[^"\n]+\.ts)"/g
    : /(?:\bfrom|\bimport)\s*\(?\s*"(\.\.?\/[^"\n]+\.ts)"/g;
  const targets = [...source.matchAll(pattern)].map(([, target]) => join(dirname(path), target));
  return [...new Set(targets)].filter((target) => exists(target));
}

/** All files reached from some, themselves included. */
export function reachedFrom(start: readonly string[]): Set<string> {
  const seen = new Set<string>(), open = [...start];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...namedBy(file));
  }
  return seen;
}

/** A path from the root of the repository. */
export function fromRoot(path: string): string {
  return relative(repoPath(""), path);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(repoPath(path)).isFile;
  } catch {
    return false;
  }
}
