/**
 * Zip archives, read whole from memory: the central directory, stored and deflated members, checksums.
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

/**
 * The members of an archive, in the order of its central directory.
 * @throws {DataError} naming `where`, when it is torn or of an unknown kind
 */
export function openZip(bytes: Uint8Array, where: string): ZipMember[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const torn = (): never => {
    throw new DataError(`${where}: expected a zip archive, got damaged or other data`);
  };
  const u32 = (at: number): number => at + 4 <= bytes.length ? view.getUint32(at, true) : torn();
  const u16 = (at: number): number => at + 2 <= bytes.length ? view.getUint16(at, true) : torn();
  // The end record stands at the end, before a comment of unknown length.
  let end = bytes.length - END_SIZE;
  while (end >= 0 && view.getUint32(end, true) !== END) {
    if (--end < bytes.length - END_SIZE - LONGEST_COMMENT) break;
  }
  if (end < 0 || u32(end) !== END) torn();
  const members: ZipMember[] = [];
  let at = u32(end + 16);
  for (let left = u16(end + 10); left > 0; left--) {
    if (u32(at) !== ENTRY) torn();
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
    members.push({
      name,
      read() {
        if (u32(local) !== LOCAL) torn();
        const start = local + LOCAL_SIZE + u16(local + 26) + u16(local + 28);
        const body = bytes.subarray(start, start + packed);
        const data = method === 0 ? body : inflate(body, member);
        if (data.length !== size || crc32(data) !== sum) {
          throw new DataError(`${member}: damaged, its size or checksum does not match`);
        }
        return data;
      },
    });
    at = nameEnd + u16(at + 30) + u16(at + 32);
  }
  return members;
}

function inflate(body: Uint8Array, member: string): Uint8Array {
  try {
    return inflateRawSync(body);
  } catch (error) {
    throw new DataError(`${member}: damaged, cannot be unpacked (${(error as Error).message})`);
  }
}
