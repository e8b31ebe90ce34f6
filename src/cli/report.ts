/**
 * `deno task report`: results as tables, in the terminal or as Markdown.
 * @module
 */
import { exists, readJson, repoPath, writeAtomic } from "../base/files.ts";
import { UsageError } from "../base/errors.ts";
import { markdownReport, type SpeedSheet, terminalReport } from "../report/print.ts";
import { readResult } from "../results/result.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { resultFiles } from "./paths.ts";

const FLAGS = {
  out: {
    type: "string",
    value: "file.md",
    help: "write Markdown there instead of printing tables",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task report",
  summary:
    "Shows results as tables with error bars, frontier, folds, regret and routing. Without arguments: " +
    "all of results/.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: [
    "deno task report results/demo@1",
    "deno task report results/mmlu-pro@1/id.static.json --out mmlu-pro.md",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  const paths = await resultFiles(args.length > 0 ? args : [repoPath("results")]);
  if (paths.length === 0) {
    throw new UsageError(`no result files in ${args.join(", ") || "results/"}`);
  }
  const pages: string[] = [];
  for (const path of paths) {
    const result = await readResult(path);
    const sheet = path.replace(/\.json$/, ".speed.json");
    const speed = await exists(sheet) ? await readJson(sheet) as SpeedSheet : undefined;
    if (flags.out) pages.push(markdownReport(result, speed));
    else console.log(terminalReport(result, speed));
  }
  if (!flags.out) return;
  await writeAtomic(flags.out, "# Results\n\n" + pages.join("\n---\n\n"));
  console.log(`wrote ${flags.out} (${paths.length} results)`);
}

if (import.meta.main) await runMain(main);
