/**
 * A budget that is never passed: before a call is sent, the most it can use is set aside; when it ends,
 * what it did use takes that place.
 * @module
 */
import { plus, type Spending } from "./bound.ts";

/** Limits in both currencies; absent = none. */
export interface Limits {
  /** US dollars. */
  readonly dollars?: number;
  /** Tokens, input and output together. */
  readonly tokens?: number;
}

/** Rounding of sums of dollars must not decide. */
const DUST = 1e-12;

/** What was spent and what is set aside, beside the limits. */
export class Budget {
  readonly #limits: Limits;
  #used: Spending;
  #aside: Spending = { tokens: 0, dollars: 0 };

  /** Opens a budget. @param spent what earlier runs of the same journal used */
  constructor(limits: Limits, spent: Spending) {
    this.#limits = limits;
    this.#used = spent;
  }

  /** Spent so far. */
  get spent(): Spending {
    return this.#used;
  }

  /** Sets aside the most that a call can use, if that fits; says whether it did. */
  reserve(most: Spending): boolean {
    const { tokens = Infinity, dollars = Infinity } = this.#limits;
    if (this.#used.tokens + this.#aside.tokens + most.tokens > tokens) return false;
    if (this.#used.dollars + this.#aside.dollars + most.dollars > dollars + DUST) return false;
    this.#aside = plus(this.#aside, most);
    return true;
  }

  /** Ends a call: what it used takes the place of what was set aside. */
  settle(most: Spending, used: Spending): void {
    this.#aside = plus(this.#aside, { tokens: -most.tokens, dollars: -most.dollars });
    this.#used = plus(this.#used, used);
  }
}
