/**
 * Student's t distribution, for any positive number of degrees of freedom; the normal one is that of infinitely many.
 * @module
 */

/**
 * Two-sided p-value of |t|: the regularised incomplete beta function I_{ν/(ν + t²)}(ν/2, 1/2), to about
 * 1e-13.
 *
 * @param t any number; ±∞ gives 0
 * @param degrees of freedom ν > 0; need not be whole; ∞ gives the normal distribution
 */
export function studentP(t: number, degrees: number): number {
  const square = t * t;
  if (square === Infinity) return 0;
  if (degrees === Infinity) return normalP(Math.abs(t));
  const x = degrees / (degrees + square);
  return incompleteBeta(x, square / (degrees + square), degrees / 2, 0.5);
}

/**
 * The t ≥ 0 outside of which, on both sides together, a share `p` lies: 2.262… for p = .05 and ν = 9.
 *
 * @param p in (0, 1)
 * @param degrees of freedom ν > 0
 */
export function studentQuantile(p: number, degrees: number): number {
  let low = 0, high = 1;
  while (studentP(high, degrees) > p) low = high, high *= 2;
  // Halving until neighbours: the same bits everywhere.
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (studentP(middle, degrees) > p) low = middle;
    else high = middle;
  }
  return high;
}

/** Two-sided p-value of a standard normal z ≥ 0: a series for small z, else Laplace's continued fraction. */
function normalP(z: number): number {
  const density = Math.exp(-z * z / 2) * Math.sqrt(2 / Math.PI);
  if (z < 3) {
    let term = z, sum = z;
    for (let k = 3; term > 1e-17 * sum; k += 2) sum += term *= z * z / k;
    return 1 - density * sum;
  }
  let fraction = z;
  for (let k = 50; k > 0; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** I_x(a, b) with y = 1 − x given beside, so that neither loses digits. */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y),
  );
  return x < (a + 1) / (a + b + 2)
    ? front * betaFraction(x, a, b) / a
    : 1 - front * betaFraction(y, b, a) / b;
}

/** The continued fraction of the incomplete beta function, by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => Math.abs(value) < 1e-300 ? 1e-300 : value;
  let c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), h = d;
  for (let m = 1; m < 10_000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return h;
}

/** ln Γ(x), x > 0: Stirling's series, after moving x up to where it is exact. */
function logGamma(x: number): number {
  let product = 1;
  for (; x < 20; x++) product *= x;
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}
