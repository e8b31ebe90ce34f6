/**
 * The embedded demo pool: a labelled **synthetic** table of outcomes, made on the spot.
 *
 * Texts come from grammars (`texts/`), outcomes from a world of invented models whose chances are known
 * (`world.ts`). What a router can read off a text — domain, task, topic, language, number of steps —
 * decides most of who solves it, so routing pays, and the Bayes-optimal router is known.
 *
 * Deterministic: the same options give the same bytes. A pool of more queries with the same seed holds the
 * smaller one.
 * @module
 */
import { UsageError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { type Random, random } from "../../src/base/random.ts";
import { buildTable } from "../../src/outcomes/build.ts";
import type { Manifest } from "../../src/outcomes/manifest.ts";
import { tokenCost } from "../../src/outcomes/pricing.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { type Benchmark, BENCHMARKS } from "./benchmarks.ts";
import type { Draft } from "./grammar.ts";
import manifestJson from "./manifest.json" with { type: "json" };
import {
  drawOutput,
  expectedOutput,
  type Hidden,
  inputTokens,
  latentProbability,
  margins,
  MODELS,
  textProbability,
  type Visible,
} from "./world.ts";

const MANIFEST = manifestJson as unknown as Manifest;

/** Size and seed of a demo pool. */
export interface DemoOptions {
  /** Number of queries, 100 to 100,000; 3,000 unless told. */
  readonly queries?: number;
  /** Draws queries and outcomes; the models stay the same. 1 unless told. */
  readonly seed?: number;
}

/**
 * The pool as records, by ascending id; scores are 0 or 1, costs follow the manifest's synthetic prices.
 * @throws {UsageError} when a number of queries or a seed is out of range
 */
export function demoRecords(options: DemoOptions = {}): OutcomeRecord[] {
  const { queries, seed } = checked(options);
  return items(queries, seed).map((item) => toRecord(item, seed));
}

/**
 * The pool as a table. `truth` is P(solved) and `truthCost` the expected cost in US dollars for one who
 * reads the text and knows the models: the best any router can know. (Costs of records are rounded to
 * four digits, expected ones are not.)
 * @throws {UsageError} when a number of queries or a seed is out of range
 */
export function demoTable(options: DemoOptions = {}): OutcomeTable {
  const { queries, seed } = checked(options);
  const pool = items(queries, seed);
  const records = pool.map((item) => toRecord(item, seed));
  const bytes = records.map((record) => JSON.stringify(record) + "\n").join("");
  const table = buildTable(records, "all", {
    ...MANIFEST,
    records: { sha256: sha256(bytes), queries },
  });
  return {
    ...table,
    truth: cells(pool, ({ margins, visible }, m) => textProbability(margins[m], visible.options)),
    truthCost: cells(pool, ({ visible }, m) => {
      const [input, output] = MANIFEST.prices!.perMillionTokens[MODELS[m].id];
      return (input * inputTokens(visible) + output * expectedOutput(visible, m)) / 1e6;
    }),
  };
}

/**
 * P(solved) knowing also what no text shows, row-major [Q × M], in the order of {@link demoTable}: what
 * the scores were drawn from. For checks of the generator; no router may see it.
 * @throws {UsageError} when a number of queries or a seed is out of range
 */
export function latentProbabilities(options: DemoOptions = {}): Float64Array {
  const { queries, seed } = checked(options);
  return cells(
    items(queries, seed),
    ({ margins, visible, hidden }, m) => latentProbability(margins[m], visible.options, hidden, m),
  );
}

/** A query with everything the world knows about it. */
interface Item {
  readonly id: string;
  readonly text: string;
  readonly visible: Visible;
  readonly hidden: Hidden;
  /** By model, see {@link margins}. */
  readonly margins: readonly number[];
}

/** All queries of a pool by ascending id. */
function items(queries: number, seed: number): Item[] {
  const skills = new Map<string, number>();
  const seen = new Set<string>();
  const sizes = benchmarkSizes(queries);
  return BENCHMARKS.flatMap((benchmark, b) =>
    Array.from({ length: sizes[b] }, (_, i) => {
      const id = `${benchmark.name}-${String(i + 1).padStart(6, "0")}`;
      return toItem(benchmark, id, random(seed, "query", id), seen, skills);
    })
  );
}

function toItem(
  benchmark: Benchmark,
  id: string,
  r: Random,
  seen: Set<string>,
  skills: Map<string, number>,
): Item {
  const { domain, options } = MANIFEST.benchmarks[benchmark.name];
  const tasks = Object.keys(benchmark.tasks);
  const task = tasks[r.integer(tasks.length)];
  const { text, facets, difficulty } = fresh(benchmark, task, r, seen);
  const visible: Visible = {
    domain,
    benchmark: benchmark.name,
    task,
    facets,
    base: benchmark.difficulty,
    difficulty,
    options: options as number,
    answerTokens: benchmark.answerTokens,
    characters: text.length,
  };
  const hidden: Hidden = {
    logDiscrimination: r.normal(),
    difficulty: r.normal(),
    luck: MODELS.map((model) => r.fork("luck", model.id).normal()),
  };
  return { id, text, visible, hidden, margins: margins(visible, skills) };
}

/** A text unlike all before it, even with only letters and digits compared. */
function fresh(benchmark: Benchmark, task: string, r: Random, seen: Set<string>): Draft {
  for (;;) {
    const draft = benchmark.tasks[task](r);
    const key = draft.text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
    if (seen.has(key)) continue;
    seen.add(key);
    return draft;
  }
}

/** Splits a pool by the benchmarks' shares; sizes add up to `queries`. */
function benchmarkSizes(queries: number): number[] {
  let share = 0, placed = 0;
  return BENCHMARKS.map((benchmark) => {
    share += benchmark.share;
    const size = Math.round(share * queries) - placed;
    placed += size;
    return size;
  });
}

function toRecord({ id, text, visible, hidden, margins }: Item, seed: number): OutcomeRecord {
  const { benchmark, task, difficulty, options } = visible;
  const scores: Record<string, number> = {}, costs: Record<string, number> = {};
  const tokens: Record<string, [number, number]> = {};
  MODELS.forEach((model, m) => {
    const r = random(seed, "outcome", id, model.id);
    scores[model.id] = r.next() < latentProbability(margins[m], options, hidden, m) ? 1 : 0;
    tokens[model.id] = [inputTokens(visible), drawOutput(visible, m, hidden, r.normal(), r.next())];
    costs[model.id] = tokenCost(tokens[model.id], MANIFEST.prices!.perMillionTokens[model.id]);
  });
  const level = difficulty < -0.5 ? "easy" : difficulty > 0.5 ? "hard" : "medium";
  const record = { id, benchmark, task, level, query: text, scores, tokens, costs };
  return options ? { ...record, options } : record;
}

/** One number for each query and model, row-major. */
function cells(pool: readonly Item[], value: (item: Item, m: number) => number): Float64Array {
  const M = MODELS.length;
  return new Float64Array(pool.length * M).map((_, at) => value(pool[Math.floor(at / M)], at % M));
}

function checked({ queries = 3000, seed = 1 }: DemoOptions): Required<DemoOptions> {
  if (!Number.isInteger(queries) || queries < 100 || queries > 100_000) {
    throw new UsageError(`demo: expected 100 to 100000 queries, got ${queries}`);
  }
  if (!Number.isSafeInteger(seed)) throw new UsageError(`demo: expected a whole seed, got ${seed}`);
  return { queries, seed };
}
