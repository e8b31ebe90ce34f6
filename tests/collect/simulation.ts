/**
 * A world without network and without waiting: time jumps to the next thing that happens, and an endpoint
 * answers, fails and bills by chance. What it billed is known here, whatever it told its customer.
 * @module
 */
import type { Outcome } from "../../src/collect/ask.ts";
import { promptBound, spending } from "../../src/collect/bound.ts";
import { type Call, mostTokens } from "../../src/collect/call.ts";
import type { Clock } from "../../src/collect/pace.ts";
import type { Random } from "../../src/base/random.ts";
import type { PriceList } from "../../src/outcomes/pricing.ts";

/** A clock on which nobody waits. */
export class SimulatedClock implements Clock {
  private time = 0;
  private readonly waiting: { at: number; wake: () => void }[] = [];
  private running = false;

  /** Milliseconds since the start. */
  now(): number {
    return this.time;
  }

  /** Sleeps in simulated time. */
  sleep(milliseconds: number): Promise<void> {
    const done = new Promise<void>((wake) =>
      this.waiting.push({ at: this.time + milliseconds, wake })
    );
    if (!this.running) void this.run();
    return done;
  }

  /** Wakes sleepers one by one, each when all that the one before set off has come to rest. */
  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      this.waiting.sort((a, b) => a.at - b.at);
      const next = this.waiting.shift()!;
      this.time = next.at;
      next.wake();
    }
    this.running = false;
  }
}

/** What happens to a simulated call. */
export interface Chances {
  /** 429 with a wait. */
  readonly refused: number;
  /** 500, billed half the time. */
  readonly broken: number;
  /** A stream that breaks off, billed in full. */
  readonly cut: number;
  /** An answer without usage: its customer can only guess, and guesses low. */
  readonly silent: number;
}

/** An endpoint that bills; `inFlight` and `billed` are the truth. */
export class SimulatedEndpoint {
  billed = { tokens: 0, dollars: 0 };
  inFlight = 0;
  mostInFlight = 0;
  /** Keys in the order asked. */
  readonly asked: string[] = [];
  /** When each was asked. */
  readonly times: number[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly chances: Chances,
    private readonly prices: PriceList,
  ) {}

  /** Answers one try. */
  async ask({ key, body }: Call): Promise<Outcome> {
    const { random, chances } = this;
    this.asked.push(key);
    this.times.push(this.clock.now());
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    await this.clock.sleep(100 + 2000 * random.next());
    this.inFlight--;
    const luck = random.next();
    // Prompts of other tokenizers and templates: anything up to the bound. Answers: up to the longest.
    const input = 1 + random.integer(promptBound(body)),
      output = random.integer(mostTokens(body) + 1);
    const bill = (): void => {
      const { tokens, dollars } = spending(body.model, [input, output], this.prices);
      this.billed = { tokens: this.billed.tokens + tokens, dollars: this.billed.dollars + dollars };
    };
    if (luck < chances.refused) return { kind: "again", why: "429", billed: false, wait: 3000 };
    if (luck < chances.refused + chances.broken) {
      if (random.next() < 0.5) bill();
      return { kind: "again", why: "500", billed: true };
    }
    bill();
    if (luck < chances.refused + chances.broken + chances.cut) {
      return { kind: "failed", why: "the stream broke off", billed: true };
    }
    const answer = random.next() < chances.silent
      ? { tokens: [1, 1], counted: "here" } as const
      : { tokens: [input, output], counted: "usage" } as const;
    return { kind: "answer", answer: { text: "yes", whole_ms: 1, ...answer } };
  }
}
