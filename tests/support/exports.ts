/** Who uses what a file exports, read from the text of imports. */
import { dirname, join } from "node:path";
import { repoPath } from "../../src/base/files.ts";

/** Code of a file without its comments; of a notebook, its code cells. */
export function codeOf(path: string): string {
  const text = Deno.readTextFileSync(repoPath(path));
  return (path.endsWith(".ipynb") ? cells(text) : text).replace(
    /\/\*[^]*?\*\/|^\s*\/\/.*$/gm,
    "",
  );
}

/** Names a file exports by declaration, types included. */
export function exportsOf(path: string): string[] {
  const declared =
    /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type|enum) ([\w$]+)/gm;
  return [...codeOf(path).matchAll(declared)].map(([, name]) => name);
}

/** What a file takes from others, as `path#name`; `path#*` where it takes the whole module. */
export function takenBy(path: string): string[] {
  const source = codeOf(path);
  const at = (target: string): string => join(dirname(path), target);
  const taken: string[] = [];
  const named = /^(?:import|export)\s+(?:type\s+)?(?:\w+,\s*)?\{([^}]*)\}\s+from\s+"(\.[^"]+)"/gm;
  const opened = /\{([^{}]*)\}\s*=\s*await import\(\s*"(\.[^"]+)"/g;
  for (const [, names, target] of [...source.matchAll(named), ...source.matchAll(opened)]) {
    for (const name of names.split(",")) {
      const [, word] = /^\s*(?:type\s+)?([\w$]+)/.exec(name) ?? [];
      if (word) taken.push(`${at(target)}#${word}`);
    }
  }
  const whole =
    /\bimport\s+(?:type\s+)?\*\s+as\s+\w+\s+from\s+"(\.[^"]+)"|[^=]\s+import\("(\.[^"]+)"\)/g;
  for (const [, a, b] of source.matchAll(whole)) taken.push(`${at(a ?? b)}#*`);
  return taken;
}

/** Files whose every export a file hands on (`export * from`). */
export function handedOnBy(path: string): string[] {
  const star = /^export \* from "(\.[^"]+)"/gm;
  return [...codeOf(path).matchAll(star)].map(([, target]) => join(dirname(path), target));
}

function cells(notebook: string): string {
  const { cells } = JSON.parse(notebook) as {
    cells: { cell_type: string; source: string | string[] }[];
  };
  return cells.filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => [source].flat().join("")).join("\n");
}
