/**
 * `deno task report`: results as one HTML page, as Markdown, or as tables in the terminal.
 * @module
 */
import { dirname } from "node:path";
import { openDataset } from "../../datasets/load.ts";
import { repoPath, writeAtomic } from "../base/files.ts";
import { UsageError } from "../base/errors.ts";
import { type CallFacts, callFacts } from "../evaluate/calls.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { htmlReport } from "../report/html/page.ts";
import type { Reported } from "../report/html/report.ts";
import { markdownReport } from "../report/tables/print.ts";
import { terminalReport } from "../report/tables/terminal.ts";
import { dataName, OutcomeFinder } from "../results/outcome_finder.ts";
import { readEpisodes } from "../results/episode_file.ts";
import { readResult } from "../results/result.ts";
import { openResult } from "../results/open.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { speedOf } from "../report/source.ts";
import { expectWritable } from "./writable.ts";
import { resultFiles } from "../results/find.ts";

const FLAGS = {
  out: {
    type: "string",
    value: "file",
    help: "what to write, .html or .md; report.html if absent",
  },
  text: { type: "boolean", help: "print tables instead of writing a file" },
  statements: {
    type: "boolean",
    help: "with --text: how methods depart from their papers, what to know of the data",
  },
  data: { type: "string", value: "dataset", help: "the outcomes, if not of the named datasets" },
  calls: {
    type: "boolean",
    help: "of the records: frontiers by seconds, and with a prompt cache, where they allow it",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task report",
  summary:
    "Writes results as one HTML page that needs no network: leaderboard, figures, every query. Or as " +
    "Markdown, or tables in the terminal. Without arguments: results/demo@1; name other files and folders " +
    "to see them, also several on one page.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: [
    "deno task report",
    "deno task report results/mmlu-pro@1 results/mmlu-pro-priced@1 --out mmlu-pro.html",
    "deno task report results/mmlu-pro@1/id.static.json --text",
    "deno task report results/mmlu-pro@1/id.static.json --out mmlu-pro.md",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  const out = flags.out ?? "report.html";
  if (flags.statements && !flags.text) throw new UsageError("--statements goes with --text");
  if (flags.text && flags.out) throw new UsageError("--text prints tables; it takes no --out");
  if (!/\.(html|md)$/.test(out)) throw new UsageError(`--out: expected .html or .md, got "${out}"`);
  if (!flags.text) await expectWritable("--out", dirname(out));
  const given = args.length > 0 ? args : [repoPath("results", "demo@1")];
  const paths = await resultFiles(given);
  if (paths.length === 0) throw new UsageError(`no result files in ${given.join(", ")}`);
  if (flags.text || out.endsWith(".md")) {
    const pages: string[] = [];
    for (const path of paths) {
      const result = await readResult(path), speed = await speedOf(path);
      if (flags.text) {
        const { statements } = flags;
        console.log(`${terminalReport(result, speed, { statements })}\n\n${pathOf(path)}`);
      } else pages.push(markdownReport(result, speed));
    }
    if (flags.text) return;
    await writeAtomic(out, "# Results\n\n" + pages.join("\n---\n\n"));
  } else {
    await writeAtomic(out, await page(paths, argv, flags.data, flags.calls));
  }
  console.log(`wrote ${out} (${paths.length} ${paths.length === 1 ? "result" : "results"})`);
}

/** Below the repository, as commands take it. */
function pathOf(path: string): string {
  const root = repoPath("");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

async function page(
  paths: readonly string[],
  argv: readonly string[],
  data: string | undefined,
  byCall: boolean,
): Promise<string> {
  const finder = new OutcomeFinder(data);
  const results: Reported[] = [];
  for (const path of paths) {
    const opened = await openResult(path);
    const outcomes = await finder.of(opened.result);
    const episodes = await readEpisodes(path, opened.result);
    const calls = typeof outcomes === "string" || !byCall
      ? undefined
      : await callsOf(data ?? dataName(opened.result), outcomes);
    results.push({ ...opened, path, speed: await speedOf(path), outcomes, episodes, calls });
  }
  return htmlReport({ command: ["deno task report", ...argv].join(" "), results });
}

/** What the records of a dataset say of single calls. */
async function callsOf(spec: string, table: OutcomeTable): Promise<CallFacts> {
  const { manifest, records } = await openDataset(spec);
  return callFacts(records.list, table, manifest.prices);
}

if (import.meta.main) await runMain(main);
