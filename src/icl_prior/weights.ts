/**
 * The trained network as the repository has it, and which texts it has seen.
 * @module
 */
import { CapabilityError, DataError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { random } from "../base/random.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../nn/safetensors.ts";
import type { Parameters } from "../nn/parameters.ts";
import { initialise } from "./network.ts";
import { FINGERPRINT, fingerprint } from "./texts.ts";

/** Where the weights are. */
export const WEIGHTS = "src/icl_prior/weights.safetensors";
/** The sha256 that the file states of itself; here so that no finished job outlives a change of the weights. */
const SHA256 = "effcce1c3876df680b69236451fd5fb423cacd2574bd17cb3a0c2c684746174f";

/** The trained network. */
export interface Trained {
  /** The weights. */
  readonly parameters: Parameters;
  /** Facts of the training: seed, steps, embedding, and the texts' files with their hashes. */
  readonly facts: Readonly<Record<string, string>>;
  /** Fingerprints of all training texts. */
  readonly seen: ReadonlySet<string>;
  /** Texts found not to be among them, of late: the folds of a dataset ask for the same ones. */
  readonly cleared: Set<string>;
}

/** Texts of {@link Trained.cleared}, about. */
const MOST_CLEARED = 2 ** 16;

let loaded: Promise<Trained> | undefined;

/**
 * The trained network, read once.
 * @throws {DataError} when the file is damaged or is not the one this code was released with
 */
export function trained(): Promise<Trained> {
  loaded ??= readWeights(repoPath(WEIGHTS), SHA256);
  loaded.catch(() => loaded = undefined);
  return loaded;
}

/** Writes trained weights, with the fingerprints of the texts they have seen. */
export async function writeWeights(
  path: string,
  parameters: Parameters,
  facts: Readonly<Record<string, string>>,
  texts: readonly string[],
): Promise<void> {
  const seen = texts.map(fingerprint).sort().join("");
  await writeSafetensors(path, new Map<string, StoredTensor>(parameters), { ...facts, seen });
}

/**
 * Reads what {@link writeWeights} wrote.
 * @param sha256 of the file, as it states it; absent = any
 * @throws {DataError} when the file is damaged, another one, or of another network
 */
export async function readWeights(path: string, sha256?: string): Promise<Trained> {
  const { tensors, metadata } = await readSafetensors(path, { hashed: true });
  if (sha256 !== undefined && metadata.sha256 !== sha256) {
    throw new DataError(`${path}: expected sha256 ${sha256}, got ${metadata.sha256}`);
  }
  const blank = initialise(random(0)), { seen, ...facts } = metadata;
  for (const [name, { shape }] of blank) {
    if (tensors.get(name)?.shape.join() !== shape.join()) {
      throw new DataError(`${path}: "${name}": expected shape [${shape}], got another network`);
    }
  }
  const count = (seen ?? "").length / FINGERPRINT;
  return {
    parameters: blank.copy(Object.fromEntries(tensors)),
    facts,
    seen: new Set(
      Array.from({ length: count }, (_, i) => seen.slice(i * FINGERPRINT, (i + 1) * FINGERPRINT)),
    ),
    cleared: new Set(),
  };
}

/**
 * Refuses queries that the network has seen in training.
 * @throws {CapabilityError} naming the first such query
 */
export function requireUnseen(
  { seen, facts, cleared }: Trained,
  { ids, texts }: { readonly ids: readonly string[]; readonly texts: readonly string[] },
): void {
  const found = texts.findIndex((text) => !cleared.has(text) && seen.has(fingerprint(text)));
  if (found < 0) {
    if (cleared.size > MOST_CLEARED) cleared.clear();
    for (const text of texts) cleared.add(text);
    return;
  }
  throw new CapabilityError(
    `query "${ids[found]}" is among the texts that the weights were trained on (${facts.texts})`,
  );
}
