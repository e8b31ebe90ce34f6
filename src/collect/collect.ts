/**
 * Asks all calls that the journal does not have, within a budget, so many at a time.
 * @module
 */
import type { Random } from "../base/random.ts";
import type { PriceList } from "../outcomes/pricing.ts";
import type { Outcome } from "./ask.ts";
import { callBound, type Spending, spending } from "./bound.ts";
import { Budget, type Limits } from "./budget.ts";
import type { Call } from "./call.ts";
import type { Journal } from "./journal.ts";
import { type Clock, Pace } from "./pace.ts";
import { pause } from "./retry.ts";

/** How to ask. */
export interface Plan {
  /** Host of the endpoint, for the journal. */
  readonly host: string;
  /** What may be spent by all runs of the journal together. */
  readonly limits: Limits;
  /** Prices of the models. */
  readonly prices?: PriceList;
  /** Calls in flight at once, at most. */
  readonly concurrency: number;
  /** Calls a minute, at most. */
  readonly perMinute?: number;
  /** Tries of one call, at most. */
  readonly attempts: number;
  /** Ask again what has failed for good in an earlier run. */
  readonly retryFailed: boolean;
}

/** What a run reaches outside of itself. */
export interface World {
  /** Tries a call once. */
  ask(call: Call): Promise<Outcome>;
  /** Where everything is recorded. */
  readonly journal: Journal;
  /** Time. */
  readonly clock: Clock;
  /** Spread of pauses. */
  readonly random: Random;
  /** Told how many calls are done. */
  progress?(done: number, spent: Spending): void;
  /** Whether a person has asked to end. */
  stopped?(): boolean;
}

/** How a run ended. */
export interface Ending {
  /** Calls answered in this run. */
  readonly answered: number;
  /** Calls that failed for good in this run. */
  readonly failed: number;
  /** Calls left open. */
  readonly left: number;
  /** Why some are left: the budget, a person, or what met a whole model. */
  readonly why: readonly string[];
}

/** Calls that a model refused one after another, after which it is not asked any more in this run. */
const STREAK = 3;

/** Calls of the plan that are to be asked. */
export function openCalls(
  calls: readonly Call[],
  journal: Journal,
  { retryFailed }: Pick<Plan, "retryFailed">,
): Call[] {
  return calls.filter(({ key }) =>
    !journal.answers.has(key) && (retryFailed || !journal.failures.has(key))
  );
}

/**
 * Asks every open call. The first call of each model goes alone: a wrong key, a wrong name or a prompt that
 * the endpoint makes longer than anybody can know shows before many calls are out.
 */
export async function collect(
  calls: readonly Call[],
  plan: Plan,
  world: World,
): Promise<Ending> {
  world.journal.writeOff();
  return await new Run(plan, world).all(openCalls(calls, world.journal, plan));
}

class Run {
  private readonly budget: Budget;
  private readonly pace: Pace;
  private readonly given = new Map<string, string>();
  private readonly streaks = new Map<string, number>();
  /** Tokens beyond its bound that a call of a model has used, at most. */
  private readonly excess = new Map<string, number>();
  private exhausted = false;
  /** Why the last call was left for another run. */
  private unlucky?: string;
  private settled: (() => void)[] = [];
  private inFlight = 0;
  private answered = 0;
  private failed = 0;

  constructor(private readonly plan: Plan, private readonly world: World) {
    this.budget = new Budget(plan.limits, world.journal.spent);
    this.pace = new Pace(world.clock, plan.perMinute);
  }

  async all(calls: readonly Call[]): Promise<Ending> {
    const models = Map.groupBy(calls, ({ body }) => body.model).values();
    const firsts = new Set([...models].map(([call]) => call));
    await this.lanes(firsts);
    await this.lanes(calls.filter((call) => !firsts.has(call)));
    const left = calls.length - this.answered - this.failed;
    return { answered: this.answered, failed: this.failed, left, why: left > 0 ? this.why() : [] };
  }

  /** Asks calls in their order, so many at a time. */
  private async lanes(calls: Iterable<Call>): Promise<void> {
    const next = Iterator.from(calls);
    const lane = async (): Promise<void> => {
      for (const call of next) await this.finish(call);
    };
    await Promise.all(Array.from({ length: this.plan.concurrency }, lane));
  }

