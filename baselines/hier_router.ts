/**
 * HierRouter-style: a policy probes models one after the other, reads their replies, and commits to one of those it
 * probed; learned by PPO (`_ppo.ts`).
 *
 *   state    the query's vector; of every visit features of the reply (`_reply_features.ts`), who said it, and how
 *            many other replies end in the same answer; how many visits; log(1 + C / C_ref); λ
 *   action   visit a model not visited yet, or commit to the reply of one of the visits
 *   reward   −λ · δ / C_ref for a visit of cost δ, then the score Q of the reply committed to, in all Q − λ · C / C_ref
 *
 * C is what the visits cost so far, C_ref the mean training cost of the pool. λ is part of the state and drawn anew for
 * each training episode, so one policy serves the whole curve. Scores are not seen before the commit; at the end
 * the likeliest action is taken.
 */
import type { Action, FittedSequential, Observation } from "../src/router/mod.ts";
import type { Random, SequentialRouter, TrainingData } from "../src/router/mod.ts";
import { byId, columnMeans, Episodes, fillMissing, takeTraining } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import { REPLY_WIDTH } from "./_reply_features.ts";
import { agreeing, ReplyReader } from "./_reply_reader.ts";
import { drawn, type Lesson, lessonsOf, logProbabilities, Ppo, type Step } from "./_ppo.ts";

/** One configuration of the grid. */
export interface Config {
  /** Most visits of an episode. */
  readonly hops: 1 | 2 | 3;
  /** Weight of the policy's entropy in the loss. */
  readonly entropy: number;
  /** Training episodes a query, fewer where there are many queries. */
  readonly passes: number;
}

const HIDDEN = 128, ROLLOUT = 1024, MOST_EPISODES = 80_000;
/** The dial: dollars weighed in mean calls of the pool, quality first. */
const LAMBDAS: readonly number[] = [0, 0.01, 0.03, 0.1, 0.3, 1];

/** The router. */
const router: SequentialRouter<Config> = {
  name: "HierRouter-style",
  summary: "PPO learns which models to ask, when to stop, and whose reply to answer with",
  source: "HierRouter (arXiv 2511.09873)",
  statement:
    "PPO probe-then-commit on recorded replies, λ-conditioned; the reward, horizon and network are ours; replies are " +
    "to the bare query, so no refinement takes place; hashed words, form and agreement of the replies take the place " +
    "of a sentence encoder on the grown text; two layers of 128 units, batches of 256 at a falling rate; up to three " +
    "visits and one entropy weight, nothing is tuned.",
  needs: ["cost", "replies"],
  effort: "minutes",
  horizon: 3,
  grid: [{ hops: 3, entropy: 0.01, passes: 30 }],
  async fit(train, { hops, entropy, passes }, context) {
    const world = new World(train, hops), { random } = context;
    const order = byId(train.queries), size = Math.min(ROLLOUT, order.length);
    const rollouts = Math.ceil(Math.min(passes * order.length, MOST_EPISODES) / size);
    const steps = rollouts * size * hops / 64; // four passes in batches of 256; most episodes are shorter
    const ppo = new Ppo(world.width, world.actions, HIDDEN, entropy, steps, random);
    let at = order.length;
    for (let rollout = 0; rollout < rollouts; rollout++) {
      context.signal.throwIfAborted();
      const rows = Array.from({ length: size }, () => {
        if (at === order.length) random.fork("order", rollout).shuffle(order), at = 0;
        return order[at++];
      });
      await ppo.learn(await world.play(ppo, rows, random.fork("rollout", rollout)), rollout);
      await context.look?.(acting(world, ppo));
      context.progress((rollout + 1) / rollouts);
    }
    await ppo.release();
    return acting(world, ppo);
  },
};
export default router;

/** Rewards of an episode, visit by visit and then for the commit. */
export function rewardsOf(
  paid: readonly number[],
  score: number,
  lambda: number,
  reference: number,
): number[] {
  return [...paid.map((cost) => -lambda * cost / reference), score];
}

/** A training episode, as far as it has gone. */
interface Played {
  readonly row: number;
  readonly stream: Random;
  /** Position in the dial. */
  readonly lambda: number;
  readonly steps: Step[];
  /** Costs of the visits. */
  readonly paid: number[];
}

/** The training rows as episodes, and what is seen in an episode as numbers. Models are in order of id. */
class World {
  readonly #train: TrainingData;
  readonly #scores: Float64Array;
  readonly #reader: ReplyReader;
  /** Columns of the models in order of id. */
  readonly #columns: readonly number[];
  readonly #reference: number;

  constructor(train: TrainingData, private readonly hops: number) {
    const { models, scores } = train;
    this.#train = train;
    this.#scores = fillMissing(scores, columnMeans(scores, models.length)); // without any score never visited
    this.#reader = new ReplyReader(train, hops);
    this.#columns = this.#reader.columns;
    this.#reference = this.#reader.reference;
  }

