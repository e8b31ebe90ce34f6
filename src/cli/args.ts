/**
 * Command lines: every command states its flags in one object, and gets from it typed values, errors
 * that name the wrong word with a suggestion, and the text of `--help`.
 *
 * Unlike most parsers this one has no silent case: an unknown flag, a flag given twice, a missing or
 * unreadable value and a surplus argument all end the command with exit code 2.
 * @module
 */
// @ts-types="./parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";

/** One flag. In the spec it is named in camel case (`perCell`), on the command line `--per-cell`. */
export interface Flag {
  /** What a value is read as; `list` takes commas and repeats, `boolean` takes no value. */
  readonly type: "string" | "boolean" | "number" | "list";
  /** One line of help. */
  readonly help: string;
  /** Value when the flag is absent; booleans are then always false. */
  readonly default?: string | number | readonly string[];
  /** The word that stands for the value in the help, `file` in `--out <file>`. */
  readonly value?: string;
  /** The only values allowed, of a string or of each entry of a list. */
  readonly choices?: readonly string[];
  /** Of a number: only whole ones. */
  readonly integer?: boolean;
  /** Of a number: the smallest allowed. */
  readonly min?: number;
}

/** The flags of a command by camel-case name. */
export type Flags = Readonly<Record<string, Flag>>;

/** A command: what it is called, takes and does. */
export interface Command<F extends Flags> {
  /** As typed, `deno task data pull`. */
  readonly name: string;
  /** What it does, in one sentence or a short paragraph. */
  readonly summary: string;
  /** Positional arguments; none are accepted without this. */
  readonly args?: {
    /** As shown in the usage line, `<dataset>...`. */
    readonly usage: string;
    /** Fewest accepted, 0 if absent. */
    readonly min?: number;
    /** Most accepted, any number if absent. */
    readonly max?: number;
  };
  /** Flags, in the order of the help. */
  readonly flags: F;
  /** Whole command lines to copy. */
  readonly examples: readonly string[];
}

/** The type of one flag's value. */
export type ValueOf<T extends Flag> = T["type"] extends "boolean" ? boolean
  : T["type"] extends "list" ? string[]
  : T extends { readonly default: unknown } ? (T["type"] extends "number" ? number : string)
  : (T["type"] extends "number" ? number : string) | undefined;

/** Typed values of a command's flags: with a default never undefined, lists at least empty. */
export type Values<F extends Flags> = { [K in keyof F]: ValueOf<F[K]> };

/** Thrown for `--help`: `runMain` prints the message and ends with code 0. */
export class HelpRequest extends Error {
  /** Tells it from real errors. */
  override name = "HelpRequest";
}

/**
 * Reads a command line by its spec.
 *
 * ```ts
 * const { flags, args } = parseFlags(Deno.args, {
 *   name: "deno task bench",
 *   summary: "Runs routers on datasets.",
 *   args: { usage: "<dataset>...", min: 1 },
 *   flags: { seeds: { type: "number", default: 5, integer: true, min: 1, help: "repetitions" } },
 *   examples: ["deno task bench demo --seeds 3"],
 * }); // flags.seeds is a number, args an array of dataset names
 * ```
 * @throws {HelpRequest} for `--help` or `-h`
 * @throws {UsageError} naming the flag or argument and what was expected
 */
export function parseFlags<const F extends Flags>(
  argv: readonly string[],
  command: Command<F>,
): { flags: Values<F>; args: string[] } {
  const byName = new Map(Object.entries(command.flags).map(([key, f]) => [kebab(key), f]));
  const names = [...byName.keys()];
  const booleans = [...names.filter((n) => byName.get(n)?.type === "boolean"), "help"];
  const valued = names.filter((n) => !booleans.includes(n));
  const fail = (message: string): never => {
    throw new UsageError(`${message} (see ${command.name} --help)`);
  };
  const parsed = parseArgs([...argv], {
    boolean: booleans,
    string: [...valued, "_"],
    collect: valued,
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key === undefined) return true;
      if (argv.includes("--help") || argv.includes("-h")) return false;
      const tail = didYouMean(`--${key}`, names.map((name) => `--${name}`));
      return fail(`unknown flag ${argument.split("=")[0]}${tail}`);
    },
  });
  if (parsed.help) throw new HelpRequest(helpText(command));
  for (const argument of argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
    if (booleans.includes(name) && value !== "true" && value !== "false") {
      fail(`--${name} takes no value, got "${value}"`);
    }
  }
  const flags = Object.fromEntries(
    Object.entries(command.flags).map(([key, flag]) => {
      const name = kebab(key);
      if (flag.type === "boolean") return [key, parsed[name]];
      return [key, readValue(name, flag, parsed[name] as string[], fail)];
    }),
  );
  const { min = 0, max = command.args ? Infinity : 0, usage = "" } = command.args ?? {};
  if (parsed._.length < min) fail(`missing argument: ${usage}`);
  if (parsed._.length > max) fail(`unexpected argument "${parsed._[max]}"`);
  return { flags: flags as Values<F>, args: parsed._ };
}