  private why(): string[] {
    return [
      ...(this.exhausted ? ["the budget does not allow another call"] : []),
      ...(this.world.stopped?.() ? ["stopped"] : []),
      ...(this.unlucky !== undefined ? [`some calls were given up, the last ${this.unlucky}`] : []),
      ...[...this.given].sort().map(([model, why]) => `${model}: ${why}`),
    ];
  }

  /** Asks one call until it is answered, has failed, or must be left. */
  private async finish(call: Call): Promise<void> {
    const { model } = call.body, { world } = this;
    for (let tried = 1;; tried++) {
      await this.pace.turn();
      if (this.given.has(model) || world.stopped?.()) return;
      const most = await this.room(call);
      if (!most) return;
      const outcome = await this.tryOnce(call, most);
      if (outcome.kind === "again" && tried < this.plan.attempts) {
        const wait = pause(tried, outcome.wait, world.random.fork(call.key, tried).next());
        if (outcome.wait !== undefined) this.pace.hold(wait); // it was said to all of us
        await world.clock.sleep(wait);
        continue;
      }
      if (outcome.kind === "again") {
        this.unlucky = `after ${tried} tries: ${outcome.why}`;
        this.strike(model, this.unlucky);
      } else if (outcome.kind === "failed" && !outcome.billed) this.strike(model, outcome.why);
      return;
    }
  }

  /** Counts what a model did not even begin to answer; after some in a row it is not asked any more. */
  private strike(model: string, why: string): void {
    const streak = (this.streaks.get(model) ?? 0) + 1;
    this.streaks.set(model, streak);
    if (streak >= STREAK) this.given.set(model, `given up ${why}`);
  }

  /** Sets the most aside that a call can use, waiting for calls in flight where that makes room. */
  private async room({ body }: Call): Promise<Spending | undefined> {
    const { prices } = this.plan;
    for (;;) {
      const extra = this.excess.get(body.model) ?? 0;
      const bound = callBound(body, prices), more = dearest(body.model, extra, prices);
      const most = { tokens: bound.tokens + extra, dollars: bound.dollars + more };
      if (this.exhausted || this.world.stopped?.()) return undefined;
      if (this.budget.reserve(most)) return most;
      if (this.inFlight === 0) this.exhausted = true;
      else await new Promise<void>((resolve) => this.settled.push(resolve));
    }
  }

  private async tryOnce(call: Call, most: Spending): Promise<Outcome> {
    const { key, query, model, variant, draw } = call;
    const { journal, clock } = this.world;
    journal.add({
      asked: key,
      at: new Date(clock.now()).toISOString(),
      query,
      model,
      host: this.plan.host,
      variant,
      draw,
      most,
      ...(journal.wasInFlight(key) && { again: true as const }),
    });
    this.inFlight++;
    const outcome = await this.world.ask(call);
    this.inFlight--;
    const used = this.record(call, outcome, most);
    this.budget.settle(most, used);
    for (const wake of this.settled.splice(0)) wake();
    this.world.progress?.(this.answered + this.failed, this.budget.spent);
    return outcome;
  }

  /** Closes a try in the journal; returns what it used. */
  private record(call: Call, outcome: Outcome, most: Spending): Spending {
    const { key, body: { model } } = call, { journal } = this.world;
    if (outcome.kind === "answer") {
      const { tokens, counted } = outcome.answer;
      const used = counted === "usage" ? spending(model, tokens, this.plan.prices) : most;
      journal.add({ answer: key, used, ...outcome.answer });
      this.answered++;
      this.streaks.set(model, 0);
      const over = used.tokens - callBound(call.body, undefined).tokens;
      if (over > (this.excess.get(model) ?? 0)) this.excess.set(model, over);
      return used;
    }
    const used = outcome.billed ? most : { tokens: 0, dollars: 0 };
    if (outcome.kind === "failed") {
      journal.add({ failed: key, why: outcome.why, used });
      this.failed++;
      return used;
    }
    if (outcome.kind === "stop") this.given.set(model, outcome.why);
    journal.add({ tried: key, why: outcome.why, used });
    return used;
  }
}

/** The most that further tokens of a model can cost, US dollars. */
function dearest(model: string, tokens: number, prices: PriceList | undefined): number {
  return Math.max(
    spending(model, [tokens, 0], prices).dollars,
    spending(model, [0, tokens], prices).dollars,
  );
}