  get models(): readonly string[] {
    return this.#train.models;
  }

  /** Visits of each model, then commits to each visit. */
  get actions(): number {
    return this.#columns.length + this.hops;
  }

  /** Numbers of a visit: the reply, who said it, agreement. */
  get #slot(): number {
    return REPLY_WIDTH + this.#columns.length + 1;
  }

  get width(): number {
    return this.#train.queries.vectors.width + this.hops * this.#slot + this.hops + 2 +
      LAMBDAS.length;
  }

  /** Plays an episode for each of some training rows, actions drawn from the policy. */
  async play(ppo: Ppo, rows: readonly number[], random: Random): Promise<Lesson[]> {
    const { queries, models, costs, replies } = takeTraining(this.#train, rows, "rollout");
    const episodes = new Episodes({ queries, models, costs, replies: replies! }, this.hops);
    const all = rows.map((row, e): Played => {
      const stream = random.fork(queries.ids[e]);
      return { row, stream, lambda: stream.integer(LAMBDAS.length), steps: [], paid: [] };
    });
    const lessons: Lesson[] = [];
    for (let open = all; !episodes.done;) {
      const seen = episodes.observe(), taken: Action[] = [];
      const x = this.inputs(seen, open.map(({ lambda }) => lambda)), y = await ppo.apply(x);
      for (const [e, episode] of open.entries()) {
        const step = drawn(x, y, e, this.legal(seen, e), episode.stream.next());
        const action = this.meant(seen, e, step.action);
        episode.steps.push(step);
        taken.push(action);
        if ("visit" in action) {
          episode.paid.push(this.#cell(this.#train.costs, episode, action.visit));
        } else {lessons.push(
            ...this.#learned(episode, this.#cell(this.#scores, episode, action.commit)),
          );}
      }
      open = open.filter((_, e) => "visit" in taken[e]);
      episodes.take(taken);
    }
    return lessons;
  }

  #cell(cells: Float64Array, { row }: Played, model: number): number {
    return cells[row * this.#columns.length + model];
  }

  #learned({ steps, paid, lambda }: Played, score: number): Lesson[] {
    return lessonsOf(steps, rewardsOf(paid, score, LAMBDAS[lambda], this.#reference));
  }

  /** What is seen, as the network takes it, [E × width]. */
  inputs(seen: Observation, lambdas: readonly number[]): Matrix {
    const { queries: { texts, vectors }, step, visited, replies, paid } = seen, D = vectors.width;
    const out = matrix(texts.length, this.width), said = this.#reader.features(seen);
    texts.forEach((_, e) => {
      const row = out.data.subarray(e * out.width, (e + 1) * out.width);
      row.set(vectors.data.subarray(e * D, (e + 1) * D));
      const own = replies.slice(e * step, (e + 1) * step);
      for (let k = 0, at = D; k < step; k++, at += this.#slot) {
        const from = e * step + k;
        row.set(said.data.subarray(from * REPLY_WIDTH, (from + 1) * REPLY_WIDTH), at);
        row[at + REPLY_WIDTH + this.#columns.indexOf(visited[from])] = 1;
        row[at + this.#slot - 1] = agreeing(own, k);
      }
      const rest = D + this.hops * this.#slot;
      row[rest + step] = 1;
      row[rest + this.hops + 1] = Math.log1p(paid[e] / this.#reference);
      row[rest + this.hops + 2 + lambdas[e]] = 1;
    });
    return out;
  }

  /** 1 where an action is legal in an episode. */
  legal({ step, visited }: Observation, e: number): Uint8Array {
    const path = visited.subarray(e * step, (e + 1) * step), M = this.#columns.length;
    return Uint8Array.from({ length: this.actions }, (_, a) => {
      if (a >= M) return Number(a - M < step);
      const m = this.#columns[a];
      return Number(step < this.hops && this.#reader.known[m] && !path.includes(m));
    });
  }

  /** The action of a number. */
  meant({ step, visited }: Observation, e: number, action: number): Action {
    const M = this.#columns.length;
    return action < M
      ? { visit: this.#columns[action] }
      : { commit: visited[e * step + action - M] };
  }
}

function acting(world: World, ppo: Ppo): FittedSequential {
  return {
    models: world.models,
    dial: { name: "λ", values: LAMBDAS },
    async act(seen, lambda = LAMBDAS[0]) {
      const at = LAMBDAS.indexOf(lambda);
      const y = await ppo.apply(world.inputs(seen, seen.queries.ids.map(() => at)));
      return seen.queries.ids.map((_, e) => {
        const logs = logProbabilities(y, e, world.legal(seen, e));
        return world.meant(seen, e, logs.indexOf(Math.max(...logs)));
      });
    },
    describe: () => ({ parameters: ppo.count }),
  };
}
