/** Files written a tensor at a time. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeSafetensors } from "../../src/nn/safetensors.ts";
import {
  type PlannedTensor,
  statedHash,
  streamSafetensors,
  verifySafetensors,
} from "../../src/nn/safetensors_stream.ts";
import { inFolder } from "../support/folder.ts";

const TENSORS = new Map([
  ["b", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ["a", { shape: [3], data: Float32Array.of(-1, 0.5, 1e-3) }],
]);
const planned = new Map(
  [...TENSORS].map(([name, { shape, data }]): [string, PlannedTensor] => [name, {
    shape,
    read: () => Promise.resolve(data),
  }]),
);

Deno.test("streamed bytes are those of a file written whole, and their hash is checked", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "new", "m.safetensors"), metadata = { kind: "test" };
    const sha256 = await streamSafetensors(path, planned, { metadata });
    assert.deepEqual(await Deno.readFile(path), encodeSafetensors(TENSORS, metadata));
    assert.deepEqual([await verifySafetensors(path), await statedHash(path)], [sha256, sha256]);
    const bytes = await Deno.readFile(path);
    for (const at of [bytes.length - 1, 20]) {
      const damaged = bytes.slice();
      damaged[at] ^= 1;
      await Deno.writeFile(path, damaged);
      await assert.rejects(verifySafetensors(path), {
        name: "DataError",
        message: /m\.safetensors/,
      });
    }
    await assert.rejects(statedHash(join(folder, "none")), { message: /none: cannot be read/ });
  });
});

Deno.test("a tensor that cannot be had or stored leaves nothing behind", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "m.safetensors");
    const failing = (read: PlannedTensor["read"]) =>
      streamSafetensors(path, new Map([...planned, ["c", { shape: [1], read }]]));
    await assert.rejects(failing(() => Promise.reject(new Error("torn"))), { message: "torn" });
    await assert.rejects(failing(() => Promise.resolve(Float32Array.of(NaN))), {
      name: "DataError",
      message: /"c": value 0, NaN/,
    });
    await assert.rejects(
      failing(() => Promise.resolve(new Float32Array(2))),
      /2 numbers for shape/,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});
