/**
 * Router-R1's reward as its code has it (arXiv 2506.09033): format first, then the outcome, then how cheap the calls
 * were beside those of the last episodes.
 */

/** What is written in a turn: asking a model, or answering with its reply. */
export interface Turn {
  /** Router-R1's tags. */
  readonly tag: "search" | "answer";
  /** The model named. */
  readonly model: number;
}

/**
 * Whether a turn breaks the format: asks a model again or one too many, or answers with the reply of a model that was
 * not asked. An answer before anything was asked keeps to it, and is worth nothing.
 * @param asked models asked before
 * @param most so many may be asked
 */
export function breaks({ tag, model }: Turn, asked: readonly number[], most: number): boolean {
  if (tag === "search") return asked.length >= most || asked.includes(model);
  return asked.length > 0 && !asked.includes(model);
}

/**
 * R.
 * @param format F, −1 or 0
 * @param outcome O, the score of the answer
 * @param cheap K, 1 = cheap
 */
export function rewardOf(format: number, outcome: number, cheap: number, alpha: number): number {
  if (format < 0) return -1;
  return outcome > 0 ? (1 - alpha) * outcome + alpha * cheap : 0;
}

/** K: where z lies between two bounds, 1 = at the lower one or below. */
export function cheapness(z: number, lo: number, hi: number): number {
  if (hi - lo < 1e-8) return 0.5;
  return 1 - Math.min(1, Math.max(0, (z - lo) / (hi - lo)));
}

const LONGEST = 1000, LOW = 0.05, HIGH = 0.95;

/** Roots of the costs of the last 1,000 episodes. */
export class CostBuffer {
  /** In the order they came. */
  readonly #recent: number[] = [];
  /** The same in ascending order. */
  readonly #sorted: number[] = [];

  /** Takes in an episode's cost, and says how cheap it is: K. */
  push(raw: number): number {
    const z = Math.sqrt(raw);
    this.#recent.push(z);
    this.#sorted.splice(this.#placeOf(z), 0, z);
    if (this.#recent.length > LONGEST) {
      this.#sorted.splice(this.#placeOf(this.#recent.shift()!), 1);
    }
    return cheapness(z, ...this.bounds);
  }

  /** 5th and 95th percentile, between two values by their distance. */
  get bounds(): [lo: number, hi: number] {
    return [this.#percentile(LOW), this.#percentile(HIGH)];
  }

  #percentile(share: number): number {
    const at = share * (this.#sorted.length - 1), below = Math.floor(at);
    const low = this.#sorted[below],
      high = this.#sorted[Math.min(below + 1, this.#sorted.length - 1)];
    return low + (at - below) * (high - low);
  }

  /** The first place of a value that is not smaller. */
  #placeOf(z: number): number {
    let low = 0, high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle] < z) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
