/** The committed weights, and what is refused. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { initialise } from "../../src/icl_prior/network.ts";
import { fingerprint, readTexts } from "../../src/icl_prior/texts.ts";
import {
  readWeights,
  requireUnseen,
  trained,
  WEIGHTS,
  writeWeights,
} from "../../src/icl_prior/weights.ts";
import { inFolder } from "../support/folder.ts";

Deno.test("the committed weights say what they were trained on, and are small", async () => {
  const { facts, seen, parameters } = await trained();
  assert.match(facts.texts, /clinc150.*pubmedqa/);
  assert.match(facts["sha256 of clinc150/queries.jsonl.gz"], /^[0-9a-f]{64}$/);
  assert.ok(seen.size > 20_000 && parameters.count > 0);
  assert.ok((await Deno.stat(repoPath(WEIGHTS))).size < 8e6);
});

Deno.test("the committed weights know every text of the files they name", async () => {
  const folder = Deno.env.get("ICLR_DATA");
  if (!folder) return console.log("SKIPPED: no folder of data (ICLR_DATA)");
  const { texts, sources } = await readTexts(folder), { facts, seen } = await trained();
  for (const [name, sha256] of Object.entries(sources)) {
    assert.equal(facts[`sha256 of ${name}`], sha256);
  }
  assert.equal(seen.size, texts.length);
  assert.ok(texts.every(({ text }) => seen.has(fingerprint(text))));
});

Deno.test("weights are read as written; another file is refused", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/w`, parameters = initialise(random(9));
    await writeWeights(path, parameters, { texts: "two" }, ["One text", "another"]);
    const read = await readWeights(path);
    assert.deepEqual(read.parameters.snapshot(), parameters.snapshot());
    assert.deepEqual([...read.seen].sort(), ["One text", "another"].map(fingerprint).sort());
    await assert.rejects(readWeights(path, "0".repeat(64)), {
      name: "DataError",
      message: /expected sha256/,
    });
    const asked = { ids: ["a", "b"], texts: ["new", "ONE  text"] };
    assert.throws(() => requireUnseen(read, asked), {
      name: "CapabilityError",
      message: /"b" is among .*two/,
    });
    requireUnseen(read, { ids: ["a"], texts: ["One text, longer"] });
  });
});

Deno.test("a fingerprint folds case and white space, nothing else", () => {
  assert.equal(fingerprint(" A\tb\n c "), fingerprint("a b c"));
  assert.notEqual(fingerprint("a b c"), fingerprint("a b c."));
  assert.equal(fingerprint("a").length, 8);
});
