/** Who uses what a file exports, read from the text of imports. */
import { dirname, join } from "node:path";
import { repoPath } from "../../src/base/files.ts";

/** Names a file exports by declaration, types included. */
export function exportsOf(path: string): string[] {
  const source = Deno.readTextFileSync(repoPath(path));
  const declared =
    /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type|enum) ([\w$]+)/gm;
  return [...source.matchAll(declared)].map(([, name]) => name);
}

/** What a file takes from others, as `path#name`; `path#*` where it takes the whole module. */
export function takenBy(path: string): string[] {
  const source = Deno.readTextFileSync(repoPath(path)).replace(/\/\*[^]*?\*\//g, "");
  const at = (target: string): string => join(dirname(path), target);
  const taken: string[] = [];
  const named = /^(?:import|export)\s+(?:type\s+)?(?:\w+,\s*)?\{([^}]*)\}\s+from\s+"(\.[^"]+)"/gm;
  for (const [, names, target] of source.matchAll(named)) {
    for (const name of names.split(",")) {
      const [, word] = /^\s*(?:type\s+)?([\w$]+)/.exec(name) ?? [];
      if (word) taken.push(`${at(target)}#${word}`);
    }
  }
  const opened = /\{([^{}]*)\}\s*=\s*await import\(\s*"(\.[^"]+)"/g;
  for (const [, names, target] of source.matchAll(opened)) {
    for (const name of names.split(",")) taken.push(`${at(target)}#${name.trim().split(":")[0]}`);
  }
  const whole =
    /\bimport\s+(?:type\s+)?(?:\*\s+as\s+)?\w+(?:,[^;]*)?\s+from\s+"(\.[^"]+)"|\bexport \* from "(\.[^"]+)"|import\("(\.[^"]+)"\)/g;
  for (const [, a, b, c] of source.matchAll(whole)) taken.push(`${at(a ?? b ?? c)}#*`);
  return taken;
}
