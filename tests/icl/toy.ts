/**
 * A world small enough to train in: queries are points on a circle, a model solves one half of it.
 * @module
 */
import { random } from "../../src/base/random.ts";
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { Parameters } from "../../src/nn/parameters.ts";
import { initialise, type NetworkShape } from "../../src/icl/network.ts";

/** A network with no more than a test needs. */
export function tinyShape(changes: Partial<NetworkShape> = {}): NetworkShape {
  return { input: 6, width: 8, layers: 2, heads: 2, vocabulary: 11, ...changes };
}

/** Its weights. */
export function tinyWeights(shape: NetworkShape, seed = 1): Parameters {
  return initialise(shape, random(seed, "weights"));
}

/** A matrix of normal numbers. */
export function normalMatrix(rows: number, width: number, seed: number): Matrix {
  const stream = random(seed, "matrix");
  return matrix(rows, width, Float32Array.from({ length: rows * width }, () => stream.normal()));
}

/** Coin tosses as int64. */
export function coins(n: number, seed: number): BigInt64Array {
  const stream = random(seed, "coins");
  return BigInt64Array.from({ length: n }, () => BigInt(stream.integer(2)));
}

/** All weights, in a form that compares bit by bit. */
export function bits(parameters: Parameters): Map<string, Uint32Array> {
  return new Map(
    Array.from(parameters.snapshot(), ([name, data]) => [name, new Uint32Array(data.buffer)]),
  );
}

/** Points on a circle, in the first two of `width` numbers; the others are noise. */
export function circle(rows: number, width: number, seed: number): Matrix {
  const out = normalMatrix(rows, width, seed), stream = random(seed, "circle");
  for (let i = 0; i < rows; i++) {
    for (let j = 2; j < width; j++) out.data[i * width + j] *= 0.1;
    const angle = 2 * Math.PI * stream.next();
    out.data[i * width] = Math.cos(angle), out.data[i * width + 1] = Math.sin(angle);
  }
  return out;
}

/** 1 where a query lies within a quarter turn of a model's angle, row-major [rows × models]. */
export function halves({ data, rows, width }: Matrix, angles: readonly number[]): Float64Array {
  return Float64Array.from({ length: rows * angles.length }, (_, at) => {
    const i = Math.floor(at / angles.length) * width, angle = angles[at % angles.length];
    return Number(data[i] * Math.cos(angle) + data[i + 1] * Math.sin(angle) > 0);
  });
}

const WORDS = [
  ["red", "blue", "green", "grey"],
  ["cats", "dogs", "fish", "birds"],
  ["sleep", "run", "eat", "sing"],
];

/** Sentences of three words, and vectors that say which words those are, noisily. [rows × 12] */
export function sentences(rows: number, seed: number): { texts: string[]; vectors: Matrix } {
  const stream = random(seed, "sentences"), vectors = normalMatrix(rows, 12, seed);
  for (let at = 0; at < vectors.data.length; at++) vectors.data[at] *= 0.1;
  const texts = Array.from({ length: rows }, (_, i) =>
    WORDS.map((choices, place) => {
      const word = stream.integer(choices.length);
      vectors.data[i * 12 + 4 * place + word] += 1;
      return choices[word];
    }).join(" "));
  return { texts, vectors };
}
