/**
 * `deno task figures`: results as SVG and PNG pictures.
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { repoPath, writeAtomic } from "../base/files.ts";
import { png, svg } from "../report/figures/draw.ts";
import { figuresAcross, figuresOf } from "../report/figures/all.ts";
import type { Figure } from "../report/figures/figure.ts";
import { README_RESULT, README_SAVINGS, savingsFigure } from "../report/figures/savings.ts";
import { readResult } from "../results/result.ts";
import { didYouMean } from "../base/suggest.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { sourceOf } from "../report/source.ts";
import { resultFiles } from "../results/find.ts";

const FLAGS = {
  out: { type: "string", default: "figures", value: "folder", help: "where the pictures go" },
  only: {
    type: "list",
    value: "figure",
    help: "frontier, gap, routing, slope, …",
  },
  routers: { type: "list", value: "id", help: "rows in colour, instead of the best" },
  readme: {
    type: "boolean",
    help: "draw the README's picture, results/figures/readme.svg and .png",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task figures",
  summary:
    "Draws every figure of the given results as SVG and PNG, and those that set results side by side. " +
    "Without arguments: results/demo@1.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: [
    "deno task figures",
    "deno task figures results/mmlu-pro-priced@1/id.static.json --only frontier --out pictures",
    "deno task figures --readme",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  if (flags.readme) return await readme();
  const paths = await resultFiles(args.length > 0 ? args : [repoPath("results", "demo@1")]);
  if (paths.length === 0) throw new UsageError(`no result files in ${args.join(", ")}`);
  const sources = await Promise.all(paths.map(sourceOf));
  const wanted = ({ id }: Figure): boolean => flags.only.length === 0 || flags.only.includes(id);
  const known = new Set(sources.flatMap(({ result }) => result.routers.map((r) => r.id)));
  for (const id of flags.routers) {
    if (!known.has(id)) {
      throw new UsageError(
        `--routers: no row "${id}" in these results${didYouMean(id, [...known])}`,
      );
    }
  }
  const selection = flags.routers.length > 0 ? { only: flags.routers } : {};
  const pictures = [
    ...sources.flatMap((source) =>
      figuresOf(source, selection).filter(wanted).map((figure) => ({
        figure,
        stem: stemOf(source.path),
      }))
    ),
    ...figuresAcross(sources.map((s) => s.result), selection).filter(wanted)
      .map((figure) => ({ figure, stem: "all" })),
  ];
  if (pictures.length === 0) {
    throw new UsageError(`--only: none of these results has a figure ${flags.only.join(" or ")}`);
  }
  for (const { figure, stem } of pictures) {
    await draw(figure, join(flags.out, `${stem}.${figure.id}`));
  }
}

/** The README's picture of the committed result. */
async function readme(): Promise<void> {
  const result = await readResult(repoPath("results", README_RESULT));
  await draw(savingsFigure(result, README_SAVINGS), repoPath("results", "figures", "readme"));
}

async function draw(figure: Figure, path: string): Promise<void> {
  const markup = await svg(figure);
  await writeAtomic(`${path}.svg`, markup);
  await writeAtomic(`${path}.png`, await png(markup));
  console.log(`wrote ${path}.svg and .png`);
}

/** `mmlu-pro-priced@1.id.static` */
function stemOf(path: string): string {
  return path.replace(/\.json$/, "").split("/").slice(-2).join(".");
}

if (import.meta.main) await runMain(main);
