/**
 * `deno task collect`: asks models behind an OpenAI-compatible endpoint, grades their answers, and writes
 * records that bench reads.
 * @module
 */
import { basename, join, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { Query } from "../collect/call.ts";
import { GRADERS } from "../collect/grade.ts";
import { firstQueries, readQueries, toQuery } from "../collect/queries.ts";
import { auditedDataset } from "../audit/audited.ts";
import { loadDataset, openDataset } from "../../datasets/load.ts";
import { makeSplits } from "../splits/make.ts";
import { type Command, type Flags, parseFlags, runMain, type Values } from "./args.ts";
import { ask, ASKING } from "./asking.ts";

const FLAGS = {
  data: { type: "string", value: "queries", help: "records, with or without scores, or a dataset" },
  models: { type: "list", value: "names", help: "models to ask, as the endpoint calls them" },
  out: { type: "string", value: "folder", help: "journal and records; default runs/collect/DATA" },
  limit: { type: "number", integer: true, min: 1, help: "ask this many queries" },
  profile: {
    type: "number",
    integer: true,
    min: 1,
    help: "of a dataset: the first so many of its list for new models (seed 42)",
  },
  documents: { type: "boolean", help: "ask again with each query's documents before it" },
  draws: { type: "number", default: 1, integer: true, min: 1, help: "answers to each query" },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    help: "sent as seed + draw; default: none is sent",
  },
  ...ASKING,
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task collect",
  summary:
    "Asks models behind an OpenAI-compatible endpoint, grades their answers, and writes records that bench\n" +
    "reads. Every call is in a journal: after an interruption, the same command asks only what is missing.\n" +
    "For models of another endpoint run it again with the same --out.\n\nGraders:\n" +
    Object.entries(GRADERS).map(([name, { about }]) => `  ${name.padEnd(9)} ${about}\n`).join("") +
    "  judge     another model says whether the answer is right (--judge)",
  flags: FLAGS,
  examples: [
    "deno task collect --data queries.jsonl --endpoint http://127.0.0.1:8080/v1 --models smollm2 --grader contains",
    "deno task collect --data queries.jsonl --endpoint https://host/v1 --key-env MY_KEY --models a,b \\",
    "    --grader choice,gsm8k=number --prices prices.json --budget 5",
    "deno task bench --data runs/collect/queries",
  ],
};

type Given = Values<typeof FLAGS>;

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const { data, endpoint } = flags;
  if (data === undefined) throw new UsageError("collect needs --data <queries>");
  if (endpoint === undefined) throw new UsageError("collect needs --endpoint <url>");
  if (flags.models.length === 0) throw new UsageError("collect needs --models <names>");
  const out = resolve(flags.out ?? join("runs/collect", nameOf(data)));
  await ask({ out, queries: () => queriesOf(data, flags), models: flags.models }, flags);
}

/** What to call a collection: its file without folder and ending, or its dataset and view. */
export function nameOf(data: string): string {
  return /\.jsonl(\.gz)?$/.test(data)
    ? basename(data).replace(/\.jsonl(\.gz)?$/, "")
    : data.replace(/^[./]+/, "").replaceAll("/", "-");
}

async function queriesOf(data: string, { limit, profile }: Given): Promise<Query[]> {
  if (profile !== undefined) {
    if (limit !== undefined) throw new UsageError("--limit and --profile exclude each other");
    return await profileOf(data, profile);
  }
  if (/\.jsonl(\.gz)?$/.test(data)) return firstQueries(await readQueries(data), limit);
  const table = await loadDataset(data), wanted = new Set(table.ids);
  const { records } = await openDataset(data);
  return firstQueries(records.list.filter(({ id }) => wanted.has(id)).map(toQuery), limit);
}

/** The list on which protocol new-model labels a new model, seed 42: its beginning. */
async function profileOf(data: string, length: number): Promise<Query[]> {
  const { table, groups } = await auditedDataset(data);
  const [split] = makeSplits(table, groups, "new-model:1", [42]);
  const ids = split.profile!.order.slice(0, length).map((row) => table.ids[row]);
  if (ids.length < length) {
    throw new UsageError(`--profile ${length}: the list of ${data} has ${ids.length} queries`);
  }
  const byId = new Map((await openDataset(data)).records.list.map((r) => [r.id, r]));
  return ids.map((id) => toQuery(byId.get(id)!));
}

if (import.meta.main) await runMain(main);
