/**
 * Do the intervals keep their level? Differences whose true mean is 0, drawn anew many times, by number of
 * independent units and kind of difference: how often the 95% interval leaves 0 out (at most 6% is wanted),
 * how often that of the percentile bootstrap alone does, and the power against a true difference of 2.8
 * standard errors, which the z test of a known variance finds in 80% of cases.
 *
 *     deno run -A --lock=full.lock tests/bench/interval_level.ts [--trials 3000]
 *
 * Deterministic: the table stands in docs/protocol.md.
 */
import { parseArgs } from "@std/cli/parse-args";
import { type Random, random } from "../../src/base/random.ts";
import { pairedBootstrap } from "../../src/metrics/bootstrap.ts";
import { bootstrapInterval } from "../../src/metrics/saddlepoint.ts";
import { toUnits, type Units } from "../../src/metrics/units.ts";
import { percent } from "../../src/report/tables/numbers.ts";
import { markdownTable } from "../../src/report/tables/text_table.ts";

const trials = Number(parseArgs(Deno.args, { string: ["trials"] }).trials ?? 3000);
const SIZES = [10, 20, 40, 100, 400];

/** Draws a difference of one query, mean 0. */
type Draw = (g: Random) => number;

/** One kind of difference. */
interface Kind {
  readonly name: string;
  /** Draws a query's difference, or what a whole unit has in common. */
  readonly draw: Draw;
  /** Its standard deviation. */
  readonly sd: number;
  /** Queries in unit j; one where absent. Queries of a unit share their difference. */
  readonly size?: (g: Random, j: number) => number;
  /** Units are spread over so many strata, which count the same. */
  readonly strata?: number;
}

const normal = (g: Random): number =>
  Math.sqrt(-2 * Math.log(1 - g.next())) * Math.cos(2 * Math.PI * g.next());
/** ±1 in a share of rows. */
const sparse = (share: number): Pick<Kind, "draw" | "sd"> => ({
  sd: Math.sqrt(share),
  draw: (g) => {
    const u = g.next();
    return u < share / 2 ? 1 : u < share ? -1 : 0;
  },
});
const graded: Pick<Kind, "draw" | "sd"> = {
  sd: 0.2,
  draw: (g) => 0.2 * normal(g),
};
/** Student's t with 3 degrees of freedom. */
const heavy: Pick<Kind, "draw" | "sd"> = {
  sd: 0.1 * Math.sqrt(3),
  draw: (g) => 0.1 * normal(g) / Math.sqrt((normal(g) ** 2 + normal(g) ** 2 + normal(g) ** 2) / 3),
};
/** Rare gains of .9 against frequent losses of .1. */
const skewed: Pick<Kind, "draw" | "sd"> = {
  sd: 0.3,
  draw: (g) => g.next() < 0.1 ? 0.9 : -0.1,
};
/** Mostly 1 to 5 queries, at times fifty. */
const unequal = (g: Random): number => Math.ceil(Math.exp(1.2 * normal(g)));
const oneLarge = (_: Random, j: number): number => j === 0 ? 20 : 2;

const KINDS: readonly Kind[] = [
  { name: "±1 in 2%", ...sparse(0.02) },
  { name: "±1 in 10%", ...sparse(0.1) },
  { name: "±1 in 30%", ...sparse(0.3) },
  { name: "graded", ...graded },
  { name: "heavy tails (t, 3 df)", ...heavy },
  { name: "skewed (.9 in 10%, else −.1)", ...skewed },
  { name: "±1 in 30%, unequal templates", ...sparse(0.3), size: unequal },
  { name: "graded, unequal templates", ...graded, size: unequal },
  { name: "graded, one template of 20, others of 2", ...graded, size: oneLarge },
  { name: "±1 in 30%, dataset mean over 3", ...sparse(0.3), strata: 3 },
];

interface Sample {
  readonly values: Float64Array;
  readonly groups: Uint32Array;
  readonly strata?: Uint32Array;
  /** Standard error of the mean, from the known spread. */
  readonly error: number;
}

function sample({ draw, sd, size, strata }: Kind, units: number, g: Random): Sample {
  const sizes = Array.from({ length: units }, (_, j) => size?.(g, j) ?? 1);
  const rows = sizes.reduce((sum, n) => sum + n, 0);
  const squares = sizes.reduce((sum, n) => sum + n * n, 0);
  const own = sizes.map(() => draw(g));
  const groups = Uint32Array.from(sizes.flatMap((n, j) => new Array<number>(n).fill(j)));
  return {
    values: Float64Array.from(groups, (j) => own[j]),
    groups,
    ...(strata && { strata: groups.map((j) => j % strata) }),
    error: sd * Math.sqrt(squares) / rows,
  };
}

/** Shares of trials in which an interval leaves 0 out. */
function rates(kind: Kind, units: number): { level: number; percentile: number; power: number } {
  let level = 0, percentile = 0, power = 0;
  for (let trial = 0; trial < trials; trial++) {
    const g = random(1, "interval level", kind.name, units, trial);
    const { values, groups, strata, error } = sample(kind, units, g);
    const options = { groups, strata };
    const [own] = pairedBootstrap([values], options);
    if (own.low !== null && (own.low > 0 || own.high! < 0)) level++;
    if (leavesOutZero(toUnits(values, 0, options))) percentile++;
    // The mean of the null is 0, so moving the value tested against is moving the truth.
    if (own.low !== null && (own.low > -2.8 * error || own.high! < -2.8 * error)) power++;
  }
  return { level: level / trials, percentile: percentile / trials, power: power / trials };
}

/** Whether the percentile bootstrap alone leaves 0 out. */
function leavesOutZero(strata: readonly Units[]): boolean {
  const ratios = strata.flatMap(({ sums, sizes }) => [...sums.map((sum, j) => sum / sizes[j])]);
  if (ratios.every((ratio) => ratio === ratios[0])) return ratios[0] !== 0;
  const { low, high } = bootstrapInterval(strata, 0.95);
  return low > 0 || high < 0;
}

const rows = KINDS.map((kind) => {
  const cells = SIZES.map((units) => {
    const { level, percentile, power } = rates(kind, units);
    return `${percent(level, 1)} (${percent(percentile, 1)}) ${percent(power)}`;
  });
  console.error(`${kind.name}: ${cells.join(", ")}`);
  return [kind.name, ...cells];
});
console.log(
  markdownTable(
    [
      { title: "level (percentile alone) power" },
      ...SIZES.map((n) => ({ title: `${n} units`, align: "right" as const })),
    ],
    rows,
  ),
);
