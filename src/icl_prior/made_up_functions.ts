/**
 * Functions of a query that made-up models are made of.
 * @module
 */
import { row } from "../linalg/matrix.ts";
import type { Random } from "../base/random.ts";
import { octaves, often, type Queries } from "./made_up_queries.ts";

/** Random waves that a smooth function is a sum of. */
const WAVES = 64;

/** Functions of a query: draws one at a time, each of mean square about 1. */
export class Functions {
  readonly #phases: Float64Array;

  /** Draws the random directions on which all smooth functions of a world are built. */
  constructor(private readonly queries: Queries, r: Random) {
    const { vectors: { data, rows, width } } = queries;
    this.#phases = new Float64Array(rows * WAVES);
    const directions = Float64Array.from({ length: WAVES * width }, () => r.normal());
    for (let i = 0; i < rows; i++) {
      for (let p = 0; p < WAVES; p++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += directions[p * width + j] * data[i * width + j];
        this.#phases[i * WAVES + p] = sum;
      }
    }
  }

  /** A sum of four kinds, in random shares. */
  draw(r: Random): Float64Array {
    const { vectors, benchmarks, tasks } = this.queries,
      Q = vectors.rows,
      out = new Float64Array(Q);
    const shares = [0, 1, 2, 3].map(() => often(r, 0.3) ? 0 : -Math.log(1 - r.next()));
    const total = shares.reduce((a, b) => a + b, 0) || 1;
    const [smooth, bumpy, byBenchmark, byTask] = shares.map((share) => Math.sqrt(share / total));
    const offsets = (labels: Int32Array, size: number): void => {
      const made = Float64Array.from(
        { length: labels.reduce((a, b) => Math.max(a, b), 0) + 1 },
        () => r.normal(),
      );
      for (let i = 0; i < Q; i++) out[i] += size * made[labels[i]];
    };
    if (smooth > 0) this.#addWaves(out, smooth, octaves(r, 0.4, 5), r);
    if (bumpy > 0) this.#addBumps(out, bumpy, r);
    if (byBenchmark > 0) offsets(benchmarks, byBenchmark);
    if (byTask > 0) offsets(tasks, byTask);
    return out;
  }

  /** Random Fourier features of a Gaussian kernel: larger `pitch`, shorter length scale. */
  #addWaves(out: Float64Array, size: number, pitch: number, r: Random): void {
    const size2 = size * Math.sqrt(2 / WAVES);
    const heights = Float64Array.from({ length: WAVES }, () => size2 * r.normal());
    const starts = Float64Array.from({ length: WAVES }, () => 2 * Math.PI * r.next());
    for (let i = 0; i < out.length; i++) {
      for (let p = 0; p < WAVES; p++) {
        out[i] += heights[p] * Math.cos(pitch * this.#phases[i * WAVES + p] + starts[p]);
      }
    }
  }

  /** Gains and losses around single queries. */
  #addBumps(out: Float64Array, size: number, r: Random): void {
    const { vectors } = this.queries, bumps = 1 + r.integer(6), width = octaves(r, 0.05, 0.4);
    for (let b = 0; b < bumps; b++) {
      const centre = row(vectors, r.integer(vectors.rows)), height = 1.5 * size * r.normal();
      for (let i = 0; i < out.length; i++) {
        const x = row(vectors, i);
        let cosine = 0;
        for (let j = 0; j < x.length; j++) cosine += x[j] * centre[j];
        out[i] += height * Math.exp(-(1 - cosine) / width);
      }
    }
  }
}
