/** What a file exports leads somewhere: to a command, a router, a notebook or a script for developers. */
import assert from "node:assert/strict";
import { codeOf, exportsOf, handedOnBy, takenBy } from "../support/exports.ts";
import { filesBelow, reachedFrom } from "../support/imports.ts";

/** Files that people start, copy or import, and routers, which are found by their folder. */
const STARTED = new RegExp(
  "^(src/cli/.*|src/mod.ts|src/(router|metrics|linalg|nn)/mod.ts|src/run/worker.ts|src/router/template.ts|datasets/static-embedding/distil.ts|" +
    "baselines/(variants/)?[^_/][^/]*)$",
);

/** Files opened by a computed name, so that their packages stay out of the module graph; by `src/embed/mod.ts`. */
const OPENED = ["hub", "lm", "onnx", "npm_weights", "vector_parquet"].map((name) =>
  `src/embed/${name}.ts`
);

/** Exports without a caller (a folder, a file or one export), and what will take them or why they stay. */
const PLANNED: Readonly<Record<string, string>> = {
  "src/audit/overlap.ts": "overlap between data sets, as a command",
  "src/icl/store.ts": "saving a fitted router",
  "src/icl/lm/": "ICL-Router on a language model, as a command",
  "src/icl/variants/optmerge.ts#mergeLoss": "its test shows that the merge minimises it",
  "src/icl/variants/optmerge.ts#mergeGradient": "its test shows that the merge makes it zero",
  "src/icl_plus/record_variances.ts#logLikelihood": "its test compares it with the dense formula",
};

const code = ["src", "baselines", "datasets"].flatMap((folder) => filesBelow(folder));
const scripts = [...filesBelow("notebooks", /\.(ts|ipynb)$/), ...filesBelow("tests/bench")];
const shut = withoutCaller();

Deno.test("every export is used by a command, a router, a notebook or a script for developers", () => {
  const entries = Object.keys(PLANNED);
  assert.deepEqual(shut.filter((name) => !entries.some((entry) => name.startsWith(entry))), []);
});

Deno.test("what is planned has no caller yet", () => {
  const over = Object.keys(PLANNED).filter((entry) => !shut.some((name) => name.startsWith(entry)));
  assert.deepEqual(over, []);
});

/** Exports that nothing reached takes and that their own file does not use either, as `path#name`. */
function withoutCaller(): string[] {
  const notebooks = scripts.flatMap(takenBy).map((name) => name.split("#")[0]);
  const start = code.filter((path) => STARTED.test(path) || OPENED.includes(path));
  const reached = reachedFrom([
    ...start,
    ...scripts,
    ...notebooks.filter((path) => code.includes(path)),
  ]);
  const taken = new Set([...reached].flatMap(takenBy));
  // A file that hands on all of another's exports opens those that somebody takes from it.
  for (const from of code) {
    for (const target of handedOnBy(from)) {
      for (const name of [...exportsOf(target), "*"]) {
        if (STARTED.test(from) || taken.has(`${from}#${name}`)) taken.add(`${target}#${name}`);
      }
    }
  }
  // Exports of a file of variants are routers by their names.
  const isOpen = (path: string, name: string, source: string): boolean =>
    taken.has(`${path}#${name}`) || taken.has(`${path}#*`) ||
    (reached.has(path) && usesItself(source, name)) || path.startsWith("baselines/variants/");
  return code.filter((path) => !OPENED.includes(path) && !path.startsWith("src/cli/")).flatMap(
    (path) => {
      const source = codeOf(path);
      return exportsOf(path).filter((name) => !isOpen(path, name, source))
        .map((name) => `${path}#${name}`);
    },
  );
}

/** Whether a name stands in its file beyond its declaration. */
function usesItself(source: string, name: string): boolean {
  const start = "(?<![\\w$])(?<!(?<!\\.\\.)\\.)", end = "(?![\\w$])"; // `x.name` is another's, `...name` is not
  return source.split(new RegExp(start + name.replaceAll("$", "\\$") + end)).length > 2;
}
