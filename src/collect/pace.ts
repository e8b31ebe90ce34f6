/**
 * When calls may start: so many a minute, and not while the endpoint has asked for a pause.
 * @module
 */

/** Time, real or simulated. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits. */
  sleep(milliseconds: number): Promise<void>;
}

/** The real one. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** Lets calls start one after another, evenly spaced. */
export class Pace {
  readonly #clock: Clock;
  readonly #perMinute?: number;
  #next = 0;

  /** Starts without a pause. @param perMinute most calls a minute; absent = no limit */
  constructor(clock: Clock, perMinute?: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Waits for a turn. */
  async turn(): Promise<void> {
    for (;;) {
      const wait = this.#next - this.#clock.now();
      if (wait <= 0) break;
      await this.#clock.sleep(wait);
    }
    if (this.#perMinute !== undefined) this.#next = this.#clock.now() + 60_000 / this.#perMinute;
  }

  /** No call starts for a while. */
  hold(milliseconds: number): void {
    this.#next = Math.max(this.#next, this.#clock.now() + milliseconds);
  }
}
