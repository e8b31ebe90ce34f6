/**
 * `deno task collect`: asks models behind an OpenAI-compatible endpoint, grades their answers, and writes
 * records that bench reads.
 * @module
 */
import { basename, join, resolve } from "node:path";
import { CapabilityError, shownPath, UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Spending } from "../collect/bound.ts";
import type { Query, Settings } from "../collect/call.ts";
import { type Ending, openCalls, type Plan } from "../collect/collect.ts";
import { expectGradable, readGraders } from "../collect/choose_grader.ts";
import { allModels, expectSameHost } from "../collect/collection.ts";
import { estimate } from "../collect/estimate.ts";
import { GRADERS } from "../collect/grade.ts";
import { type Journal, readJournal } from "../collect/journal.ts";
import type { Job } from "../collect/job.ts";
import { hostOf, launch } from "../collect/launch.ts";
import { firstQueries, readQueries, toQuery } from "../collect/queries.ts";
import { type Collection, collectionCalls, judgeCalls, toRecords } from "../collect/records.ts";
import { notesOf, writeTable } from "../collect/table.ts";
import { auditedDataset } from "../audit/audited.ts";
import { loadDataset, openDataset } from "../../datasets/load.ts";
import { readPriceList } from "../outcomes/manifest.ts";
import type { PriceList } from "../outcomes/pricing.ts";
import { own } from "../outcomes/record.ts";
import { tokenCounter } from "../outcomes/tokens.ts";
import { makeSplits } from "../splits/make.ts";
import { type Command, type Flags, parseFlags, runMain, type Values } from "./args.ts";
import { expectWritable } from "./writable.ts";

const FLAGS = {
  data: { type: "string", value: "queries", help: "records, with or without scores, or a dataset" },
  endpoint: { type: "string", value: "url", help: "base address, https://host/v1" },
  models: { type: "list", value: "names", help: "models to ask, as the endpoint calls them" },
  grader: {
    type: "list",
    value: "name",
    help: `${Object.keys(GRADERS).join(", ")} or judge; for one benchmark alone BENCHMARK=name`,
  },
  judge: {
    type: "string",
    value: "model",
    help: "the model behind the grader judge, same endpoint",
  },
  keyEnv: { type: "string", value: "NAME", help: "environment variable that holds the key" },
  out: { type: "string", value: "folder", help: "journal and records; default runs/collect/DATA" },
  limit: { type: "number", integer: true, min: 1, help: "ask this many queries" },
  profile: {
    type: "number",
    integer: true,
    min: 1,
    help: "of a dataset: the first so many of its list for new models (seed 42)",
  },
  documents: { type: "boolean", help: "ask again with each query's documents before it" },
  system: { type: "string", value: "text", help: "system prompt" },
  maxTokens: { type: "number", default: 512, integer: true, min: 1, help: "longest answer" },
  tokenField: {
    type: "string",
    default: "max_tokens",
    choices: ["max_tokens", "max_completion_tokens"],
    help: "what the endpoint calls it",
  },
  temperature: { type: "number", default: 0, min: 0, help: "sampling temperature" },
  draws: { type: "number", default: 1, integer: true, min: 1, help: "answers to each query" },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    help: "sent as seed + draw; default: none is sent",
  },
  budget: { type: "number", min: 0, value: "dollars", help: "never to be passed; needs --prices" },
  budgetTokens: { type: "number", min: 0, value: "n", help: "the same in tokens" },
  prices: { type: "string", value: "file", help: "dated price list, as of data reprice" },
  concurrency: { type: "number", default: 4, integer: true, min: 1, help: "calls in flight" },
  perMinute: { type: "number", min: 0.001, value: "n", help: "most calls a minute" },
  attempts: { type: "number", default: 5, integer: true, min: 1, help: "tries of a call" },
  timeout: { type: "number", default: 120, min: 0.001, value: "seconds", help: "longest silence" },
  served: { type: "string", value: "name", help: "another name the model may answer under" },
  whole: { type: "boolean", help: "no streams, for endpoints that refuse them" },
  retryFailed: { type: "boolean", help: "ask again what failed for good" },
  yes: { type: "boolean", help: "do not ask before spending" },
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
  const host = hostOf(endpoint);
  const prices = flags.prices === undefined ? undefined : await readPriceList(flags.prices);
  const named = flags.judge === undefined ? flags.models : [...flags.models, flags.judge];
  expectPrices(flags, named, prices);
  const graderOf = readGraders(flags.grader, flags.judge);
  const out = resolve(flags.out ?? join("runs/collect", nameOf(data)));
  await expectWritable("--out", out);
  const queries = await queriesOf(data, flags);
  expectGradable(queries, graderOf);

  const path = join(out, "journal.jsonl");
  await Deno.mkdir(out, { recursive: true });
  const before = await readJournal(path);
  expectSameHost(before, flags.models, host);
  const collection: Collection = {
    queries,
    models: flags.models,
    settings: settingsOf(flags),
    documents: flags.documents,
    graderOf,
    judge: flags.judge,
    prices,
  };
  const plan: Plan = {
    host,
    limits: { dollars: flags.budget, tokens: flags.budgetTokens },
    prices,
    concurrency: flags.concurrency,
    perMinute: flags.perMinute,
    attempts: flags.attempts,
    retryFailed: flags.retryFailed,
  };
  const job: Omit<Job, "calls"> = {
    plan,
    endpoint: {
      url: endpoint,
      served: flags.served,
      whole: flags.whole,
      timeout: 1000 * flags.timeout,
    },
    keyEnv: flags.keyEnv,
    journal: path,
  };
  await confirmSpending(collection, before, plan, flags.yes);
  const { answered, failed, left, why } = await launchAll(collection, job);
  console.log(`${answered} answered, ${failed} failed and missing, ${left} left`);
  const journal = await readJournal(path);
  const written = await writeOut(out, allModels(collection, journal), journal);
  if (left > 0) {
    throw new CapabilityError(
      `${left} of the calls are left (${why.join("; ")}); the same command goes on`,
    );
  }
  if (!written) throw new CapabilityError("no answer could be graded, so there are no records");
}

