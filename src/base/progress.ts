/**
 * A progress line on stderr: silent for the first two seconds, redrawn in place on a terminal, one line
 * every ten seconds elsewhere.
 * @module
 */

/** Reports steps of a known total. */
export interface Progress {
  /** Sets how many steps are done, and optionally what is being done. */
  update(done: number, detail?: string): void;
  /** Clears the line. */
  end(): void;
}

/** Milliseconds before the first estimate of the time left. */
const FIRST_ESTIMATE = 5000;

/** Opens a progress line, e.g. `progress("embedding", 3000)`; a total of 0 is one that nobody knows. */
export function progress(label: string, total: number, first = 0): Progress {
  const start = performance.now();
  const live = Deno.stderr.isTerminal();
  let last = live ? start + 1800 : start - 8000;
  let drawn = false;
  const write = (text: string): void => void Deno.stderr.writeSync(new TextEncoder().encode(text));
  return {
    update(done, detail = "") {
      const now = performance.now();
      if (now - start < 2000 || now - last < (live ? 200 : 10_000)) return;
      last = now;
      drawn = true;
      const rate = (done - first) / (now - start);
      // The first steps are no sample: reference rows take no time, and what is warmed up goes faster.
      const known = now - start >= FIRST_ESTIMATE && done - first >= 3 &&
        done - first >= (total - first) / 10;
      const left = known ? `, ${clock((total - done) / rate)} left` : "";
      const share = total > 0 ? Math.round((100 * done) / total) : 0;
      const filled = Math.round(share / 5);
      const bar = "█".repeat(filled) + "░".repeat(20 - filled);
      const line = total > 0
        ? `${label} ${live ? bar + " " : ""}${done}/${total} (${share}%${left}) ${detail}`
        : `${label} ${done} ${detail}`;
      write(live ? `\r\x1b[2K${line.slice(0, 99)}` : `${line}\n`);
    },
    end() {
      if (drawn && live) write("\r\x1b[2K");
    },
  };
}

function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
