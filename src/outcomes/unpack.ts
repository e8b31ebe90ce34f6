/**
 * Unpacking a downloaded archive beside itself: streamed, into a temporary folder that gets its name when all
 * of it is there. A note beside the folder says of which archive it is, so that nothing is unpacked twice.
 *
 * Refused are members outside the folder, links, a name that comes twice, checksums that differ, and archives
 * of more than a hundred times their own size.
 * @module
 */
import { crc32 } from "node:zlib";
import { createReadStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileHash } from "../base/download.ts";
import { DataError } from "../base/errors.ts";
import { exists, readJson, writeJson } from "../base/files.ts";
import { readTar } from "../base/tar.ts";
import { ZIP_TAIL, zipDataAt, zipDirectoryAt, zipEntries } from "../base/zip.ts";
import { staysInside } from "./originals.ts";

/** More than any recorded outcomes need; JSON packs to a fifth or a tenth. */
const MOST_GROWTH = 100;
/** Below this nothing is a danger. */
const HARMLESS = 1 << 20;

/** What lies in a folder. */
interface Content {
  readonly files: number;
  readonly bytes: number;
}

/** A member on its way out of an archive. */
interface Member {
  readonly name: string;
  readonly data: AsyncIterable<Uint8Array>;
}

/** The folder an archive is unpacked to: its path without `.zip`, `.tar.gz` or `.tgz`. */
export function unpackedFolder(archive: string): string {
  return archive.replace(/\.(zip|tar\.gz|tgz)$/, "");
}

/** Whether the folder of an archive is there and as it was unpacked. */
export async function isUnpacked(archive: string): Promise<boolean> {
  const folder = unpackedFolder(archive), note = noteOf(folder);
  if (!await exists(note) || !await exists(folder)) return false;
  const { sha256, files, bytes } = Object(await readJson(note));
  const content = await contentOf(folder);
  return content.files === files && content.bytes === bytes && await fileHash(archive) === sha256;
}

/**
 * Unpacks an archive, unless that was done.
 * @param report called with the bytes written so far
 * @throws {DataError} naming archive and member; nothing is left then
 */
export async function unpackArchive(
  archive: string,
  kind: "zip" | "tar.gz",
  report: (bytes: number) => void = () => {},
): Promise<void> {
  if (await isUnpacked(archive)) return;
  const folder = unpackedFolder(archive);
  if (folder === archive) throw new DataError(`${archive}: expected a name ending in .${kind}`);
  const temporary = join(dirname(folder), `.${basename(folder)}.unpacking`);
  for (const path of [temporary, folder]) {
    await Deno.remove(path, { recursive: true }).catch(unlessAbsent);
  }
  try {
    await Deno.mkdir(temporary, { recursive: true });
    const members = kind === "zip" ? zipMembers(archive) : readTar(gunzip(archive), archive);
    const content = await writeMembers(members, archive, temporary, report);
    await Deno.rename(temporary, folder);
    await writeJson(noteOf(folder), { sha256: await fileHash(archive), ...content });
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(unlessAbsent);
    throw error;
  }
}

const noteOf = (folder: string): string => join(dirname(folder), `.${basename(folder)}.unpacked`);

async function writeMembers(
  members: AsyncIterable<Member>,
  archive: string,
  folder: string,
  report: (bytes: number) => void,
): Promise<Content> {
  const within = await limitOf(archive);
  let files = 0, bytes = 0;
  for await (const { name, data } of members) {
    const where = `${archive}: ${JSON.stringify(name)}`;
    if (!staysInside(name)) throw new DataError(`${where}: not inside the folder; refused`);
    using out = await openNew(join(folder, name), where);
    for await (const piece of data) {
      within(bytes += piece.length);
      for (let at = 0; at < piece.length;) at += await out.write(piece.subarray(at));
      report(bytes);
    }
    files++;
  }
  return { files, bytes };
}

async function openNew(path: string, where: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    return await Deno.open(path, { write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${where}: cannot be written (${(error as Error).message})`);
  }
}

/** A check that what comes out of an archive stays in proportion to it. */
async function limitOf(archive: string): Promise<(bytes: number) => void> {
  const { size } = await Deno.stat(archive);
  const most = Math.max(MOST_GROWTH * size, HARMLESS);
  return (bytes) => {
    if (bytes <= most) return;
    throw new DataError(
      `${archive}: unpacks to more than ${MOST_GROWTH} times its ${size} bytes; refused`,
    );
  };
}

/** Bytes of a gzip file, unpacked as they are read; also what no member is made of is counted. */
async function* gunzip(path: string): AsyncGenerator<Uint8Array> {
  const within = await limitOf(path);
  let bytes = 0;
  const packed = ReadableStream.from(createReadStream(path));
  for await (const piece of inflated(packed as ReadableStream<Packed>, "gzip", path)) {
    within(bytes += piece.length);
    yield piece;
  }
}

type Packed = Uint8Array<ArrayBuffer>;

async function* inflated(
  packed: ReadableStream<Packed>,
  format: "gzip" | "deflate-raw",
  where: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* packed.pipeThrough(new DecompressionStream(format));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DataError(`${where}: damaged, cannot be unpacked (${error.message})`);
  }
}

/** Members of a zip file, folders passed over; each is checked when it has been read. */
async function* zipMembers(archive: string): AsyncGenerator<Member> {
  const { size } = await Deno.stat(archive);
  const tailAt = Math.max(0, size - ZIP_TAIL);
  const { at, members } = zipDirectoryAt(await readAt(archive, tailAt, size), archive);
  for (const entry of zipEntries(await readAt(archive, at, size), members, archive)) {
    if (entry.name.endsWith("/")) continue;
    const { local, packed, name, deflated } = entry, where = `${archive}: ${name}`;
    const start = zipDataAt(entry, await readAt(archive, local, Math.min(local + 30, size)), where);
    const data = async function* (): AsyncGenerator<Uint8Array> {
      const stored = pieces(archive, start, Math.min(start + packed, size));
      let sum = 0, length = 0;
      const body = deflated
        ? inflated(ReadableStream.from(stored) as ReadableStream<Packed>, "deflate-raw", where)
        : stored;
      for await (const piece of body) {
        sum = crc32(piece, sum);
        length += piece.length;
        yield piece;
      }
      if (length !== entry.size || sum !== entry.sum) {
        throw new DataError(`${where}: damaged, its size or checksum does not match`);
      }
    };
    yield { name, data: data() };
  }
}

/** Bytes from a position up to another one. */
async function* pieces(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  if (from < to) yield* createReadStream(path, { start: from, end: to - 1 });
}

async function readAt(path: string, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, to - from));
  let at = 0;
  for await (const piece of pieces(path, from, to)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes.subarray(0, at);
}

async function contentOf(folder: string): Promise<Content> {
  let files = 0, bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const below = isDirectory
      ? await contentOf(path)
      : { files: 1, bytes: (await Deno.lstat(path)).size };
    files += below.files;
    bytes += below.bytes;
  }
  return { files, bytes };
}

function unlessAbsent(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
