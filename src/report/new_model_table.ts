/**
 * The new-model tables: quality by profile size, one row an arm.
 * @module
 */
import type { ArmReport, NewModelEvaluation } from "../results/evaluate_new_model.ts";
import type { Result, RouterEntry } from "../results/result.ts";
import type { Leaderboard } from "./leaderboard.ts";
import { closingNotes } from "./notes.ts";
import { digits } from "./numbers.ts";

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

/** What to know of both tables. */
export function newModelNotes(result: Result): string[] {
  const { protocol } = result;
  return [
    "quality: mean over seeds and sets of held-out models.",
    "+ / −: significantly better / worse (Holm, p < .05) than best single whose new models' means come " +
    "from the same n labels.",
    "arms: zero-update and fit-new-vector are the router's own; retrain sees the n labels; clairvoyant " +
    "trained with all labels; ignore never uses the new models.",
    ...(protocol.arms
      ? [`arms run: ${protocol.arms.join(", ")}; the others were not asked for.`]
      : []),
    ...closingNotes(result),
  ];
}

function mark({ vsBestSingle }: ArmReport): string {
  if (!vsBestSingle || vsBestSingle.pHolm >= 0.05) return "";
  return vsBestSingle.difference > 0 ? "+" : "−";
}
