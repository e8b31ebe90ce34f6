/**
 * Watches the global sources of randomness and time while something runs.
 * @module
 */

/** Replaced for the duration of one run, so only one run at a time. */
let busy = false;

/**
 * Runs a function and lists its calls of `Math.random`, `Date.now`, `new Date()` and `performance.now`,
 * with the line that made them. Time read inside the runtime or an npm package is allowed:
 * libraries measure time for themselves, and the check `deterministic` catches what leaks out.
 */
export async function watchGlobals(run: () => unknown): Promise<string[]> {
  if (busy) throw new Error("globals are being watched already");
  busy = true;
  const calls = new Set<string>();
  const note = (what: string): void => {
    const line = caller();
    if (what === "Math.random" || !line.foreign) calls.add(`${what} called at ${line.place}`);
  };
  const real = { random: Math.random, Date: globalThis.Date, now: performance.now };
  try {
    Math.random = () => (note("Math.random"), real.random());
    performance.now = () => (note("performance.now"), real.now.call(performance));
    globalThis.Date = new Proxy(real.Date, {
      construct(target, args, self) {
        if (args.length === 0) note("new Date()");
        return Reflect.construct(target, args, self);
      },
      apply(target, self, args) {
        note("Date()");
        return Reflect.apply(target, self, args);
      },
      get(target, key) {
        if (key === "now") return () => (note("Date.now"), target.now());
        return Reflect.get(target, key);
      },
    });
    await run();
  } finally {
    Math.random = real.random;
    performance.now = real.now;
    globalThis.Date = real.Date;
    busy = false;
  }
  return [...calls];
}

/** The innermost stack frame outside this file. */
function caller(): { place: string; foreign: boolean } {
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  const frame = frames.find((line) => !line.includes(import.meta.url)) ?? "";
  const found = /\(?((?:file|ext|node|npm|https?):.*?:\d+:\d+|<anonymous>)\)?$/.exec(frame.trim());
  const place = found
    ? found[1].replace(new URL("../../../", import.meta.url).href, "")
    : "an unknown line";
  return { place, foreign: /^(ext|node|npm):|\/node_modules\/|\/npm\//.test(place) };
}
