/**
 * A folder that bench reads: records, and a manifest that says how they came about.
 * @module
 */
import { basename, join, resolve } from "node:path";
import { writeAtomic, writeJson } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { encodeRecords } from "../outcomes/importers/index.ts";
import { documentedPool, gaplessPool } from "../outcomes/gaps.ts";
import { type Manifest, type View, WITH_DOCUMENTS } from "../outcomes/manifest.ts";
import type { PriceList } from "../outcomes/pricing.ts";
import { type OutcomeRecord, own } from "../outcomes/record.ts";
import type { Journal } from "./journal.ts";
import { type Arm, type Arms, servedModel } from "./call.ts";
import { type Collection, collectionCalls } from "./records.ts";

/** Writes `records.jsonl` and `manifest.json`. */
export async function writeTable(
  folder: string,
  records: readonly OutcomeRecord[],
  collection: Collection,
  notes: readonly string[],
): Promise<void> {
  const bytes = encodeRecords(records);
  await writeAtomic(join(folder, "records.jsonl"), bytes);
  await writeJson(
    join(folder, "manifest.json"),
    manifest(folder, records, bytes, collection, notes),
  );
}

function manifest(
  folder: string,
  records: readonly OutcomeRecord[],
  bytes: Uint8Array,
  { models, prices }: Collection,
  notes: readonly string[],
): Manifest {
  const name = basename(resolve(folder)).toLowerCase().replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "") || "collected";
  const benchmarks = [...new Set(records.map(({ benchmark }) => benchmark))].sort();
  const list = priceListOf(prices, models);
  return {
    name,
    version: "1",
    title: name,
    description: "Outcomes collected from model endpoints.",
    synthetic: false,
    licence: { repository: "not stated", questions: "not stated" },
    source: {},
    records: { sha256: sha256(bytes), queries: records.length },
    metric: [...new Set(records.map(({ checker }) => checker!))].sort().join(", "),
    notes,
    ...(list && { prices: list }),
    benchmarks: Object.fromEntries(
      benchmarks.map((each) => [each, { solvedFrom: 0.5, options: 0, domain: each }]),
    ),
    views: views(records),
  };
}

/**
 * `all`: the pool that keeps most scores; `every-model`, where that leaves a model out; `documents`: answers with
 * documents, where there are any.
 */
function views(records: readonly OutcomeRecord[]): Record<string, View> {
  const every = [...new Set(records.flatMap(({ scores }) => Object.keys(scores)))].sort();
  const pool = gaplessPool(records)?.models ?? every, rich = documentedPool(records);
  return {
    all: { models: pool },
    ...(pool.length < every.length && { "every-model": { models: every } }),
    ...(rich && { [WITH_DOCUMENTS]: { models: rich.models, documents: true } }),
  };
}

function priceListOf(
  prices: PriceList | undefined,
  models: readonly string[],
): PriceList | undefined {
  const known = models.filter((model) => own(prices?.perMillionTokens, model));
  if (!prices || known.length === 0) return undefined;
  const { date, source, currency, perMillionTokens } = prices;
  return {
    date,
    source,
    currency,
    perMillionTokens: Object.fromEntries(known.map((model) => [model, perMillionTokens[model]])),
  };
}

/** What is to be known about a collection, a line for each fact: how it was asked, and what each model lacks. */
export function notesOf(collection: Collection, journal: Journal): string[] {
  const { settings, judge } = collection, calls = collectionCalls(collection);
  const { temperature, draws, maxTokens, seed, system } = settings;
  return [
    `asked at temperature ${temperature}, ${draws} ${draws === 1 ? "draw" : "draws"}, at most ` +
    `${maxTokens} tokens an answer${seed === undefined ? "" : `, seed ${seed}`}` +
    (system === undefined ? "" : `, with the system prompt ${JSON.stringify(system)}`),
    ...(judge === undefined ? [] : [`graded by a model as judge: ${judge}`]),
    ...collection.models.map((model) =>
      modelNote(
        model,
        calls.filter((call) => call.model === model).map(({ key }) => key),
        journal,
        settings.arms,
      )
    ),
  ];
}

function modelNote(
  model: string,
  keys: readonly string[],
  journal: Journal,
  arms: Arms | undefined,
): string {
  const answers = keys.flatMap((key) => journal.answers.get(key) ?? []);
  const failed = keys.flatMap((key) => journal.failures.get(key) ?? []);
  const asked = keys.flatMap((key) => journal.asked.get(key) ?? []);
  const count = (what: string, n: number): string[] => n > 0 ? [`${n} ${what}`] : [];
  const days = asked.map(({ at }) => at.slice(0, 10)).sort();
  const cached = answers.reduce((sum, { cached = 0 }) => sum + cached, 0);
  return `${model}: ` + [
    ...armNote(own(arms, model)),
    `${answers.length} of ${keys.length} calls answered`,
    ...count("failed and are missing", failed.length),
    ...count("cut at the longest answer", answers.filter((a) => a.finish === "length").length),
    ...count(
      "with tokens counted here (cl100k_base)",
      answers.filter((a) => a.counted === "here").length,
    ),
    ...count(
      "asked twice, for the process had died",
      keys.filter((k) => journal.again.has(k)).length,
    ),
    ...count("input tokens came from the endpoint's cache, and are billed here in full", cached),
    ...served(servedModel(model, arms), answers),
    ...(asked.length > 0
      ? [
        `by ${[...new Set(asked.map(({ host }) => host))].join(", ")}, ` +
        (days[0] === days.at(-1) ? `${days[0]}` : `${days[0]} to ${days.at(-1)}`),
      ]
      : []),
  ].join("; ");
}

function armNote(arm: Arm | undefined): string[] {
  return arm ? [`an arm, ${JSON.stringify(arm)}`] : [];
}

function served(model: string, answers: readonly { served?: string }[]): string[] {
  const names = [...new Set(answers.map(({ served }) => served))].filter((name) => name !== model);
  return names.map((name) =>
    name === undefined ? "the endpoint names no model" : `served as ${name}`
  );
}
