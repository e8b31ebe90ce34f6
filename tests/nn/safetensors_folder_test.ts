/** Reading a big model's tensors one at a time. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeSafetensors, type StoredTensor } from "../../src/nn/safetensors.ts";
import { readIndexed } from "../../src/nn/safetensors_folder.ts";

const A: StoredTensor = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
const B: StoredTensor = { shape: [3], data: Float32Array.of(5, 6, 7) };
const C: StoredTensor = { shape: [0], data: new Float32Array() };

async function inFolder(
  files: Record<string, Uint8Array | string>,
  check: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(join(folder, name), bytes);
    }
    await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const index = (map: unknown): string => JSON.stringify({ metadata: {}, weight_map: map });
const SHARDS = {
  "one.safetensors": encodeSafetensors(new Map([["b", B], ["a", A]])),
  "two.safetensors": encodeSafetensors(new Map([["c", C]])),
};
const INDEX = "model.safetensors.index.json";

Deno.test("one file, or an index and its shards, give the same tensors", async () => {
  const whole = { "model.safetensors": encodeSafetensors(new Map([["c", C], ["b", B], ["a", A]])) };
  const map = { c: "two.safetensors", b: "one.safetensors", a: "one.safetensors" };
  for (const files of [whole, { ...SHARDS, [INDEX]: index(map) }]) {
    await inFolder(files, async (folder) => {
      const model = await readIndexed(folder);
      assert.deepEqual(model.names(), ["a", "b", "c"]);
      assert.deepEqual(await model.read("b"), B);
      assert.deepEqual(await model.read("a"), A);
      assert.deepEqual(await model.read("c"), C);
      assert.deepEqual(model.entry("a").shape, [2, 2]);
      await assert.rejects(model.read("d"), { name: "DataError", message: /has no tensor "d"/ });
    });
  }
});

Deno.test("only the bytes asked for are read", async () => {
  const bytes = SHARDS["one.safetensors"].slice();
  bytes.set([0, 0, 0x80, 0x7f], bytes.length - 12); // the first number of b becomes an infinity
  await inFolder({ "model.safetensors": bytes }, async (folder) => {
    const model = await readIndexed(folder);
    assert.deepEqual(await model.read("a"), A);
    await assert.rejects(model.read("b"), { message: /model\.safetensors: "b": value 0 is Infin/ });
    assert.equal((await model.read("b", { finite: false })).data[0], Infinity);
    await Deno.truncate(join(folder, "model.safetensors"), bytes.length - 4);
    assert.deepEqual(await model.read("a"), A);
    await assert.rejects(model.read("b"), { name: "DataError", message: /ends at byte/ });
    await assert.rejects(readIndexed(folder), { name: "DataError", message: /but the data are/ });
  });
});

Deno.test("an index that does not fit its shards is refused", async () => {
  const refused = (files: Record<string, string | Uint8Array>, message: RegExp): Promise<void> =>
    inFolder(
      files,
      (folder) => assert.rejects(readIndexed(folder), { name: "DataError", message }),
    );
  await refused({}, /index\.json: cannot be read/);
  await refused({ [INDEX]: "nothing" }, /index\.json: not valid JSON/);
  await refused({ [INDEX]: "null" }, /weight_map: expected an object/);
  await refused({ [INDEX]: index(["x"]) }, /weight_map: expected an object/);
  await refused({ [INDEX]: index({ a: "gone.safetensors" }) }, /gone\.safetensors: cannot be read/);
  await refused({ [INDEX]: index({ a: "../one.safetensors" }) }, /"a": expected a \.safetensors/);
  await refused(
    { [INDEX]: index({ a: 3 }) },
    /"a": expected a \.safetensors file beside it, got 3/,
  );
  await refused(
    { ...SHARDS, [INDEX]: index({ a: "two.safetensors" }) },
    /"a" is said to be in two\.safetensors, but is not/,
  );
  await refused({ "model.safetensors": new Uint8Array(3) }, /expected 8 bytes .* got 3/);
});
