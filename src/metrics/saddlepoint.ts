/**
 * The bootstrap distribution of a mean without drawing: a saddlepoint approximation (Davison & Hinkley 1988).
 *
 * Of n units n are drawn with replacement; a unit j has a sum s_j and z_j rows. Their mean is at most x where
 * Σ (s − x·z) over what is drawn is at most 0, and the cumulant function of that sum is known:
 * K(t) = n·ln of the mean over units of exp(t·(s_j − x·z_j)). At the saddlepoint, K′(t) = 0, let
 * w = sign(t)·√(−2·K(t)) and u = t·√K″(t); then P(mean* ≤ x) is Φ(w + ln(u/w)/w). This is Barndorff-Nielsen's
 * form of the formula of Lugannani and Rice: as accurate, and never outside of 0…1.
 *
 * Scores of 0 and 1 make sums whole numbers. Where sums lie on a lattice of step h, thresholds are half a step
 * away from it, and u = (2/h)·sinh(h·t/2)·√K″(t) (Daniels 1987, second correction).
 *
 * Of several strata each has its own distribution; that of the mean of their ratios is the convolution, on a grid.
 * A saddlepoint of all strata together would have to linearise ratios, which in strata of few and very unequal
 * units are far from linear.
 * @module
 */
import { LowerTail, normalTail } from "./lower_tail.ts";
import { bottomOf, mirrored, NOISE, type Piles, toPiles } from "./piles.ts";
import type { Units } from "./units.ts";

/** What {@link bootstrapInterval} finds. */
export interface BootstrapInterval {
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** Two-sided p-value of "the mean is 0"; 0 where no resample reaches 0. */
  readonly p: number;
}

/**
 * Percentile interval and two-sided p-value of "the mean is 0" of the bootstrap distribution.
 *
 * The interval runs from the smallest x with P(mean* ≤ x) > (1 − level)/2 to the largest with as much above it:
 * on a lattice both are points of it. p is twice the smaller of P(mean* ≤ 0) and P(mean* ≥ 0), what lies at 0
 * being in both; of one stratum it is 0 where no resample reaches 0.
 *
 * @param strata as {@link toUnits} gives them; not all units have the same mean
 * @param level in (0, 1)
 */
export function bootstrapInterval(
  strata: readonly Units[],
  level: number,
): BootstrapInterval {
  const outside = (1 - level) / 2, piles = strata.map(toPiles);
  return piles.length === 1 ? ofOne(piles[0], outside) : ofSeveral(piles, outside);
}

function ofOne(piles: Piles, outside: number): BootstrapInterval {
  const lower = new LowerTail(piles), upper = new LowerTail(mirrored(piles));
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

/** Grid points in a standard error of the mean, and how many standard errors a stratum is followed. */
const GRID = 24, REACH = 6;

/** A cell of the grid counts on both sides, so that ends are at most a cell too far out. */
function ofSeveral(strata: readonly Piles[], outside: number): BootstrapInterval {
  const K = strata.length, mean = strata.reduce((sum, { ratio }) => sum + ratio, 0) / K;
  const step = Math.sqrt(strata.reduce((sum, { error }) => sum + error * error, 0)) / K / GRID;
  const { first, masses } = strata.map((piles) => onGrid(piles, step * K)).reduce(convolved);
  const last = masses.length - 1;
  const zero = Math.max(0, Math.min(last, Math.round(-mean / step) - first));
  const lower = runningSums(masses), upper = runningSums(masses.toReversed());
  const reached = (sum: number): boolean => sum > outside;
  return {
    low: mean + (first + lower.findIndex(reached) - 0.5) * step,
    high: mean + (first + last - upper.findIndex(reached) + 0.5) * step,
    p: Math.min(1, 2 * Math.min(lower[zero], upper[last - zero])),
  };
}

/** Probabilities of grid points around the observed value, from number `first` on. */
interface Grid {
  readonly first: number;
  readonly masses: Float64Array;
}

/** The distribution of a stratum's ratio. */
function onGrid(piles: Piles, step: number): Grid {
  const { ratio, error } = piles,
    bottom = bottomOf(piles).least,
    top = -bottomOf(mirrored(piles)).least;
  if (top - bottom <= NOISE * Math.max(Math.abs(top), Math.abs(bottom))) {
    return { first: 0, masses: Float64Array.of(1) };
  }
  const tail = new LowerTail(piles), onLattice = tail.lattice > step;
  // On a lattice coarser than the grid mass lies at its points only.
  const spacing = onLattice ? tail.lattice : step, origin = onLattice ? bottom : ratio;
  const pointAt = (x: number): number => Math.round((x - origin) / spacing);
  const from = pointAt(Math.max(bottom, ratio - REACH * error));
  const points = pointAt(Math.min(top, ratio + REACH * error)) - from + 1;
  /** Scores halfway between point i − 1 and point i. */
  const scores = Float64Array.from(
    { length: points + 1 },
    (_, i) => tail.scoreAt(origin + (from + i - 0.5) * spacing),
  );
  scores[0] = -Infinity, scores[points] = Infinity;
  // At its ends the approximation may turn back: it is followed outwards from the middle only.
  const middle = Math.max(0, Math.min(points, pointAt(ratio) - from));
  for (let i = middle; i-- > 0;) scores[i] = Math.min(scores[i], scores[i + 1]);
  for (let i = middle; ++i <= points;) scores[i] = Math.max(scores[i], scores[i - 1]);
  const cellOf = (i: number): number => Math.round((origin + (from + i) * spacing - ratio) / step);
  const first = cellOf(0), masses = new Float64Array(cellOf(points - 1) - first + 1);
  for (let i = 0; i < points; i++) {
    masses[cellOf(i) - first] += massBetween(scores[i], scores[i + 1]);
  }
  return { first, masses };
}

function runningSums(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => sum += value);
}

/** Φ(b) − Φ(a), to full precision in both tails. */
function massBetween(a: number, b: number): number {
  return a > 0 ? normalTail(-a) - normalTail(-b) : normalTail(b) - normalTail(a);
}

function convolved(a: Grid, b: Grid): Grid {
  const masses = new Float64Array(a.masses.length + b.masses.length - 1);
  a.masses.forEach((mass, i) => {
    if (mass > 0) { for (let j = 0; j < b.masses.length; j++) masses[i + j] += mass * b.masses[j]; }
  });
  return { first: a.first + b.first, masses };
}
