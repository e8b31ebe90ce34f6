/**
 * The default embedding: a text is the mean of its word pieces' vectors in a table that is in the
 * repository. No download, no native code, and bit for bit the same numbers on every machine.
 *
 * The table was distilled from all-MiniLM-L6-v2 (`distil.ts`, `datasets/static-embedding/`). Texts of any
 * length are taken whole; one without any word gets the zero vector.
 * @module
 */
import { hashJson } from "../base/hash.ts";
import { readBytes, repoPath } from "../base/files.ts";
import { matrix } from "../linalg/matrix.ts";
import { decodeTable } from "./token_table.ts";
import { wordPiece } from "./wordpiece.ts";
import type { EmbeddingProvider } from "./provider.ts";

/** Path of the table inside the repository. */
export const STATIC_TABLE = "datasets/static-embedding/minilm-256.table.gz";
/** Raised when the same table would give other vectors. */
const VERSION = 1;

/**
 * Opens the `static` provider.
 * @throws {DataError} when the table is missing or damaged
 */
export async function openStatic(path = repoPath(STATIC_TABLE)): Promise<EmbeddingProvider> {
  const table = decodeTable(await readBytes(path), path);
  const { width, scales, codes } = table;
  const tokenize = wordPiece(table.vocabulary);
  const facts = { ...table.facts, sha256: table.sha256, precision: "int8 table", pooling: "mean" };
  return {
    name: "static",
    key: hashJson({ provider: "static", version: VERSION, sha256: table.sha256 }),
    width,
    preparation: "none",
    facts,
    embed: async (texts, onProgress) => {
      const out = matrix(texts.length, width);
      const sum = new Float64Array(width);
      const counts = new Uint32Array(scales.length);
      for (let i = 0; i < texts.length; i++) {
        const ids = tokenize(texts[i]);
        sum.fill(0);
        // Each distinct piece once, times its count: puzzles repeat digits and marks hundreds of times.
        const distinct = ids.filter((id) => counts[id]++ === 0);
        for (const id of distinct) {
          const factor = counts[id] * scales[id];
          for (let j = 0, at = id * width; j < width; j++, at++) sum[j] += factor * codes[at];
          counts[id] = 0;
        }
        for (let j = 0; ids.length > 0 && j < width; j++) {
          out.data[i * width + j] = sum[j] / ids.length;
        }
        if (i % 256 === 255) onProgress?.(i + 1, texts.length);
      }
      return out;
    },
  };
}
