/**
 * Router-R1 on a table of replies: in every turn a policy asks a model (`search`) or answers with the reply of one that
 * it asked (`answer`); learned by PPO (`_ppo.ts`) from Router-R1's reward, which falls on the last turn alone:
 *
 *   F = −1 if a turn breaks the format, else 0
 *   O = score of the reply answered with; 0 for an answer before anything was asked
 *   K = ½ if hi − lo < 10⁻⁸, else 1 − clip((z − lo)/(hi − lo), 0, 1);  z = √(cost of all calls)
 *       lo, hi = 5th and 95th percentile of z over the last 1,000 episodes
 *   R = −1 if F = −1;  0 if O = 0;  else (1 − α)·O + α·K
 *
 * So cost counts only where the answer scores. Every search and every answer can be said in every turn, illegal ones too:
 * the policy learns the format from the penalty, which ends the episode. After four turns there is no more to ask.
 */
import type { Action, FittedSequential, Observation, Random } from "../src/router/mod.ts";
import type { FitContext, SequentialRouter, TrainingData } from "../src/router/mod.ts";
import { byId, columnMeans, fillMissing } from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";
import { drawn, lessonsOf, logProbabilities, Ppo, type Step } from "./_ppo.ts";
import { observed, ReplyReader } from "./_reply_reader.ts";
import { breaks, CostBuffer, rewardOf, type Turn } from "./_format_reward.ts";

/** One configuration of the grid. */
export interface Config {
  /** Most models asked. */
  readonly turns: number;
  /** Training episodes of each policy. */
  readonly episodes: number;
  /** Weight of the policy's entropy in the loss. */
  readonly entropy: number;
}

/** Weights of cost, quality first: a policy each. */
const ALPHAS: readonly number[] = [0, 0.6, 0.9];
const HIDDEN = 128, ROLLOUT = 1024;
/** Before learning, turns that break the format, or answer before anything was asked, are e³ times less likely. */
const INSTRUCTED = -3;

/** The router. */
const router: SequentialRouter<Config> = {
  name: "Router-R1 (table)",
  summary:
    "PPO learns whom to ask and whose reply to answer with; format penalty, then score and cost percentile",
  source: "Router-R1 (arXiv 2506.09033) and its released code",
  statement:
    "sub-question = original question, the final answer is one of the recorded replies; no decomposition, no " +
    "aggregation. A network with two layers of 128 units on the query's vector and on hashed words, form and agreement " +
    "of the replies takes the place of the language model, so there is no reference policy to stay near; four passes a " +
    "rollout at a falling rate. K is from recorded costs, input tokens included. When it is tested, the likeliest " +
    "legal turn is taken.",
  needs: ["cost", "replies"],
  effort: "minutes",
  horizon: 4,
  grid: [{ turns: 4, episodes: 30_000, entropy: 0.01 }],
  async fit(train, config, context) {
    const world = new World(train, config.turns), policies: Policy[] = [];
    const look = context.look && ((ppo: Ppo) => context.look!(acting(world, [{ ppo, note: "" }])));
    for (const alpha of ALPHAS) {
      // The first is what the headline is of.
      policies.push(
        await learn(world, alpha, config, context, alpha === ALPHAS[0] ? look : undefined),
      );
    }
    return acting(world, policies);
  },
};
export default router;

/** A policy and how its training ended. */
interface Policy {
  readonly ppo: Ppo;
  readonly note: string;
}

async function learn(
  world: World,
  alpha: number,
  { turns, episodes, entropy }: Config,
  { random, signal, progress }: FitContext,
  look?: (soFar: Ppo) => Promise<void>,
): Promise<Policy> {
  const own = random.fork("alpha", alpha), order = byId(world.train.queries);
  const size = Math.min(ROLLOUT, order.length), rollouts = Math.ceil(episodes / size);
  const steps = rollouts * size * turns / 64; // four passes in batches of 256; most episodes are shorter
  const ppo = new Ppo(world.width, world.actions, HIDDEN, entropy, steps, own, INSTRUCTED);
  const buffer = new CostBuffer();
  let at = order.length, last = "";
  for (let rollout = 0; rollout < rollouts; rollout++) {
    signal.throwIfAborted();
    const rows = Array.from({ length: size }, () => {
      if (at === order.length) own.fork("order", rollout).shuffle(order), at = 0;
      return order[at++];
    });
    const played = await world.play(ppo, rows, own.fork("rollout", rollout));
    const rewards = played.map((episode) => world.reward(episode, alpha, buffer));
    last = summary(alpha, played, rewards, buffer);
    await ppo.learn(
      played.flatMap(({ steps }, e) =>
        lessonsOf(steps, steps.map((_, t) => t === steps.length - 1 ? rewards[e] : 0), 1)
      ),
      rollout,
    );
    await look?.(ppo);
    progress((ALPHAS.indexOf(alpha) + (rollout + 1) / rollouts) / ALPHAS.length);
  }
  await ppo.release();
  return { ppo, note: last };
}

