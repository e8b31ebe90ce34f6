/**
 * Whether WebGPU works on this machine, for tests that need it. Asked in a process of its own: where a
 * driver is half there, the runtime ends the process that asks.
 *
 * Without a GPU, SwiftShader does: `apt-get install libvulkan1`, unpack Debian's chromium-common, set
 * `VK_DRIVER_FILES` to its vk_swiftshader_icd.json.
 * @module
 */
import { repoPath } from "../../src/base/files.ts";

/** The first line of what the probe says: the adapter, or why there is none. */
export async function webgpu(): Promise<{ readonly usable: boolean; readonly says: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--frozen", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-env"],
      ...["--config", repoPath("deno.json"), "--lock", repoPath("full.lock")],
      repoPath("tests/support/webgpu.ts"),
    ],
  }).output();
  const said = new TextDecoder().decode(success ? stdout : stderr).trim();
  return { usable: success, says: said.split("\n").at(success ? 0 : -1) || "the probe was ended" };
}

if (import.meta.main) {
  const { probeDevice } = await import("../../src/onnx/device.ts");
  try {
    console.log((await probeDevice("webgpu")).adapter ?? "an adapter without a name");
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
