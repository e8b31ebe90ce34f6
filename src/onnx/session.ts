/**
 * ONNX Runtime, loaded by the first graph that is run and not before: its module name is kept out of the
 * static import graph, so that work on small data neither downloads nor starts it.
 * @module
 */
import type { Device } from "../base/device.ts";
import { sha256 } from "../base/hash.ts";

/** The runtime's module. */
export type Runtime = typeof import("onnxruntime-node");

/** A model that is loaded and can run. */
export type Session = Awaited<ReturnType<Runtime["InferenceSession"]["create"]>>;

/** How a session is opened. */
export interface SessionOptions {
  /** Where it computes. Default `cpu`. */
  readonly device?: Device;
  /** Threads of the CPU kernels, 0 = all cores. Default 1: the harness runs its jobs side by side. */
  readonly threads?: number;
  /** Outputs that stay in the device's memory, by name. */
  readonly preferredOutputLocation?: Readonly<Record<string, "cpu" | "gpu-buffer">>;
}

/** Loads the runtime. */
export function onnxruntime(): Promise<Runtime> {
  const name = ["onnxruntime", "node"].join("-"); // computed, so that it is resolved only when it is reached
  return import(name);
}

/** Opens a session on a model's bytes. Whoever lets the user choose the device probes it first. */
export async function openSession(
  model: Uint8Array,
  { device = "cpu", threads = 1, preferredOutputLocation }: SessionOptions = {},
): Promise<Session> {
  const { InferenceSession } = await onnxruntime();
  return await InferenceSession.create(model, {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Idle threads sleep instead of spinning: no slower alone, and much faster next to other work.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    enableMemPattern: device !== "cpu", // planning all memory ahead doubles it on a CPU, for no speed
    logSeverityLevel: 3, // errors: notes about nodes that a GPU leaves to the CPU are of no use
    ...(preferredOutputLocation ? { preferredOutputLocation } : {}),
  });
}

/** Sessions that {@link sharedSession} keeps, by model and threads; the one not used for longest goes first. */
const shared = new Map<string, Promise<Session>>();
/** Most of them; all of their memory is small, since what they compute on is. */
const MOST_SHARED = 48;

/**
 * A session on the CPU that all who ask for the same model share: a session keeps no state from run to run, and on
 * little data opening it takes as long as training. It must not be released; it goes when nobody has it any more.
 */
export function sharedSession(
  model: Uint8Array,
  { threads = 1 }: SessionOptions,
): Promise<Session> {
  const key = `${threads} ${sha256(model)}`,
    found = shared.get(key) ?? openSession(model, { threads });
  found.catch(() => shared.delete(key)); // the caller gets the error
  shared.delete(key); // to the end
  shared.set(key, found);
  if (shared.size > MOST_SHARED) shared.delete(shared.keys().next().value!);
  return found;
}
