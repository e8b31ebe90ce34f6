/**
 * The binomial distribution: exact draws at any size.
 *
 * Draws: inversion where the mean is small, else Hörmann's transformed rejection (BTRS, 1993), whose cost
 * does not grow with n. Neither approximates.
 * @module
 */
import type { Random } from "../base/random.ts";

/** ln k!, to about 1e-14 relative: exact product for small k, Stirling's series above. */
export function logFactorial(k: number): number {
  if (k < 20) {
    let product = 1;
    for (let i = 2; i <= k; i++) product *= i;
    return Math.log(product);
  }
  const x = 1 / (k * k);
  const series = (1 / 12 - x * (1 / 360 - x * (1 / 1260 - x * (1 / 1680 - x / 1188)))) / k;
  return (k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Table of ln k! for k = 0…n, for samplers that need many. */
export function logFactorials(n: number): Float64Array {
  return Float64Array.from({ length: n + 1 }, (_, k) => logFactorial(k));
}

/**
 * One draw from Bin(n, p).
 *
 * @param n number of trials, a whole number ≥ 0
 * @param p probability of success, 0…1
 * @param factorials table of {@link logFactorials} up to n at least
 */
export function binomial(
  n: number,
  p: number,
  random: Pick<Random, "next">,
  factorials: Float64Array,
): number {
  return new Binomial(p, factorials).draw(n, random);
}

/** Draws from Bin(n, p) of one p and any n: {@link binomial} for many draws. */
export class Binomial {
  /** Whether failures are counted instead, which then are the fewer. */
  readonly #mirrored: boolean;
  readonly #p: number;
  readonly #odds: number;
  readonly #logOdds: number;
  readonly #logFailure: number;
  readonly #factorials: Float64Array;

  /**
   * Computes what all n share.
   * @param p probability of success, 0…1
   * @param factorials table of {@link logFactorials} up to the largest n at least
   */
  constructor(p: number, factorials: Float64Array) {
    this.#mirrored = p > 0.5;
    this.#p = this.#mirrored ? 1 - p : p;
    this.#odds = this.#p / (1 - this.#p);
    this.#logOdds = Math.log(this.#odds);
    this.#logFailure = Math.log1p(-this.#p);
    this.#factorials = factorials;
  }

  /** One draw from Bin(n, p). */
  draw(n: number, random: Pick<Random, "next">): number {
    const hits = n === 0 || this.#p <= 0
      ? 0
      : n * this.#p < 10
      ? this.#byInversion(n, random)
      : this.#byRejection(n, random);
    return this.#mirrored ? n - hits : hits;
  }

  /** Walks up the distribution function; n·p < 10 steps on average. */
  #byInversion(n: number, random: Pick<Random, "next">): number {
    const odds = this.#odds;
    let mass = Math.exp(n * this.#logFailure);
    let u = random.next();
    for (let k = 0; k < n; k++) {
      if (u < mass) return k;
      u -= mass;
      mass *= odds * (n - k) / (k + 1);
    }
    return n;
  }

  /** BTRS: a table-mountain hat over the transformed density; needs n·p ≥ 10 and p ≤ ½. */
  #byRejection(n: number, random: Pick<Random, "next">): number {
    const p = this.#p, factorials = this.#factorials;
    const sd = Math.sqrt(n * p * (1 - p));
    const b = 1.15 + 2.53 * sd;
    const a = -0.0873 + 0.0248 * b + 0.01 * p;
    const centre = n * p + 0.5;
    const inner = 0.92 - 4.2 / b;
    while (true) {
      const u = random.next() - 0.5;
      const v = random.next();
      const edge = 0.5 - Math.abs(u);
      const k = Math.floor((2 * a / edge + b) * u + centre);
      if (edge >= 0.07 && v <= inner) return k;
      if (!(k >= 0 && k <= n)) continue;
      const hat = Math.log(v * (2.83 + 5.1 / b) * sd / (a / (edge * edge) + b));
      const mode = Math.floor((n + 1) * p);
      const density = factorials[mode] + factorials[n - mode] - factorials[k] - factorials[n - k] +
        (k - mode) * this.#logOdds;
      if (hat <= density) return k;
    }
  }
}
