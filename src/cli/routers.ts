/**
 * `deno task routers`: the routers there are, one a line.
 * @module
 */
import { loadRouters } from "../router/discover.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  json: { type: "boolean", help: "machine-readable" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task routers",
  summary:
    "Lists the routers of baselines/: id, effort of a fit, needs, name, the method in one line.",
  flags: FLAGS,
  examples: ["deno task routers"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const rows = (await loadRouters()).map(({ id, router }) => ({
    id,
    name: router.name,
    summary: router.summary,
    effort: router.effort ?? "quick",
    needs: router.needs ?? [],
  }));
  if (flags.json) return console.log(JSON.stringify(rows, null, 2));
  const width = Math.max(...rows.map(({ id }) => id.length));
  for (const { id, name, summary, effort, needs } of rows) {
    const needed = needs.length > 0 ? ` [needs ${needs.join(", ")}]` : "";
    console.log(`${id.padEnd(width)}  ${effort.padEnd(7)}  ${name}: ${summary}${needed}`);
  }
  console.log(
    "\nquick: fits at once, what `--preset quick` runs; seconds, minutes: what a fit takes",
  );
}

if (import.meta.main) await runMain(main);
