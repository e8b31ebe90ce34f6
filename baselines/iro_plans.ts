/**
 * IRO over routing plans: a plan visits models one after the other, reads their replies, and answers with one of them. A
 * frozen router proposes plans (π_0), and value functions, one a round, steer it from outside:
 *
 *   π_T(a|s) ∝ π_0(a|s) · exp( Σ_i V_i(s,a)/β_i ),   β_i = β·√i
 *   V_i = argmin_V Σ_plans Σ_t ½ (V(s_t, a_t) − R)²,   R = score of the answer − λ · C / C_ref
 *
 * V is fitted at every prefix of a plan: (s_t, a_t) is the prefix with its newest action, whose reply is not read yet. C
 * is what all visits cost, C_ref the mean cost of a call; λ is an input. Every round takes a slice of the training
 * queries that no round took before, and plans each of its queries once for each λ: round 1 draws from π_0,
 * later ones search, with B plans at a time, and keep the one of these that earned most.
 *
 * On training rows all replies are on record, so B plans can be read at a time. When it is tested a reply is seen only
 * once it is paid: a second plan would be one more visit of the first. So the search is one plan wide there.
 */
import type { Action, FittedSequential, Random, SequentialRouter } from "../src/router/mod.ts";
import type {
  FitContext,
  FittedRouter,
  PointPredictions,
  TrainingData,
} from "../src/router/mod.ts";
import {
  byId,
  CapabilityError,
  columnMeans,
  fillMissing,
  takeTraining,
} from "../src/router/mod.ts";
import { matrix } from "../src/linalg/mod.ts";
import { grown, type Successors, survivors } from "./_plan_search.ts";
import { observed, ReplyReader } from "./_reply_reader.ts";
import { type BasePolicy, basePolicy, fitValue, inputsOf } from "./_plan_values.ts";
import type { Plan, PlanValue, States, ValueData } from "./_plan_values.ts";
import ridge from "./ridge.ts";

/** One configuration of the grid. */
export interface Config {
  /** Most visits of a plan. */
  readonly hops: number;
  /** How little the first value function weighs beside the frozen router. */
  readonly beta: number;
  /** Rounds, and as many slices. */
  readonly rounds: number;
  /** Which plan of a search is learned from: the one that earned most, or the one of the highest score. */
  readonly keep: "earned most" | "highest score";
}

/** B. */
const BEAMS = 4;
/** Parts of the training rows: what the frozen router proposes on one it has learned from the others. */
const FOLDS = 3;
/** Searches at a time, for memory. */
const CHUNK = 512;
/** The dial: dollars weighed in mean calls of the pool, quality first. */
const LAMBDAS: readonly number[] = [0, 0.01, 0.03, 0.1, 0.3, 1];
const START: Plan = { asked: [], logBase: 0, score: 0 };

/** The router. */
const router: SequentialRouter<Config> = {
  name: "IRO (routing plans)",
  summary:
    "a frozen router proposes whom to ask and when to stop; value functions of plans steer it",
  source: "after IRO (arXiv 2506.17828)",
  statement:
    "IRO applied to routing decisions, not text; horizon 1 to 4; true recorded reward instead of a reward model. The " +
    "frozen router is ridge at a temperature of 0.1 that ends half of the plans after each visit. Value functions are " +
    "networks of 64 hidden units on the query's vector, ridge's predictions, hashed words, form and agreement of the " +
    "replies, and λ; their search tries all next actions of four plans in place of four samples of each. When it is " +
    "tested it follows one plan, since every reply must be paid; β tuned.",
  needs: ["cost", "replies"],
  effort: "minutes",
  horizon: 3,
  grid: [0.1, 0.03, 0.3].map((beta): Config => ({ hops: 3, beta, rounds: 3, keep: "earned most" })),
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
    return acting(planner, heads, base, note);
  },
};
export default router;

/** R: the score of the answer less what the visits cost, in mean costs of a call. */
export function earned(score: number, paid: number, lambda: number, reference: number): number {
  return score - lambda * paid / reference;
}

/** A training query to be planned, and the position of λ. */
interface Task {
  readonly row: number;
  readonly lambda: number;
}

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

/** Plans for training rows, and what is learned from them. */
class Planner {
  readonly #reader: ReplyReader;
  readonly #scores: Float64Array;
  readonly #policy: BasePolicy;
  /** By λ, what R is divided by where V learns it: else the rewards of the highest λ would be all that counts. */
  readonly #units: readonly number[];

  constructor(
    readonly train: TrainingData,
    private readonly heldOut: Float64Array,
    private readonly config: Config,
  ) {
    this.#reader = new ReplyReader(train, config.hops);
    this.#scores = fillMissing(train.scores, columnMeans(train.scores, train.models.length));
    const { columns, known, reference } = this.#reader;
    const dearest = Math.max(...train.meanCosts.map((cost) => cost || 0)) / reference;
    this.#units = LAMBDAS.map((lambda) => 1 + lambda * dearest);
    this.#policy = basePolicy(config.hops, columns.map((m) => known[m]));
  }

  /** Columns of the models in order of id. */
  get columns(): readonly number[] {
    return this.#reader.columns;
  }

