/**
 * `deno task leaderboard`: all routers × datasets × protocols as one Markdown page.
 * @module
 */
import { relative } from "node:path";
import { exists, readJson, repoPath, writeAtomic } from "../base/files.ts";
import { boardPage } from "../report/pages/board_page.ts";
import { paperPage } from "../report/pages/paper_page.ts";
import type { SpeedSheet } from "../report/tables/print.ts";
import { readResult, type Result } from "../results/result.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { resultFiles } from "../results/find.ts";

const FLAGS = {
  results: { type: "string", value: "folder", help: "instead of results/" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task leaderboard",
  summary: "Writes leaderboard.md, all routers on all recorded datasets under all protocols, and " +
    "paper-vs-ours.md, what their papers reported beside it, from the results in the folder.",
  flags: FLAGS,
  examples: ["deno task leaderboard"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const root = flags.results ?? repoPath("results");
  const files: { path: string; result: Result }[] = [];
  const speed = new Map<string, SpeedSheet>();
  for (const file of await resultFiles([root])) {
    const path = relative(root, file), sheet = file.replace(/\.json$/, ".speed.json");
    files.push({ path, result: await readResult(file) });
    if (await exists(sheet)) speed.set(path, await readJson(sheet) as SpeedSheet);
  }
  for (
    const [name, page] of [
      ["leaderboard.md", boardPage(files, speed)],
      ["paper-vs-ours.md", paperPage(files)],
    ]
  ) {
    await writeAtomic(`${root}/${name}`, page);
    console.log(`wrote ${root}/${name} (${files.length} results)`);
  }
}

if (import.meta.main) await runMain(main);
