/**
 * Nearest neighbours in stores too large to look at every pair: an inverted file (Sivic and Zisserman, 2003). The
 * stored rows are cut into cells around centroids, and a query is compared with the rows of the nearest cells alone.
 *
 * What that misses is measured: how many cells a search looks into is chosen on stored rows, and the recall of a
 * search is measured on its own queries, both against the exact search. The neighbours of a query depend on the stored
 * rows and their ranks alone: not on their order, not on other queries, and up to {@link FEWEST_ROWS} of them are the
 * first of those that a search for more finds.
 * @module
 */
import { type Matrix, matrix, squareNorms, strided, takeRows } from "./matrix.ts";
import { forEachProductBlock, product } from "./gemm.ts";
import { assign, inOrderOfRank, lloyd } from "./kmeans.ts";
import {
  keyOf,
  nearest,
  type Neighbours,
  partition,
  rankOfKey,
  requireFinite,
  similarityOfKey,
} from "./nearest.ts";

/** Rows of a cell's centroid sample, and Lloyd's iterations on it. */
const ROWS_A_CELL = 64, ITERATIONS = 8;
/** Recall that the number of cells is chosen for, and the queries that it is measured on. */
const RECALL = 0.95, SAMPLE = 256;
/** Neighbours that the number of cells is chosen for: about the most that a router asks for. */
const CHOSEN_FOR = 300;
/** A query is compared with so many rows at least. */
const FEWEST_ROWS = 1024;
/** Queries searched at a time, and products of them with a cell's rows. */
const BLOCK = 2 ** 14, PRODUCTS = 2 ** 22;

/** A store cut into cells. */
export interface Cells {
  /** The stored rows [n × d]. */
  readonly store: Matrix;
  /** Rank of each row's id, which settles ties. Length n. */
  readonly rank: Uint32Array;
  /** [K × d]. */
  readonly centroids: Matrix;
  /** Row numbers, cell after cell. Length n. */
  readonly members: Int32Array;
  /** Where each cell begins among the members, and where the last one ends. Length K + 1. */
  readonly first: Int32Array;
}

/** A store that can be searched. */
export interface SearchableCells extends Cells {
  /** Cells that a search looks into. */
  readonly probes: number;
  /** Share of the exact neighbours found, on stored rows that the choice of `probes` did not look at. */
  readonly recall: number;
}

/** Neighbours with what is known of the search. */
export interface ApproximateNeighbours extends Neighbours {
  /** Share of the exact neighbours that were found. */
  readonly recall: number;
  /** Queries of this search that the recall was measured on; 0 for a small batch: it is that of stored rows. */
  readonly measuredOn: number;
}

/** Cuts a store into about √n cells. */
export async function cutIntoCells(store: Matrix, rank: Uint32Array): Promise<SearchableCells> {
  const n = store.rows, order = inOrderOfRank(n, rank), K = Math.max(1, Math.round(Math.sqrt(n)));
  const sample = strided(order, K * ROWS_A_CELL);
  const { centroids } = await lloyd(
    takeRows(store, sample),
    takeRows(store, strided(sample, K)),
    { iterations: ITERATIONS },
  );
  const { assignment } = await assign(store, centroids);
  const first = new Int32Array(centroids.rows + 1);
  for (const c of assignment) first[c + 1]++;
  for (let c = 0; c < centroids.rows; c++) first[c + 1] += first[c];
  const next = first.slice(), members = new Int32Array(n);
  for (const i of order) members[next[assignment[i]]++] = i;
  const cells = { store, rank, centroids, members, first };
  return { ...cells, ...await chooseProbes(cells, order) };
}

/**
 * The stored rows most similar to every query, as {@link nearest} has them, but for those in cells that were not
 * looked into.
 *
 * @param rank rank of each query's id: which ones the recall is measured on. Default: the row number
 * @throws {RangeError} as {@link nearest} does
 */
export async function nearestInCells(
  queries: Matrix,
  cells: SearchableCells,
  k: number,
  rank?: Uint32Array,
): Promise<ApproximateNeighbours> {
  requireFinite(queries, "query");
  const found = await search(queries, cells, k, cells.probes);
  if (queries.rows < SAMPLE) return { ...found, recall: cells.recall, measuredOn: 0 };
  const sample = strided(inOrderOfRank(queries.rows, rank), SAMPLE);
  const exact = await nearest(takeRows(queries, sample), cells.store, k, cells.rank);
  return { ...found, recall: recallOf(found, exact, sample), measuredOn: sample.length };
}

/** Twice as many cells until the neighbours of every second sampled row are found; the others say how well. */
async function chooseProbes(
  cells: Cells,
  order: Int32Array,
): Promise<Pick<SearchableCells, "probes" | "recall">> {
  const k = CHOSEN_FOR, sample = strided(order, 2 * SAMPLE);
  const halves = [0, 1].map((half) =>
    takeRows(cells.store, sample.filter((_, i) => i % 2 === half))
  );
  const exact: Neighbours[] = []; // one after the other: each needs room for a share of the store
  for (const rows of halves) exact.push(await nearest(rows, cells.store, k, cells.rank));
  const recall = async (half: number, probes: number): Promise<number> =>
    recallOf(await search(halves[half], cells, k, probes), exact[half]);
  let probes = 1;
  while (probes < cells.centroids.rows && await recall(0, probes) < RECALL) probes *= 2;
  probes = Math.min(probes, cells.centroids.rows);
  return { probes, recall: await recall(1, probes) };
}

