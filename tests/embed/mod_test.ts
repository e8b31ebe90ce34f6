/** Providers by name, and what opening them must not load. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { listProviders, openProvider } from "../../src/embed/mod.ts";

const refused = (spec: string, message: RegExp): Promise<void> =>
  assert.rejects(
    openProvider(spec),
    (error: Error) => error instanceof UsageError && message.test(error.message),
    spec,
  );

Deno.test("an unknown name is refused with a suggestion and the list", async () => {
  await refused("statc", /unknown embedding "statc"; did you mean "static"\?.*onnx:minilm/);
  await refused("onnx:minilmm", /did you mean "onnx:minilm"/);
  await refused("hashed-512", /did you mean "hashed-/);
  await refused("", /there are static, /);
  await refused("constructor", /unknown embedding/);
});

Deno.test("an unknown option or value is refused", async () => {
  await refused("hub:org/name?poolng=cls", /unknown option "poolng"; did you mean "pooling"/);
  await refused("hub:org/name?pooling=median", /expected mean, cls, last_token/);
  await refused("hub:org/name?dtype=fp8", /expected fp32, fp16, q8/);
  await refused("hub:org/name?preparation=idf", /expected none, centre/);
  await refused("onnx:./folder?tokens=many", /tokens=many, expected a whole number/);
  await refused("onnx:./folder?dtype=fp16", /expected pooling, preparation, tokens, file/);
  await refused("onnx:minilm?pooling=cls", /unknown embedding/);
});

Deno.test("what needs no model opens; keys tell providers apart", async () => {
  const names = ["static", "hashed-384", "hashed-4096", "hashed"];
  const opened = await Promise.all(names.map((name) => openProvider(name)));
  assert.deepEqual(opened.map((p) => p.width), [256, 384, 4096, 4096]);
  assert.deepEqual(opened.map((p) => p.preparation), ["none", "idf", "idf", "idf"]);
  assert.equal(new Set(opened.map((p) => p.key)).size, 3);
});

Deno.test("every listed name is unique and described", () => {
  const list = listProviders();
  assert.equal(new Set(list.map(({ name }) => name)).size, list.length);
  assert.ok(list.every(({ summary }) => summary.length > 10));
  assert.ok(list.some(({ name }) => name.includes("Qwen3-Embedding")));
});

Deno.test("the module graph of the embeddings holds no npm package", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", repoPath("src/embed/mod.ts")],
    cwd: repoPath(""),
  });
  const { stdout } = await command.output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string }[];
  };
  const specifiers = modules.map(({ specifier }) => specifier);
  assert.ok(specifiers.some((s) => s.endsWith("src/embed/static.ts")));
  assert.deepEqual(specifiers.filter((s) => s.startsWith("npm:")), []);
});
