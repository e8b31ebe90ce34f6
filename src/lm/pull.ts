/**
 * Weights from the model hub into the store. The only part of this room that uses the network.
 *
 * Downloads continue where they stopped and get their name when whole and, where it is known, of the right
 * SHA-256. What is not pinned is recorded: `source.json` holds the commit and the hashes of what came.
 * @module
 */
import { join } from "node:path";
import { DataError, UsageError } from "../base/errors.ts";
import { download, type Patience } from "../base/download.ts";
import { readJson, repoPath } from "../base/files.ts";
import { didYouMean } from "../base/suggest.ts";
import { importModel, type ImportOptions } from "./import.ts";
import { PRESETS } from "./presets.ts";
import type { StoredModel } from "./store.ts";

/** Address of the hub. */
export const HUB = "https://huggingface.co";

/** How to pull. */
export interface PullOptions
  extends Patience, Pick<ImportOptions, "dtype" | "root" | "progress" | "presets"> {
  /** Address of the hub; {@link HUB} unless told. */
  readonly hub?: string;
  /** Commit, tag or branch; the pinned one unless told. */
  readonly revision?: string;
  /** Folder of the downloads; below `.cache/pull` unless told. Removed when the model is in the store. */
  readonly cache?: string;
  /** Ends the downloads; what has arrived is kept. */
  readonly signal?: AbortSignal;
  /** Called with what is being fetched. */
  readonly onFile?: (name: string, bytes: number) => void;
}

/**
 * Downloads a known model and imports it.
 * @throws {UsageError} when it is not on the hub, or its revision is neither pinned nor given
 * @throws {DataError} when a download fails or is of another hash
 */
export async function pullModel(id: string, options: PullOptions = {}): Promise<StoredModel> {
  const { presets = PRESETS } = options, preset = presets[id];
  const ids = Object.keys(presets).filter((id) => presets[id].hub);
  if (!preset?.hub) {
    const why = preset ? `${id} is not on the hub in this form: deno task lm import FILE` : "";
    throw new UsageError(
      why || `no model "${id}" to pull${didYouMean(id, ids)}; there are ${ids.join(", ")}`,
    );
  }
  const revision = options.revision ?? preset.revision;
  if (revision === undefined || !/^[\w.-]+$/.test(revision)) {
    throw new UsageError(
      `the revision of ${id} is not pinned here: give --revision, a commit of ${preset.hub} ` +
        "(main is its newest); what comes is recorded with its hashes",
    );
  }
  const { hub = HUB, root, dtype, progress } = options;
  const base = `${hub}/${preset.hub}/resolve/${revision}`;
  const cache = options.cache ?? repoPath(".cache/pull", `lm-${id}-${revision.slice(0, 12)}`);
  await Deno.mkdir(cache, { recursive: true });
  // Two pulls of one model must not write into the same .part files: the second waits here.
  using lock = await Deno.open(join(cache, ".lock"), { write: true, create: true });
  await lock.lock(true);
  const pinned = revision === preset.revision;
  const get = (name: string, sha256?: string): Promise<void> =>
    download(
      `${base}/${name}`,
      join(cache, name),
      pinned ? sha256 : undefined,
      options,
      options.signal ?? new AbortController().signal,
      (bytes) => options.onFile?.(name, bytes),
    );
  if (preset.files) { for (const { name, sha256 } of preset.files) await get(name, sha256); }
  else await getShards(cache, get);
  const model = await importModel(cache, {
    ...{ id, root, dtype, progress, presets, from: `${hub}/${preset.hub}`, revision },
  });
  await Deno.remove(cache, { recursive: true });
  return model;
}

/** A model in several pieces, which its index names. */
async function getShards(cache: string, get: (name: string) => Promise<void>): Promise<void> {
  const index = "model.safetensors.index.json";
  for (const name of ["config.json", "tokenizer.json", index]) await get(name);
  const { weight_map: map } = Object(await readJson(join(cache, index)));
  for (const name of new Set(Object.values(Object(map)))) {
    if (typeof name !== "string" || !/^[\w.-]+\.safetensors$/.test(name)) {
      throw new DataError(`${join(cache, index)}: weight_map: not the name of a shard: ${name}`);
    }
    await get(name);
  }
}
