/**
 * Plans for training rows and what value functions learn from them, used by `iro_plans.ts`.
 */
import type { Random, TrainingData } from "../src/router/mod.ts";
import { columnMeans, fillMissing } from "../src/router/mod.ts";
import { matrix } from "../src/linalg/mod.ts";
import { grown, type Successors, survivors } from "./_plan_search.ts";
import type { Lessons } from "./_least_squares.ts";
import { type BasePolicy, basePolicy, inputsOf } from "./_plan_values.ts";
import type { Plan, PlanValue, States } from "./_plan_values.ts";
import { observed, ReplyReader } from "./_reply_reader.ts";

/** How plans are made and learned from. */
export interface Config {
  /** Most visits of a plan. */
  readonly hops: number;
  /** How little the first value function weighs beside the frozen router. */
  readonly beta: number;
  /** Rounds, and as many slices. */
  readonly rounds: number;
  /** Which plan of a search is learned from: the one that earned most, or the one of the highest score. */
  readonly keep: "earned most" | "highest score";
  /** What V says of an action: what plans earned that took it, or what answering with its model at once would. */
  readonly learns: "plans" | "answers";
}

/** The dial: dollars weighed in mean calls of the pool, quality first. */
export const LAMBDAS: readonly number[] = [0, 0.01, 0.03, 0.1, 0.3, 1];

/** The empty plan. */
export const START: Plan = { asked: [], logBase: 0, score: 0 };
/** B. */
const BEAMS = 4;
/** Searches at a time, for memory. */
const CHUNK = 512;

/** R: the score of the answer less what the visits cost, in mean costs of a call. */
export function earned(score: number, paid: number, lambda: number, reference: number): number {
  return score - lambda * paid / reference;
}

/** A training query to be planned at one λ. */
export interface Task {
  /** Row of the training data. */
  readonly row: number;
  /** Position in {@link LAMBDAS}. */
  readonly lambda: number;
}

/** Plans for training rows, and what is learned from them. */
export class Planner {
  readonly #reader: ReplyReader;
  readonly #scores: Float64Array;
  readonly #policy: BasePolicy;

  readonly #train: TrainingData;

  /**
   * Plans for these rows.
   * @param heldOut ŝ of every row by a frozen router that has not learned from it, [N × M]
   */
  constructor(
    train: TrainingData,
    private readonly heldOut: Float64Array,
    private readonly config: Config,
  ) {
    this.#train = train;
    this.#reader = new ReplyReader(train, config.hops);
    this.#scores = fillMissing(train.scores, columnMeans(train.scores, train.models.length));
    const { columns, known } = this.#reader;
    this.#policy = basePolicy(config.hops, columns.map((m) => known[m]));
  }

  /** Columns of the models in order of id. */
  get columns(): readonly number[] {
    return this.#reader.columns;
  }

  /** A plan for each task, drawn from π_0. */
  drawn(tasks: readonly Task[], random: Random): Plan[] {
    const { ids } = this.#train.queries;
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

  #earned({ asked, commit }: Pick<Plan, "asked" | "commit">, { row, lambda }: Task): number {
    const { costs, models: { length: M } } = this.#train;
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
      (await head.values(x)).forEach((value, at) => sums[at] += value / beta);
    }
    return states.base.map((base, e) => ({
      logBase: this.#policy(
        base,
        Array.from(visited.subarray(e * step, (e + 1) * step), (m) => this.columns.indexOf(m)),
      ),
      values: sums.subarray(e * A, (e + 1) * A),
    }));
  }

  /** Every prefix of plans, and what is to be said of its next action. */
  lessons(tasks: readonly Task[], plans: readonly Plan[]): Lessons {
    const A = 2 * this.columns.length, parts: Float32Array[] = [], told: [number, number][][] = [];
    let width = 0;
    for (let t = 0; t <= this.config.hops; t++) {
      const on = [...plans.keys()].filter((p) => plans[p].asked.length >= t);
      if (on.length === 0) break;
      const paths = on.map((p) => plans[p].asked.slice(0, t));
      const x = inputsOf(
        this.#reader,
        this.#states(on.map((p) => tasks[p]), paths),
        LAMBDAS.length,
      );
      parts.push(x.data), width = x.width;
      on.forEach((p, k) => told.push(this.#told(plans[p], paths[k], tasks[p])));
    }
    const x = matrix(told.length, width);
    parts.reduce((at, part) => (x.data.set(part, at), at + part.length), 0);
    const targets = new Float32Array(told.length * A), weights = targets.slice();
    told.forEach((all, p) =>
      all.forEach(([a, value]) => (targets[p * A + a] = value, weights[p * A + a] = 1))
    );
    return { x, targets, weights };
  }

  /** Actions after the visits of `path`, and what each is worth. */
  #told(plan: Plan, path: readonly number[], task: Task): [action: number, value: number][] {
    const M = this.columns.length;
    if (this.config.learns === "plans") {
      const next = path.length < plan.asked.length ? plan.asked[path.length] : M + plan.commit!;
      return [[next, this.#earned(plan, task)]];
    }
    return [...this.#policy(this.#base(task.row), path).entries()]
      .filter(([, log]) => log > -Infinity)
      .map(([a]) => {
        const whole = a < M ? { asked: [...path, a], commit: a } : { asked: path, commit: a - M };
        return [a, this.#earned(whole, task)];
      });
  }

  #states(tasks: readonly Task[], paths: readonly (readonly number[])[]): States {
    return {
      seen: observed(
        this.#train,
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
export function inOrder(
  cells: Float64Array,
  row: number,
  columns: readonly number[],
): Float64Array {
  return Float64Array.from(columns, (m) => cells[row * columns.length + m] || 0);
}
