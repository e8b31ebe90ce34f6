/**
 * `deno task add-model`: what a new model would add to a pool, from a few labelled queries.
 * @module
 */
import { dirname } from "node:path";
import { openDataset } from "../../datasets/load.ts";
import { addModel, queriesToLabel } from "../api/add_model.ts";
import { openPool, type Pool } from "../api/pool.ts";
import { UsageError } from "../base/errors.ts";
import { writeAtomic } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { expectWritable } from "./writable.ts";

const FLAGS = {
  data: {
    type: "string",
    default: "demo",
    value: "dataset",
    help: "the pool: dataset, dataset/view, or path of records",
  },
  list: { type: "string", value: "file", help: "write the queries to label, ….jsonl" },
  records: { type: "string", value: "file", help: "the new model's graded answers to them" },
  model: { type: "string", value: "name", help: "the new model, where the records have several" },
  holdOut: { type: "string", value: "model", help: "for a look: a known model plays the new one" },
  n: { type: "number", default: 125, integer: true, min: 10, help: "labelled queries" },
  routers: {
    type: "list",
    default: ["knn", "icl_router_plus"],
    value: "id",
    help: "ids or files of routers that can take in a model",
  },
  selection: {
    type: "string",
    default: "random",
    choices: ["random", "discriminative"],
    help: "which queries are labelled first, as in the bench's new-model",
  },
  seed: { type: "number", default: 42, integer: true, min: 0, help: "as the bench's" },
  embedding: {
    type: "string",
    default: "static",
    value: "name",
    help: "see deno task embed --list",
  },
  json: { type: "boolean", help: "machine-readable" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task add-model",
  summary:
    "Says what a new model would add to a pool: its record, where it would be sent queries, the gain over the pool " +
    "without it with interval, what the labels cost, and how the interval shrinks with more of them. First " +
    "--list, which writes the queries to label; then --records with the model's graded answers.",
  flags: FLAGS,
  examples: [
    "deno task add-model --data demo --hold-out birch-8b",
    "deno task add-model --data ./records.jsonl --n 125 --list runs/to-label.jsonl",
    "deno task add-model --data ./records.jsonl --n 125 --records runs/answers.jsonl",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND), { data, list, json, holdOut, records } = flags;
  const options = { ...flags, selection: flags.selection as "random" | "discriminative" };
  if (list === undefined && holdOut === undefined && records === undefined) {
    throw new UsageError(
      "--list, --records or --hold-out is needed: what to label, or what is known",
    );
  }
  if (list !== undefined) await expectWritable("--list", dirname(list));
  const pool = await openPool(data);
  if (list !== undefined) {
    const lines = await linesToLabel(pool, queriesToLabel(pool, options));
    await writeAtomic(list, lines.join(""));
    console.log(`wrote ${list}: ${lines.length} queries to label, the first to come first`);
  }
  if (holdOut === undefined && records === undefined) return;
  const line = progress("routing with and without it", 100);
  const report = await addModel(pool, {
    ...options,
    progress: (share) => line.update(Math.round(100 * share)),
  });
  line.end();
  console.log(json ? JSON.stringify(report.facts) : String(report));
}

/** Records of the pool without what models made of them, in the given order. */
async function linesToLabel(pool: Pool, ids: readonly string[]): Promise<string[]> {
  const { records } = await openDataset(pool.source);
  const known = new Map(records.list.map((record) => [record.id, record]));
  return ids.map((id) => {
    const { benchmark, task, level, query, options, gold, documents, messages } = known.get(id)!;
    return JSON.stringify({
      id,
      benchmark,
      task,
      level,
      query,
      options,
      gold,
      documents,
      messages,
    }) + "\n";
  });
}

if (import.meta.main) await runMain(main);
