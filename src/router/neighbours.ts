/**
 * Which stored queries are nearest to others: one search for all routers that ask.
 * @module
 */
import type { QueryBatch } from "./contract.ts";
import { nearest, type Neighbours } from "../linalg/nearest.ts";
import { cutIntoCells, nearestInCells } from "../linalg/nearest_cells.ts";
import { EXACT_UP_TO, noteSize } from "./size_notes.ts";
import { idRank } from "./training.ts";

/** A search under way or done. */
interface Held {
  k: number;
  found?: Promise<Neighbours>;
  /** What is to be said of it, when it is done. */
  note?: string;
}

/**
 * The nearest stored queries of every query, by cosine, nearest first; ties go to the smaller id. They are at
 * least `k`, or all there are: what was found for one pair of batches serves all routers that ask for no more.
 *
 * Exact up to {@link EXACT_UP_TO} stored queries; beyond, some are missed, and a note says which share is found.
 */
export async function neighbours(
  queries: QueryBatch,
  store: QueryBatch,
  k: number,
): Promise<Neighbours> {
  const held = queries.memo(`nearest/${store.memo.id}`, (): Held => ({ k: 0 }));
  const most = Math.min(k, store.ids.length);
  if (!held.found || held.k < most) {
    const found = search(queries, store, most, held);
    Object.assign(held, { k: most, found });
    found.catch(() => delete held.found); // may be asked for again
  }
  const found = await held.found!;
  if (held.note) noteSize(held.note);
  return found;
}

async function search(
  queries: QueryBatch,
  store: QueryBatch,
  k: number,
  held: Held,
): Promise<Neighbours> {
  const n = store.ids.length;
  if (n <= EXACT_UP_TO) return await nearest(queries.vectors, store.vectors, k, idRank(store));
  const cells = await store.memo("cells", () => cutIntoCells(store.vectors, idRank(store)));
  const found = await nearestInCells(queries.vectors, cells, k, idRank(queries));
  const on = found.measuredOn > 0 ? `${found.measuredOn} of the queries` : "stored queries";
  held.note = `neighbours are approximate: of ${n} stored queries, those in the nearest ` +
    `${cells.probes} of ${cells.centroids.rows} cells; recall ${
      found.recall.toFixed(3)
    } of ${k}, on ${on}`;
  return found;
}
