/**
 * Downloads that survive cut connections: into `<target>.part`, on from where they stopped (HTTP ranges),
 * retried with growing pauses, renamed to the target only when whole and, where its hash is known, right.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
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
  /** Hosts that a redirect may lead to, beside the address's own; any where absent. */
  readonly hosts?: readonly string[];
}

/**
 * Downloads one file unless it is there already; when the signal fires, what has arrived is kept.
 * @param expected SHA-256 (64 hex digits) or git's hash of a blob (40); absent = not known
 * @throws {DataError} naming the URL: refused, failed too often, or not of the hash expected
 */
export async function download(
  url: string,
  target: string,
  expected: string | undefined,
  { attempts = 5, backoff = 1000, idle = 60_000, hosts }: Patience,
  signal: AbortSignal,
  report: (bytes: number) => void,
): Promise<void> {
  const part = `${target}.part`;
  if (await exists(target)) {
    if (expected === undefined || await hashLike(expected, target) === expected) return;
    await Deno.remove(target); // damaged since: fetch it again
  }
  await Deno.mkdir(dirname(target), { recursive: true });
  for (let attempt = 1; !signal.aborted; attempt++) {
    const held = await sizeOf(part);
    try {
      await fetchInto(part, url, { held, idle, hosts, signal, report });
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
    const got = expected && await hashLike(expected, part);
    if (got === expected) return await Deno.rename(part, target);
    await Deno.remove(part);
    if (held > 0 && attempt < attempts) continue; // the part kept may be of another version: start over
    const kind = isGitBlob(expected!) ? "git blob" : "sha256";
    throw new DataError(`${url}: expected ${kind} ${expected}, got ${got}; removed`);
  }
}

/** What a download goes with. */
interface Errand {
  /** Bytes there already. */
  readonly held: number;
  readonly idle: number;
  readonly hosts: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly report: (bytes: number) => void;
}

const MOST_REDIRECTS = 5;

/** Fetches; redirects are followed to the hosts named, never from https to http. */
async function fetchAt(
  url: string,
  hosts: readonly string[] | undefined,
  init: RequestInit,
): Promise<Response> {
  if (hosts === undefined) return await fetch(url, init);
  let at = new URL(url);
  const allowed = [at.host, ...hosts];
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await fetch(at, { ...init, redirect: "manual" });
    const location = response.headers.get("location");
    if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    const next = new URL(location, at);
    if (!allowed.includes(next.host) || (at.protocol === "https:" && next.protocol !== "https:")) {
      throw new DataError(
        `${url}: redirected to ${next.origin}; expected ${
          allowed.join(" or ")
        }, which the manifest names`,
      );
    }
    at = next;
  }
  throw new DataError(`${url}: redirected more than ${MOST_REDIRECTS} times`);
}

/** Appends what is missing of a file; returns when it is whole, throws when the connection is cut. */
async function fetchInto(
  part: string,
  url: string,
  { held, idle, hosts, signal, report }: Errand,
): Promise<void> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(new Error(`no byte for ${idle} ms`)), idle);
  try {
    const response = await fetchAt(url, hosts, {
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

const isGitBlob = (hash: string): boolean => hash.length === 40;

/** A file's hash of the kind that another one is: SHA-256, or git's of a blob. */
export async function hashLike(expected: string, path: string): Promise<string> {
  return isGitBlob(expected) ? await gitBlobOf(path) : await fileHash(path);
}

/** SHA-256 of a file's bytes, streamed. */
export async function fileHash(path: string): Promise<string> {
  return await digest(createHash("sha256"), path);
}

async function gitBlobOf(path: string): Promise<string> {
  return await digest(createHash("sha1").update(`blob ${await sizeOf(path)}\0`), path);
}

async function digest(hash: Hash, path: string): Promise<string> {
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}
