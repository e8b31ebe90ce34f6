/**
 * Names of the devices that heavy computation may run on. They are in this room because every room passes them on;
 * `onnx/device.ts` says what they mean and tries whether they work.
 * @module
 */

/** The devices by name, the default first. */
export const DEVICES = ["cpu", "webgpu", "cuda"] as const;

/** Where heavy computation runs. */
export type Device = typeof DEVICES[number];