/** The help of a command: usage, flags with defaults, examples, exit codes. */
export function helpText(command: Command<Flags>): string {
  const left = Object.entries(command.flags).map(([key, flag]) => {
    const value = flag.type === "boolean" ? "" : ` <${flag.value ?? flag.type}>`;
    return `--${kebab(key)}${value}`;
  });
  left.push("--help, -h");
  const width = Math.max(...left.map((text) => text.length));
  const right = [...Object.values(command.flags).map(describe), "show this text"];
  return [
    `${command.name}${command.args ? " " + command.args.usage : ""} [flags]`,
    "",
    command.summary,
    "",
    "Flags:",
    ...left.map((text, i) => `  ${text.padEnd(width)}  ${right[i]}`),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
    EXIT_CODES,
  ].join("\n");
}

/** The last line of every help text. */
const EXIT_CODES = "Exit codes: 0 ok, 1 bug, 2 usage, 3 data, 4 capability, 5 verification.";

/** What a command that is a family of them does, by the first word behind its name. */
export type Verbs = Readonly<
  Record<string, { readonly does: string; readonly run: (argv: string[]) => Promise<void> }>
>;

/**
 * Runs the verb that stands first in `argv` on what follows it.
 *
 * @param command as it is called, `deno task data`
 * @param examples what follows the command's name in some useful lines
 * @throws {HelpRequest} without a verb, or where help is asked for
 * @throws {UsageError} for a verb there is not
 */
export async function runVerb(
  command: string,
  verbs: Verbs,
  examples: readonly string[],
  [verb, ...rest]: readonly string[],
): Promise<void> {
  const names = Object.keys(verbs);
  if (verb === undefined || verb === "--help" || verb === "-h") {
    throw new HelpRequest([
      `${command} <${names.join("|")}> …`,
      "",
      ...names.map((name) => `  ${name.padEnd(8)} ${verbs[name].does}`),
      "",
      "Examples:",
      ...examples.map((example) => `  ${command} ${example}`),
      "",
      `${command} <verb> --help tells more.`,
      EXIT_CODES,
    ].join("\n"));
  }
  if (Object.hasOwn(verbs, verb)) return await verbs[verb].run(rest);
  throw new UsageError(
    `${command} has no "${verb}"${didYouMean(verb, names)} (there are: ${names.join(", ")})`,
  );
}

/**
 * Runs a command's main function on `Deno.args`: errors a user can meet become one `error: …` line on
 * stderr and their own exit code; only a bug shows its stack (exit code 1).
 */
export async function runMain(main: (argv: string[]) => unknown): Promise<void> {
  const code = await exitCodeOf(() => main(Deno.args));
  // Ending at once also stops workers and sessions that an error left running.
  if (code !== 0) Deno.exit(code);
}

/** Runs a function, prints what `runMain` prints and gives the exit code. */
export async function exitCodeOf(main: () => unknown): Promise<number> {
  try {
    await main();
    return 0;
  } catch (error) {
    if (error instanceof HelpRequest) {
      console.log(error.message);
      return 0;
    }
    if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") {
      console.error(`error: ${error.message}`);
      return error.exitCode;
    }
    if (error instanceof Error && error.name === "NotCapable") {
      const [first] = error.message.split("\n");
      console.error(`error: ${first} (\`deno task\` grants what its commands need in this folder)`);
      return 4;
    }
    // A file or folder that is gone, of another kind, or on a full disk: the message of the system names it.
    if (error instanceof Error && "code" in error && /^E[A-Z]+$/.test(String(error.code))) {
      console.error(`error: ${error.message.split("\n")[0]}`);
      return 3;
    }
    console.error(error);
    return 1;
  }
}

function readValue(
  name: string,
  flag: Flag,
  given: readonly string[],
  fail: (message: string) => never,
): unknown {
  if (given.some((text) => text === "")) {
    fail(`--${name} needs a value (one that starts with "-" is written --${name}=-…)`);
  }
  const check = (text: string): string => {
    if (!flag.choices || flag.choices.includes(text)) return text;
    const tail = didYouMean(text, flag.choices);
    return fail(`--${name}: "${text}" is not one of ${flag.choices.join(", ")}${tail}`);
  };
  if (flag.type === "list") {
    if (given.length === 0) return [...(flag.default as readonly string[] | undefined ?? [])];
    return given.flatMap((text) => text.split(",").map((part) => part.trim())).map((part) =>
      part === "" ? fail(`--${name}: empty entry in "${given.join(",")}"`) : check(part)
    );
  }
  if (given.length === 0) return flag.default;
  if (given.length > 1) fail(`--${name} is given twice: ${given.join(", ")}`);
  return flag.type === "number" ? readNumber(name, flag, given[0], fail) : check(given[0]);
}

function readNumber(
  name: string,
  flag: Flag,
  text: string,
  fail: (message: string) => never,
): number {
  const number = text.trim() === "" ? NaN : Number(text);
  const whole = !flag.integer || Number.isSafeInteger(number);
  if (Number.isFinite(number) && whole && number >= (flag.min ?? -Infinity)) return number;
  const kind = flag.integer ? "a whole number" : "a number";
  const least = flag.min === undefined ? "" : ` of at least ${flag.min}`;
  return fail(`--${name}: "${text}" is not ${kind}${least}`);
}

function describe(flag: Flag): string {
  const notes: string[] = [];
  if (flag.choices) notes.push(`one of ${flag.choices.join(", ")}`);
  if (flag.type === "list") notes.push("commas or repeats");
  if (flag.default !== undefined) notes.push(`default ${[flag.default].flat().join(",")}`);
  return flag.help + (notes.length > 0 ? ` (${notes.join("; ")})` : "");
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}
