// Types of the part of @std/cli's parseArgs that args.ts uses; the npm twin of the package ships none.

/** How `parseArgs` reads each flag. */
export interface ParseArgsOptions {
  /** Flags without a value. */
  boolean?: string[];
  /** Flags whose value stays a string; `_` keeps positional arguments strings too. */
  string?: string[];
  /** Flags whose every occurrence is kept, in an array. */
  collect?: string[];
  /** Second names. */
  alias?: Record<string, string>;
  /** Called with every argument no flag claims; `key` is undefined for a positional one. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** Reads a command line: flags by name, positional arguments under `_`. */
export function parseArgs(
  args: string[],
  options: ParseArgsOptions,
): Record<string, unknown> & { _: string[] };
