/**
 * Zip archives, from memory or piece by piece: the central directory, stored and deflated members, checksums.
 * Not read: encryption, other compressions, archives beyond 4 GiB (zip64); each is an error.
 * By hand because `fflate` does not check the CRC, so a damaged member would become recorded answers.
 * @module
 */
import { crc32, inflateRawSync } from "node:zlib";
import { DataError } from "./errors.ts";

/** A member of an archive. */
export interface ZipMember {
  /** As the archive names it. */
  readonly name: string;
  /** Its bytes, unpacked and checked. @throws {DataError} when they are damaged */
  read(): Uint8Array;
}

const END = 0x06054b50, ENTRY = 0x02014b50, LOCAL = 0x04034b50;
const END_SIZE = 22, ENTRY_SIZE = 46, LOCAL_SIZE = 30, LONGEST_COMMENT = 0xffff;

/** Where a member lies, as the central directory says. */
export interface ZipEntry {
  /** As the archive names it. */
  readonly name: string;
  /** Deflated; else stored. */
  readonly deflated: boolean;
  /** CRC-32 of the unpacked bytes. */
  readonly sum: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes unpacked. */
  readonly size: number;
  /** Position of its local header. */
  readonly local: number;
}

/** A last piece of this many bytes holds the end record of every archive. */
export const ZIP_TAIL: number = END_SIZE + LONGEST_COMMENT;

/**
 * Position of the central directory, and how many members it lists.
 * @param tail the archive's last {@link ZIP_TAIL} bytes, or all of a shorter one
 * @throws {DataError} naming `where`, when it is no zip archive
 */
export function zipDirectoryAt(
  tail: Uint8Array,
  where: string,
): { readonly at: number; readonly members: number } {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  // The end record stands at the end, before a comment of unknown length.
  let end = tail.length - END_SIZE;
  while (end >= 0 && view.getUint32(end, true) !== END) {
    if (--end < tail.length - END_SIZE - LONGEST_COMMENT) break;
  }
  if (end < 0 || view.getUint32(end, true) !== END) return torn(where);
  return { at: view.getUint32(end + 16, true), members: view.getUint16(end + 10, true) };
}

/**
 * The central directory: the bytes from its position on, and how many members it lists.
 * @throws {DataError} naming `where`, when it is torn or of an unknown kind
 */
export function zipEntries(bytes: Uint8Array, members: number, where: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number =>
    at + 4 <= bytes.length ? view.getUint32(at, true) : torn(where);
  const u16 = (at: number): number =>
    at + 2 <= bytes.length ? view.getUint16(at, true) : torn(where);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let left = members; left > 0; left--) {
    if (u32(at) !== ENTRY) torn(where);
    const flags = u16(at + 8), method = u16(at + 10), sum = u32(at + 16);
    const packed = u32(at + 20), size = u32(at + 24), local = u32(at + 42);
    const nameEnd = at + ENTRY_SIZE + u16(at + 28);
    const name = new TextDecoder().decode(bytes.subarray(at + ENTRY_SIZE, nameEnd));
    const member = `${where}: ${name}`;
    if (flags & 1) throw new DataError(`${member}: encrypted members cannot be read`);
    if (method !== 0 && method !== 8) {
      throw new DataError(`${member}: expected a stored or deflated member, got method ${method}`);
    }
    if (packed === 0xffffffff || size === 0xffffffff || local === 0xffffffff) {
      throw new DataError(`${member}: archives beyond 4 GiB (zip64) cannot be read`);
    }
    entries.push({ name, deflated: method === 8, sum, packed, size, local });
    at = nameEnd + u16(at + 30) + u16(at + 32);
  }
  return entries;
}

/**
 * Position of a member's bytes.
 * @param header the 30 bytes at its `local`
 * @throws {DataError} naming `where`, when they are no such header
 */
export function zipDataAt({ local }: ZipEntry, header: Uint8Array, where: string): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < LOCAL_SIZE || view.getUint32(0, true) !== LOCAL) torn(where);
  return local + LOCAL_SIZE + view.getUint16(26, true) + view.getUint16(28, true);
}

/**
 * The members of an archive, in the order of its central directory.
 * @throws {DataError} naming `where`, when it is torn or of an unknown kind
 */
export function openZip(bytes: Uint8Array, where: string): ZipMember[] {
  const { at, members } = zipDirectoryAt(bytes.subarray(-ZIP_TAIL), where);
  return zipEntries(bytes.subarray(at), members, where).map((entry) => ({
    name: entry.name,
    read() {
      const { name, local, packed, size, sum, deflated } = entry, member = `${where}: ${name}`;
      const start = zipDataAt(entry, bytes.subarray(local, local + LOCAL_SIZE), where);
      const body = bytes.subarray(start, start + packed);
      const data = deflated ? inflate(body, member) : body;
      if (data.length !== size || crc32(data) !== sum) {
        throw new DataError(`${member}: damaged, its size or checksum does not match`);
      }
      return data;
    },
  }));
}

function torn(where: string): never {
  throw new DataError(`${where}: expected a zip archive, got damaged or other data`);
}

function inflate(body: Uint8Array, member: string): Uint8Array {
  try {
    return inflateRawSync(body);
  } catch (error) {
    throw new DataError(`${member}: damaged, cannot be unpacked (${(error as Error).message})`);
  }
}
