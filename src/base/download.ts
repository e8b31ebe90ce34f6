/**
 * Downloads that survive cut connections: into `<target>.part`, on from where they stopped (HTTP ranges),
 * retried with growing pauses, renamed to the target only when whole and, where its SHA-256 is known,
 * right.
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { dirname } from "node:path";
import { DataError } from "./errors.ts";
import { exists } from "./files.ts";

/** How often to try, and how long to wait. */
export interface Patience {
  /** Tries per file; 5 unless told. */
  readonly attempts?: number;
  /** Milliseconds before the second try, doubling from there; 1,000 unless told. */
  readonly backoff?: number;
  /** Milliseconds without a byte after which a connection counts as cut; 60,000 unless told. */
  readonly idle?: number;
}

/**
 * Downloads one file unless it is there already; when the signal fires, what has arrived is kept.
 * @throws {DataError} naming the URL: refused, failed too often, or not of the SHA-256 expected
 */
export async function download(
  url: string,
  target: string,
  expected: string | undefined,
  { attempts = 5, backoff = 1000, idle = 60_000 }: Patience,
  signal: AbortSignal,
  report: (bytes: number) => void,
): Promise<void> {
  const part = `${target}.part`;
  if (await exists(target)) {
    if (expected === undefined || await fileHash(target) === expected) return;
    await Deno.remove(target); // damaged since: fetch it again
  }
  await Deno.mkdir(dirname(target), { recursive: true });
  for (let attempt = 1; !signal.aborted; attempt++) {
    const held = await sizeOf(part);
    try {
      await fetchInto(part, url, held, idle, signal, report);
    } catch (error) {
      const final = error instanceof DataError || error instanceof Deno.errors.NotCapable;
      if (final || signal.aborted) throw error;
      if (attempt >= attempts) {
        const { message, cause } = error as Error;
        const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
        throw new DataError(
          `${url}: given up after ${attempts} ${attempts === 1 ? "try" : "tries"} (${why}); ` +
            `${await sizeOf(part)} bytes are kept, pull again to continue`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, backoff * 2 ** (attempt - 1)));
      continue;
    }
    const got = expected && await fileHash(part);
    if (got === expected) return await Deno.rename(part, target);
    await Deno.remove(part);
    if (held > 0 && attempt < attempts) continue; // the part kept may be of another version: start over
    throw new DataError(`${url}: expected sha256 ${expected}, got ${got}; removed`);
  }
}

/** Appends what is missing of a file; returns when it is whole, throws when the connection is cut. */
async function fetchInto(
  part: string,
  url: string,
  held: number,
  idle: number,
  signal: AbortSignal,
  report: (bytes: number) => void,
): Promise<void> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(new Error(`no byte for ${idle} ms`)), idle);
  try {
    const response = await fetch(url, {
      // With compression on the way, a range would count compressed bytes.
      headers: { "accept-encoding": "identity", ...(held ? { range: `bytes=${held}-` } : {}) },
      signal: AbortSignal.any([signal, stalled.signal]),
    });
    const range = response.headers.get("content-range");
    const resumed = response.status === 206 && range?.startsWith(`bytes ${held}-`) === true;
    if (!resumed && response.status !== 200) {
      await response.body?.cancel();
      // Nothing is missing: the file was complete already.
      if (response.status === 416 && range === `bytes */${held}`) return;
      // The range starts beyond the end: what is kept does not belong to this file.
      if (held > 0 && (response.status === 416 || response.status === 206)) await Deno.remove(part);
      else if (response.status < 500 && response.status !== 429 && response.status !== 408) {
        throw new DataError(`${url}: refused with ${response.status} ${response.statusText}`);
      }
      throw new Error(`${response.status} ${response.statusText}`);
    }
    const length = response.headers.get("content-length");
    let bytes = resumed ? held : 0;
    const whole = length === null ? undefined : bytes + Number(length);
    using out = await Deno.open(part, {
      write: true,
      create: true,
      append: resumed,
      truncate: !resumed,
    });
    for await (const piece of response.body ?? []) {
      for (let at = 0; at < piece.length;) at += await out.write(piece.subarray(at));
      report(bytes += piece.length);
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(new Error(`no byte for ${idle} ms`)), idle);
    }
    if (whole !== undefined && bytes !== whole) throw new Error(`${bytes} of ${whole} bytes`);
    await out.syncData();
  } finally {
    clearTimeout(timer);
  }
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then((info) => info.size, () => 0);
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}
