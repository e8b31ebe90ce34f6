/** The device probe. */
import assert from "node:assert/strict";
import { CapabilityError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { probeDevice } from "../../src/embed/device.ts";
import { negateModel } from "../support/tiny_model.ts";

Deno.test("the processor always works", () => probeDevice("cpu"));

for (const device of ["webgpu", "cuda"] as const) {
  Deno.test(`${device} works or is refused with what it needs`, async () => {
    try {
      await probeDevice(device);
      console.log(`${device} is usable on this machine`);
    } catch (error) {
      assert.ok(error instanceof CapabilityError);
      assert.match(error.message, new RegExp(`^device "${device}" cannot be used: .+; it needs `));
    }
  });
}

Deno.test("the probe's bytes are the model the comment says", async () => {
  const source = await Deno.readTextFile(repoPath("src/embed/device.ts"));
  const [, base64] = /fromBase64\(\s*"([^"]+)"/.exec(source) ?? [];
  assert.equal(base64, negateModel().toBase64());
});
