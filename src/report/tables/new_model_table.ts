/**
 * The new-model tables: quality by profile size, one row an arm.
 * @module
 */
import type { ArmReport, NewModelEvaluation } from "../../evaluate/evaluate_new_model.ts";
import { isNewModel, type Result, type RouterEntry } from "../../results/result.ts";
import { isSignificant, type Leaderboard, tooFewUnits } from "./leaderboard.ts";
import { closingNotes } from "./notes.ts";
import { digits, signed } from "./numbers.ts";

/** One table for a pool: a line with the router's name, then its arms; columns are profile sizes. */
export function newModelTable(
  result: Result,
  { arms, oracle, random }: NewModelEvaluation,
  pool: "all" | "new",
): Leaderboard {
  const sizes = [...new Set(arms.flatMap((a) => a.n === null ? [] : [a.n]))].sort((a, b) => a - b);
  const cell = (arm: ArmReport | undefined): string => arm ? digits(arm.quality) + mark(arm) : "";
  const rowsOf = ({ id, name }: RouterEntry): string[][] => {
    const own = arms.filter((a) => a.router === id && a.pool === pool);
    if (own.length === 0) return [];
    const lines = [...Map.groupBy(own, (a) => a.arm)].map(([arm, points]) => [
      `  ${arm}`,
      ...sizes.map((n) => cell(points.find((a) => a.n === n))),
      cell(points.find((a) => a.n === null)),
    ]);
    return [[name, ...lines[0].slice(1).fill("")], ...lines];
  };
  const { routers } = result;
  return {
    columns: [
      { title: "router and arm" },
      ...sizes.map((n) => ({ title: `n=${n}`, align: "right" as const })),
      { title: "all/none", align: "right" },
    ],
    rows: [
      ...routers.filter((r) => r.reference).flatMap(rowsOf),
      [],
      ...routers.filter((r) => !r.reference).flatMap(rowsOf),
    ],
    notes: [
      `pool: ${
        pool === "all" ? "training models and new models together" : "the new models only"
      }; oracle ${digits(oracle[pool])}, random ${digits(random[pool])}.`,
    ],
  };
}

/** How far each router's own arm is above the rivals' own arms, by profile size; undefined without rivals. */
export function rivalsTable(
  { routers }: Result,
  { arms }: NewModelEvaluation,
): Leaderboard | undefined {
  const own = arms.filter((a) => a.vsRouters && a.vsRouters.length > 0);
  if (own.length === 0) return undefined;
  const sizes = [...new Set(own.map((a) => a.n!))].sort((a, b) => a - b);
  const nameOf = new Map(routers.map(({ id, name }) => [id, name]));
  const rows = [...Map.groupBy(own, (a) => a.router)].flatMap(([id, points]) => {
    const rivals = [...new Set(points.flatMap((a) => a.vsRouters!.map(({ router }) => router)))];
    return [
      [nameOf.get(id)!, ...sizes.map(() => "")],
      ...rivals.map((rival) => [
        `  − ${nameOf.get(rival)}`,
        ...sizes.map((n) => {
          const found = points.find((a) => a.n === n)?.vsRouters?.find((v) => v.router === rival);
          if (!found) return "";
          const { difference } = found;
          return signed(difference) + (isSignificant(found) ? "*" : " ");
        }),
      ]),
    ];
  });
  return {
    columns: [
      { title: "own arm against own arm" },
      ...sizes.map((n) => ({ title: `n=${n}`, align: "right" as const })),
    ],
    rows,
    notes: [
      "pool: all. Mean difference in score at the same n; *: significant (Holm over this table, p < .05).",
    ],
  };
}

/** What to know of both tables. */
export function newModelNotes(result: Result): string[] {
  return [...newModelLegend(result), ...closingNotes(result)];
}

/** How to read both tables. */
export function newModelLegend({ protocol, evaluation }: Result): string[] {
  const untested = isNewModel(evaluation) &&
    evaluation.arms.some((a) => a.vsBestSingle) &&
    evaluation.arms.every((a) => !a.vsBestSingle || a.vsBestSingle.low === null);
  return [
    "quality: mean over seeds and sets of held-out models.",
    ...(untested ? tooFewUnits(evaluation) : []),
    "+ / −: significantly better / worse (Holm, p < .05) than best single whose new models' means come " +
    "from the same n labels.",
    "arms: zero-update and fit-new-vector are the router's own; retrain sees the n labels; clairvoyant " +
    "trained with all labels; ignore never uses the new models.",
    ...(protocol.arms
      ? [`arms run: ${protocol.arms.join(", ")}; the others were not asked for.`]
      : []),
  ];
}

function mark({ vsBestSingle }: ArmReport): string {
  if (!vsBestSingle || !isSignificant(vsBestSingle)) return "";
  return vsBestSingle.difference > 0 ? "+" : "−";
}
