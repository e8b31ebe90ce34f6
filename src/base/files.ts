/**
 * Files: atomic writes, gzip, and reads whose errors name the path.
 * @module
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "./errors.ts";

/**
 * Writes a whole file or nothing: into a temporary neighbour with a name of its own (so that parallel
 * runs cannot collide), flushed, then renamed over the target. Content in pieces is written one after the other.
 *
 * @throws {DataError} naming the path, when it cannot be written
 */
export function writeAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  return whole(write(path, content));
}

/** Writes under way, each of one file or of files that belong together. */
const underWay = new Set<Promise<unknown>>();

/** Marks a write as one that {@link settled} waits for. */
export function whole<T>(write: Promise<T>): Promise<T> {
  underWay.add(write);
  const done = (): boolean => underWay.delete(write);
  write.then(done, done);
  return write;
}

/** Waits until nothing is being written, so that the process can end without a half. */
export async function settled(): Promise<void> {
  while (underWay.size > 0) await Promise.allSettled(underWay);
}

async function write(path: string, content: Parameters<typeof writeAtomic>[1]): Promise<void> {
  try {
    await writeAndRename(path, content);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

async function writeAndRename(
  path: string,
  content: Parameters<typeof writeAtomic>[1],
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    const whole = typeof content === "string" ? new TextEncoder().encode(content) : content;
    for (const bytes of whole instanceof Uint8Array ? [whole] : whole) {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    }
    await file.syncData();
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Writes a value as indented JSON with a closing newline, atomically. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/**
 * Reads bytes; a missing or unreadable file is a {@link DataError} that names the path.
 * @throws {DataError}
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${path}: cannot be read (${(error as Error).message})`);
  }
}

/**
 * Reads and parses a JSON file.
 * @throws {DataError} naming the path, when the file is missing or is not JSON
 */
export async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${path}: not valid JSON (${(error as Error).message})`);
  }
}

/** Whether a path exists. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Gzip with fixed header bytes: same input, same output. */
export function pack(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 9 });
}

/**
 * Gunzip.
 * @throws {DataError} naming `where`, when the bytes are torn or not gzip
 */
export function unpack(bytes: Uint8Array, where: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new DataError(`${where}: damaged gzip data (${(error as Error).message})`);
  }
}

/** Absolute path of a file of this repository, wherever the command was started. */
export function repoPath(...parts: string[]): string {
  return join(fileURLToPath(new URL("../../", import.meta.url)), ...parts);
}
