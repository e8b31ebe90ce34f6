/**
 * From the journal to records: answers are graded, draws averaged, and what is not there is missing.
 * @module
 */
import { sha256 } from "../base/hash.ts";
import { type PriceList, tokenCost } from "../outcomes/pricing.ts";
import { type OutcomeRecord, own, type ReplyPrefix } from "../outcomes/record.ts";
import { type Call, callsFor, type Query, type Settings, type Variant } from "./call.ts";
import { type Grade, GRADERS } from "./grade.ts";
import type { AnswerLine, Journal } from "./journal.ts";
import { judgeCall, verdict } from "./judge.ts";

/** What was collected, and how it is to be read. */
export interface Collection {
  /** In the order of the records. */
  readonly queries: readonly Query[];
  /** Models of the table. */
  readonly models: readonly string[];
  /** How they were asked. */
  readonly settings: Settings;
  /** Whether queries were also asked with their documents. */
  readonly documents: boolean;
  /** Name of a query's grader, or `judge`. */
  readonly graderOf: (query: Query) => string;
  /** The judge, where a grader is one. */
  readonly judge?: string;
  /** Prices of the models. */
  readonly prices?: PriceList;
}

/** Replies are kept up to this many characters; longer ones as their beginning and a hash. */
const KEPT = 4000;

/** All calls of a collection. */
export function collectionCalls(
  { queries, models, settings, documents, graderOf }: Collection,
): Call[] {
  return callsFor(queries, models, settings, documents, (query) => graderOf(query) === "yesno");
}

/**
 * Calls of the judge, one for each answer that is there and that it grades.
 * @param of `unanswered`: those on answers to come, with a longest answer in the place of each
 */
export function judgeCalls(
  collection: Collection,
  journal: Journal,
  of: "answered" | "unanswered" = "answered",
): Call[] {
  const { queries, judge, settings, graderOf } = collection;
  if (judge === undefined) return [];
  const byId = new Map(queries.map((query) => [query.id, query]));
  const longest = "x ".repeat(settings.maxTokens);
  return collectionCalls(collection).flatMap((call) => {
    const query = byId.get(call.query)!, answer = journal.answers.get(call.key);
    if (graderOf(query) !== "judge" || (answer === undefined) !== (of === "unanswered")) return [];
    return [judgeCall(call, query, answer?.text ?? longest, judge, settings)];
  });
}

/**
 * Records of what the journal has; a query without any graded answer is left out. Scores, tokens, costs
 * and latencies are means over the draws that are there.
 * @param variant `documents`: the table of answers to the queries with their documents
 */
export function toRecords(
  collection: Collection,
  journal: Journal,
  variant: Exclude<Variant, "judge">,
): OutcomeRecord[] {
  const calls = Map.groupBy(collectionCalls(collection), ({ query }) => query);
  return collection.queries.flatMap((query) => {
    const cells = cellsOf(query, calls.get(query.id)!, variant, collection, journal);
    if (cells.size === 0) return [];
    const other = variant === "plain" && collection.documents
      ? cellsOf(query, calls.get(query.id)!, "documents", collection, journal)
      : new Map<string, Cell>();
    const both = new Map([...other].filter(([model]) => cells.has(model)));
    return [record(query, cells, both, collection)];
  });
}

/** A model's graded draws of one query. */
type Cell = readonly { readonly answer: AnswerLine; readonly grade: Grade }[];

function cellsOf(
  query: Query,
  calls: readonly Call[],
  variant: Variant,
  collection: Collection,
  journal: Journal,
): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const call of calls) {
    if (call.variant !== variant) continue;
    const answer = journal.answers.get(call.key);
    const grade = answer && gradeOf(query, call, answer, collection, journal);
    if (!grade) continue;
    cells.set(call.model, [...cells.get(call.model) ?? [], { answer, grade }]);
  }
  return cells;
}

function gradeOf(
  query: Query,
  call: Call,
  answer: AnswerLine,
  { graderOf, judge, settings }: Collection,
  journal: Journal,
): Grade | undefined {
  const name = graderOf(query);
  if (name !== "judge") return GRADERS[name].grade(answer, query);
  const said = journal.answers.get(judgeCall(call, query, answer.text, judge!, settings).key);
  return said && verdict(said);
}

function record(
  { id, benchmark, task, level, query, split, options, gold, documents, messages }: Query,
  cells: ReadonlyMap<string, Cell>,
  withDocuments: ReadonlyMap<string, Cell>,
  { settings, graderOf, judge, prices }: Collection,
): OutcomeRecord {
  const of = <T>(value: (cell: Cell, model: string) => T | undefined): Record<string, T> =>
    Object.fromEntries([...cells].flatMap(([model, cell]) => {
      const found = value(cell, model);
      return found === undefined ? [] : [[model, found]];
    }));
  const grader = graderOf({ id, benchmark, query });
  const target = of((cell) =>
    cell.every(({ grade }) => grade.target !== undefined)
      ? mean(cell, ({ grade }) => grade.target!)
      : undefined
  );
  const priced = of((_, model) => own(prices?.perMillionTokens, model));
  const costs = (from: ReadonlyMap<string, Cell>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(priced).flatMap(([m, rates]) =>
        from.has(m) ? [[m, tokenCost(tokens(from.get(m)!), rates)]] : []
      ),
    );
  const defined = { task, level, split, options, gold, documents, messages };
  return {
    id,
    benchmark,
    query,
    scores: of(score),
    tokens: of(tokens),
    latency_ms: of((cell) => Math.round(mean(cell, ({ answer }) => answer.whole_ms))),
    responses: of(([{ answer }]) => kept(answer.text)),
    checker: grader === "judge" ? `judge ${judge}` : grader,
    ...Object.fromEntries(Object.entries(defined).filter(([, value]) => value !== undefined)),
    ...(settings.draws > 1 && { repeats: of((cell) => cell.map(({ grade }) => grade.score)) }),
    ...(Object.keys(target).length > 0 && { target }),
    ...(Object.keys(priced).length > 0 && {
      prices: Object.fromEntries(Object.entries(priced).map(([m, [a, b]]) => [m, [a, b]])),
      costs: costs(cells),
    }),
    ...(withDocuments.size > 0 && {
      scores_rag: Object.fromEntries([...withDocuments].map(([m, cell]) => [m, score(cell)])),
      tokens_rag: Object.fromEntries([...withDocuments].map(([m, cell]) => [m, tokens(cell)])),
      ...([...withDocuments.keys()].some((m) => m in priced) &&
        { costs_rag: costs(withDocuments) }),
    }),
  };
}

function mean(cell: Cell, value: (draw: Cell[number]) => number): number {
  return cell.reduce((sum, draw) => sum + value(draw), 0) / cell.length;
}

function score(cell: Cell): number {
  return mean(cell, ({ grade }) => grade.score);
}

function tokens(cell: Cell): [number, number] {
  const side = (i: 0 | 1): number => Math.round(mean(cell, ({ answer }) => answer.tokens[i]));
  return [side(0), side(1)];
}

function kept(text: string): string | ReplyPrefix {
  const whole = text.toWellFormed();
  if (whole.length <= KEPT) return whole;
  return { prefix: whole.slice(0, KEPT).toWellFormed(), sha256: sha256(whole) };
}