/** A training episode, as far as it has gone. */
interface Played {
  readonly row: number;
  readonly stream: Random;
  readonly steps: Step[];
  /** Models asked, in order. */
  readonly asked: number[];
  /** The last turn; absent while it goes on. */
  end?: Turn | "broken";
}

function summary(
  alpha: number,
  played: readonly Played[],
  rewards: readonly number[],
  { bounds }: CostBuffer,
): string {
  const share = (of: (episode: Played) => number): string =>
    (played.reduce((sum, episode) => sum + of(episode), 0) / played.length).toFixed(2);
  const reward = rewards.reduce((a, b) => a + b, 0) / rewards.length;
  return `α ${alpha}, last rollout: reward ${reward.toFixed(3)}, ` +
    `${share(({ asked }) => asked.length)} calls, format broken in ${
      share(({ end }) => Number(end === "broken"))
    }, lo and hi ${bounds.map((bound) => bound.toPrecision(3)).join(" ")}`;
}

/** The training rows as episodes. */
class World {
  readonly #reader: ReplyReader;
  readonly #scores: Float64Array;

  constructor(readonly train: TrainingData, private readonly turns: number) {
    this.#reader = new ReplyReader(train, turns);
    this.#scores = fillMissing(train.scores, columnMeans(train.scores, train.models.length));
  }

  get width(): number {
    return this.#reader.width;
  }

  /** A search for each model, then an answer with each. */
  get actions(): number {
    return 2 * this.train.models.length;
  }

  /** Plays an episode for each of some training rows, turns drawn from the policy. */
  async play(ppo: Ppo, rows: readonly number[], random: Random): Promise<Played[]> {
    const { ids } = this.train.queries;
    const played = rows.map((row): Played => ({
      row,
      stream: random.fork(ids[row]),
      steps: [],
      asked: [],
    }));
    for (let open = played; open.length > 0; open = open.filter(({ end }) => !end)) {
      const seen = observed(this.train, open.map(({ row }) => row), open.map((e) => e.asked));
      const x = this.inputs(seen), y = await ppo.apply(x);
      open.forEach((episode, e) => {
        const fit = this.fitting(episode.asked);
        const step = drawn(x, y, e, fit, episode.stream.next(), INSTRUCTED);
        const turn = this.meant(step.action);
        episode.steps.push(step);
        if (this.illegal(turn, episode.asked)) episode.end = "broken";
        else if (turn.tag === "answer") episode.end = turn;
        else episode.asked.push(turn.model);
      });
    }
    return played;
  }

  /** R of an episode; its cost goes into the buffer whatever came of it. */
  reward({ row, asked, end }: Played, alpha: number, buffer: CostBuffer): number {
    const { models, costs } = this.train, M = models.length;
    const raw = asked.reduce((sum, m) => sum + (costs[row * M + m] || 0), 0),
      cheap = buffer.push(raw);
    if (!end || end === "broken") return rewardOf(-1, 0, cheap, alpha);
    const outcome = asked.length > 0 ? this.#scores[row * M + end.model] : 0;
    return rewardOf(0, outcome, cheap, alpha);
  }

  illegal(turn: Turn, asked: readonly number[]): boolean {
    return breaks(turn, asked, this.turns) || this.#reader.known[turn.model] === 0;
  }

  /** 1 where an action keeps the format and does not answer before anything was asked. */
  fitting(asked: readonly number[]): Uint8Array {
    return Uint8Array.from({ length: this.actions }, (_, a) => {
      const turn = this.meant(a), early = turn.tag === "answer" && asked.length === 0;
      return Number(!early && !this.illegal(turn, asked));
    });
  }

  inputs(seen: Observation): Matrix {
    return this.#reader.read(seen);
  }

  /** The turn of a number. */
  meant(action: number): Turn {
    const { columns } = this.#reader, M = columns.length;
    return { tag: action < M ? "search" : "answer", model: columns[action % M] };
  }
}

/** Takes the likeliest turn that the rules of episodes allow: the answer must have been asked for. */
function acting(world: World, policies: readonly Policy[]): FittedSequential {
  return {
    models: world.train.models,
    dial: { name: "α", values: ALPHAS.slice(0, policies.length) },
    async act(seen, alpha = ALPHAS[0]) {
      const { ppo } = policies[ALPHAS.indexOf(alpha)], y = await ppo.apply(world.inputs(seen));
      return seen.queries.ids.map((_, e): Action => {
        const asked = [...seen.visited.subarray(e * seen.step, (e + 1) * seen.step)];
        const logs = logProbabilities(y, e, world.fitting(asked));
        const { tag, model } = world.meant(logs.indexOf(Math.max(...logs)));
        return tag === "search" ? { visit: model } : { commit: model };
      });
    },
    describe: () => ({
      parameters: policies.reduce((sum, { ppo }) => sum + ppo.count, 0),
      notes: policies.map(({ note }) => note),
    }),
  };
}
