/**
 * Catches what a command prints.
 */

/** Runs something and gives what it sent to `console.log`, one entry a call. */
export async function captured(run: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const real = console.log;
  console.log = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    await run();
  } finally {
    console.log = real;
  }
  return lines;
}
