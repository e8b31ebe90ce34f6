/**
 * `deno task add-model`: what a new model would add to a pool, from a few labelled queries.
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { openDataset } from "../../datasets/load.ts";
import { addModel, type LabelOptions, queriesToLabel } from "../api/add_model.ts";
import { joinModel } from "../api/join_model.ts";
import { openPool, type Pool } from "../api/pool.ts";
import { openRouter } from "../api/route.ts";
import { UsageError } from "../base/errors.ts";
import { writeAtomic } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { shellQuote } from "../base/shell.ts";
import type { Query } from "../collect/call.ts";
import { toQuery } from "../collect/queries.ts";
import type { PoolRouter } from "../route/pool_router.ts";
import { type Command, type Flags, parseFlags, runMain, type Values } from "./args.ts";
import { ask, ASKING } from "./asking.ts";
import { nameOf } from "./collect.ts";
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
  model: {
    type: "string",
    value: "name",
    help: "the new model, where the records have several; the one to ask at --endpoint",
  },
  holdOut: { type: "string", value: "model", help: "for a look: a known model plays the new one" },
  n: { type: "number", default: 125, integer: true, min: 10, help: "labelled queries" },
  router: {
    type: "string",
    value: "file",
    help: "a fitted router that the model shall join (deno task fit)",
  },
  save: { type: "string", value: "file", help: "with --router: where the larger one is written" },
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
  out: {
    type: "string",
    value: "folder",
    help: "with --endpoint: journal and records; default runs/add-model/DATA",
  },
  ...ASKING,
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task add-model",
  summary:
    "Says what a new model would add to a pool: its record, where it would be sent queries, the gain over the pool " +
    "without it with interval, what the labels cost, and how the interval shrinks with more of them. With --endpoint " +
    "the model is asked the queries to label and graded, as deno task collect does; or --list writes these queries, " +
    "and --records reads the model's graded answers. With --router and --save it also joins a fitted router, which then " +
    "chooses among old and new models (deno task route).",
  flags: FLAGS,
  examples: [
    "deno task add-model --data demo --hold-out birch-8b",
    "deno task add-model --data ./records.jsonl --endpoint http://127.0.0.1:8080/v1 --model smollm2 --grader contains",
    "deno task add-model --data ./records.jsonl --n 125 --list runs/to-label.jsonl",
    "deno task add-model --data ./records.jsonl --n 125 --records runs/answers.jsonl",
    "deno task add-model --data ./records.jsonl --records runs/answers.jsonl --router runs/knn.router --save runs/larger.router",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND),
    { data, list, save, json, holdOut, endpoint } = flags;
  const sources = [holdOut, flags.records, endpoint].filter((source) => source !== undefined);
  if (list === undefined && sources.length === 0) {
    throw new UsageError(
      "--endpoint, --list, --records or --hold-out is needed: whom to ask, what to label, or what is known",
    );
  }
  if (sources.length > 1) {
    throw new UsageError("--endpoint, --records and --hold-out exclude each other");
  }
  const answered = flags.records ?? endpoint;
  if (save !== undefined && (flags.router === undefined || answered === undefined)) {
    throw new UsageError(
      "--save needs --router, the fitted router that the model joins, and --records or --endpoint, its answers",
    );
  }
  if (list !== undefined) await expectWritable("--list", dirname(list));
  if (save !== undefined) await expectWritable("--save", dirname(save));
  const pool = await openPool(data), router = await fittedBefore(flags.router, pool, argv);
  const options = {
    ...{ ...flags, selection: flags.selection as "random" | "discriminative" },
    ...(router && howFitted(router)),
  };
  if (list !== undefined) {
    const queries = await toLabel(pool, queriesToLabel(pool, options));
    await writeAtomic(list, queries.map((query) => JSON.stringify(query) + "\n").join(""));
    console.log(`wrote ${list}: ${queries.length} queries to label, the first to come first`);
  }
  if (sources.length === 0) return;
  const records = endpoint === undefined ? flags.records : await labelled(pool, options, router);
  // Before the report, which takes longer: a model that cannot join is said at once.
  const larger = router && save !== undefined && records !== undefined
    ? await joinModel(router, pool, { ...options, records })
    : undefined;
  const line = progress("routing with and without it", 100);
  const report = await addModel(pool, {
    ...options,
    records,
    progress: (share) => line.update(Math.round(100 * share)),
  });
  line.end();
  console.log(json ? JSON.stringify(report.facts) : String(report));
  if (larger === undefined || save === undefined) return;
  await larger.save(save);
  (json ? console.error : console.log)(`\n${wrote(larger, save, report.facts.model)}`);
}

function wrote(
  { saved: { router, joined }, models }: PoolRouter,
  save: string,
  model: string,
): string {
  const labels = joined!.profile.order.length;
  return `wrote ${save}: ${router.id}, ${models.length} models, ${model} by ${labels} labels\n` +
    `to ask it: deno task route --router ${shellQuote(save)} "…"`;
}

/** The router that the model shall join, opened before anything is asked or paid. */
async function fittedBefore(
  path: string | undefined,
  pool: Pool,
  argv: readonly string[],
): Promise<PoolRouter | undefined> {
  if (path === undefined) return undefined;
  const double = argv.find((arg) => /^--(seed|embedding|routers)(=|$)/.test(arg));
  if (double) throw new UsageError(`${double} is said by the file of --router`);
  const router = await openRouter(path, { pool });
  router.expectJoinable();
  return router;
}

function howFitted({ saved }: PoolRouter): { seed: number; embedding: string; routers: string[] } {
  return {
    seed: saved.seed,
    embedding: saved.embedding.name,
    routers: [saved.router.file!],
  };
}

/** Queries of the pool by id, in the given order, without what models made of them. */
async function toLabel(pool: Pool, ids: readonly string[]): Promise<Query[]> {
  const { records } = await openDataset(pool.source);
  const known = new Map(records.list.map((record) => [record.id, record]));
  return ids.map((id) => {
    const { split: _split, ...query } = toQuery(known.get(id)!);
    return query;
  });
}

/** Asks the model the queries to label, as far as its journal lacks them; the folder of its graded answers. */
async function labelled(
  pool: Pool,
  flags: Values<typeof FLAGS> & LabelOptions,
  router?: PoolRouter,
): Promise<string> {
  const { model, data, json } = flags;
  if (model === undefined) throw new UsageError("--endpoint needs --model: which model to ask");
  if (pool.models.includes(model)) {
    throw new UsageError(`${pool.name} knows "${model}" already; --hold-out says what it adds`);
  }
  if (router?.models.includes(model)) throw new UsageError(`the router knows "${model}" already`);
  const ids = queriesToLabel(pool, flags);
  const out = resolve(flags.out ?? join("runs/add-model", nameOf(data)));
  await ask({
    ...{ out, models: [model], queries: () => toLabel(pool, ids) },
    ...(json && { say: console.error }),
  }, { ...flags, draws: 1, seed: undefined, documents: false });
  return out;
}

if (import.meta.main) await runMain(main);
