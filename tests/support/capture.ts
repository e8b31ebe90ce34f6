/**
 * Catches what a command prints.
 */

/** Runs something and gives what it sent to `console.log`, or to `console.error`, one entry a call. */
export async function captured(
  run: () => unknown,
  channel: "log" | "error" = "log",
): Promise<string[]> {
  const lines: string[] = [], real = console[channel];
  console[channel] = (...parts: unknown[]) => void lines.push(parts.map(printed).join(" "));
  try {
    await run();
  } finally {
    console[channel] = real;
  }
  return lines;
}

function printed(part: unknown): string {
  return part instanceof Error ? part.stack ?? part.message : String(part);
}
