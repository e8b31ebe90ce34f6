/** Published records read and written again are the same bytes, so hashes can be compared. */
import assert from "node:assert/strict";
import { encodeRecords } from "../../../src/outcomes/importers/index.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { locateRecords } from "../../../datasets/load.ts";
import { readAllRecords } from "../../../src/outcomes/read.ts";

for (const name of ["llmrouter", "reasoning-gym", "routellm"]) {
  Deno.test(`${name}: written again byte for byte`, async () => {
    const folder = await locateRecords(name).catch(() => undefined);
    if (!folder) return console.log(`SKIPPED: the records of ${name} are not on this machine`);
    const records = await readAllRecords(folder);
    assert.equal(sha256(encodeRecords(records.list)), records.sha256);
  });
}
