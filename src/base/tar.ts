/**
 * Tar archives as a stream: one member at a time, whatever the archive's size. Read are ustar headers, GNU's
 * long names and pax headers (`path`, `size`); links and devices are errors, for data have no need of them.
 * @module
 */
import { DataError } from "./errors.ts";

/** A file of an archive. */
export interface TarMember {
  /** As the archive names it. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Its bytes; what is not read before the next member is asked for is passed over. */
  readonly data: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
/** A longer header than any real name needs. */
const LONGEST_HEADER = 1 << 20;

/**
 * The files of an archive, in its order; folders are passed over.
 * @throws {DataError} naming `where`: damaged, torn, or with members other than files and folders
 */
export async function* readTar(
  pieces: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<TarMember, void> {
  const source = new Source(pieces, where);
  let longName: string | undefined, pax = new Map<string, string>();
  for (;;) {
    const header = await source.take(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    checkSum(header, where);
    const kind = String.fromCharCode(header[156]);
    const size = numberAt(pax.get("size"), header, where);
    if (kind === "x" || kind === "L") {
      if (size > LONGEST_HEADER) throw new DataError(`${where}: a header of ${size} bytes`);
      const body = await source.take(size);
      await source.skip(padding(size));
      if (kind === "x") pax = paxRecords(body, where);
      else longName = cString(body);
      continue;
    }
    if (kind === "g") {
      await source.skip(size + padding(size));
      continue;
    }
    const name = pax.get("path") ?? longName ?? headerName(header);
    longName = undefined;
    pax = new Map();
    if (kind !== "5") {
      if (kind !== "0" && kind !== "\0" && kind !== "7") {
        const what = kind === "1" || kind === "2" ? "a link" : `of type ${JSON.stringify(kind)}`;
        throw new DataError(`${where}: ${name}: expected files and folders only, got one ${what}`);
      }
      let left = size;
      const data = async function* (): AsyncGenerator<Uint8Array> {
        for (; left > 0;) {
          const piece = await source.some(left);
          left -= piece.length;
          yield piece;
        }
      };
      yield { name, size, data: data() };
      await source.skip(left);
    } else await source.skip(size);
    await source.skip(padding(size));
  }
  await source.drain();
}

/** Bytes that fill the last block. */
const padding = (size: number): number => (BLOCK - size % BLOCK) % BLOCK;

/** A stream of bytes asked for in lengths of one's own. */
class Source {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>, private readonly where: string) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** At least one byte, at most `most`. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#held.length === 0) {
      const { value, done } = await this.#pieces.next();
      if (done) throw new DataError(`${this.where}: torn, it ends inside a member`);
      this.#held = value;
    }
    const piece = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }

  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const piece = await this.some(length - at);
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) left -= (await this.some(left)).length;
  }

  /** Reads to the end, so that a checksum behind it is looked at. */
  async drain(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }
}

function checkSum(header: Uint8Array, where: string): void {
  const written = parseInt(cString(header.subarray(148, 156)).trim(), 8);
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== written) {
    throw new DataError(`${where}: expected a tar header, got damaged or other data`);
  }
}

/** Size of a member: of the pax header, or octal, or base 256 where the first bit is set. */
function numberAt(pax: string | undefined, header: Uint8Array, where: string): number {
  const bytes = header.subarray(124, 136);
  const size = pax !== undefined
    ? Number(pax)
    : bytes[0] & 0x80
    ? bytes.subarray(1).reduce((value, byte) => value * 256 + byte, bytes[0] & 0x7f)
    : parseInt(cString(bytes).trim() || "0", 8);
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new DataError(`${where}: a member of unreadable size`);
}

function headerName(header: Uint8Array): string {
  const name = cString(header.subarray(0, 100));
  const ustar = cString(header.subarray(257, 263)) === "ustar"; // GNU writes "ustar  " and no prefix
  const prefix = ustar ? cString(header.subarray(345, 500)) : "";
  return prefix ? `${prefix}/${name}` : name;
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecords(body: Uint8Array, where: string): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(32, at);
    const length = Number(new TextDecoder().decode(body.subarray(at, space)));
    const record = new TextDecoder().decode(body.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (space < 0 || !(length > 0) || at + length > body.length || equals < 0) {
      throw new DataError(`${where}: a damaged pax header`);
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
