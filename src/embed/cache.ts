/**
 * Embeddings on disk. A file is named after the hash of the texts and the provider's key, so that a new
 * model, limit or code version never reads old vectors.
 *
 * Layout: one line of JSON (format, provider, rows, width, sha256 of the data), then float32, little-endian.
 * @module
 */
import { createHash } from "node:crypto";
import { sha256 } from "../base/hash.ts";
import { exists, writeAtomic } from "../base/files.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { EmbeddingProvider, OnProgress } from "./provider.ts";

const FORMAT = "icl-router-bench/embeddings/1";

/** Cache file of a provider and texts: `<hash of the texts>.<provider>.<hash of its key>.bin`. */
export function cacheFile(
  provider: EmbeddingProvider,
  texts: readonly string[],
  cacheDir: string,
): string {
  const name = provider.name.replace(/[^A-Za-z0-9-]+/g, "_").slice(-60);
  return `${cacheDir}/${textsHash(texts)}.${name}.${sha256(provider.key).slice(0, 16)}.bin`;
}

/**
 * Raw features of the texts, from the cache if they are there, else computed and stored. A damaged file
 * is computed again, with a note on stderr. Providers marked cheap are computed every time.
 */
export async function embedCached(
  provider: EmbeddingProvider,
  texts: readonly string[],
  cacheDir: string,
  onProgress?: OnProgress,
): Promise<Matrix> {
  if (provider.cheap) return provider.embed(texts, onProgress);
  const path = cacheFile(provider, texts, cacheDir);
  if (await exists(path)) {
    const stored = read(await Deno.readFile(path), texts.length, provider.width);
    if (typeof stored !== "string") return stored;
    console.error(`note: ${path}: ${stored}; embedding again`);
  }
  const vectors = provider.slow
    ? await inParts(provider, texts, path, onProgress)
    : await provider.embed(texts, onProgress);
  await writeAtomic(path, write(vectors, provider));
  await Deno.remove(partsOf(path), { recursive: true }).catch(() => {});
  return vectors;
}

/** Texts a part: minutes of work at most, and still many batches. */
const PART = 256;

function partsOf(path: string): string {
  return `${path}.parts`;
}

/** Every part is a file of the cache's own form, from which the next run goes on. */
async function inParts(
  provider: EmbeddingProvider,
  texts: readonly string[],
  path: string,
  onProgress?: OnProgress,
): Promise<Matrix> {
  const all = matrix(texts.length, provider.width);
  for (let start = 0; start < texts.length; start += PART) {
    const part = texts.slice(start, start + PART), file = `${partsOf(path)}/${start}.bin`;
    const stored = await exists(file)
      ? read(await Deno.readFile(file), part.length, provider.width)
      : "absent";
    const made = typeof stored !== "string"
      ? stored
      : await provider.embed(part, (done) => onProgress?.(start + done, texts.length));
    if (typeof stored === "string") await writeAtomic(file, write(made, provider));
    all.data.set(made.data, start * provider.width);
    onProgress?.(start + part.length, texts.length);
  }
  return all;
}

/**
 * Raw features of a table's queries: by id where the provider has vectors by id, else by text as
 * {@link embedCached}.
 * @throws {DataError} for queries without a vector
 */
export async function embedQueries(
  provider: EmbeddingProvider,
  { ids, texts }: { readonly ids: readonly string[]; readonly texts: readonly string[] },
  cacheDir: string,
  onProgress?: OnProgress,
): Promise<Matrix> {
  if (provider.vectorsOf) return provider.vectorsOf(ids);
  return await embedCached(provider, texts, cacheDir, onProgress);
}

/** Length before text, so that no two lists of texts run together to the same bytes. */
function textsHash(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex").slice(0, 16);
}

function write(vectors: Matrix, provider: EmbeddingProvider): Uint8Array[] {
  const { data, rows, width } = vectors;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const head = { format: FORMAT, provider: provider.name, rows, width, sha256: sha256(bytes) };
  return [new TextEncoder().encode(JSON.stringify(head) + "\n"), bytes];
}

/** The stored vectors, or what is wrong with the file. */
function read(file: Uint8Array, rows: number, width: number): Matrix | string {
  const line = file.indexOf(10);
  const bytes = new Uint8Array(file.subarray(line + 1));
  let head: Record<string, unknown>;
  try {
    head = JSON.parse(new TextDecoder().decode(file.subarray(0, Math.max(line, 0))));
  } catch {
    return "damaged header";
  }
  if (head.format !== FORMAT) return `format ${head.format}, expected ${FORMAT}`;
  if (head.rows !== rows || head.width !== width) {
    return `${head.rows} × ${head.width} values, expected ${rows} × ${width}`;
  }
  if (bytes.length !== 4 * rows * width) {
    return `${bytes.length} bytes of data, expected ${4 * rows * width}`;
  }
  if (sha256(bytes) !== head.sha256) return "checksum does not match";
  return matrix(rows, width, new Float32Array(bytes.buffer));
}
