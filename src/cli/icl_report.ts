/**
 * `deno task icl-report`: everything the results say about ICL-Router, as one Markdown page.
 * @module
 */
import { dirname, relative } from "node:path";
import { readBytes, repoPath, writeAtomic } from "../base/files.ts";
import type { IclFile } from "../report/pages/icl_cells.ts";
import { iclPage } from "../report/pages/icl_page.ts";
import { decodeDecisions } from "../results/decision_file.ts";
import { readResult } from "../results/result.ts";
import { readStage1 } from "../results/stage1.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { resultFiles } from "../results/find.ts";

const FLAGS = {
  results: { type: "string", value: "folder", help: "instead of results/" },
  out: { type: "string", value: "file.md", help: "instead of icl-router.md in that folder" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task icl-report",
  summary:
    "Writes results/icl-router.md: ICL-Router against single models and other routers, its controls and " +
    "variants, from all results that have a row of it, and from what icl-stage1 wrote.",
  flags: FLAGS,
  examples: ["deno task icl-report"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const root = flags.results ?? repoPath("results");
  const files: IclFile[] = [];
  for (const path of await resultFiles([root])) {
    const file = await iclFile(path, root);
    if (file) files.push(file);
  }
  const stage1 = await Promise.all((await stage1Files(root)).map(readStage1));
  const out = flags.out ?? `${root}/icl-router.md`;
  await writeAtomic(out, iclPage(files, stage1));
  console.log(`wrote ${out} (${files.length} results, ${stage1.length} of stage 1)`);
}

/** A result with the cards in its decision file; undefined where no row is ICL-Router's. */
async function iclFile(path: string, root: string): Promise<IclFile | undefined> {
  const result = await readResult(path);
  if (!result.routers.some(({ id }) => id.startsWith("icl_"))) return undefined;
  const beside = `${dirname(path)}/${result.decisions.file}`;
  const entries = decodeDecisions(await readBytes(beside), beside, result.decisions.sha256);
  const cards = entries.map(({ router, seed, fold, card }) => ({ router, seed, fold, ...card }));
  return { path: relative(root, path), result, cards };
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
