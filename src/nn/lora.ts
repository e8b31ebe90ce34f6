/**
 * Low-rank adapters (LoRA, arXiv 2106.09685): a frozen matrix W learns only a product of two thin ones,
 * y = x Wᵀ (+ b) + (α / r) · (x Aᵀ) Bᵀ.
 *
 * A [r × in] starts normal and B [out × r] at zero, so a fresh adapter changes nothing. They are named after
 * their matrix, `….q_proj.lora_A.weight` beside `….q_proj.weight`, the way of the PEFT library.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { addLinear, linear } from "./ops.ts";
import { normal, type Parameters, zeros } from "./parameters.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";
import { type Apply, dense } from "./transformer.ts";

/** What is adapted, and how much. */
export interface LoraOptions {
  /** Rank r of the change to a matrix. */
  readonly rank: number;
  /** α: the change is scaled by α / r. */
  readonly alpha: number;
  /** Whether the matrix `name + ".weight"` gets an adapter. */
  readonly adapts: (name: string) => boolean;
}

const A = ".lora_A.weight", B = ".lora_B.weight", WEIGHT = ".weight";

/**
 * Adds an adapter to every matrix that `adapts` picks; the matrices themselves are left alone.
 * @returns their names, without ".weight"
 * @throws {RangeError} when the rank is not a whole number from 1, or nothing is picked: nothing would learn
 */
export function addAdapters(
  parameters: Parameters,
  { rank, adapts }: Pick<LoraOptions, "rank" | "adapts">,
): string[] {
  if (!Number.isInteger(rank) || rank < 1) {
    throw new RangeError(`LoRA of rank ${rank}, expected a whole number from 1`);
  }
  const picked = [...parameters].flatMap(([name, { shape }]) => {
    const bare = name.slice(0, -WEIGHT.length);
    const fits = name.endsWith(WEIGHT) && shape.length === 2 && !isAdapter(name);
    return fits && adapts(bare) ? [{ bare, shape }] : [];
  });
  if (picked.length === 0) throw new RangeError("LoRA: no matrix is adapted");
  for (const { bare, shape: [out, width] } of picked) {
    parameters.add(bare + A, [rank, width], normal(1 / Math.sqrt(width)));
    parameters.add(bare + B, [out, rank], zeros);
  }
  return picked.map(({ bare }) => bare);
}

/** Whether a parameter belongs to an adapter. */
export function isAdapter(name: string): boolean {
  return name.endsWith(A) || name.endsWith(B);
}

/** Applies weights with their adapters, where they have one. */
export function withAdapters({ rank, alpha }: Pick<LoraOptions, "rank" | "alpha">): Apply {
  return (x, parameter, name, bias) => {
    const y = dense(x, parameter, name, bias);
    if (!parameter.has(name + A)) return y;
    const thin = linear(x, parameter(name + A), undefined, { transposeWeight: true });
    return addLinear(y, thin, parameter(name + B), alpha / rank);
  };
}

/**
 * Adds every adapter's change to its matrix, W ← W + (α / r) · B A, and sets B to zero: the model computes
 * the same as before, now also without adapters.
 */
export function mergeAdapters(
  parameters: Parameters,
  { rank, alpha }: Pick<LoraOptions, "rank" | "alpha">,
): void {
  for (const [name, { shape: [out], data: up }] of parameters) {
    if (!name.endsWith(B)) continue;
    const bare = name.slice(0, -B.length);
    const down = parameters.get(bare + A).data, weights = parameters.get(bare + WEIGHT).data;
    const width = weights.length / out;
    for (let i = 0; i < out; i++) {
      for (let j = 0; j < width; j++) {
        let change = 0;
        for (let k = 0; k < rank; k++) change += up[i * rank + k] * down[k * width + j];
        weights[i * width + j] += change * alpha / rank;
      }
    }
    up.fill(0);
  }
}

/** Names of the matrices that have an adapter, without ".weight". */
export function adapted(parameters: Parameters): string[] {
  return [...parameters].filter(([name]) => name.endsWith(B)).map(([name]) =>
    name.slice(0, -B.length)
  );
}

/**
 * How far training has moved a matrix by its adapter, (α / r) · (B′A′ − B A) [out × in], as a product of thin ones:
 * left [out × 2r], right [2r × in].
 * @param name of the matrix, without ".weight"
 */
export function adapterStep(
  before: Parameters,
  after: Parameters,
  name: string,
  { rank, alpha }: Pick<LoraOptions, "rank" | "alpha">,
): { readonly left: Float64Array; readonly right: Float64Array; readonly rank: number } {
  const out = before.get(name + B).shape[0], left = new Float64Array(2 * out * rank);
  [after, before].forEach((parameters, side) =>
    parameters.get(name + B).data.forEach((value, at) => {
      const column = side * rank + at % rank;
      left[2 * rank * Math.floor(at / rank) + column] = (side === 0 ? value : -value) * alpha /
        rank;
    })
  );
  const right = [after, before].flatMap((parameters) => [...parameters.get(name + A).data]);
  return { left, right: Float64Array.from(right), rank: 2 * rank };
}

/** Writes those parameters that are `wanted` (adapters, a projector) and no others, atomically. */
export async function writeSome(
  path: string,
  parameters: Parameters,
  wanted: (name: string) => boolean,
  facts: Readonly<Record<string, string>> = {},
): Promise<void> {
  const tensors = new Map<string, StoredTensor>([...parameters].filter(([name]) => wanted(name)));
  await writeSafetensors(path, tensors, facts);
}

/**
 * Reads back what {@link writeSome} wrote, into the parameters.
 * @param facts what the file has to say of itself
 * @throws {DataError} naming the file and the fact or tensor, when the file is damaged, says something else,
 *   or does not hold exactly the wanted parameters; they are then left alone
 */
export async function readSome(
  path: string,
  parameters: Parameters,
  wanted: (name: string) => boolean,
  facts: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { tensors, metadata } = await readSafetensors(path, { hashed: true });
  for (const [key, value] of Object.entries(facts)) {
    if (metadata[key] !== value) {
      throw new DataError(`${path}: ${key} is ${metadata[key] ?? "missing"}, expected ${value}`);
    }
  }
  const own = [...parameters].filter(([name]) => wanted(name));
  for (const [name, { shape }] of own) {
    const stored = tensors.get(name);
    if (stored?.shape.join() !== shape.join()) {
      const got = stored ? `[${stored.shape}]` : "nothing";
      throw new DataError(`${path}: "${name}": expected shape [${shape}], got ${got}`);
    }
  }
  const names = new Set(own.map(([name]) => name));
  const unknown = [...tensors.keys()].find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw new DataError(`${path}: "${unknown}" is no parameter that is trained here`);
  }
  for (const [name, { data }] of own) data.set(tensors.get(name)!.data);
}
