/**
 * Reference Trustable Decoding (arXiv 2409.20181): a trained head is replaced by the labelled examples whose
 * states lie nearest to the state that the head would read. Nothing is trained.
 *
 *   d_j = |h − key_j|² of the K nearest keys,  w_j = exp(−d_j/T) / Σ exp(−d_j/T),  r = Σ_j w_j value_j
 *
 * With H heads (MH-RTD) states are cut into H slices; each slice finds neighbours of its own and weighs them
 * by exp(−H·d_j/T), since its distances are about 1/H as large; r is the mean of the H read-outs.
 * @module
 */
import { type Matrix, matrix, row, squareNorms } from "../../linalg/matrix.ts";
import { nearest } from "../../linalg/nearest.ts";

/** Labelled states. Ties in distance go to the earlier row, so rows belong in the order of their ids. */
export interface Store {
  /** One state a row, [N × width]. */
  readonly keys: Matrix;
  /**
   * What each row says, row-major [N × columns]: 1 for its label and 0 elsewhere, or numbers; NaN = it does
   * not know.
   */
  readonly values: Float64Array;
  /** Columns of the values. */
  readonly columns: number;
}

/** One way to weigh the neighbours. */
export interface Setting {
  /** Neighbours, K; all rows where there are fewer. */
  readonly k: number;
  /** Temperature T of the weights, in squared distances: ∞ = equal weights, 0 = the nearest alone. */
  readonly temperature: number;
}

/**
 * r of every state, row-major [Q × columns], for each of several settings: one search serves them all. NaN
 * where no neighbour knows.
 *
 * @param states [Q × width]
 * @param heads H, a divisor of the width
 */
export async function readOut(
  store: Store,
  states: Matrix,
  heads: number,
  settings: readonly Setting[],
): Promise<Float64Array[]> {
  const { keys, values, columns: V } = store, Q = states.rows;
  const most = Math.max(...settings.map(({ k }) => k));
  const sums = settings.map(() => new Float64Array(Q * V));
  const counts = settings.map(() => new Float64Array(Q * V));
  for (const [h, side] of sidesOf(keys, heads).entries()) {
    const found = await search(slice(states, h, heads), side, most);
    for (const [s, { k, temperature }] of settings.entries()) {
      const near = Math.min(k, found.k), T = temperature / heads;
      for (let i = 0; i < Q; i++) {
        const start = i * found.k,
          weight = weights(found.distance.subarray(start, start + near), T);
        for (let v = 0; v < V; v++) {
          let sum = 0, total = 0;
          for (let j = 0; j < near; j++) {
            const value = values[found.index[start + j] * V + v];
            if (value === value) sum += weight[j] * value, total += weight[j];
          }
          if (total > 0) sums[s][i * V + v] += sum / total, counts[s][i * V + v]++;
        }
      }
    }
  }
  return sums.map((sum, s) => sum.map((value, at) => value / counts[s][at]));
}

/** exp(−d/T) up to a factor, for distances in ascending order: the nearest weighs 1. */
export function weights(distances: Float64Array, temperature: number): Float64Array {
  return distances.map((d) => {
    const further = d - distances[0];
    return further === 0 ? 1 : Math.exp(-further / temperature);
  });
}

/**
 * Squared distance of every state to its k-th nearest key (the furthest where there are fewer), for each k.
 * @param own whether the states are the keys themselves, of which none is its own neighbour
 */
export async function distancesTo(
  { keys }: Store,
  states: Matrix,
  ks: readonly number[],
  own = false,
): Promise<Float64Array[]> {
  const { distance, k: found } = await search(
    states,
    sidesOf(keys, 1)[0],
    Math.max(...ks) + Number(own),
  );
  return ks.map((k) => {
    const at = Math.min(k + Number(own), found) - 1;
    return Float64Array.from({ length: states.rows }, (_, i) => distance[i * found + at]);
  });
}

