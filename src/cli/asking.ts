/**
 * Asking models of an endpoint, for the commands that do: their flags, the question before money is spent, the process
 * that asks, and the records of what was answered.
 * @module
 */
import { join } from "node:path";
import { CapabilityError, shownPath, UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { readArms, withArms } from "../collect/arms.ts";
import type { Spending } from "../collect/bound.ts";
import { type Arms, type Query, servedModel, type Settings } from "../collect/call.ts";
import { expectGradable, readGraders } from "../collect/choose_grader.ts";
import { type Ending, openCalls, type Plan } from "../collect/collect.ts";
import { allModels, expectSameHost } from "../collect/collection.ts";
import { estimate } from "../collect/estimate.ts";
import { GRADERS } from "../collect/grade.ts";
import type { Job } from "../collect/job.ts";
import { type Journal, readJournal } from "../collect/journal.ts";
import { hostOf, launch } from "../collect/launch.ts";
import { type Collection, collectionCalls, judgeCalls, toRecords } from "../collect/records.ts";
import { notesOf, writeTable } from "../collect/table.ts";
import { readPriceList } from "../outcomes/manifest.ts";
import type { PriceList } from "../outcomes/pricing.ts";
import { own } from "../outcomes/record.ts";
import { tokenCounter } from "../outcomes/tokens.ts";
import type { Flags, Values } from "./args.ts";
import { expectWritable } from "./writable.ts";

/** Flags that say whom to ask, how, and for how much. */
export const ASKING = {
  endpoint: { type: "string", value: "url", help: "base address, https://host/v1" },
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
  system: { type: "string", value: "text", help: "system prompt" },
  arms: {
    type: "string",
    value: "file",
    help: "JSON: names of models that stand for a model with a prompt of its own",
  },
  maxTokens: { type: "number", default: 512, integer: true, min: 1, help: "longest answer" },
  tokenField: {
    type: "string",
    default: "max_tokens",
    choices: ["max_tokens", "max_completion_tokens"],
    help: "what the endpoint calls it",
  },
  temperature: { type: "number", default: 0, min: 0, help: "sampling temperature" },
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

/** What these flags say, and what is asked how often. */
export type Asking =
  & Values<typeof ASKING>
  & Pick<Settings, "draws" | "seed">
  & { readonly documents: boolean };

/** What to ask whom. */
export interface Wanted {
  /** Where journal and records lie. */
  readonly out: string;
  /** What is asked; read after all that can be wrong with the flags. */
  readonly queries: () => Promise<readonly Query[]>;
  /** Who is asked, as the endpoint calls them. */
  readonly models: readonly string[];
  /** Where what happens is said. Default: standard output. */
  readonly say?: (line: string) => void;
}

/**
 * Asks what the journal of the folder has no answer to, and writes records of all it has.
 * @throws {UsageError} before anything is asked: a flag that does not fit, nobody there to agree to the spending
 * @throws {CapabilityError} when calls are left, with what to do
 */
export async function ask(
  { out, queries: read, models, say = console.log }: Wanted,
  flags: Asking,
): Promise<void> {
  const { endpoint, judge } = flags;
  if (endpoint === undefined) throw new UsageError("--endpoint is needed: whom to ask");
  const host = hostOf(endpoint);
  const arms = flags.arms === undefined ? undefined : await readArms(flags.arms);
  const list = flags.prices === undefined ? undefined : await readPriceList(flags.prices);
  const named = judge === undefined ? models : [...models, judge];
  expectPrices(flags, named.map((name) => servedModel(name, arms)), list);
  const prices = list && arms ? withArms(list, arms) : list;
  const graderOf = readGraders(flags.grader, judge);
  await expectWritable("--out", out);
  const queries = await read();
  expectGradable(queries, graderOf);

  const path = join(out, "journal.jsonl");
  await Deno.mkdir(out, { recursive: true });
  const before = await readJournal(path);
  expectSameHost(before, models, host);
  const collection: Collection = {
    queries,
    models,
    settings: settingsOf(flags, arms),
    documents: flags.documents,
    graderOf,
    judge,
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
  await confirmSpending(collection, before, plan, flags.yes, say);
  const { answered, failed, left, why } = await launchAll(collection, job);
  say(`${answered} answered, ${failed} failed and missing, ${left} left`);
  const journal = await readJournal(path);
  const written = await writeOut(out, allModels(collection, journal), journal, say);
  if (left > 0) {
    throw new CapabilityError(
      `${left} of the calls are left (${why.join("; ")}); the same command goes on`,
    );
  }
  if (!written) throw new CapabilityError("no answer could be graded, so there are no records");
}

function settingsOf(
  { system, maxTokens, tokenField, temperature, draws, seed }: Asking,
  arms: Arms | undefined,
): Settings {
  if (draws > 1 && temperature === 0) {
    throw new UsageError("--draws needs a --temperature above 0: draws at 0 are all alike");
  }
  const field = tokenField as Settings["tokenField"];
  return { system, arms, maxTokens, tokenField: field, temperature, draws, seed };
}

function expectPrices(
  { budget, prices: file }: Asking,
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

/** Shows what is to be spent at most and, unless told, asks. */
async function confirmSpending(
  collection: Collection,
  journal: Journal,
  plan: Plan,
  yes: boolean,
  say: (line: string) => void,
): Promise<void> {
  const calls = [
    ...collectionCalls(collection),
    ...judgeCalls(collection, journal),
    ...judgeCalls(collection, journal, "unanswered"),
  ];
  const open = openCalls(calls, journal, plan);
  const known = calls.length - open.length;
  if (known > 0) say(`${known} of ${calls.length} calls are in the journal`);
  if (open.length === 0) return;
  const { prices, limits } = plan;
  const { expected, most } = estimate(open, journal, prices, await tokenCounter());
  const shown = (spent: Spending): string =>
    `${Math.round(spent.tokens)} tokens${prices ? `, $${spent.dollars.toFixed(4)}` : ""}`;
  say(
    `${open.length} calls: about ${shown(expected)}; each once at its longest ${shown(most)}`,
  );
  if (journal.spent.tokens > 0) say(`spent before: ${shown(journal.spent)}`);
  const limit = [
    ...(limits.dollars === undefined ? [] : [`$${limits.dollars}`]),
    ...(limits.tokens === undefined ? [] : [`${limits.tokens} tokens`]),
  ].join(", ");
  say(limit ? `budget of the journal: ${limit}` : "no budget (--budget, --budget-tokens)");
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
  say: (line: string) => void,
): Promise<boolean> {
  const records = toRecords(collection, journal, "plain");
  if (records.length === 0) return false;
  const notes = notesOf(collection, journal);
  await writeTable(out, records, collection, notes);
  for (const note of notes) say(note);
  const means = collection.models.map((model) => {
    const scores = records.flatMap(({ scores }) => own(scores, model) ?? []);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    return `${model} ${scores.length > 0 ? mean.toFixed(3) : "–"}`;
  });
  say(`mean score: ${means.join(", ")}`);
  say(`${shownPath(out)}: ${records.length} records`);
  if (!collection.documents) return true;
  const folder = join(out, "with-documents");
  const rich = toRecords(collection, journal, "documents");
  if (rich.length === 0) {
    say("no query was answered with its documents");
    return true;
  }
  await writeTable(folder, rich, collection, [
    ...notes,
    "each query was asked with its documents before it",
  ]);
  say(`${shownPath(folder)}: ${rich.length} records, asked with documents`);
  return true;
}
