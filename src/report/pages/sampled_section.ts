/**
 * The part of `results/preferences.md` on language models that read the routes.
 * @module
 */
import type { Cell, MatchingRow } from "../../preferences/matching.ts";
import { MATCHERS } from "../../preferences/matchers.ts";
import type { SampledFile } from "../../preferences/sampled.ts";
import { percent } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";

/** Columns that all tables of matchers have. */
export const MATCHER_COLUMNS: readonly string[] = [
  "matcher",
  "knows of a route",
  "right route",
  "right domain",
  "out of scope",
  "forced",
  "domains only",
];

/** A row with its cells under {@link MATCHER_COLUMNS}. */
export function matcherCells(
  name: string,
  knows: string,
  row: MatchingRow,
  wide: MatchingRow,
): string[] {
  return [
    ...[name, knows, share(row.exact), share(row.domain), share(row.irrelevance)],
    ...[share(row.forced), `${share(wide.exact)} (${percent(wide.irrelevance.mean)})`],
  ];
}

/** Heading, table and what to know of it. @param folder of the file, below the results */
export function sampledSection(folder: string, { name, report, speed }: SampledFile): string[] {
  const { model: { id }, sample: { validation, test, seed }, rows, matched, command } = report;
  const settings = matched.map(({ level, setting }) =>
    `${setting === 0 ? "as they are" : "less their means"} (${level})`
  );
  const right = (of: string): string => {
    const row = rows.find(({ level, matcher }) => level === "actions" && matcher === of)!;
    return `${percent(row.exact.mean)} (${percent(row.forced.mean)} if it may not say \`other\`)`;
  };
  return [
    `## A language model reads the routes, \`${id}\``,
    `**Not trained for it, it names the right one of 150 routes for ${
      right(matched[0].matcher)
    } of the requests; ` +
    `the cosine to the description does for ${right("descriptions")} of the same.**`,
    markdownTable(
      columnsOf([...MATCHER_COLUMNS], 2),
      rows.filter(({ level }) => level === "actions").map((row) => {
        const wide = rows.find((r) => r.level === "domains" && r.matcher === row.matcher)!;
        const known = MATCHERS.find(({ id }) => id === row.matcher);
        return known
          ? matcherCells(known.name, known.knows, row, wide)
          : matcherCells(`Arch-Router's prompt, ${id} as it is`, "one line in words", row, wide);
      }),
    ),
    `All rows on the same requests: ${test[0]} in scope and ${
      test[1]
    } out of it, drawn by seed ${seed}. The ` +
    `language model reads the whole list with its descriptions and the request, and is asked how likely it ` +
    `writes each name, if it may write nothing else. Support: ln p(name) − ln p(\`other\`). Its ` +
    `log-likelihoods count as they are or less their means over validation requests, which takes out names it ` +
    `prefers whatever is asked; validation chose ${
      settings.join(", ")
    }, and the support below which a route is ` +
    `\`other\`, on ${validation[0]} + ${
      validation[1]
    } requests. The model is not trained for this, as ` +
    `Arch-Router's is: it is no row of Arch-Router.`,
    `Time a request: ${seconds(speed.actions.p50Milliseconds)} with 150 routes, ` +
    `${
      seconds(speed.domains.p50Milliseconds)
    } with ten (median, one thread of a machine under load), once the ` +
    `list is read (${speed.actions.listSeconds.toFixed(0)} s, kept for all requests). File: ` +
    `[${folder}/${name}](${folder}/${name}), made by \`${command}\`.`,
  ];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Per cent with an interval. */
export function share({ mean, low, high }: Cell): string {
  return low === null ? percent(mean, 1) : `${percent(mean, 1)} [${end(low)}, ${end(high!)}]`;
}

/** An end of an interval in per cent; the interval is the widest of three kinds, the share lies between 0 and 1. */
function end(share: number): string {
  return (100 * Math.min(1, Math.max(0, share))).toFixed(1);
}
