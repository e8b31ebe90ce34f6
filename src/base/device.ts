/**
 * Names of the devices that heavy computation may run on. Here, because every room passes them on; what they
 * mean and whether they work is said in `onnx/device.ts`.
 * @module
 */

/** Where heavy computation runs. */
export type Device = "cpu" | "webgpu" | "cuda";
