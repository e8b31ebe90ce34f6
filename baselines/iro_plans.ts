/**
 * IRO over routing plans: a plan visits models one after the other, reads their replies, and answers with one of
 * them. A frozen router proposes plans (π_0), and value functions, one a round, steer it from outside:
 *
 *   π_T(a|s) ∝ π_0(a|s) · exp( Σ_i V_i(s,a)/β_i ),   β_i = β·√i
 *   V_i = argmin_V Σ_plans Σ_t ½ (V(s_t, a_t) − R)²,   R = score of the answer − λ · C / C_ref
 *
 * V is fitted at every prefix of a plan: (s_t, a_t) is the prefix with its newest action, whose reply is not read yet.
 * C is what all visits cost, C_ref the mean cost of a call; λ is an input. Every round takes a slice of the training
 * queries that no round took before, and plans each of its queries once for each λ: round 1 draws from π_0, later
 * ones search with B plans at a time, and keep the plan that earned most.
 *
 * On training rows all replies are on record, so B plans can be followed side by side. On test rows every reply is
 * paid: what a second plan visits would be visits of the first. So the search is one plan wide there.
 */
import type { Action, FittedSequential, SequentialRouter } from "../src/router/mod.ts";
import type {
  FitContext,
  FittedRouter,
  PointPredictions,
  TrainingData,
} from "../src/router/mod.ts";
import { byId, CapabilityError, takeTraining } from "../src/router/mod.ts";
import { grown, survivors } from "./_plan_search.ts";
import { fitValue, type PlanValue } from "./_plan_values.ts";
import { type Config, inOrder, LAMBDAS, Planner, START, type Task } from "./_planner.ts";
import ridge from "./ridge.ts";

/** Parts of the training rows: what the frozen router proposes on one it has learned from the others. */
const FOLDS = 3;

/** The router. */
const router: SequentialRouter<Config> = {
  name: "IRO (routing plans)",
  summary:
    "a frozen router proposes whom to ask and when to stop; value functions of plans steer it",
  source: "after IRO (arXiv 2506.17828)",
  statement:
    "IRO applied to routing decisions, not text; up to three visits; true recorded reward instead of a reward model. The " +
    "frozen router is ridge at a temperature of 0.1 that ends half of the plans after each visit. Value functions are " +
    "networks of 64 hidden units on the query's vector, ridge's predictions, hashed words, form and agreement of the " +
    "replies, and λ; their search tries all next actions of four plans in place of four samples of each. When it is " +
    "tested it follows one plan, since every reply must be paid; β = 0.1, nothing is tuned.",
  needs: ["cost", "replies"],
  effort: "seconds",
  horizon: 3,
  grid: [{ hops: 3, beta: 0.1, rounds: 3, keep: "earned most", learns: "plans" }],
  async fit(train, config, context) {
    const { router: base, heldOut, order, note } = await freeze(train, context);
    const planner = new Planner(train, heldOut, config), heads: PlanValue[] = [];
    for (let i = 0; i < config.rounds; i++) {
      const rows = order.filter((_, at) => at % config.rounds === i);
      const tasks = rows.flatMap((row) => LAMBDAS.map((_, lambda): Task => ({ row, lambda })));
      const own = context.random.fork("round", i);
      const plans = i === 0 ? planner.drawn(tasks, own) : await planner.searched(tasks, heads);
      heads.push(await fitValue(planner.lessons(tasks, plans), own, context.signal));
      context.progress((i + 1) / config.rounds);
    }
    return acting(train.models, planner, heads, base, note);
  },
};
export default router;

/** The frozen router. */
interface Frozen {
  readonly router: FittedRouter;
  /** Training rows in the order that slices are taken from. */
  readonly order: readonly number[];
  /** ŝ of every row by a router that has not learned from it, [N × M]. */
  readonly heldOut: Float64Array;
  readonly note: string;
}

/** Fits ridge on all rows, at the penalty with the least error on rows it has not learned from. */
async function freeze(train: TrainingData, context: FitContext): Promise<Frozen> {
  const { queries, scores, models: { length: M } } = train, N = queries.ids.length;
  if (N < FOLDS) throw new CapabilityError(`${N} training queries, IRO needs ${FOLDS}`);
  const order = [...context.random.fork("slices").shuffle(byId(queries))];
  const folds = Array.from({ length: FOLDS }, (_, fold) => {
    const own = order.filter((_, at) => at % FOLDS === fold);
    const others = order.filter((_, at) => at % FOLDS !== fold);
    return {
      rows: own,
      queries: takeTraining(train, own, `iro plans/${fold}`).queries,
      others: takeTraining(train, others, `iro plans/but ${fold}`),
    };
  });
  let best: { rho: number; heldOut: Float64Array; error: number } | undefined;
  for (const config of ridge.grid) {
    const heldOut = new Float64Array(N * M);
    for (const { rows, queries, others } of folds) {
      const fitted = await ridge.fit(others, config, context);
      const { quality } = await fitted.predict(queries) as PointPredictions;
      rows.forEach((row, k) => heldOut.set(quality.subarray(k * M, (k + 1) * M), row * M));
    }
    const error = order.reduce((sum, row) => sum + squaredError(heldOut, scores, row, M), 0);
    if (!best || error < best.error) best = { rho: config.rho, heldOut, error };
  }
  const { rho, heldOut } = best!, router = await ridge.fit(train, { rho }, context);
  return { router, order, heldOut, note: `ridge at ρ = ${rho}` };
}

function squaredError(a: Float64Array, b: Float64Array, row: number, M: number): number {
  let sum = 0;
  for (let at = row * M; at < (row + 1) * M; at++) sum += (a[at] - b[at]) ** 2 || 0;
  return sum;
}

function acting(
  models: readonly string[],
  planner: Planner,
  heads: readonly PlanValue[],
  base: FittedRouter,
  note: string,
): FittedSequential {
  const { columns } = planner;
  return {
    models,
    dial: { name: "λ", values: LAMBDAS },
    async act(seen, lambda = LAMBDAS[0]) {
      const { quality } = await base.predict(seen.queries) as PointPredictions, { step } = seen;
      const states = {
        seen,
        base: seen.queries.ids.map((_, e) => inOrder(quality, e, columns)),
        lambda: seen.queries.ids.map(() => LAMBDAS.indexOf(lambda)),
      };
      const next = await planner.successors(states, heads);
      return next.map((successors, e): Action => {
        const asked = Array.from(
          seen.visited.subarray(e * step, (e + 1) * step),
          (m) => columns.indexOf(m),
        );
        const [best] = survivors(grown({ ...START, asked }, successors), 1);
        if (best.commit !== undefined) return { commit: columns[best.commit] };
        return { visit: columns[best.asked.at(-1)!] };
      });
    },
    describe: () => ({
      parameters: base.describe().parameters +
        heads.reduce((sum, { parameters }) => sum + parameters, 0),
      notes: [note, `losses by round: ${heads.map(({ loss }) => loss.toFixed(4)).join(" ")}`],
    }),
  };
}
