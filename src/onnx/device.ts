/**
 * Which device graphs can run on, found by trying: a session with one node, run once.
 *
 * There is no falling back. onnxruntime's own "auto" throws without CUDA, and a silent change of device
 * would be a silent change of numbers.
 *
 * WebGPU serves one thread of a process at a time: two workers that compute on it together disturb each
 * other's commands, and the process may end. One after the other they are fine.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import type { Device } from "../base/device.ts";
import { onnxruntime } from "./session.ts";

/** What is known of a device that works. */
export interface DeviceFacts {
  /** As asked for. */
  readonly device: Device;
  /**
   * Name of the graphics adapter; absent for `cpu`, and where nobody tells it. onnxruntime does not: this
   * is the adapter that Deno's own WebGPU takes, the same one on a machine that has only one.
   */
  readonly adapter?: string;
}

const REMEDY: Readonly<Record<Device, string>> = {
  cpu: "onnxruntime-node has no build for this platform",
  webgpu: "it needs a Vulkan loader (libvulkan1) and a GPU driver, or SwiftShader",
  cuda: "it needs CUDA 12, cuDNN 9 and onnxruntime's CUDA libraries, which npm does not carry",
};

/** The model `y = -x` for one float, as ONNX protobuf bytes (IR version 8, opset 17). */
const NEGATE = Uint8Array.fromBase64(
  "CAgSBHRpbnk6MgoLCgF4EgF5IgNOZWcSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR",
);

/**
 * Checks that a device works and says what it is.
 * @throws {CapabilityError} saying what is missing
 */
export async function probeDevice(wanted: Device): Promise<DeviceFacts> {
  const { InferenceSession, Tensor } = await onnxruntime();
  try {
    // Severity 4 = fatal only: a refused device is reported by the error, once.
    const options = { executionProviders: [wanted], logSeverityLevel: 4 as const };
    const session = await InferenceSession.create(NEGATE, options);
    const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(2.5), [1]) });
    const value = y.data[0];
    await session.release();
    if (value !== -2.5) throw new Error(`computed ${value} where -2.5 was expected`);
  } catch (error) {
    // The failed C++ condition comes first, the sentence after it.
    const reason = (error as Error).message.split("\n")[0].replace(/^.* was false\. /, "");
    throw new CapabilityError(`device "${wanted}" cannot be used: ${reason}; ${REMEDY[wanted]}`);
  }
  const adapter = wanted === "webgpu" ? await adapterName() : undefined;
  return { device: wanted, ...(adapter ? { adapter } : {}) };
}

async function adapterName(): Promise<string | undefined> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { description, vendor, device } = adapter.info;
  return description || [vendor, device].filter(Boolean).join(" ") || undefined;
}