/** Share of the exact neighbours that were found; of some queries only, where `which` names those of `exact`. */
function recallOf(found: Neighbours, exact: Neighbours, which?: Int32Array): number {
  const { index, k } = exact;
  let hits = 0;
  for (let q = 0; q * k < index.length; q++) {
    const from = (which ? which[q] : q) * k;
    const own = new Set(found.index.subarray(from, from + k));
    for (let i = q * k; i < (q + 1) * k; i++) if (own.has(index[i])) hits++;
  }
  return index.length > 0 ? hits / index.length : 1;
}

/** Looks into the `probes` nearest cells of every query. */
async function search(
  queries: Matrix,
  cells: Cells,
  most: number,
  probes: number,
): Promise<Neighbours> {
  const { store, rank, centroids, members, first } = cells;
  const k = Math.min(most, store.rows), Q = queries.rows;
  const rowOfRank = inOrderOfRank(store.rows, rank);
  const index = new Int32Array(Q * k), similarity = new Float32Array(Q * k);
  const asks = scratch(), stored = scratch(), products = scratch();
  for (let start = 0; k > 0 && start < Q; start += BLOCK) {
    const part = rowsBetween(queries, start, Math.min(Q, start + BLOCK));
    const best = bestKeys(part.rows, k);
    const asking = await askingCells(part, cells, probes, Math.max(k, FEWEST_ROWS));
    for (let c = 0; c < centroids.rows; c++) {
      const own = members.subarray(first[c], first[c + 1]);
      if (own.length === 0 || asking[c].length === 0) continue;
      const rows = gathered(store, own, stored), step = Math.ceil(PRODUCTS / own.length);
      for (let at = 0; at < asking[c].length; at += step) {
        const asked = asking[c].slice(at, at + step);
        const out = matrix(asked.length, own.length, products(asked.length * own.length));
        const { data } = await product(gathered(part, asked, asks), rows, out);
        const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
        for (let q = 0; q < asked.length; q++) {
          best.offer(asked[q], data, bits, q * own.length, own, rank);
        }
      }
    }
    for (let q = 0; q < part.rows; q++) {
      const keys = best.sorted(q);
      for (let i = 0, to = (start + q) * k; i < k; i++, to++) {
        index[to] = rowOfRank[rankOfKey(keys[k - 1 - i])];
        similarity[to] = similarityOfKey(keys[k - 1 - i]);
      }
    }
  }
  return { index, similarity, k };
}

/** The queries that ask each cell: of the `probes` nearest cells, or of so many more as hold `fewest` rows. */
async function askingCells(
  queries: Matrix,
  { centroids, first }: Cells,
  probes: number,
  fewest: number,
): Promise<number[][]> {
  const K = centroids.rows, half = squareNorms(centroids).map((norm) => norm / 2);
  const asking = Array.from({ length: K }, (): number[] => []);
  const nearness = new Float64Array(K), space = new Float64Array(K);
  await forEachProductBlock(queries, centroids, (start, block, rows) => {
    for (let q = 0; q < rows; q++) {
      for (let c = 0; c < K; c++) nearness[c] = block[q * K + c] - half[c];
      for (let count = probes;; count = Math.min(K, 2 * count)) {
        space.set(nearness);
        partition(space, K, count);
        const least = space[count - 1];
        let met = 0;
        for (let c = 0; c < K; c++) if (nearness[c] >= least) met += first[c + 1] - first[c];
        if (met < fewest && count < K) continue;
        for (let c = 0; c < K; c++) if (nearness[c] >= least) asking[c].push(start + q);
        break;
      }
    }
  });
  return asking;
}

/** The best keys of each of some queries, while more are offered. */
function bestKeys(queries: number, k: number): {
  offer(
    query: number,
    values: Float32Array,
    bits: Int32Array,
    from: number,
    rows: Int32Array,
    rank: Uint32Array,
  ): void;
  sorted(query: number): Float64Array;
} {
  const room = 2 * k + 32, keys = new Float64Array(queries * room);
  const held = new Int32Array(queries), least = new Float32Array(queries).fill(-Infinity);
  const own = (query: number): Float64Array => keys.subarray(query * room, (query + 1) * room);
  const narrow = (query: number): void => {
    const mine = own(query);
    partition(mine, held[query], k);
    held[query] = k;
    least[query] = similarityOfKey(mine[k - 1]);
  };
  return {
    offer(query, values, bits, from, rows, rank) {
      let to = query * room + held[query], limit = least[query];
      const end = (query + 1) * room;
      for (let i = 0; i < rows.length; i++) {
        if (values[from + i] < limit) continue;
        if (to === end) {
          held[query] = room;
          narrow(query);
          to = query * room + k;
          limit = least[query];
          if (values[from + i] < limit) continue;
        }
        keys[to++] = keyOf(bits[from + i], rank[rows[i]]);
      }
      held[query] = to - query * room;
    },
    sorted(query) {
      if (held[query] > k) narrow(query);
      return own(query).subarray(0, k).sort();
    },
  };
}

/** Room that is used again and again: fresh memory for every cell would outrun the garbage collector. */
function scratch(): (size: number) => Float32Array {
  let room = new Float32Array();
  return (size) => {
    if (room.length < size) room = new Float32Array(2 * size);
    return room.subarray(0, size);
  };
}

/** Some rows, one after the other, in room that is used again. */
function gathered(
  m: Matrix,
  rows: ArrayLike<number>,
  room: (size: number) => Float32Array,
): Matrix {
  const out = matrix(rows.length, m.width, room(rows.length * m.width));
  for (let i = 0; i < rows.length; i++) {
    out.data.set(m.data.subarray(rows[i] * m.width, (rows[i] + 1) * m.width), i * m.width);
  }
  return out;
}

/** Rows from one up to another, not copied. */
function rowsBetween(m: Matrix, from: number, to: number): Matrix {
  return matrix(to - from, m.width, m.data.subarray(from * m.width, to * m.width));
}