/** T₀ from distances of held-out states to their K-th neighbours: a quarter of the median. */
export function baseTemperature(distances: Float64Array): number {
  const sorted = distances.toSorted(), n = sorted.length;
  return n > 0 ? (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 8 : 0;
}

interface Found {
  readonly index: Int32Array;
  readonly distance: Float64Array;
  readonly k: number;
}

/** Rows looked at beyond the nearest k, for float32 may misjudge who is at the margin. */
const SPARE = 16;

/** One slice of a store, made ready to be searched. */
interface Side {
  readonly keys: Matrix;
  /** Mean of the keys. */
  readonly centre: Float64Array;
  /** [key, −|key|²] of every key, measured from the centre. */
  readonly widened: Matrix;
}

const sides = new WeakMap<Matrix, Map<number, Side[]>>();

/** The H slices of a store's keys, made once. */
function sidesOf(keys: Matrix, heads: number): Side[] {
  const known = sides.get(keys) ?? new Map<number, Side[]>();
  sides.set(keys, known);
  const before = known.get(heads);
  if (before) return before;
  const made = Array.from({ length: heads }, (_, h): Side => {
    const part = slice(keys, h, heads), centre = meanRow(part), inside = minus(part, centre);
    const squares = squareNorms(inside);
    return { keys: part, centre, widened: widened(inside, (x) => x, (i) => -squares[i]) };
  });
  known.set(heads, made);
  return made;
}

/**
 * The k nearest keys of every state, nearest first: candidates by float32 products of centred rows, since
 * [2q, 1]·[key, −|key|²] = |q|² − |q − key|², then their distances in float64.
 */
async function search(
  states: Matrix,
  { keys, centre, widened: store }: Side,
  k: number,
): Promise<Found> {
  const queries = widened(minus(states, centre), (x) => 2 * x, () => 1);
  const candidates = await nearest(queries, store, k + SPARE);
  const found = Math.min(k, keys.rows), Q = states.rows;
  const index = new Int32Array(Q * found), distance = new Float64Array(Q * found);
  const rows = new Int32Array(candidates.k), exact = new Float64Array(candidates.k);
  for (let i = 0; i < Q; i++) {
    for (let j = 0; j < candidates.k; j++) {
      const r = candidates.index[i * candidates.k + j], d = squaredDistance(states, i, keys, r);
      let at = j; // by insertion: they come almost in order
      while (at > 0 && (exact[at - 1] > d || (exact[at - 1] === d && rows[at - 1] > r))) {
        exact[at] = exact[at - 1];
        rows[at] = rows[--at];
      }
      exact[at] = d, rows[at] = r;
    }
    index.set(rows.subarray(0, found), i * found);
    distance.set(exact.subarray(0, found), i * found);
  }
  return { index, distance, k: found };
}

function squaredDistance(a: Matrix, i: number, b: Matrix, j: number): number {
  const x = a.data, y = b.data, width = a.width;
  let sum = 0;
  for (let p = i * width, q = j * width, end = p + width; p < end; p++, q++) {
    const apart = x[p] - y[q];
    sum += apart * apart;
  }
  return sum;
}

function meanRow({ data, rows, width }: Matrix): Float64Array {
  const sum = new Float64Array(width);
  for (let at = 0; at < data.length; at++) sum[at % width] += data[at];
  return sum.map((value) => value / Math.max(1, rows));
}

function minus({ data, rows, width }: Matrix, centre: Float64Array): Matrix {
  return matrix(rows, width, data.map((x, at) => x - centre[at % width]));
}

/** The rows with one more number each. */
function widened(m: Matrix, of: (x: number) => number, last: (row: number) => number): Matrix {
  const out = matrix(m.rows, m.width + 1);
  for (let i = 0; i < m.rows; i++) {
    const to = row(out, i);
    row(m, i).forEach((x, j) => to[j] = of(x));
    to[m.width] = last(i);
  }
  return out;
}

/** The h-th of H slices of the columns. */
function slice(m: Matrix, h: number, heads: number): Matrix {
  if (heads === 1) return m;
  const width = m.width / heads;
  if (!Number.isInteger(width)) throw new RangeError(`${heads} heads of a width of ${m.width}`);
  const out = matrix(m.rows, width);
  for (let i = 0; i < m.rows; i++) {
    row(out, i).set(row(m, i).subarray(h * width, (h + 1) * width));
  }
  return out;
}
