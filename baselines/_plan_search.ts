/**
 * The search of IRO between plans: B of them at a time grow by one action each, and those are kept that score highest,
 * different ones first.
 */
import type { Plan } from "./_plan_values.ts";

/** What a plan could do next, with log π_base of each action and V summed over rounds as Σ V_i/β_i. */
export interface Successors {
  /** [2M], visits then commits; −∞ = not possible. */
  readonly logBase: Float64Array;
  /** [2M]. */
  readonly values: Float64Array;
}

/** A plan grown by each action that π_base may take: its own log π_base grows, V is that of the new action. */
export function grown(plan: Plan, { logBase, values }: Successors): Plan[] {
  const M = logBase.length / 2;
  return [...logBase.keys()].filter((a) => logBase[a] > -Infinity).map((a) => {
    const total = plan.logBase + logBase[a];
    return {
      asked: a < M ? [...plan.asked, a] : plan.asked,
      ...(a >= M && { commit: a - M }),
      logBase: total,
      score: total + values[a],
    };
  });
}

/**
 * The `beams` plans to go on with. Plans that have asked the same models, in whatever order, and answer alike have read
 * the same: of each such group the best comes first, in order of score, then the best of what is left.
 */
export function survivors(plans: readonly Plan[], beams: number): Plan[] {
  const sorted = [...plans].sort((a, b) => b.score - a.score);
  const seen = new Set<string>(), different: Plan[] = [], others: Plan[] = [];
  for (const plan of sorted) {
    const key = `${[...plan.asked].sort((a, b) => a - b)}/${plan.commit ?? ""}`;
    (seen.has(key) ? others : different).push(plan);
    seen.add(key);
  }
  return [...different, ...others].slice(0, beams);
}
