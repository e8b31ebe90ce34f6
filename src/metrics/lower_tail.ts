/**
 * The lower tail of a bootstrap distribution by saddlepoint approximation; {@link ./saddlepoint.ts} says how.
 * @module
 */
import { bottomOf, commonStep, isEven, NOISE, type Piles } from "./piles.ts";
import { studentP, studentQuantile } from "./student.ts";

/** P(mean* ≤ x) and its inverse, for the mean of units drawn from one stratum. */
export class LowerTail {
  /** Smallest mean there can be. */
  readonly bottom: number;
  /** Step between means, where units are of equal size and their sums on a lattice; else 0. */
  readonly lattice: number;
  readonly #piles: Piles;
  /** The probability of the smallest mean. */
  readonly #atBottom: number;
  /** Step of the lattice of sums, in standard errors of the mean; 0 where there is none. */
  readonly #step: number;
  /** What a unit of each pile adds to Σ off ≤ 0, which says that the mean is at most x; in standard errors. */
  readonly #off: Float64Array;
  /** The least and the largest of these. */
  #least = 0;
  #most = 0;
  /** K′(0): the mean of Σ off. */
  #slopeAtZero = 0;
  /** The last saddlepoint: the next is near. */
  #tilt = 0;

  /**
   * Prepares a stratum.
   * @param piles of which some have other ratios than others
   */
  constructor(piles: Piles) {
    const { sums, sizes, count, rows, error } = piles, { least, share } = bottomOf(piles);
    this.#piles = piles;
    this.#off = new Float64Array(sums.length);
    this.bottom = least;
    this.#atBottom = share ** count;
    const smallest = sums.reduce((a, b) => Math.min(a, b));
    this.#step = commonStep(sums.map((sum) => sum - smallest)) / (rows * error);
    this.lattice = isEven({ sizes }) ? this.#step * error : 0;
  }

  /** P(mean* ≤ 0), with all that lies at 0. */
  atMostZero(): number {
    if (Math.abs(this.bottom) <= NOISE * this.#piles.error) return this.#atBottom;
    if (this.bottom > 0 || this.#step === 0) return normalTail(this.scoreAt(0));
    this.#moveTo(0);
    const least = this.#piles.count * this.#least, points = Math.floor(-least / this.#step + 1e-6);
    return normalTail(this.#score(least + this.#step * (points + 0.5)));
  }

  /** The smallest x with P(mean* ≤ x) > p, for p < ½. */
  quantile(p: number): number {
    if (this.#atBottom > p) return this.bottom;
    const x = this.#root(-studentQuantile(2 * p, Infinity));
    if (this.lattice === 0) return x;
    const step = this.lattice;
    const point = this.bottom + step * Math.max(1, Math.round((x - this.bottom) / step));
    return Math.abs(point) < 1e-6 * step ? 0 : point;
  }

  /** Where the score is z: outwards from the mean until it is less, then regula falsi (Illinois). */
  #root(z: number): number {
    const { ratio, error } = this.#piles;
    let high = ratio, above = this.scoreAt(high) - z, low = high, below = above;
    while (below > 0) {
      high = low, above = below;
      low = Math.max(this.bottom, low - Math.max(0.25, above) * error);
      below = this.scoreAt(low) - z;
      // Beyond what the approximation can follow: the end is as far out as can be.
      if (below >= above) return this.bottom;
    }
    for (let i = 0; i < 100 && high - low > NOISE * error; i++) {
      const x = below === -Infinity
        ? (low + high) / 2
        : (low * above - high * below) / (above - below);
      const found = this.scoreAt(x) - z;
      if (Math.abs(found) < NOISE) return x;
      if (found > 0) high = x, above = found, below /= 2;
      else low = x, below = found, above /= 2;
    }
    return (low + high) / 2;
  }

  /** r with Φ(r) = P(mean* ≤ x); on a lattice only half of what lies at x counts. */
  scoreAt(x: number): number {
    if (x <= this.bottom) return -Infinity;
    this.#moveTo(x);
    return this.#score(0);
  }

  #moveTo(x: number): void {
    const { sums, sizes, rows, ratio, error } = this.#piles, off = this.#off;
    const scale = 1 / (rows * error);
    let least = Infinity, most = -Infinity;
    for (let j = 0; j < off.length; j++) {
      const d = off[j] = (sums[j] - x * sizes[j]) * scale;
      if (d < least) least = d;
      if (d > most) most = d;
    }
    this.#least = least, this.#most = most, this.#slopeAtZero = (ratio - x) / error;
  }

  /** r with Φ(r) = P(Σ off ≤ y). */
  #score(y: number): number {
    const { count } = this.#piles;
    if (y <= count * this.#least + NOISE) return -Infinity;
    if (y >= count * this.#most - NOISE) return Infinity;
    const { t, k, k2, k3 } = this.#saddlepoint(y), h = this.#step;
    const w = Math.sign(t) * Math.sqrt(Math.max(0, 2 * (t * y - k)));
    const u = (h > 0 ? Math.sinh(h * t / 2) * 2 / h : t) * Math.sqrt(k2);
    // At w = 0 the correction is a sixth of the skewness; so near it rounding would be all that is left.
    return Math.abs(w) < 0.02 ? w + k3 / k2 ** 1.5 / 6 : w + Math.log(u / w) / w;
  }

  /** The t where K′(t) = y, by Newton's method between bounds, with what K is there. */
  #saddlepoint(y: number): Cumulants & { t: number } {
    // At t = 0 the slope is known, so it is known on which side of 0 to look.
    const start = y - this.#slopeAtZero, side = Math.sign(start);
    let low = side < 0 ? -Infinity : 0, high = side > 0 ? Infinity : 0;
    let t = this.#tilt * side > 0 ? this.#tilt : start;
    for (let left = 100;; left--) {
      const found = this.#cumulants(t), excess = found.k1 - y;
      if (Math.abs(excess) <= 1e-7 * Math.sqrt(found.k2) || left === 0) {
        this.#tilt = t;
        return { t, ...found };
      }
      if (excess > 0) high = t;
      else low = t;
      // Where all the weight lies on one unit, K′ is flat and Newton's step without measure.
      const reach = 4 * Math.abs(t) + 1, next = t - excess / found.k2;
      t = Math.max(-reach, Math.min(reach, next));
      if (!(t > low && t < high)) t = (low + high) / 2;
    }
  }

  #cumulants(t: number): Cumulants {
    const off = this.#off, { shares, count } = this.#piles;
    // About the value that weighs most nothing overflows, and no digits are lost.
    const from = t > 0 ? this.#most : this.#least;
    let m0 = 0, m1 = 0, m2 = 0, m3 = 0;
    for (let j = 0; j < off.length; j++) {
      const d = off[j] - from, weight = shares[j] * Math.exp(t * d), first = weight * d;
      m0 += weight;
      m1 += first;
      m2 += first * d;
      m3 += first * d * d;
    }
    m1 /= m0, m2 /= m0, m3 /= m0;
    return {
      k: count * (t * from + Math.log(m0)),
      k1: count * (from + m1),
      k2: count * (m2 - m1 * m1),
      k3: count * (m3 - 3 * m1 * m2 + 2 * m1 ** 3),
    };
  }
}

/** The cumulant function of Σ off at some t, and its first three derivatives. */
interface Cumulants {
  readonly k: number;
  readonly k1: number;
  readonly k2: number;
  readonly k3: number;
}

/** Φ(r). */
export function normalTail(r: number): number {
  const half = studentP(r, Infinity) / 2;
  return r < 0 ? half : 1 - half;
}