  /** A plan for each task, drawn from π_0. */
  drawn(tasks: readonly Task[], random: Random): Plan[] {
    const { ids } = this.train.queries;
    return tasks.map(({ row, lambda }) => {
      const stream = random.fork(ids[row], lambda), base = this.#base(row);
      let plan = START;
      while (plan.commit === undefined) {
        const logBase = this.#policy(base, plan.asked), values = new Float64Array(logBase.length);
        const all = grown(plan, { logBase, values }), at = stream.next();
        let k = 0, sum = 0;
        while (k < all.length - 1 && (sum += Math.exp(all[k].logBase - plan.logBase)) <= at) k++;
        plan = all[k];
      }
      return plan;
    });
  }

  /** A plan for each task, found by search. */
  async searched(tasks: readonly Task[], heads: readonly PlanValue[]): Promise<Plan[]> {
    const found: Plan[] = [];
    for (let from = 0; from < tasks.length; from += CHUNK) {
      const some = tasks.slice(from, from + CHUNK), beams = await this.#search(some, heads);
      found.push(...beams.map((plans, k) => this.#kept(plans, some[k])));
    }
    return found;
  }

  async #search(tasks: readonly Task[], heads: readonly PlanValue[]): Promise<Plan[][]> {
    let beams: Plan[][] = tasks.map(() => [START]);
    for (;;) {
      const open = beams.flatMap((plans, k) =>
        plans.filter(({ commit }) => commit === undefined).map((plan) => ({ plan, k }))
      );
      if (open.length === 0) return beams;
      const states = this.#states(
        open.map(({ k }) => tasks[k]),
        open.map(({ plan }) => plan.asked),
      );
      const next = await this.successors(states, heads);
      const pools = beams.map((plans) => plans.filter(({ commit }) => commit !== undefined));
      open.forEach(({ plan, k }, e) => pools[k].push(...grown(plan, next[e])));
      beams = pools.map((plans) => survivors(plans, BEAMS));
    }
  }

  #kept(plans: readonly Plan[], task: Task): Plan {
    const value = (plan: Plan): number =>
      this.config.keep === "earned most" ? this.#earned(plan, task) : plan.score;
    return plans.reduce((best, plan) => value(plan) > value(best) ? plan : best);
  }

  #earned({ asked, commit }: Plan, { row, lambda }: Task): number {
    const { costs, models: { length: M } } = this.train;
    const cell = (k: number): number => row * M + this.columns[k];
    const paid = asked.reduce((sum, k) => sum + (costs[cell(k)] || 0), 0);
    return earned(this.#scores[cell(commit!)], paid, LAMBDAS[lambda], this.#reader.reference);
  }

  /** What could be done next in each state. */
  async successors(states: States, heads: readonly PlanValue[]): Promise<Successors[]> {
    const x = inputsOf(this.#reader, states, LAMBDAS.length), { step, visited } = states.seen;
    const A = 2 * this.columns.length, sums = new Float64Array(x.rows * A);
    for (const [i, head] of heads.entries()) {
      const beta = this.config.beta * Math.sqrt(i + 1);
      (await head.values(x)).forEach((value, at) => {
        sums[at] += value * this.#units[states.lambda[Math.floor(at / A)]] / beta;
      });
    }
    return states.base.map((base, e) => ({
      logBase: this.#policy(
        base,
        Array.from(visited.subarray(e * step, (e + 1) * step), (m) => this.columns.indexOf(m)),
      ),
      values: sums.subarray(e * A, (e + 1) * A),
    }));
  }

  /** Every prefix of plans, by what the plan earned. */
  lessons(tasks: readonly Task[], plans: readonly Plan[]): ValueData {
    const A = 2 * this.columns.length, parts: Float32Array[] = [], actions: number[] = [];
    const rewards: number[] = [];
    let width = 0;
    for (let t = 0; t <= this.config.hops; t++) {
      const on = [...plans.keys()].filter((p) => plans[p].asked.length >= t);
      if (on.length === 0) break;
      const states = this.#states(
        on.map((p) => tasks[p]),
        on.map((p) => plans[p].asked.slice(0, t)),
      );
      const x = inputsOf(this.#reader, states, LAMBDAS.length);
      parts.push(x.data), width = x.width;
      for (const p of on) {
        const { asked, commit } = plans[p];
        actions.push(t < asked.length ? asked[t] : A / 2 + commit!);
        rewards.push(this.#earned(plans[p], tasks[p]) / this.#units[tasks[p].lambda]);
      }
    }
    const P = actions.length, x = matrix(P, width);
    let at = 0;
    for (const part of parts) x.data.set(part, at), at += part.length;
    const targets = new Float32Array(P * A), taken = new Float32Array(P * A);
    actions.forEach((a, p) => targets[p * A + a] = rewards[p]);
    actions.forEach((a, p) => taken[p * A + a] = 1);
    return { x, targets, taken };
  }

  #states(tasks: readonly Task[], paths: readonly (readonly number[])[]): States {
    return {
      seen: observed(
        this.train,
        tasks.map(({ row }) => row),
        paths.map((path) => path.map((k) => this.columns[k])),
      ),
      base: tasks.map(({ row }) => this.#base(row)),
      lambda: tasks.map(({ lambda }) => lambda),
    };
  }

  #base(row: number): Float64Array {
    return inOrder(this.heldOut, row, this.columns);
  }
}

/** A row of [Q × M] in order of id; 0 where nothing is predicted. */
function inOrder(cells: Float64Array, row: number, columns: readonly number[]): Float64Array {
  return Float64Array.from(columns, (m) => cells[row * columns.length + m] || 0);
}

function acting(
  planner: Planner,
  heads: readonly PlanValue[],
  base: FittedRouter,
  note: string,
): FittedSequential {
  const { columns } = planner;
  return {
    models: planner.train.models,
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
