/**
 * Records as columns: what a table needs of them, without an object a record and a box a number. A cell takes four
 * bytes where float32 holds its number exactly, as it does 0, 1 and a half, else eight.
 * @module
 */
import type { OutcomeRecord } from "./record.ts";
import { TextColumn } from "./text_column.ts";

/** Rows of a piece of a column. */
const PIECE = 1024;

/** What a record says of itself, apart from its models and its query. */
export type RecordRow =
  & Pick<OutcomeRecord, "id" | "benchmark" | "task" | "level" | "split" | "options">
  & Pick<OutcomeRecord, "prompt_tokens_extra" | "repeats">
  & {
    /** Its place in the columns. */
    readonly at: number;
    /** Whether it has targets. */
    readonly hasTarget?: boolean;
  };

/** The numbers of one model, piece by piece; a piece without any is undefined. */
interface Column {
  readonly model: string;
  readonly pieces: (Float32Array | Float64Array | undefined)[];
  /** How many rows have one. */
  count: number;
}

/** Numbers by model and row; NaN where there is none. */
export class ModelColumns {
  readonly #columns = new Map<string, Column>();
  /** The columns in the order met: records nearly always name models in one order. */
  readonly #inOrder: Column[] = [];
  #exact = true;

  /** Whether float32 holds all numbers exactly. */
  get exact(): boolean {
    return this.#exact;
  }

  /** The models with a number, in the order met. */
  get models(): string[] {
    return [...this.#columns.keys()];
  }

  /** How many rows have a number of a model. */
  count(model: string): number {
    return this.#columns.get(model)?.count ?? 0;
  }

  /** The number of a model in a row, NaN if there is none. */
  get(model: string, row: number): number {
    return this.#columns.get(model)?.pieces[Math.floor(row / PIECE)]?.[row % PIECE] ?? NaN;
  }

  /**
   * Tells whether a row has a number of every one of some models.
   * @param rows how many there are: a model with as many numbers is not looked at
   */
  havingAll(models: readonly string[], rows: number): (row: number) => boolean {
    const partly = models.filter((model) => this.count(model) < rows);
    return (row) => partly.every((model) => !Number.isNaN(this.get(model, row)));
  }

  /** Writes the numbers of some rows and models to cells [rows × models], NaN where there is none. */
  fill(
    cells: Float32Array | Float64Array,
    models: readonly string[],
    rows: readonly { readonly at: number }[],
  ): void {
    const places = Uint32Array.from(rows, ({ at }) => at), width = models.length;
    models.forEach((model, m) => {
      const pieces = this.#columns.get(model)?.pieces ?? [];
      for (let i = 0, to = m; i < places.length; i++, to += width) {
        const piece = pieces[Math.floor(places[i] / PIECE)];
        cells[to] = piece ? piece[places[i] % PIECE] : NaN;
      }
    });
  }

  /** Puts down the numbers of a row; each model once a row. */
  add(row: number, numbers: Readonly<Record<string, number>> = {}): void {
    let place = 0;
    for (const model in numbers) {
      const next = this.#inOrder[place++];
      this.#put(next?.model === model ? next : this.#column(model), row, numbers[model]);
    }
  }

  /** Puts down one number; once for a model and row. */
  set(model: string, row: number, value: number): void {
    this.#put(this.#column(model), row, value);
  }

  #column(model: string): Column {
    let column = this.#columns.get(model);
    if (!column) {
      this.#columns.set(model, column = { model, pieces: [], count: 0 });
      this.#inOrder.push(column);
    }
    return column;
  }

  #put(column: Column, row: number, value: number): void {
    const { pieces } = column, at = Math.floor(row / PIECE);
    while (pieces.length <= at) pieces.push(undefined);
    let piece = pieces[at] ??= new Float32Array(PIECE).fill(NaN);
    if (Math.fround(value) !== value) {
      this.#exact = false;
      if (piece instanceof Float32Array) piece = pieces[at] = Float64Array.from(piece);
    }
    piece[row % PIECE] = value;
    column.count++;
  }
}

/** What is known of answers. */
export class AnswerColumns {
  /** Scores by model. */
  readonly scores: ModelColumns = new ModelColumns();
  /** US dollars by model. */
  readonly costs: ModelColumns = new ModelColumns();
  /** Input and output tokens by model. */
  readonly tokens: readonly [ModelColumns, ModelColumns] = [new ModelColumns(), new ModelColumns()];

  /** Puts down the answers of a row; once a row. */
  addAnswers(
    row: number,
    { scores, costs, tokens = {} }: Pick<OutcomeRecord, "scores" | "costs" | "tokens">,
  ): void {
    this.scores.add(row, scores);
    this.costs.add(row, costs);
    for (const [model, pair] of Object.entries(tokens)) {
      pair.forEach((count, side) => this.tokens[side].set(model, row, count));
    }
  }
}

/** Records, one after the other, as columns; those of answers without documents are its own. */
export class RecordColumns extends AnswerColumns {
  /** Without their models and queries. */
  readonly rows: RecordRow[] = [];
  /** The queries, by place. */
  readonly queries: TextColumn = new TextColumn();
  /** What fits learn from, by model. */
  readonly targets: ModelColumns = new ModelColumns();
  /** The documents of rows that models also answered with them, by place. Few records have any. */
  readonly documents: Map<number, readonly string[]> = new Map();
  /** The answers of those rows with the documents. */
  readonly withDocuments: AnswerColumns = new AnswerColumns();
  readonly #labels = new Map<string, string>();

  /** Takes a record in. */
  add(record: OutcomeRecord): void {
    const { id, query, task, level, split, options, prompt_tokens_extra, repeats } = record;
    const at = this.rows.length;
    // What a record lacks takes no room: of a million rows that is a tenth of what they take in all.
    this.rows.push({
      at,
      id,
      benchmark: this.#label(record.benchmark),
      ...(task !== undefined && { task: this.#label(task) }),
      ...(level !== undefined && { level: this.#label(level) }),
      ...(split !== undefined && { split }),
      ...(options !== undefined && { options }),
      ...(prompt_tokens_extra !== undefined && { prompt_tokens_extra }),
      ...(repeats !== undefined && { repeats }),
      ...(record.target !== undefined && { hasTarget: true }),
    });
    this.queries.add(query);
    this.addAnswers(at, record);
    this.targets.add(at, record.target);
    const { documents, scores_rag: scores, costs_rag: costs, tokens_rag: tokens } = record;
    if (documents && scores) {
      this.documents.set(at, documents);
      this.withDocuments.addAnswers(at, { scores, costs, tokens });
    }
  }

  /** One string for all records with the same label. */
  #label(text: string): string {
    if (!this.#labels.has(text)) this.#labels.set(text, text);
    return this.#labels.get(text)!;
  }
}

/** Records in either form. */
export type Records = readonly OutcomeRecord[] | RecordColumns;

/** Records as columns. */
export function columnsOf(records: Records): RecordColumns {
  if (records instanceof RecordColumns) return records;
  const columns = new RecordColumns();
  for (const record of records) columns.add(record);
  return columns;
}
