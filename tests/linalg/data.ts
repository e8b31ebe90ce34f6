/**
 * Rows on the grid, and slow, obviously right arithmetic to compare with.
 * @module
 */
import { random } from "../../src/base/random.ts";
import { type Matrix, matrix, normaliseToGrid } from "../../src/linalg/matrix.ts";

/** Unit rows around `centres` directions, so that similarities spread as those of real queries do. */
export function gridRows(rows: number, width: number, seed: number, centres = 12): Matrix {
  const centre = random(seed, "centres"), draw = random(seed, "rows");
  const middle = Float64Array.from({ length: centres * width }, () => 2 * centre.normal());
  const out = matrix(rows, width);
  for (let i = 0; i < rows; i++) {
    const from = draw.integer(centres) * width;
    for (let j = 0; j < width; j++) out.data[i * width + j] = middle[from + j] + draw.normal();
  }
  return normaliseToGrid(out);
}

/** Coordinates as whole multiples of the grid step. */
export function gridUnits(m: Matrix): Float64Array {
  return Float64Array.from(m.data, (v) => v * 2048);
}

/** An inner product of two rows in BigInt, scaled back: what exact arithmetic says. */
export function exactProduct(a: Matrix, i: number, b: Matrix, j: number): number {
  let sum = 0n;
  for (let t = 0; t < a.width; t++) {
    sum += BigInt(a.data[i * a.width + t] * 2048) * BigInt(b.data[j * b.width + t] * 2048);
  }
  return Number(sum) / 2 ** 22;
}

/** A seeded permutation of 0…n−1. */
export function permutation(n: number, seed: number): Uint32Array {
  return random(seed, "permutation").shuffle(Uint32Array.from({ length: n }, (_, i) => i));
}

/** Standard normal numbers. */
export function normals(n: number, seed: number): Float64Array {
  const draw = random(seed, "normals");
  return Float64Array.from({ length: n }, () => draw.normal());
}
