/**
 * The bootstrap distribution of a mean, without drawing: a saddlepoint approximation.
 *
 * In each stratum k as many units as it has, n_k, are drawn with replacement; a unit j has a sum s_j and z_j
 * rows. The resampled mean is at most x where Σ (s − x·z) over the units drawn is at most 0, and the cumulant
 * function of that sum is known: K(t) = n·ln of the mean of exp(t·(s_j − x·z_j)). With K′(t) = 0,
 * w = sign(t)·√(−2·K(t)) and u = t·√K″(t), P(mean* ≤ x) is Φ(r) with r = −(w + ln(u/w)/w): Davison & Hinkley
 * (1988) with the tail of Barndorff-Nielsen, which unlike Lugannani and Rice's, to which it is equal up to
 * terms neither has, never leaves 0…1.
 *
 * A mean over K strata of ratios is linearised, about the most likely point at which it is x: a stratum's ratio
 * there is ρ_k = r_k + (x − mean)·(its share of the variance)·K, and what counts is
 * Σ_k Σ (s − ρ_k·z) / (K·rows_k) ≤ 0, whose cumulant functions add up. This is exact for one stratum, and
 * where the units of each are of equal size.
 *
 * Scores of 0 and 1 make sums whole numbers. Where sums lie on a lattice, thresholds are half a step away from it and
 * u = (2/h)·sinh(h·t/2)·√K″ (Daniels 1987, second correction).
 * @module
 */
import { studentP, studentQuantile } from "./student.ts";
import type { Units } from "./units.ts";

/**
 * Percentile interval and two-sided p-value of "the mean is 0" of the bootstrap distribution.
 *
 * The interval runs from the smallest x with P(mean* ≤ x) > (1 − level)/2 to the largest with as much above it:
 * on a lattice both are points of it. p is twice the smaller of P(mean* ≤ 0) and P(mean* ≥ 0), both with what
 * lies at 0. It is 0 where no resample can reach 0.
 *
 * @param strata as {@link toUnits} gives them, in which some units differ
 * @param level in (0, 1)
 */
export function bootstrapInterval(
  strata: readonly Units[],
  level: number,
): { low: number; high: number; p: number } {
  const outside = (1 - level) / 2;
  const lower = new LowerTail(strata), upper = new LowerTail(strata.map(mirrored));
  const below = lower.atMostZero(), above = upper.atMostZero();
  const end = (tail: LowerTail, here: number, beyond: number): number => {
    let x = tail.quantile(outside);
    // An interval leaves 0 out where p says so, and only there.
    if (here > outside) x = Math.min(x, 0);
    if (beyond >= 1 - outside) x = Math.max(x, 0);
    return x;
  };
  return {
    low: end(lower, below, above),
    high: 0 - end(upper, above, below),
    p: Math.min(1, 2 * Math.min(below, above)),
  };
}

/** Differences of the other sign. */
function mirrored({ sums, sizes }: Units): Units {
  return { sums: sums.map((sum) => 0 - sum), sizes };
}

/** Equal units of a stratum in one pile each. */
interface Piles {
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
  /** Share of units in each pile. */
  readonly shares: Float64Array;
  /** Units of the stratum. */
  readonly count: number;
  /** Their rows. */
  readonly rows: number;
  /** Sum ÷ rows. */
  readonly ratio: number;
  /** Variance of the resampled ratio. */
  readonly variance: number;
  /** Smallest ratio of a unit. */
  readonly least: number;
  /** s − ρ·z of each pile, in standard errors of the mean; for the x at hand. */
  readonly off: Float64Array;
}

/** P(mean* ≤ x) and its inverse. */
class LowerTail {
  readonly #strata: Piles[];
  readonly #mean: number;
  readonly #error: number;
  /** The smallest mean there can be, and its probability. */
  readonly #bottom: number;
  readonly #atom: number;
  /** Step of the lattice of sums, in standard errors; 0 where there is none. */
  readonly #step: number;
  /** Whether units of a stratum are of equal size, so that means lie on a lattice where sums do. */
  readonly #even: boolean;
  /** Where the last saddlepoint was. */
  #tilt = 0;

