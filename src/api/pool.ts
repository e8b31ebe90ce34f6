/**
 * Pools: queries, models, and what each model scored on each query.
 * @module
 */
import { hashJson } from "../base/hash.ts";
import { DataError, UsageError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { audited, type AuditedDataset } from "../audit/audited.ts";
import { loadDataset } from "../../datasets/load.ts";
import { embedQueries, openProvider } from "../embed/mod.ts";
import type { EmbeddingProvider } from "../embed/provider.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { buildTable } from "../outcomes/build.ts";
import { defaultView, inferManifest } from "../outcomes/manifest.ts";
import { checkRecord } from "../outcomes/parse.ts";
import type { OutcomeRecord } from "../outcomes/record.ts";
import { limitTable } from "../outcomes/limit.ts";
import { isOwn, isPriced, type OutcomeTable, ownFacts } from "../outcomes/table.ts";
import { markdownTable, type TableColumn, textTable } from "../report/tables/text_table.ts";
import { digits, money } from "../report/tables/numbers.ts";
import { columnMeans } from "../router/training.ts";
import { ShownText } from "./shown.ts";

/** A pool of models on a set of queries, audited, one row a text. {@link openPool} makes one. */
export class Pool extends ShownText {
  /** What opens it again: a dataset's name, a path, or the name it was given. */
  readonly source: string;
  /** The outcomes with what the audit found. */
  readonly dataset: AuditedDataset;
  readonly #vectors = new Map<string, Promise<{ provider: EmbeddingProvider; raw: Matrix }>>();

  /** A pool of audited outcomes. */
  constructor(source: string, dataset: AuditedDataset) {
    super();
    this.source = source;
    this.dataset = dataset;
  }

  /** Outcomes in columns: texts, models, scores [Q × M], costs [Q × M]. */
  get table(): OutcomeTable {
    return this.dataset.table;
  }

  /** Model names, ascending. */
  get models(): readonly string[] {
    return this.table.models;
  }

  /** Vectors of all texts, before preparation; computed once and cached on disk. */
  vectors(embedding = "static"): Promise<{ provider: EmbeddingProvider; raw: Matrix }> {
    let known = this.#vectors.get(embedding);
    if (!known) this.#vectors.set(embedding, known = embed(embedding, this.table));
    return known;
  }

  /** Dataset and view, `mmlu-pro/priced`. */
  get name(): string {
    return this.table.dataset.name;
  }

  /** Whether it is of data that the repository has no manifest of. */
  get own(): boolean {
    return isOwn(this.table.dataset);
  }

  /** What a reader of its results should know of the data, what was left out of them first. */
  get notes(): readonly string[] {
    return this.table.dataset.notes;
  }

  /** One line: name, size, costs. */
  get title(): string {
    const { dataset, ids, models, benchmarks } = this.table;
    const some = (things: readonly string[], one: string, many: string): string =>
      `${things.length} ${things.length === 1 ? one : many}`;
    return `${dataset.name}${dataset.synthetic ? " (synthetic)" : ""}: ` +
      `${some(ids, "query", "queries")} × ${some(models, "model", "models")}, ` +
      `${some(benchmarks, "benchmark", "benchmarks")}, ` +
      (isPriced(this.table) ? "with costs" : "without costs");
  }

  /** Title and models as Markdown. */
  override toMarkdown(): string {
    return `${this.title}\n\n${markdownTable(COLUMNS, this.#rows())}`;
  }

  /** Title and models as text. */
  override toString(): string {
    return `${this.title}\n\n${textTable(COLUMNS, this.#rows())}`;
  }

  #rows(): string[][] {
    const { models } = this.table;
    const scores = columnMeans(this.table.scores, models.length);
    const costs = columnMeans(this.table.costs, models.length);
    return models.map((name, m) => [name, digits(scores[m]), money(costs[m])]);
  }
}

const COLUMNS: readonly TableColumn[] = [
  { title: "model" },
  { title: "mean score", align: "right" },
  { title: "$/1k", align: "right" },
];

/** How {@link openPool} reads what it is given. */
export interface PoolOptions {
  /** What to call records in memory. Default: `mine`. */
  readonly name?: string;
  /**
   * What to leave out of records without a manifest where scores are missing. Default: queries or models,
   * whichever keeps more scores; notes of the pool say what was left out.
   */
  readonly gaps?: "drop-queries" | "drop-models";
  /** For a first look: how many queries to keep, each benchmark in proportion. Default: all. */
  readonly limit?: number;
}

/**
 * Opens a pool.
 *
 * @param data a dataset's name (`demo`, `reasoning-gym/hard`), the path of records, or records in memory
 * @throws {UsageError} for an unknown name, with the nearest known one
 * @throws {DataError} for broken data, naming the file and line, or the record
 *
 * @example
 * ```ts
 * import { openPool } from "icl-router-bench";
 * const pool = await openPool([
 *   { id: "1", benchmark: "sums", query: "1 + 1?", scores: { small: 1, large: 1 } },
 *   { id: "2", benchmark: "sums", query: "17 · 23?", scores: { small: 0, large: 1 } },
 * ], { name: "sums" });
 * console.log(pool.models); // [ "large", "small" ]
 * ```
 */
export async function openPool(
  data: string | readonly OutcomeRecord[],
  { name = "mine", gaps, limit }: PoolOptions = {},
): Promise<Pool> {
  if (typeof data === "string") {
    return new Pool(data, audited(await loadDataset(data, { gaps, limit })));
  }
  if (!/^[\w.-]+$/.test(name)) {
    throw new UsageError(`a pool is named with letters, digits, ".", "_" and "-", not "${name}"`);
  }
  if (data.length === 0) throw new DataError(`${name}: no records`);
  const records = data.map((record, i) => checkRecord(record, { file: name, line: i + 1 }));
  const manifest = inferManifest(name, records, hashJson(records), gaps);
  const whole = buildTable(records, defaultView(manifest), manifest);
  const table = limit === undefined ? whole : limitTable(whole, limit);
  return new Pool(name, audited({ ...table, dataset: ownFacts(table.dataset) }));
}

async function embed(
  name: string,
  table: OutcomeTable,
): Promise<{ provider: EmbeddingProvider; raw: Matrix }> {
  const provider = await openProvider(name);
  return { provider, raw: await embedQueries(provider, table, repoPath(".cache/embeddings")) };
}
