/** `deno task test` starts the `all.ts` of every folder: a test file that none of them reaches would never be run. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { filesBelow } from "../support/imports.ts";

Deno.test("every folder with tests has the all.ts that runs them", () => {
  const files = filesBelow("tests", /_test\.ts$/).map((path) => path.split("/"));
  assert.deepEqual(files.filter(({ length }) => length === 2), []);
  const here = Deno.readTextFileSync(`${import.meta.dirname}/all.ts`);
  for (const folder of new Set(files.map(([, folder]) => folder))) {
    assert.equal(Deno.readTextFileSync(repoPath("tests", folder, "all.ts")), here, folder);
  }
});
