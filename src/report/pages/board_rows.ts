/**
 * What of a cell belongs on the leaderboard, and where a router stands in it.
 * @module
 */
import type { ArmReport } from "../../evaluate/evaluate_new_model.ts";
import type { RouterEntry } from "../../results/result.ts";
import { type Cell, comparisonOf, isUnseen, type Row, rowsOf } from "./icl_cells.ts";
import { isMain } from "./icl_plan.ts";
import { ownArms } from "./icl_short.ts";
import { LEVEL } from "../tables/leaderboard.ts";

/** Labelled queries a new model at which unseen models are compared in one number. */
export const SIZE = 64;

/** Recorded data, the plain set-up and the common embedding. */
export function inBoard({ synthetic, embedding, special }: Cell): boolean {
  return !synthetic && embedding === "static" && special === "";
}

/** A difference to best single, in score units. */
export interface Standing {
  /** Mean difference. */
  readonly difference: number;
  /** +1 significantly above, −1 below, 0 neither. */
  readonly sign: number;
}

/** Competing rows of an ID or OOD cell: neither references nor variants nor controls. */
export function competing(cell: Cell): Row[] {
  return [...rowsOf(cell).values()].filter(({ entry }) => belongs(entry));
}

/** Whether a router has a line on the leaderboard. */
export function belongs({ id, reference }: RouterEntry): boolean {
  return !reference && isMain(id) && !id.startsWith("icl_plus_");
}

/** The routers of a cell that have a line, by id. */
export function entriesOf(cell: Cell): Map<string, RouterEntry> {
  const entries = new Map<string, RouterEntry>();
  for (const { result } of cell.files) {
    for (const entry of result.routers) {
      if (belongs(entry) && !entries.has(entry.id)) entries.set(entry.id, entry);
    }
  }
  return entries;
}

/** A router against best single in one cell; undefined where it was not run or not tested. */
export function standingIn(cell: Cell, router: string): Standing | undefined {
  const found = isUnseen(cell) ? armAt(cell, router)?.vsBestSingle : againstSingle(cell, router);
  if (!found) return undefined;
  const { difference, pHolm } = found;
  return { difference, sign: pHolm < LEVEL ? Math.sign(difference) : 0 };
}

function armAt(cell: Cell, router: string): ArmReport | undefined {
  return ownArms(cell, router).find((a) => a.router === router && a.n === SIZE && a.pool === "all");
}

function againstSingle(cell: Cell, router: string): ReturnType<typeof comparisonOf> {
  const row = rowsOf(cell).get(router);
  return row && comparisonOf(row, "best-single");
}
