/**
 * The parts all protocols share: blocks of rows that stay together, dealing them out evenly, and
 * dropping copies that a cut by benchmark or task would leave on two sides.
 * @module
 */
import { seededOrder } from "../base/random.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Role } from "./split.ts";

/** Rows that are never separated. */
interface Block {
  /** Smallest query id of the block: what its draws are keyed by. */
  readonly key: string;
  /** Benchmark that most of its rows are of; the first by name among equals. */
  readonly benchmark: string;
  readonly rows: readonly number[];
}

/** A benchmark with fewer rows than this for each part has its remainder dealt together with others. */
const ROWS_A_PART = 10;

/**
 * Deals rows into `parts` equal parts, stratified by benchmark, whole groups at a time.
 *
 * Within a benchmark the groups are put in seeded order, and a group goes to the part in which its
 * middle row falls; each part is then within half a group, at both ends, of its share.
 *
 * Small benchmarks cannot all be rounded alike without the whole losing its shares (of one row each, every row
 * would be in the middle part). They are dealt after the others, benchmark by benchmark in seeded order, large
 * groups first: a group goes to the part with fewest rows of its benchmark, among equals to the one with fewest
 * rows in all.
 *
 * @param rows the rows to deal
 * @returns part of each row, by table row; undefined for rows not dealt
 */
export function deal(
  table: OutcomeTable,
  groups: Uint32Array,
  rows: readonly number[],
  parts: number,
  seed: number,
  purpose: string,
): Map<number, number> {
  const part = new Map<number, number>(), dealt = new Array<number>(parts).fill(0);
  const put = (block: Block, to: number): void => {
    for (const row of block.rows) part.set(row, to);
    dealt[to] += block.rows.length;
  };
  const size = (stratum: readonly Block[]): number =>
    stratum.reduce((sum, block) => sum + block.rows.length, 0);
  const ordered = (stratum: readonly Block[]): Block[] =>
    seededOrder(stratum, (block) => block.key, seed, purpose);

  const strata = Map.groupBy(blocks(table, groups, rows), (block) => block.benchmark);
  const [large, small] = [true, false].map((isLarge) =>
    [...strata.keys()].filter((b) => size(strata.get(b)!) >= ROWS_A_PART * parts === isLarge)
  );
  for (const benchmark of large) {
    const total = size(strata.get(benchmark)!);
    let before = 0;
    for (const block of ordered(strata.get(benchmark)!)) {
      put(block, Math.floor((before + block.rows.length / 2) / total * parts));
      before += block.rows.length;
    }
  }
  const order = seededOrder(dealt.keys(), String, seed, `${purpose} parts`);
  for (const benchmark of seededOrder(small, String, seed, `${purpose} small`)) {
    const own = new Array<number>(parts).fill(0);
    // Large groups first: single rows can still even out what they leave.
    const largestFirst = ordered(strata.get(benchmark)!)
      .sort((a, b) => b.rows.length - a.rows.length);
    for (const block of largestFirst) {
      const to = order.reduce((a, b) => (own[b] - own[a] || dealt[b] - dealt[a]) < 0 ? b : a);
      own[to] += block.rows.length;
      put(block, to);
    }
  }
  return part;
}

/**
 * Makes sure that no group lies on two sides: where it does, the test rows stay, else the validation
 * rows, and the other rows of the group are dropped. Changes `roles`.
 */
export function dropCopies(roles: Role[], groups: Uint32Array): void {
  const strictest = new Map<number, Role>();
  for (const role of ["v", "e"] as const) {
    for (const [row, own] of roles.entries()) if (own === role) strictest.set(groups[row], role);
  }
  for (const [row, own] of roles.entries()) {
    if (own !== (strictest.get(groups[row]) ?? own)) roles[row] = "d";
  }
}

/** Row numbers of a role. */
export function rowsOf(roles: ArrayLike<string>, ...wanted: Role[]): number[] {
  return Array.from({ length: roles.length }, (_, row) => row)
    .filter((row) => (wanted as string[]).includes(roles[row]));
}

function blocks(table: OutcomeTable, groups: Uint32Array, rows: readonly number[]): Block[] {
  const { ids, benchmarks, benchmark } = table;
  return Array.from(Map.groupBy(rows, (row) => groups[row]).values(), (own) => {
    const counts = Map.groupBy(own, (row) => benchmarks[benchmark[row]]);
    return {
      key: own.map((row) => ids[row]).reduce((a, b) => a < b ? a : b),
      benchmark: [...counts.keys()].sort().reduce((a, b) =>
        counts.get(b)!.length > counts.get(a)!.length ? b : a
      ),
      rows: own,
    };
  });
}
