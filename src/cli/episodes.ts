/**
 * `deno task episodes`: what reading replies could be worth, and what routers that read them did.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { repoPath, writeAtomic } from "../base/files.ts";
import { underProtocol } from "../audit/audited.ts";
import { episodeTables } from "../report/tables/episode_table.ts";
import { episodePath, episodeReport, hasEpisodes } from "../results/episode_file.ts";
import { resultFiles } from "../results/find.ts";
import { openResult } from "../results/open.ts";
import { OutcomeFinder } from "../results/outcome_finder.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  data: { type: "string", value: "dataset", help: "the outcomes, if not of the named datasets" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task episodes",
  summary:
    "Prints, of results with routers that read replies, what a perfect judge of replies would earn beside what they " +
    "do, and the paths they take; writes it beside each result as NAME.episodes.json, for results/replies.md and " +
    "the figure. Without arguments: all such results of results/.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: ["deno task episodes", "deno task episodes runs/reasoning-gym-hard-priced@1"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  const finder = new OutcomeFinder(flags.data);
  let written = 0;
  for (const path of await resultFiles(args.length > 0 ? args : [repoPath("results")])) {
    const opened = await openResult(path), { result } = opened;
    if (!hasEpisodes(result)) continue;
    const found = await finder.of(result), dataset = await finder.audited(result);
    if (typeof found === "string") {
      throw new DataError(
        `${path}: expected the outcomes of ${result.dataset.name} on this machine, got none`,
      );
    }
    const { templates } = underProtocol(dataset!, result.protocol.name);
    const report = episodeReport(opened, found, templates);
    await writeAtomic(episodePath(path), JSON.stringify(report) + "\n");
    console.log(`${episodeTables(result, report)}\n\nwrote ${episodePath(path)}\n`);
    written++;
  }
  if (written === 0) {
    throw new UsageError("none of these results has rows that read replies, and costs");
  }
}

if (import.meta.main) await runMain(main);
