/** What holds for every committed notebook, without running it. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { type Notebook, readNotebook } from "../../src/jupyter/notebook.ts";

/** The public interface, and the two files that notebooks share. */
const IMPORTED = [
  "icl-router-bench",
  "icl-router-bench/router",
  "icl-router-bench/metrics",
  "./lab.ts",
  "./frame.ts",
];
const LONGEST_LINE = 120;

const names = [...Deno.readDirSync(repoPath("notebooks"))].map(({ name }) => name)
  .filter((name) => name.endsWith(".ipynb")).sort();
const notebooks: readonly Notebook[] = await Promise.all(
  names.map((name) => readNotebook(repoPath("notebooks", name))),
);

for (const [i, name] of names.entries()) {
  const sources = notebooks[i].cells.filter(({ type }) => type === "code")
    .map(({ source }) => source);

  Deno.test(`${name}: cells import the public interface and what notebooks share, nothing else`, () => {
    const imported = sources.flatMap(importsOf);
    assert.ok(imported.includes("icl-router-bench"));
    assert.deepEqual(imported.filter((module) => !IMPORTED.includes(module)), []);
  });

  Deno.test(`${name}: no line of code is longer than ${LONGEST_LINE} characters`, () => {
    const long = sources.flatMap((source) => source.split("\n"))
      .filter((line) => [...line].length > LONGEST_LINE);
    assert.deepEqual(long, []);
  });

  const next = names[i + 1];
  Deno.test(`${name}: ends with ${next ? "a link to the next one" : "words"}`, () => {
    const { type, source } = notebooks[i].cells.at(-1)!;
    assert.equal(type, "markdown");
    if (next) assert.match(source, new RegExp(`^Next: \\[[^\\]]+\\]\\(${next}\\)\\.$`, "m"));
  });
}

Deno.test("imports are found in all their forms", () => {
  const source = `import a from "a";
import {
  b,
} from "b";
import "c";
const d = await import("d"), e = await import(\n  'e');
export { f } from "f";
table(["import", "most from", "then"], "g");`;
  assert.deepEqual(importsOf(source), [..."abcdef"]);
});

/** What a cell imports, by a statement or by a call. */
function importsOf(source: string): string[] {
  const pattern =
    /(?:^\s*(?:import|export)\b(?:[^;"'=]*?\bfrom)?\s*|\bimport\s*\(\s*)["']([^"'\n]+)["']/gm;
  return [...source.matchAll(pattern)].map(([, name]) => name);
}
