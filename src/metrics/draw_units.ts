/**
 * Resampled means of the units of one stratum.
 *
 * This is where the time of an evaluation goes: hundreds of comparisons, thousands of draws, each of as many
 * units as there are. So random numbers come in blocks, and nothing that draws share is computed twice.
 * @module
 */
import type { Random } from "../base/random.ts";
import { Binomial, logFactorials } from "./binomial.ts";

/** Resampling units of one stratum: rows, or groups of rows, sorted so that row order cannot matter. */
export interface Units {
  /** Sum of differences of each unit. */
  readonly sums: Float64Array;
  /** Rows in each unit. */
  readonly sizes: Float64Array;
}

/** A binomial draw costs about as much as this many draws of a row. */
const ROWS_PER_BINOMIAL = 12;

/**
 * Adds weight × (resampled mean of a stratum) to every draw.
 *
 * How often each frequent value is hit is Multinomial(n; counts/n), drawn as a chain of binomials, each
 * conditional on the values before it; the hits that remain fall on the rare values, drawn one by one.
 *
 * @param out one number a draw, added to
 */
export function addResampledMeans(
  out: Float64Array,
  units: Units,
  random: Random,
  weight: number,
): void {
  const { piles, counts, rare: { sums, sizes } } = toPiles(units);
  const n = units.sums.length, binomials = chain(counts, n);
  // Sizes are whole numbers: of equal ones a product is their sum, to the bit.
  const kinds = sums.length, even = sizes.every((size) => size === sizes[0]);
  const numbers = new Block(random);
  for (let b = 0; b < out.length; b++) {
    let left = n, sum = 0, size = 0;
    for (let k = 0; k < binomials.length && left > 0; k++) {
      const hits = binomials[k].draw(left, numbers);
      left -= hits;
      sum += hits * piles.sums[k];
      size += hits * piles.sizes[k];
    }
    if (left > 0 && even) size += left * sizes[0];
    while (left > 0) {
      const from = numbers.take(left), { values, at: to } = numbers;
      left -= to - from;
      if (even) {
        for (let i = from; i < to; i++) sum += sums[(values[i] * kinds) | 0];
        continue;
      }
      for (let i = from; i < to; i++) {
        const at = (values[i] * kinds) | 0;
        sum += sums[at];
        size += sizes[at];
      }
    }
    out[b] += weight * sum / size;
  }
}

/** The numbers of a stream, made a block at a time. */
class Block {
  readonly values = new Float64Array(1024);
  /** The next number to give out. */
  at = this.values.length;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): number {
    if (this.at === this.values.length) this.#refill();
    return this.values[this.at++];
  }

  /** Gives out up to `most` numbers, at least one: those from what is returned to {@link at}. */
  take(most: number): number {
    if (this.at === this.values.length) this.#refill();
    const from = this.at;
    this.at = Math.min(from + most, this.values.length);
    return from;
  }

  #refill(): void {
    this.#random.fill(this.values);
    this.at = 0;
  }
}

/** For every pile the share it has of what the piles before it leave. */
function chain(counts: readonly number[], n: number): Binomial[] {
  const factorials = logFactorials(counts.length > 0 ? n : 0);
  let behind = n;
  return counts.map((count) => {
    const share = count / behind;
    behind -= count;
    return new Binomial(share, factorials);
  });
}

/** Frequent units in piles of equal ones, the most frequent first, and how many each pile holds; the others as they are. */
function toPiles(units: Units): { piles: Units; counts: number[]; rare: Units } {
  const { sums, sizes } = units;
  const piles: { at: number; count: number }[] = [], rare: number[] = [];
  for (let from = 0, to = 0; from < sums.length; from = to) {
    // Equal units are neighbours, because units are sorted.
    while (to < sums.length && sums[to] === sums[from] && sizes[to] === sizes[from]) to++;
    const count = to - from;
    if (count > ROWS_PER_BINOMIAL) piles.push({ at: from, count });
    else for (let k = from; k < to; k++) rare.push(k);
  }
  piles.sort((a, b) => b.count - a.count);
  const pick = (at: readonly number[]): Units => ({
    sums: Float64Array.from(at, (k) => sums[k]),
    sizes: Float64Array.from(at, (k) => sizes[k]),
  });
  return {
    piles: pick(piles.map(({ at }) => at)),
    counts: piles.map(({ count }) => count),
    rare: pick(rare),
  };
}
