/**
 * `deno task pages`: the Markdown pages of the results folder.
 * @module
 */
import { dirname, relative } from "node:path";
import { knownViews } from "../../datasets/load.ts";
import { hashJson } from "../base/hash.ts";
import { readBytes, repoPath, writeAtomic } from "../base/files.ts";
import { pagesOf } from "../report/pages/all.ts";
import type { ResultFile } from "../report/pages/cells.ts";
import { speedOf } from "../report/source.ts";
import { decodeDecisions } from "../results/decision_file.ts";
import { resultFiles } from "../results/find.ts";
import { readEpisodes } from "../results/episode_file.ts";
import { readResult } from "../results/result.ts";
import { readStage1 } from "../results/stage1.ts";
import { readReports } from "../preferences/report.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  results: { type: "string", value: "folder", help: "in place of results/" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task pages",
  summary:
    "Writes the pages of the results folder: README.md, one page a dataset, leaderboard.md, icl-router.md, " +
    "paper-vs-ours.md, replies.md, controls.md, variants.md and preferences.md. Results of data that the repository " +
    "has no manifest of are passed over.",
  flags: FLAGS,
  examples: ["deno task pages"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const root = flags.results ?? repoPath("results");
  const known = await knownViews();
  const files: ResultFile[] = [];
  const foreign: string[] = [];
  for (const path of await resultFiles([root])) {
    const result = await readResult(path);
    if (isKnown(result.dataset, known)) files.push(await fileOf(path, root, result));
    else foreign.push(relative(root, path));
  }
  const stage1 = (await Promise.all((await stage1Files(root)).map(readStage1)))
    .filter(({ dataset }) => known.has(dataset.sha256));
  const titles = new Map([...known.values()].map(({ name, title }) => [name, title]));
  const pages = pagesOf(files, stage1, await readReports(root), (name) => titles.get(name) ?? name);
  for (const [path, text] of pages) await writeAtomic(`${root}/${path}`, text);
  console.log(`wrote ${pages.size} pages in ${root} (${files.length} results)`);
  if (foreign.length > 0) {
    console.log(`not taken up, of data without a manifest here: ${foreign.join(", ")}`);
  }
}

/** Whether the repository has a manifest of the data, or of the data of which they are some queries (`limitTable`). */
export function isKnown(
  { sha256, limit }: Pick<ResultFile["result"]["dataset"], "sha256" | "limit">,
  known: ReadonlyMap<string, unknown>,
): boolean {
  return known.has(sha256) ||
    limit !== undefined && known.keys().some((of) => hashJson({ of, limit }) === sha256);
}

/** A result with its speed sheet and, where a row is ICL-Router's, the cards in its decision file. */
async function fileOf(
  path: string,
  root: string,
  result: ResultFile["result"],
): Promise<ResultFile> {
  // The demo's clocks are of the machine at hand, and in no repository.
  const speed = result.dataset.synthetic ? undefined : await speedOf(path);
  const episodes = await readEpisodes(path, result);
  const file = { path: relative(root, path), result, speed, ...(episodes && { episodes }) };
  if (!result.routers.some(({ id }) => id.startsWith("icl_"))) return file;
  const beside = `${dirname(path)}/${result.decisions.file}`;
  const entries = decodeDecisions(await readBytes(beside), beside, result.decisions.sha256);
  return {
    ...file,
    cards: entries.map(({ router, seed, fold, card }) => ({ router, seed, fold, ...card })),
  };
}

/** Files called `stage1.….json` one folder below, in name order. */
async function stage1Files(root: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name: folder, isDirectory } of Deno.readDir(root)) {
    if (!isDirectory) continue;
    for await (const { name } of Deno.readDir(`${root}/${folder}`)) {
      if (/^stage1\..*\.json$/.test(name)) found.push(`${root}/${folder}/${name}`);
    }
  }
  return found.sort();
}

if (import.meta.main) await runMain(main);