/** What to call a collection: its file without folder and ending, or its dataset and view. */
function nameOf(data: string): string {
  return /\.jsonl(\.gz)?$/.test(data)
    ? basename(data).replace(/\.jsonl(\.gz)?$/, "")
    : data.replace(/^[./]+/, "").replaceAll("/", "-");
}

function settingsOf({ system, maxTokens, tokenField, temperature, draws, seed }: Given): Settings {
  if (draws > 1 && temperature === 0) {
    throw new UsageError("--draws needs a --temperature above 0: draws at 0 are all alike");
  }
  const field = tokenField as Settings["tokenField"];
  return { system, maxTokens, tokenField: field, temperature, draws, seed };
}

function expectPrices(
  { budget, prices: file }: Given,
  models: readonly string[],
  prices: PriceList | undefined,
): void {
  if (prices === undefined) {
    if (budget !== undefined) throw new UsageError("--budget needs --prices <file>");
    return;
  }
  const known = Object.keys(prices.perMillionTokens);
  for (const model of models) {
    if (own(prices.perMillionTokens, model)) continue;
    throw new UsageError(`${file}: no price of "${model}"${didYouMean(model, known)}`);
  }
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

/** Shows what is to be spent at most and, unless told, asks. */
async function confirmSpending(
  collection: Collection,
  journal: Journal,
  plan: Plan,
  yes: boolean,
): Promise<void> {
  const calls = [
    ...collectionCalls(collection),
    ...judgeCalls(collection, journal),
    ...judgeCalls(collection, journal, "unanswered"),
  ];
  const open = openCalls(calls, journal, plan);
  const known = calls.length - open.length;
  if (known > 0) console.log(`${known} of ${calls.length} calls are in the journal`);
  if (open.length === 0) return;
  const { prices, limits } = plan;
  const { expected, most } = estimate(open, journal, prices, await tokenCounter());
  const shown = (spent: Spending): string =>
    `${Math.round(spent.tokens)} tokens${prices ? `, $${spent.dollars.toFixed(4)}` : ""}`;
  console.log(
    `${open.length} calls: about ${shown(expected)}; each once at its longest ${shown(most)}`,
  );
  if (journal.spent.tokens > 0) console.log(`spent before: ${shown(journal.spent)}`);
  const limit = [
    ...(limits.dollars === undefined ? [] : [`$${limits.dollars}`]),
    ...(limits.tokens === undefined ? [] : [`${limits.tokens} tokens`]),
  ].join(", ");
  console.log(limit ? `budget of the journal: ${limit}` : "no budget (--budget, --budget-tokens)");
  if (yes) return;
  if (!Deno.stdin.isTerminal()) throw new UsageError("nobody here to ask: add --yes to go on");
  if (!confirm("Go on?")) throw new UsageError("not started");
}

/** Answers first, then a judge's verdicts on them. */
async function launchAll(collection: Collection, job: Omit<Job, "calls">): Promise<Ending> {
  const first = await launch({ ...job, calls: collectionCalls(collection) });
  const verdicts = judgeCalls(collection, await readJournal(job.journal));
  if (verdicts.length === 0) return first;
  const second = await launch({ ...job, calls: verdicts });
  return {
    answered: first.answered + second.answered,
    failed: first.failed + second.failed,
    left: first.left + second.left,
    why: [...new Set([...first.why, ...second.why])],
  };
}

/** Writes what could be graded; says whether that was anything. */
async function writeOut(
  out: string,
  collection: Collection,
  journal: Journal,
): Promise<boolean> {
  const records = toRecords(collection, journal, "plain");
  if (records.length === 0) return false;
  const notes = notesOf(collection, journal);
  await writeTable(out, records, collection, notes);
  for (const note of notes) console.log(note);
  const means = collection.models.map((model) => {
    const scores = records.flatMap(({ scores }) => own(scores, model) ?? []);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    return `${model} ${scores.length > 0 ? mean.toFixed(3) : "–"}`;
  });
  console.log(`mean score: ${means.join(", ")}`);
  console.log(`${shownPath(out)}: ${records.length} records`);
  if (!collection.documents) return true;
  const folder = join(out, "with-documents");
  const rich = toRecords(collection, journal, "documents");
  if (rich.length === 0) {
    console.log("no query was answered with its documents");
    return true;
  }
  await writeTable(folder, rich, collection, [
    ...notes,
    "each query was asked with its documents before it",
  ]);
  console.log(`${shownPath(folder)}: ${rich.length} records, asked with documents`);
  return true;
}

if (import.meta.main) await runMain(main);
