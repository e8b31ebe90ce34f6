/**
 * The new-model tables: quality by profile size, one row an arm.
 * @module
 */
import type { ArmReport, NewModelEvaluation } from "../results/evaluate_new_model.ts";
import type { Result } from "../results/result.ts";
import { digits, type Leaderboard } from "./leaderboard.ts";

/** One table for a pool: rows are arms, columns profile sizes. */
export function newModelTable(
  result: Result,
  { arms, oracle, random }: NewModelEvaluation,
  pool: "all" | "new",
): Leaderboard {
  const name = new Map(result.routers.map((r) => [r.id, r.name]));
  const reference = new Set(result.routers.filter((r) => r.reference).map((r) => r.id));
  const sizes = [...new Set(arms.flatMap((a) => a.n === null ? [] : [a.n]))].sort((a, b) => a - b);
  const inPool = arms.filter((a) => a.pool === pool);
  const cell = (arm: ArmReport | undefined): string => arm ? digits(arm.quality) + mark(arm) : "";
  const lines = Map.groupBy(inPool, (a) => `${a.router}\n${a.arm}`);
  const rows = [...lines.values()].map((own) => [
    name.get(own[0].router)!,
    own[0].arm,
    ...sizes.map((n) => cell(own.find((a) => a.n === n))),
    cell(own.find((a) => a.n === null)),
  ]);
  const isReference = (row: string[]): boolean =>
    [...reference].some((id) => name.get(id) === row[0]);
  return {
    columns: [
      { title: "router" },
      { title: "arm" },
      ...sizes.map((n) => ({ title: `n=${n}`, align: "right" as const })),
      { title: "all/none", align: "right" },
    ],
    rows: [...rows.filter(isReference), [], ...rows.filter((r) => !isReference(r))],
    notes: [
      pool === "all"
        ? "pool: training models and new models together."
        : "pool: the new models only.",
      `oracle ${digits(oracle[pool])}, random ${
        digits(random[pool])
      }; quality is the mean over seeds and sets of held-out models.`,
      "+ / −: significantly better / worse (Holm, p < .05) than best single whose new models' means come from the same n labels.",
      "arms: zero-update and fit-new-vector are the router's own; retrain sees the n labels; clairvoyant trained with all labels; ignore never uses the new models.",
      ...result.routers.filter((r) => r.notApplicable).map((r) =>
        `${r.name}: – (${r.notApplicable})`
      ),
      ...result.routers.filter((r) => r.statement && !r.notApplicable).map((r) =>
        `${r.name}: ${r.statement}`
      ),
    ],
  };
}

function mark({ vsBestSingle }: ArmReport): string {
  if (!vsBestSingle || vsBestSingle.pHolm >= 0.05) return "";
  return vsBestSingle.difference > 0 ? "+" : "−";
}
