/**
 * Bytes that are read by place: of a file, of which only what is asked for is read, or of memory.
 * @module
 */
import { DataError } from "../base/errors.ts";

/** Bytes with random access. */
export interface ByteSource {
  /** What messages call it: a path, or a member of an archive. */
  readonly where: string;
  /** How many there are. */
  readonly size: number;
  /**
   * A copy of some of them.
   * @throws {DataError} naming source and byte, when they are not there
   */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array, where: string): ByteSource {
  return {
    where,
    size: bytes.length,
    read: (start, length) => {
      if (start + length > bytes.length) throw cutShort(where, bytes.length, start + length);
      // Not `slice`, of which Node's buffers make a view.
      return Promise.resolve(new Uint8Array(bytes.subarray(start, start + length)));
    },
  };
}

/**
 * A file, opened for every read, so that nothing is left open.
 * @throws {DataError} when it cannot be read
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const { size } = await whole(path, () => Deno.stat(path));
  return {
    where: path,
    size,
    read: (start, length) =>
      whole(path, async () => {
        if (start + length > size) throw cutShort(path, size, start + length);
        const bytes = new Uint8Array(length);
        using file = await Deno.open(path);
        await file.seek(start, Deno.SeekMode.Start);
        for (let at = 0; at < length;) {
          const read = await file.read(bytes.subarray(at));
          if (read === null) throw cutShort(path, start + at, start + length);
          at += read;
        }
        return bytes;
      }),
  };
}

async function whole<T>(path: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof DataError) throw error;
    throw new DataError(`${path}: cannot be read (${(error as Error).message})`);
  }
}

function cutShort(where: string, end: number, expected: number): DataError {
  return new DataError(`${where}: ends at byte ${end}, expected ${expected}: cut short`);
}
