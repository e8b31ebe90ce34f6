/**
 * Ranks over datasets and how far apart they must be (Demšar 2006, "Statistical Comparisons of Classifiers
 * over Multiple Data Sets", §3.2.2).
 * @module
 */

/**
 * Ranks of scores, 1 for the largest; equal scores share the mean of their ranks.
 * @param scores one per method
 */
export function ranksOf(scores: readonly number[]): number[] {
  return scores.map((own) => {
    const above = scores.filter((s) => s > own).length;
    const equal = scores.filter((s) => s === own).length;
    return above + (equal + 1) / 2;
  });
}

/**
 * Nemenyi's critical difference of mean ranks, CD = q · √(k(k+1) / 6N), q the studentised range at infinite
 * degrees of freedom over √2.
 *
 * @param methods k, at least 2
 * @param datasets N, at least 1
 * @param level probability of any false difference
 */
export function criticalDifference(methods: number, datasets: number, level: number): number {
  const q = rangeQuantile(methods, 1 - level) / Math.SQRT2;
  return q * Math.sqrt(methods * (methods + 1) / (6 * datasets));
}

/** Quantile of the range of k standard normals, by bisection; exact to 1e-6. */
export function rangeQuantile(k: number, probability: number): number {
  let low = 0, high = 20;
  while (high - low > 1e-7) {
    const middle = (low + high) / 2;
    if (rangeProbability(k, middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(range ≤ q) = k ∫ φ(x) (Φ(x) − Φ(x − q))^(k−1) dx, by Simpson's rule on [−8, 8]. */
function rangeProbability(k: number, q: number): number {
  const steps = 800, width = 16 / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const x = -8 + i * width;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    sum += weight * density * (normal(x) - normal(x - q)) ** (k - 1);
  }
  return k * sum * width / 3;
}

/** Φ, by the series around 0 and the continued fraction in the tails; absolute error below 1e-12. */
function normal(x: number): number {
  const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 5) {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= x * x / (2 * n + 1);
    return 0.5 + density * sum;
  }
  const t = Math.abs(x);
  let fraction = t;
  for (let n = 30; n >= 1; n--) fraction = t + n / fraction;
  const tail = density / fraction;
  return x > 0 ? 1 - tail : tail;
}
