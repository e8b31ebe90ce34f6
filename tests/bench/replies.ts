/**
 * What asking several models can be worth on the test rows of a result, by enumeration, beside what its routers did:
 * score, dollars per 1,000 queries and visits a query, mean over the seeds. The bounds know the outcomes.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-env=ICLR_DATA --allow-ffi tests/bench/replies.ts RESULT.json
 *
 * @module
 */
import { bestJudgedList, clairvoyant, type CurvePoint, sampleMean } from "../../src/metrics/mod.ts";
import { earnedBy } from "../../src/evaluate/earn.ts";
import { joinFolds, seedRows } from "../../src/evaluate/decisions.ts";
import { openResult } from "../../src/results/open.ts";
import { OutcomeFinder } from "../../src/results/outcome_finder.ts";
import { textTable } from "../../src/report/tables/text_table.ts";

/** A line: its name, and a point and mean visits a seed. */
type Line = readonly [name: string, points: (CurvePoint & { readonly visits?: number })[]];

const { result, entries, splits } = await openResult(Deno.args[0]);
const table = await new OutcomeFinder().of(result);
if (typeof table === "string") throw new Error(table);
const seeds = seedRows(table, splits);
const lines: Line[] = [
  ["best path of two visits, all known", seeds.map(({ outcomes }) => clairvoyant(outcomes, 2))],
  ...[1, 2, 3].map((horizon): Line => {
    const lists = seeds.map(({ outcomes }) => bestJudgedList(outcomes, horizon));
    const names = lists[0].list.map((m) => table.models[m]).join(" → ");
    return [`perfect judge, list of ${horizon}: ${names}`, lists];
  }),
  ...result.routers.filter(({ notApplicable }) => notApplicable === null).map(
    ({ id, name }): Line => {
      const points = seeds.map((seed) => {
        const own = entries.filter((e) => e.router === id && e.seed === seed.seed);
        const joined = joinFolds(own.toSorted((a, b) => a.fold - b.fold));
        const { score, cost } = earnedBy(joined, 0, seed), path = joined.paths?.[0];
        const visits = path &&
          path.visited.filter((m) => m < table.models.length).length / score.length;
        return { quality: sampleMean(score), cost: cost ? sampleMean(cost) : NaN, visits };
      });
      return [name, points];
    },
  ),
];
const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;
console.log(textTable(
  ["", "score", "$/1k", "visits"].map((title, i) => ({ title, align: i > 0 ? "right" : "left" })),
  lines.map(([name, points]) => [
    name,
    mean(points.map(({ quality }) => quality)).toFixed(3),
    (1000 * mean(points.map(({ cost }) => cost))).toPrecision(3),
    points[0].visits === undefined ? "" : mean(points.map(({ visits }) => visits!)).toFixed(2),
  ]),
));
