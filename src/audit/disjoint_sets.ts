/**
 * Disjoint sets (union–find) over rows.
 * @module
 */

/** Disjoint sets (union–find) over the rows 0…n−1, each row alone at first. */
export interface DisjointSets {
  /** The smallest row of the set that holds `row`. */
  find(row: number): number;
  /** Makes the sets of two rows one. */
  join(a: number, b: number): void;
  /** The smallest row of its set, for every row. Length n. */
  roots(): Uint32Array;
}

/** Opens `n` rows as sets of one. */
export function disjointSets(n: number): DisjointSets {
  const parent = Uint32Array.from({ length: n }, (_, i) => i);
  const find = (row: number): number => {
    while (parent[row] !== row) row = parent[row] = parent[parent[row]];
    return row;
  };
  return {
    find,
    join(a, b) {
      const x = find(a), y = find(b);
      parent[Math.max(x, y)] = Math.min(x, y);
    },
    roots: () => parent.map((_, row) => find(row)),
  };
}
