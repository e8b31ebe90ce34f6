/**
 * The standing: one line a router, one number a protocol.
 * @module
 */
import { type Cell } from "./icl_cells.ts";
import { entriesOf, SIZE, type Standing, standingIn } from "./board_rows.ts";
import { medianSpeed, type SpeedSheets } from "./board_tables.ts";
import { DASH } from "../tables/numbers.ts";
import { points } from "./icl_numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** Protocols of the standing, the first one orders the lines. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  id: "ID",
  ood: "OOD",
  "new-model": `unseen models, n=${SIZE}`,
};

/** What {@link standing} shows. */
export const STANDING_NOTE: string =
  "Mean difference to best single, in points of score, over the datasets a router was run on; in brackets on " +
  "how many it is significantly above (+) and below (−), of how many. Rows with fewer datasets than others " +
  "are not comparable with them by their mean. OOD: best single is hard to beat on benchmarks nobody has " +
  "seen. Fit, query: medians over the datasets of ID. Ordered by the number of datasets, then by ID.";

/** Router × protocol, over recorded datasets. */
export function standing(cells: readonly Cell[], speed: SpeedSheets): string {
  const names = new Map<string, string>();
  for (const cell of cells) for (const [id, { name }] of entriesOf(cell)) names.set(id, name);
  const lines = [...names].map(([id, name]) => {
    const found = Object.keys(PROTOCOLS).map((protocol) =>
      cells.filter((cell) => cell.protocol === protocol)
        .flatMap((cell) => standingIn(cell, id) ?? [])
    );
    return { id, name, found };
  }).filter(({ found }) => found.some((of) => of.length > 0));
  lines.sort((a, b) =>
    b.found[0].length - a.found[0].length || (mean(b.found[0]) ?? 0) - (mean(a.found[0]) ?? 0) ||
    (a.id < b.id ? -1 : 1)
  );
  return markdownTable(
    [
      { title: "router" },
      ...Object.values(PROTOCOLS).map((title) => ({ title, align: "right" as const })),
      { title: "fit", align: "right" },
      { title: "query", align: "right" },
    ],
    lines.map(({ id, name, found }) => [
      name,
      ...found.map(summary),
      ...medianSpeed(cells.filter((cell) => cell.protocol === "id"), id, speed),
    ]),
  );
}

/** `+1.2 (+3 −0 of 5)`. */
function summary(of: readonly Standing[]): string {
  if (of.length === 0) return DASH;
  const above = of.filter(({ sign }) => sign > 0).length;
  const below = of.filter(({ sign }) => sign < 0).length;
  return `${points(mean(of))} (+${above} −${below} of ${of.length})`;
}

function mean(of: readonly Standing[]): number | undefined {
  return of.length > 0 ? of.reduce((sum, s) => sum + s.difference, 0) / of.length : undefined;
}
