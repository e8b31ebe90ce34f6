/**
 * Query vectors with Gaussian noise, as EmbedLLM and RouteLLM's factorisation train on; used by `embedllm.ts` and
 * `routellm_mf.ts`.
 * @module
 */
import type { Random } from "../src/router/mod.ts";
import { normal } from "../src/nn/mod.ts";

/** Normal numbers kept; the noise of a row is a stretch of them. Drawing anew would take most of a step. */
const NOISES = 1 << 16;

/**
 * Rows of a table [N × width] with noise of a given deviation, drawn for each time a row is taken.
 * @returns a function of rows and the step's randomness; its next call overwrites what it gave
 */
export function noisyRows(
  table: Float32Array,
  width: number,
  deviation: number,
  random: Random,
): (rows: ArrayLike<number>, draw: Random) => Float32Array {
  const noises = new Float32Array(NOISES + width);
  normal(deviation)(noises, random);
  let out = new Float32Array();
  return (rows, draw) => {
    if (out.length !== rows.length * width) out = new Float32Array(rows.length * width);
    for (let b = 0, at = 0; b < rows.length; b++) {
      const start = rows[b] * width, from = draw.integer(NOISES);
      for (let d = 0; d < width; d++) out[at++] = table[start + d] + noises[from + d];
    }
    return out;
  };
}
