/**
 * PPO on the engine: a policy and a value from one network, for episodes of few steps with a mask of legal actions.
 *
 *   h = tanh(W₂ tanh(W₁ x + b₁) + b₂),   π(a|x) ∝ exp(p_a · h + c_a) on legal actions,   V(x) = v · h + d
 *   L = −mean min(ρA, clip(ρ, 1 ± ε)A) + ½ mean (V − R)² − β mean H(π),   ρ = π(a|x) / π_old(a|x)
 *
 * Advantages A are Schulman's generalised ones (GAE, arXiv 1506.02438) with γ = 1, whitened over a rollout. PPO is
 * arXiv 1707.06347.
 */
import type { Random } from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";
import {
  add,
  Blocks,
  type Bound,
  exp,
  type Graph,
  linear,
  logSoftmax,
  mean,
  meanSquaredError,
  mul,
  normal,
  Parameters,
  relu,
  scale,
  shift,
  slice,
  sub,
  sum,
  tanh,
  type Tensor,
  Trainer,
  zeros,
} from "../src/nn/mod.ts";

const CLIP = 0.2, GAE = 0.95, EPOCHS = 4, BATCH = 256, RATE = 1e-3, NORM = 0.5, VALUE = 0.5;
/** As good as −∞, which a graph cannot take. */
const NEVER = -1e9;

/** One step of an episode, as the learner remembers it. */
export interface Step {
  /** What was seen, as long as the network's input. */
  readonly x: Float32Array;
  /** 1 where an action is legal. */
  readonly legal: Uint8Array;
  /** The action taken. */
  readonly action: number;
  /** Its log-probability then. */
  readonly logProbability: number;
  /** V(x) then. */
  readonly value: number;
}

/** What a step is learned from. */
export interface Lesson extends Step {
  /** A. */
  advantage: number;
  /** R, what V should have said. */
  readonly target: number;
}

/** Logits of all actions, then the value: row-major [N × (actions + 1)]. */
export type Outputs = Float64Array;

/**
 * Lessons of one episode: A_t = Σ_k λ^k (r_{t+k} + V_{t+k+1} − V_{t+k}), and R_t = A_t + V_t.
 * @param rewards one a step
 * @param lambda λ of GAE; at 1, A_t is the return less V_t
 */
export function lessonsOf(
  steps: readonly Step[],
  rewards: readonly number[],
  lambda = GAE,
): Lesson[] {
  const lessons: Lesson[] = [];
  let later = 0, next = 0;
  for (let t = steps.length - 1; t >= 0; t--) {
    const { value } = steps[t], advantage = rewards[t] + next - value + lambda * later;
    lessons.unshift({ ...steps[t], advantage, target: advantage + value });
    later = advantage, next = value;
  }
  return lessons;
}

/**
 * Log-probabilities of the actions of one row.
 * @param otherwise added to the logit of an illegal action; by default it is never taken
 */
export function logProbabilities(
  outputs: Outputs,
  row: number,
  legal: Uint8Array,
  otherwise = -Infinity,
): Float64Array {
  const A = legal.length, at = row * (A + 1);
  const logits = Float64Array.from(legal, (yes, a) => outputs[at + a] + (yes ? 0 : otherwise));
  const most = Math.max(...logits);
  const total = most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
  return logits.map((z) => z - total);
}

/**
 * The step of row `e` whose action is the one on which a uniform number falls.
 * @param otherwise as in {@link logProbabilities}
 */
export function drawn(
  x: Matrix,
  y: Outputs,
  e: number,
  legal: Uint8Array,
  at: number,
  otherwise = -Infinity,
): Step {
  const logs = logProbabilities(y, e, legal, otherwise);
  let action = logs.findLastIndex((log) => log > -Infinity), sum = 0;
  for (let a = 0; a < action; a++) {
    sum += Math.exp(logs[a]);
    if (at < sum) action = a;
  }
  return {
    x: x.data.subarray(e * x.width, (e + 1) * x.width),
    legal,
    action,
    logProbability: logs[action],
    value: y[(e + 1) * (legal.length + 1) - 1],
  };
}

/** The network and its optimiser. */
export class Ppo {
  readonly #parameters: Parameters;
  readonly #blocks: Blocks;
  readonly #trainer: Trainer;

