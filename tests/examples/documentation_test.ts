/**
 * The examples in the documentation of the public interface run, all in one process: `deno test --doc` would open the
 * modules, and warm them up, for each. `deno task check` looks at their types.
 */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { captured } from "../support/capture.ts";

const api = [...Deno.readDirSync(repoPath("src/api"))].map(({ name }) => `src/api/${name}`);
const files = ["src/mod.ts", "src/report/tables/numbers.ts", ...api.sort()];

/** Blocks of TypeScript in doc comments that are not marked `ignore`, with the lines they begin at. */
function examplesOf(text: string): { line: number; code: string }[] {
  return [...text.matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)].map(({ 1: block, index }) => ({
    line: text.slice(0, index).split("\n").length,
    code: block.replaceAll(/^ *\* ?/gm, ""),
  }));
}

let found = 0;
for (const file of files) {
  for (const { line, code } of examplesOf(await Deno.readTextFile(repoPath(file)))) {
    found++;
    Deno.test(`the example in ${file}:${line} runs`, async () => {
      const bytes = new TextEncoder().encode(code);
      await captured(() => import(`data:application/typescript;base64,${bytes.toBase64()}`));
    });
  }
}

Deno.test("examples are found", () => assert.ok(found >= 21, `${found}`));
