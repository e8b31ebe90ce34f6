/**
 * A fitted ICL-Router (table) in one file: weights, the records of its models, calibration, tokenizer.
 *
 * A safetensors file, readable elsewhere: the weights as `network.*`, the profile as `profile.vectors`
 * [K × input] and `profile.labels` [K × M], the rest as JSON in its metadata. What is loaded predicts what
 * was saved, bit for bit, and takes in new models.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { random } from "../base/random.ts";
import { matrix } from "../linalg/matrix.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../nn/safetensors.ts";
import { Bpe } from "./bpe.ts";
import type { Platt } from "./calibration.ts";
import { initialise, type NetworkShape, tableNetwork } from "./network.ts";
import { Reader } from "./reader.ts";
import type { Fitted } from "./router.ts";

const FORMAT = "icl-router-bench/icl-table", VERSION = "3";
const WEIGHTS = "network.", VECTORS = "profile.vectors", LABELS = "profile.labels";

/** What the caller counts on; each is checked, and named if the file does not have it. */
export interface Expected {
  /** Width of the query vectors to be routed. */
  readonly width?: number;
  /** Models to be routed to, in this order; all of the file if absent. */
  readonly models?: readonly string[];
}

/**
 * Writes a fitted router, atomically. The same router gives the same bytes.
 * @throws {DataError} naming the model and query, when a record has no label; it cannot be read again
 */
export async function saveTrained(path: string, fitted: Fitted): Promise<void> {
  const { reader: { network: { parameters, shape } }, profile: { ids, vectors }, models } = fitted;
  checkLabels(path, fitted.labels, ids, models);
  const tensors = new Map<string, StoredTensor>(
    Array.from(parameters, ([name, tensor]) => [WEIGHTS + name, tensor]),
  );
  tensors.set(VECTORS, { shape: [ids.length, vectors.width], data: vectors.data });
  const labels = Float32Array.from(fitted.labels);
  tensors.set(LABELS, { shape: [ids.length, models.length], data: labels });
  const facts = {
    shape,
    models,
    profile: ids,
    platt: fitted.platt,
    tokenizer: fitted.bpe,
    notes: fitted.notes,
    ...(fitted.identities ? { identities: fitted.identities } : {}),
  };
  const texts = Object.entries(facts).map(([key, value]) => [key, JSON.stringify(value)]);
  await writeSafetensors(path, tensors, {
    ...Object.fromEntries(texts),
    preset: fitted.preset,
    variant: fitted.variant,
    format: FORMAT,
    version: VERSION,
  });
}

/**
 * Reads a fitted router; `routerOf` makes a router of it.
 * @throws {DataError} naming the path, when the file is damaged, is of another kind or version, or is not
 *   what the caller expects
 */
export async function loadTrained(path: string, expected: Expected = {}): Promise<Fitted> {
  const { tensors, metadata } = await readSafetensors(path, { hashed: true });
  if (metadata.format !== FORMAT) {
    throw new DataError(
      `${path}: not a fitted ICL-Router (table): format ${metadata.format}, expected ${FORMAT}`,
    );
  }
  if (metadata.version !== VERSION) {
    throw new DataError(`${path}: version ${metadata.version} of the format, expected ${VERSION}`);
  }
  const fact = <T>(key: string, fits: (value: T) => boolean, kind: string): T => {
    const value = parse(metadata[key]) as T;
    if (value !== undefined && fits(value)) return value;
    throw new DataError(`${path}: metadata.${key}: expected ${kind}`);
  };
  const shape = fact<NetworkShape>("shape", isShape, "the sizes of a network");
  const models = fact<string[]>("models", isNames, "different names");
  const ids = fact<string[]>("profile", isNames, "different ids");
  const platt = fact<Platt>("platt", isPlatt, "a slope above 0, a shift, cells and a status");
  const notes = fact<string[]>("notes", isTexts, "lines of text");
  const bpe = Bpe.fromJSON(parse(metadata.tokenizer), `${path}: metadata.tokenizer`);
  if (bpe.size !== shape.vocabulary) {
    throw new DataError(
      `${path}: metadata.tokenizer: vocabulary of ${bpe.size}, expected ${shape.vocabulary}`,
    );
  }
  const ofModels = (list: number[]): boolean =>
    isCounts(list) && list.length === models.length && list.every((m) => m < shape.identities!);
  const identities = shape.identities === undefined
    ? undefined
    : fact("identities", ofModels, `a number below ${shape.identities} for each model`);
  if (expected.width !== undefined && expected.width !== shape.input) {
    throw new DataError(
      `${path}: trained on query vectors of width ${shape.input}, to be used with width ${expected.width}`,
    );
  }

  const wanted = expected.models ?? models, M = wanted.length;
  const columns = wanted.map((model) => models.indexOf(model));
  const unknown = columns.indexOf(-1);
  if (unknown >= 0) {
    throw new DataError(
      `${path}: model "${wanted[unknown]}" is not in it; it knows ${models.join(", ")}`,
    );
  }
  const take = (name: string, size: readonly number[]): Float32Array => {
    const found = tensors.get(name);
    if (found?.shape.join() === size.join()) return found.data;
    const got = found ? `shape [${found.shape}]` : "nothing";
    throw new DataError(`${path}: "${name}": ${got}, expected shape [${size}]`);
  };
  const parameters = initialise(shape, random(0)); // names and shapes; the numbers come from the file
  parameters.restore(
    new Map(Array.from(parameters, ([name, { shape }]) => [name, take(WEIGHTS + name, shape)])),
  );
  const vectors = matrix(ids.length, shape.input, take(VECTORS, [ids.length, shape.input]));
  const all = Float64Array.from(take(LABELS, [ids.length, models.length]));
  checkLabels(path, all, ids, models);
  const labels = Float64Array.from(
    { length: ids.length * M },
    (_, at) => all[Math.floor(at / M) * models.length + columns[at % M]],
  );
  return {
    models: wanted,
    reader: new Reader(tableNetwork(parameters, shape)),
    profile: { ids, vectors },
    labels,
    ...(identities ? { identities: columns.map((m) => identities[m]) } : {}),
    platt,
    bpe,
    preset: metadata.preset,
    variant: metadata.variant,
    notes,
  };
}

function checkLabels(
  path: string,
  labels: Float64Array,
  ids: readonly string[],
  models: readonly string[],
): void {
  const bad = labels.findIndex((label) => label !== 0 && label !== 1);
  if (bad < 0) return;
  const model = models[bad % models.length], id = ids[Math.floor(bad / models.length)];
  const label = Number.isNaN(labels[bad]) ? "missing" : labels[bad];
  throw new DataError(
    `${path}: label of model "${model}" on profile query "${id}" is ${label}, expected 0 or 1`,
  );
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // the caller says what it expected
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isNames(value: unknown): boolean {
  return isTexts(value) && value.length > 0 && new Set(value).size === value.length;
}

function isShape(value: NetworkShape): boolean {
  const { input, width, layers, heads, vocabulary, identities = 1 } = Object(value);
  const sizes = [input, width, layers, heads, vocabulary, identities];
  return isCounts(sizes) && !sizes.includes(0) && width % heads === 0;
}

function isPlatt(value: Platt): boolean {
  const { slope, shift, cells, status } = Object(value);
  return slope > 0 && [slope, shift].every(Number.isFinite) && isCounts([cells]) &&
    ["fitted", "none", "reversed"].includes(status);
}
