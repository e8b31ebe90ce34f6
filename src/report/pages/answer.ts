/**
 * The answer at the head of a dataset's page: who is best under each protocol, by how much, how surely, and at
 * what cost. Every word follows from numbers of the results.
 * @module
 */
import type { ArmReport } from "../../evaluate/evaluate_new_model.ts";
import { isNewModel } from "../../results/result.ts";
import { byQuality, intervalCell, isSignificant, oracleQuality } from "../tables/leaderboard.ts";
import { digits, money, percent } from "../tables/numbers.ts";
import {
  belongs,
  type Cell,
  comparisonOf,
  isUnseen,
  ownArms,
  type Row,
  rowsOf,
  SIZE,
  type Standing,
  standingOf,
} from "./cells.ts";

/** What each protocol asks, as a sentence begins. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  id: "On queries of known benchmarks (ID)",
  ood: "On benchmarks never seen (OOD)",
  task: "On tasks never seen",
};

/** The router on top of a cell, of the cell's first file. */
export interface Top {
  /** As printed. */
  readonly name: string;
  /** Its row. */
  readonly row: Row;
  /** All routers that are compared with it. */
  readonly rows: readonly Row[];
}

/** The competing router with the highest mean score in the cell's first file; undefined where none competes. */
export function topOf(cell: Cell): Top | undefined {
  const rows = [...rowsOf(cell).values()]
    .filter(({ entry, file }) => belongs(entry) && file === cell.files[0]);
  const [best] = byQuality(rows.map(({ report }) => report));
  const row = rows.find(({ report }) => report === best);
  return row && { name: row.entry.name, row, rows };
}

/** One sentence or two for a cell; empty for protocols that pages do not lead with. */
export function answerOf(cell: Cell): string[] {
  return isUnseen(cell) ? unseenAnswer(cell) : splitAnswer(cell);
}

function splitAnswer(cell: Cell): string[] {
  const top = topOf(cell), beginning = BEGINNINGS[cell.protocol];
  const single = rowsOf(cell).get("best-single");
  if (!top || !single || !beginning) return [];
  const { name, row, rows } = top;
  const own = comparisonOf(row, "best-single"), { evaluation } = cell.files[0].result;
  if (!own || isNewModel(evaluation)) return [];
  const standings = rows.flatMap((r) => {
    const found = comparisonOf(r, "best-single");
    return found ? [standingOf(found)] : [];
  });
  return [
    `**${beginning}, ${name} has the highest mean score: ${digits(row.report.mean.quality)}, ` +
    `${intervalCell(own)} to the best single model (${digits(single.report.mean.quality)}), ` +
    `${verdict(own)}.** ${counted(standings)} The oracle is at ${
      digits(oracleQuality(evaluation))
    }.${cell.files[0].result.dataset.priced ? ` ${costs(top, single)}` : ""}`,
  ];
}

/** What the best router costs, and who keeps best single's quality for least. */
function costs({ name, row, rows }: Top, single: Row): string {
  const saving = rows.filter(({ report }) => typeof report.mean.qnc === "number")
    .sort((a, b) => a.report.mean.qnc! - b.report.mean.qnc!)[0];
  const price = ({ report }: Row): string => `$${money(report.mean.cost)}`;
  return `Per 1,000 queries ${name} costs ${price(row)}, best single ${price(single)}. ` +
    (saving && saving.report.mean.qnc! < 0.995
      ? `${saving.entry.name} keeps best single's quality for the least money: ${
        percent(saving.report.mean.qnc)
      } of its cost (QNC).`
      : "No router keeps best single's quality for less money in every seed.");
}

function unseenAnswer(cell: Cell): string[] {
  const at = ownArms(cell).filter(({ n, pool }) => n === SIZE && pool === "all");
  const nameOf = new Map(
    cell.files.flatMap(({ result }) => result.routers).filter(belongs).map((r) => [r.id, r.name]),
  );
  const own = at.filter(({ router, vsBestSingle }) => nameOf.has(router) && vsBestSingle);
  const best = own.reduce<ArmReport | undefined>(
    (top, arm) => top && top.quality >= arm.quality ? top : arm,
    undefined,
  );
  const single = at.find(({ router }) => router === "best-single");
  if (!best || !single) return [];
  const { difference, low, high, pHolm } = best.vsBestSingle!;
  return [
    `**With models never seen, known by ${SIZE} labelled queries each, ${
      nameOf.get(best.router)
    } has the highest mean score: ${digits(best.quality)}, ${
      intervalCell({ difference, low, high })
    } to the best single model by the same labels (${digits(single.quality)}), ${
      verdict({ difference, pHolm })
    }.** ${counted(own.map(({ vsBestSingle }) => standingOf(vsBestSingle!)))}`,
  ];
}

/** What the test of a difference to best single says. */
function verdict({ difference, pHolm }: { difference: number; pHolm: number | null }): string {
  if (pHolm === null) return "with too few independent units to tell";
  if (!isSignificant({ pHolm })) return "no significant difference";
  return `significantly ${difference > 0 ? "above" : "below"} it`;
}

function counted(of: readonly Standing[]): string {
  const above = of.filter(({ sign }) => sign > 0).length;
  const below = of.filter(({ sign }) => sign < 0).length;
  return `Of ${of.length} routers ${above || "none"} ${
    above > 1 ? "are" : "is"
  } significantly above best single, ${below || "none"} below.`;
}