  /**
   * All actions are as likely as each other, and the value is 0.
   * @param inputs width of x
   * @param entropy β
   * @param steps over which the rate falls to a twentieth
   * @param otherwise added to the logit of an illegal action; by default it is never taken
   */
  constructor(
    inputs: number,
    readonly actions: number,
    hidden: number,
    private readonly entropy: number,
    steps: number,
    private readonly random: Random,
    private readonly otherwise = NEVER,
  ) {
    this.#parameters = new Parameters(random);
    this.#parameters.add("W1", [inputs, hidden], normal(0.5));
    this.#parameters.add("b1", [hidden], zeros);
    this.#parameters.add("W2", [hidden, hidden], normal(1 / Math.sqrt(hidden)));
    this.#parameters.add("b2", [hidden], zeros);
    this.#parameters.add("out", [hidden, actions + 1], zeros);
    this.#parameters.add("bias", [actions + 1], zeros);
    this.#blocks = new Blocks(this.#parameters, (_, parameter, x) => network(parameter, x));
    this.#trainer = new Trainer(this.#parameters, {
      schedule: (step) => RATE * Math.max(0.05, 1 - step / steps),
      clip: NORM,
      group: () => ({}),
    });
  }

  /** Learned numbers. */
  get count(): number {
    return this.#parameters.count;
  }

  /** Logits and values of any number of rows. */
  async apply(x: Matrix): Promise<Outputs> {
    return await this.#blocks.apply(x);
  }

  /** Four passes over the lessons of a rollout, in batches; a last one that is not full is left out. */
  async learn(lessons: readonly Lesson[], rollout: number): Promise<void> {
    whiten(lessons);
    const order = Uint32Array.from(lessons.keys()), size = Math.min(BATCH, lessons.length);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      this.random.fork("batches", rollout, epoch).shuffle(order);
      for (let at = 0; at + size <= order.length; at += size) {
        const batch = Array.from(order.subarray(at, at + size), (i) => lessons[i]);
        await this.#trainer.update(
          `${size}`,
          (graph, parameter) => this.#loss(graph, parameter, size, batch[0].x.length),
          [feeds(batch, this.actions, this.otherwise)],
        );
      }
    }
  }

  /** Frees what only learning needs. */
  async release(): Promise<void> {
    await this.#trainer.release();
  }

  #loss(graph: Graph, parameter: Bound, size: number, width: number): Tensor {
    const A = this.actions, column = (name: string): Tensor => graph.input(name, [size, 1]);
    const y = network(parameter, graph.input("x", [size, width]));
    const logits = add(slice(y, 1, 0, A), graph.input("mask", [size, A]));
    const logs = logSoftmax(logits), taken = sum(mul(logs, graph.input("taken", [size, A])), [-1]);
    const ratio = exp(sub(taken, column("old"))), advantage = column("advantage");
    // clip(ρ) and min(a, b) = b − max(b − a, 0), by max(·, 0) alone.
    const above = (limit: number): Tensor => relu(shift(ratio, -limit));
    const clipped = shift(sub(above(1 - CLIP), above(1 + CLIP)), 1 - CLIP);
    const b = mul(clipped, advantage), least = sub(b, relu(sub(b, mul(ratio, advantage))));
    const all = { keep: false };
    const disorder = scale(mean(sum(mul(exp(logs), logs), [-1]), [0, 1], all), this.entropy);
    const wrong = scale(meanSquaredError(slice(y, 1, A, A + 1), column("target")), VALUE);
    return add(sub(wrong, mean(least, [0, 1], all)), disorder);
  }
}

function network(parameter: Bound, x: Tensor): Tensor {
  const h = tanh(linear(x, parameter("W1"), parameter("b1")));
  return linear(
    tanh(linear(h, parameter("W2"), parameter("b2"))),
    parameter("out"),
    parameter("bias"),
  );
}

/** Advantages brought to mean 0 and deviation 1, in place. */
function whiten(lessons: readonly Lesson[]): void {
  const n = lessons.length, mean = lessons.reduce((sum, { advantage: a }) => sum + a, 0) / n;
  const spread = Math.sqrt(lessons.reduce((sum, { advantage: a }) => sum + (a - mean) ** 2, 0) / n);
  for (const lesson of lessons) lesson.advantage = (lesson.advantage - mean) / (spread + 1e-8);
}

function feeds(
  batch: readonly Lesson[],
  actions: number,
  otherwise: number,
): Record<string, Float32Array> {
  const width = batch[0].x.length, x = new Float32Array(batch.length * width);
  const mask = new Float32Array(batch.length * actions), taken = new Float32Array(mask.length);
  batch.forEach((lesson, b) => {
    x.set(lesson.x, b * width);
    lesson.legal.forEach((yes, a) => mask[b * actions + a] = yes ? 0 : otherwise);
    taken[b * actions + lesson.action] = 1;
  });
  const column = (of: (lesson: Lesson) => number): Float32Array => Float32Array.from(batch, of);
  return {
    x,
    mask,
    taken,
    old: column(({ logProbability }) => logProbability),
    advantage: column(({ advantage }) => advantage),
    target: column(({ target }) => target),
  };
}