  constructor(units: readonly Units[]) {
    const strata = this.#strata = units.map(toPiles), K = strata.length;
    const mean = (of: (piles: Piles) => number): number =>
      strata.reduce((sum, piles) => sum + of(piles), 0) / K;
    this.#mean = mean(({ ratio }) => ratio);
    this.#error = Math.sqrt(mean(({ variance }) => variance) / K);
    this.#bottom = mean(({ least }) => least);
    this.#atom = strata.reduce((product, s) => product * shareAtBottom(s) ** s.count, 1);
    this.#even = strata.every(({ sizes }) => sizes.every((size) => size === sizes[0]));
    this.#step = this.#even || K === 1
      ? commonStep(strata.flatMap(({ sums, rows }) => {
        const least = sums.reduce((a, b) => Math.min(a, b));
        return Array.from(sums, (sum) => (sum - least) / (K * rows * this.#error));
      }))
      : 0;
  }

  /** P(mean* ≤ 0). */
  atMostZero(): number {
    if (Math.abs(this.#bottom) <= NOISE * this.#error) return this.#atom;
    if (this.#bottom > 0) return 0;
    this.#moveTo(0);
    const step = this.#step;
    if (step === 0) return normalTail(this.#score(0));
    const bottom = this.#extreme(Math.min);
    return normalTail(this.#score(bottom + step * (Math.floor(-bottom / step + 1e-6) + 0.5)));
  }

  /** The smallest x with P(mean* ≤ x) > p, for p < ½. */
  quantile(p: number): number {
    if (this.#atom > p) return this.#bottom;
    const x = this.#root(-studentQuantile(2 * p, Infinity));
    if (!this.#even || this.#step === 0) return x;
    const step = this.#step * this.#error;
    const point = this.#bottom + step * Math.max(1, Math.round((x - this.#bottom) / step));
    return Math.abs(point) < NOISE * step ? 0 : point;
  }

  /** Where the score is z: outwards from the mean until it is less, then regula falsi (Illinois). */
  #root(z: number): number {
    const scoreAt = (x: number): number => {
      if (x <= this.#bottom) return -Infinity;
      this.#moveTo(x);
      return this.#score(0);
    };
    let high = this.#mean, above = scoreAt(high) - z, low = high, below = above;
    while (below > 0) {
      high = low, above = below;
      low = Math.max(this.#bottom, low - Math.max(0.25, above) * this.#error);
      below = scoreAt(low) - z;
      // Beyond what the approximation can follow: the end is as far out as can be.
      if (below >= above) return this.#bottom;
    }
    const near = 1e-9 * this.#error;
    while (high - low > near) {
      const x = below === -Infinity
        ? (low + high) / 2
        : (low * above - high * below) / (above - below);
      const found = scoreAt(x) - z;
      if (Math.abs(found) < 1e-9) return x;
      if (found > 0) high = x, above = found, below /= 2;
      else low = x, below = found, above /= 2;
    }
    return (low + high) / 2;
  }

  /** Sets every pile's {@link Piles.off} for a mean of x. */
  #moveTo(x: number): void {
    const K = this.#strata.length, moved = (x - this.#mean) / (this.#error ** 2 * K);
    for (const { sums, sizes, off, ratio, variance, rows } of this.#strata) {
      const point = ratio + moved * variance, scale = 1 / (K * rows * this.#error);
      for (let j = 0; j < off.length; j++) off[j] = (sums[j] - point * sizes[j]) * scale;
    }
  }

  /** Least or largest Σ off over units drawn. */
  #extreme(of: (a: number, b: number) => number): number {
    return this.#strata.reduce(
      (sum, { off, count }) => sum + count * off.reduce((a, b) => of(a, b)),
      0,
    );
  }

  /** r with Φ(r) = P(Σ off ≤ y). */
  #score(y: number): number {
    if (y <= this.#extreme(Math.min) + NOISE) return -Infinity;
    if (y >= this.#extreme(Math.max) - NOISE) return Infinity;
    let low = -Infinity, high = Infinity, t = this.#tilt;
    for (let i = 0; i < 200; i++) {
      const { k, k1, k2, k3 } = this.#cumulants(t);
      const excess = k1 - y;
      if (excess > 0) high = t;
      else low = t;
      if (Math.abs(excess) <= 1e-9 * Math.sqrt(k2) || !(high - low > 1e-14 * Math.abs(t))) {
        this.#tilt = t;
        const w = Math.sign(t) * Math.sqrt(Math.max(0, 2 * (t * y - k)));
        const h = this.#step, steps = h > 0 ? Math.sinh(h * t / 2) * 2 / h : t;
        const u = steps * Math.sqrt(k2);
        return Math.abs(w) < 0.02 ? w + k3 / k2 ** 1.5 / 6 : w + Math.log(u / w) / w;
      }
      t -= excess / k2;
      if (!(t > low && t < high)) {
        t = high === Infinity
          ? 2 * Math.abs(low) + 1
          : low === -Infinity
          ? -2 * Math.abs(high) - 1
          : (low + high) / 2;
      }
    }
    throw new Error("no saddlepoint");
  }

  /** K(t) of Σ off and its first three derivatives. */
  #cumulants(t: number): { k: number; k1: number; k2: number; k3: number } {
    let k = 0, k1 = 0, k2 = 0, k3 = 0;
    for (const { off, shares, count } of this.#strata) {
      // About the value that weighs most, nothing overflows and no digits are lost.
      const from = off.reduce((a, b) => t > 0 ? Math.max(a, b) : Math.min(a, b));
      let m0 = 0, m1 = 0, m2 = 0, m3 = 0;
      for (let j = 0; j < off.length; j++) {
        const d = off[j] - from, weight = shares[j] * Math.exp(t * d), first = weight * d;
        m0 += weight;
        m1 += first;
        m2 += first * d;
        m3 += first * d * d;
      }
      m1 /= m0, m2 /= m0, m3 /= m0;
      k += count * (t * from + Math.log(m0));
      k1 += count * (from + m1);
      k2 += count * (m2 - m1 * m1);
      k3 += count * (m3 - 3 * m1 * m2 + 2 * m1 ** 3);
    }
    return { k, k1, k2, k3 };
  }
}

/** Rounding, as a share of what is looked at. */
const NOISE = 1e-9;

/** Φ(r). */
function normalTail(r: number): number {
  const half = studentP(r, Infinity) / 2;
  return r < 0 ? half : 1 - half;
}

/** Equal units are neighbours only where units are sorted: they are. */
function toPiles({ sums, sizes }: Units): Piles {
  const at: number[] = [], counts: number[] = [];
  let sum = 0, rows = 0, least = Infinity;
  for (let j = 0; j < sums.length; j++) {
    sum += sums[j];
    rows += sizes[j];
    least = Math.min(least, sums[j] / sizes[j]);
    if (j > 0 && sums[j] === sums[j - 1] && sizes[j] === sizes[j - 1]) counts[counts.length - 1]++;
    else at.push(j), counts.push(1);
  }
  const ratio = sum / rows;
  return {
    sums: Float64Array.from(at, (j) => sums[j]),
    sizes: Float64Array.from(at, (j) => sizes[j]),
    shares: Float64Array.from(counts, (count) => count / sums.length),
    count: sums.length,
    rows,
    ratio,
    variance: at.reduce((all, j, i) => all + counts[i] * (sums[j] - ratio * sizes[j]) ** 2, 0) /
      rows ** 2,
    least,
    off: new Float64Array(at.length),
  };
}

/** Share of units whose ratio is the smallest. */
function shareAtBottom({ sums, sizes, shares, least }: Piles): number {
  const most = least + NOISE * (1 + Math.abs(least));
  return shares.reduce((sum, share, j) => sums[j] / sizes[j] <= most ? sum + share : sum, 0);
}

/** The largest number of which all values (≥ 0) are multiples; 0 where they have none that matters. */
function commonStep(values: readonly number[]): number {
  const range = values.reduce((a, b) => Math.max(a, b), 0);
  let step = 0;
  for (const value of values) {
    if (value <= NOISE * range) continue;
    let rest = step;
    for (step = value; rest > NOISE * range;) {
      [step, rest] = [rest, Math.abs(step - rest * Math.round(step / rest))];
    }
    if (step < 1e-5 * range) return 0;
  }
  return step;
}
