/**
 * The state of a training run as a file: the weights that are trained, their moments and the number of steps, in
 * safetensors, so that a run can go on later or on another device. Frozen weights are not in it.
 * @module
 */
import { DataError } from "../base/errors.ts";
import type { Moments } from "./adamw.ts";
import type { Parameter } from "./parameters.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";

const FIRST = "adamw.first.", SECOND = "adamw.second.", EXTRA = "extra.";

/** What a run keeps beside weights, moments and the number of steps. */
export interface Extra {
  /** Facts by name; `step` and `sha256` are taken. */
  readonly facts: Readonly<Record<string, string>>;
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Nothing more. */
export const NO_EXTRA: Extra = { facts: {}, tensors: new Map() };

/** Numbers of a fact, as `list.join(" ")` writes them. @throws {DataError} when there is no such fact */
export function numbersOf({ facts }: Extra, name: string, path: string): number[] {
  const text = Object.hasOwn(facts, name) ? facts[name] : undefined;
  if (text === undefined) {
    throw new DataError(`${path}: metadata.${name} is missing: another run's`);
  }
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Parameters that are trained, by name. */
export type TrainedParameters = readonly (readonly [name: string, parameter: Parameter])[];

/** Writes a state atomically. Parameters that were not yet trained have no moments. */
export async function writeCheckpoint(
  path: string,
  trained: TrainedParameters,
  { step, moments }: { readonly step: number; readonly moments: ReadonlyMap<string, Moments> },
  extra: Extra = NO_EXTRA,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of trained) {
    tensors.set(name, { shape, data });
    const known = moments.get(name);
    if (!known) continue;
    tensors.set(FIRST + name, { shape, data: known.first });
    tensors.set(SECOND + name, { shape, data: known.second });
  }
  for (const [name, tensor] of extra.tensors) tensors.set(EXTRA + name, tensor);
  await writeSafetensors(path, tensors, { ...extra.facts, step: String(step) });
}

/**
 * Reads a state: weights into the parameters, the rest returned.
 * @throws {DataError} when the file is damaged or is not of these parameters; they are then left alone
 */
export async function readCheckpoint(
  path: string,
  trained: TrainedParameters,
): Promise<{ step: number; moments: Map<string, Moments>; extra: Extra }> {
  const { tensors, metadata } = await readSafetensors(path);
  const { step: steps, sha256: _, ...facts } = metadata, step = Number(steps);
  if (!Number.isInteger(step) || step < 0) {
    throw new DataError(`${path}: metadata.step: expected a whole number, got ${steps}`);
  }
  const beside = new Map<string, StoredTensor>();
  const expected = new Map(
    trained.flatMap(([name, { shape }]) =>
      [name, FIRST + name, SECOND + name].map((key) => [key, shape] as const)
    ),
  );
  for (const [name, { shape }] of tensors) {
    const own = expected.get(name);
    if (!own && name.startsWith(EXTRA)) {
      beside.set(name.slice(EXTRA.length), tensors.get(name)!);
      continue;
    }
    if (own?.join() !== shape.join()) {
      throw new DataError(
        `${path}: "${name}" of shape [${shape}], expected ${own ? `[${own}]` : "no such tensor"}`,
      );
    }
  }
  for (const [name, { shape }] of trained) {
    if (!tensors.has(name)) {
      throw new DataError(`${path}: "${name}" is missing, expected shape [${shape}]`);
    }
    if (tensors.has(FIRST + name) !== tensors.has(SECOND + name)) {
      throw new DataError(`${path}: "${name}" has one moment, expected both or none`);
    }
  }
  const moments = new Map<string, Moments>();
  for (const [name, { data }] of trained) {
    data.set(tensors.get(name)!.data);
    const first = tensors.get(FIRST + name), second = tensors.get(SECOND + name);
    if (first && second) moments.set(name, { first: first.data, second: second.data });
  }
  return { step, moments, extra: { facts, tensors: beside } };
}
