/**
 * Turns a split manifest into what routers see: training data, validation data and bare test queries.
 * @module
 */
import { type Cells, isPriced, type OutcomeTable } from "../outcomes/table.ts";
import type { QueryBatch, Router, TrainingData } from "../router/contract.ts";
import type { Split } from "../splits/split.ts";
import { type Matrix, matrix, takeRows } from "../linalg/matrix.ts";
import { prepareVectors } from "../embed/prepare.ts";
import type { Preparation } from "../embed/provider.ts";
import { createMemo } from "../router/memo.ts";
import { columnMeans } from "../router/training.ts";
import { type Random, random } from "../base/random.ts";
import { BLANK, type Reply } from "../base/reply.ts";
import type { EpisodeRows } from "../router/episodes.ts";

/** Negative controls: a router that still beats best single under one of them has found a leak. */
export const CONTROLS = ["shuffled-labels", "constant-text"] as const;
/** One of {@link CONTROLS}. */
export type Control = typeof CONTROLS[number];

/** A dataset with its raw embedding. */
export interface EmbeddedTable {
  /** The outcomes. */
  readonly table: OutcomeTable;
  /** Features [Q × D], before preparation. */
  readonly raw: Matrix;
  /** What is fitted on the training rows of a split before use; `done`: nothing, and they are on the grid already. */
  readonly preparation: Preparation | "done";
  /** Features of the joined documents [Q × D], prepared as far as {@link raw} is, where a router reads them. */
  readonly documents?: Matrix;
  /** What every model said, row-major [Q × M], where a router reads it. */
  readonly replies?: readonly Reply[];
}

/** Rows with their scores and, where the records have them, the targets that fits learn from. */
export interface LabelledRows extends TrainingData {
  /** Row-major [N × M], as the scores. */
  readonly targets?: Float64Array;
}

/** What a router may be fitted on; scores are those that choices are made by, see {@link forFit}. */
export interface TrainingParts {
  /** Training rows. */
  readonly train: LabelledRows;
  /** Validation rows. */
  readonly validation: LabelledRows;
  /** Training and validation rows. */
  readonly all: LabelledRows;
}

/**
 * Rows as a fit sees them: targets take the place of the scores. Reference rows and validation rows keep
 * the scores, since what is compared and what is chosen is a matter of scores.
 *
 * @param keep true for rows that keep their scores
 */
export function forFit(rows: LabelledRows, keep = false): TrainingData {
  if (rows.targets === undefined) return rows;
  const { targets, ...bare } = rows;
  return keep ? bare : { ...bare, scores: targets };
}

/** A split as routers see it. */
export interface OpenedSplit extends TrainingParts {
  /** The manifest. */
  readonly split: Split;
  /** Table rows of the test queries, ascending. */
  readonly testRows: Uint32Array;
  /** Every outcome of the dataset has a cost. */
  readonly priced: boolean;
  /** The dataset is synthetic and its truth is known. */
  readonly hasTruth: boolean;
  /** Replies were loaded. */
  readonly hasReplies: boolean;
  /** Models answered with documents, and without. */
  readonly hasDocuments: boolean;
  /** Validation queries, with just the fields the router's needs name. */
  validationFor(router: Pick<Router, "needs">): QueryBatch;
  /** Test queries, with just the fields the router's needs name. */
  testFor(router: Pick<Router, "needs">): QueryBatch;
  /** Queries with the costs and replies that an episode gives out visit by visit. */
  episodesFor(router: Pick<Router, "needs">, part: "validation" | "test"): EpisodeRows;
  /** Held-out models: their outcomes on the first n profile rows (new-model protocol). */
  profile(n: number): LabelledRows;
  /**
   * The training parts of every model, held-out ones known on the first n profile rows only, or, with
   * n = Infinity, on all rows.
   */
  retraining(n: number): TrainingParts;
}

/** Opens a split; vectors are prepared (centred, idf-weighted) on training and validation rows only. */
export function openSplit(data: EmbeddedTable, split: Split, control?: Control): OpenedSplit {
  const { table } = data;
  const rowsOf = (roles: string): Uint32Array => {
    const found: number[] = [];
    for (let i = 0; i < split.roles.length; i++) if (roles.includes(split.roles[i])) found.push(i);
    return Uint32Array.from(found);
  };
  const rows = {
    train: rowsOf("t"),
    validation: rowsOf("v"),
    all: rowsOf("tv"),
    test: rowsOf("e"),
  };
  const shown = (raw: Matrix): Matrix => control === "constant-text" ? constant(raw) : raw;
  const preparation = control === "constant-text" ? "none" : data.preparation; // a constant centres to 0
  const vectorsOf = preparation === "done"
    ? (of: Uint32Array): Matrix => takeRows(data.raw, of)
    : preparedRows(shown(data.raw), preparation, rows.all, rows.test);
  const documents = preparation === "done" || !data.documents
    ? data.documents
    : besideQueries(shown(data.raw), shown(data.documents), preparation, rows.all);
  const every = Uint16Array.from(table.models.keys());
  const columns = every.filter((m) => !split.heldOutModels.includes(table.models[m]));
  const heldOut = every.filter((m) => split.heldOutModels.includes(table.models[m]));
  const source = control === "shuffled-labels" ? shuffled(table, rows.all, split) : table;

  const batch = (id: string, of: Uint32Array): QueryBatch => ({
    ids: Array.from(of, (i) => table.ids[i]),
    texts: Array.from(of, (i) => control === "constant-text" ? "constant" : table.texts[i]),
    vectors: vectorsOf(of),
    ...(documents && { documents: takeRows(documents, of) }),
    memo: createMemo(id),
  });
  const labels = (of: Uint32Array): string[] =>
    Array.from(of, (i) => table.benchmarks[table.benchmark[i]]);
  const isUnpriced = !hasNumber(source.costs);
  let unknown: Float64Array | undefined; // where no cost is known, one array of NaN serves all parts
  const costsOf = (of: Uint32Array, models: Uint16Array): Float64Array => {
    if (!isUnpriced) return cells(source.costs, table.models.length, of, models);
    unknown ??= new Float64Array(rows.all.length * every.length).fill(NaN);
    return unknown.subarray(0, of.length * models.length);
  };
  const labelled = (queries: QueryBatch, of: Uint32Array, models: Uint16Array): LabelledRows => {
    const costs = costsOf(of, models);
    return {
      queries,
      models: Array.from(models, (m) => table.models[m]),
      scores: cells(source.scores, table.models.length, of, models),
      ...(source.targets && {
        targets: cells(source.targets, table.models.length, of, models),
      }),
      costs,
      meanCosts: columnMeans(costs, models.length),
      ...(source.plainScores && {
        plainScores: cells(source.plainScores, table.models.length, of, models),
      }),
      ...(data.replies && { replies: said(of, models) }),
      solvedFrom: Float64Array.from(of, (i) => table.solvedFrom[table.benchmark[i]]),
      tasks: Array.from(of, (i) => table.tasks[table.task[i]]),
    };
  };
  // A control without texts has no replies either; in the one with shuffled labels they stay with their queries.
  const said = (of: Uint32Array, models: Uint16Array): Reply[] =>
    control === "constant-text"
      ? Array<Reply>(of.length * models.length).fill(BLANK)
      : repliesAt(data.replies!, table.models.length, of, models);
  const queries = byKey((part: keyof TrainingParts) => ({
    ...batch(part, rows[part]),
    benchmarks: labels(rows[part]),
  }));
  const parts = partsOf((part) => labelled(queries(part), rows[part], columns));
  const test = batch("test", rows.test);
  const withheld = (
    base: QueryBatch,
    part: "validation" | "test",
    router: Pick<Router, "needs">,
  ): QueryBatch => {
    const { benchmarks: _labels, documents, ...bare } = base;
    const needs = router.needs ?? [];
    return {
      ...bare,
      ...(needs.includes("documents") && documents ? { documents } : {}),
      ...(needs.includes("benchmark") ? { benchmarks: labels(rows[part]) } : {}),
      ...(needs.includes("truth") && table.truth
        ? {
          truth: cells(table.truth, table.models.length, rows[part], columns),
          truthCost: cells(table.truthCost!, table.models.length, rows[part], columns),
        }
        : {}),
    };
  };
  const others: Omit<OpenedSplit, keyof TrainingParts> = {
    split,
    testRows: rows.test,
    priced: isPriced(table),
    hasTruth: table.truth !== undefined,
    hasReplies: data.replies !== undefined,
    hasDocuments: table.documents !== undefined && table.plainScores !== undefined,
    validationFor: (router) => withheld(queries("validation"), "validation", router),
    testFor: (router) => withheld(test, "test", router),
    episodesFor: (router, part) => ({
      queries: part === "test"
        ? withheld(test, part, router)
        : withheld(queries(part), part, router),
      models: Array.from(columns, (m) => table.models[m]),
      // Of a test row the control has no costs; paying for a visit is no label.
      costs: cells(
        (part === "test" ? table : source).costs,
        table.models.length,
        rows[part],
        columns,
      ),
      replies: said(rows[part], columns),
    }),
    profile: byKey((n: number) => {
      const of = profileRows(split, n);
      const queries = { ...batch(`profile/${n}`, of), benchmarks: labels(of) };
      return labelled(queries, of, heldOut);
    }),
    retraining: byKey((n: number) => {
      const known = n === Infinity ? undefined : new Set(profileRows(split, n));
      return partsOf((part) => {
        const full = labelled(queries(part), rows[part], every);
        rows[part].forEach((row, i) => {
          if (!known || known.has(row)) return;
          for (const m of heldOut) {
            full.scores[i * every.length + m] = NaN;
            if (full.targets) full.targets[i * every.length + m] = NaN;
            if (full.plainScores) full.plainScores[i * every.length + m] = NaN;
            full.costs[i * every.length + m] = NaN;
          }
        });
        return { ...full, meanCosts: columnMeans(full.costs, every.length) };
      });
    }),
  };
  return Object.assign(parts, others);
}

/** The same function, computed once for each key. */
function byKey<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key)!;
  };
}

/** Training parts that are put together when they are asked for: reference rows need one of three, arms often none. */
function partsOf(make: (part: keyof TrainingParts) => LabelledRows): TrainingParts {
  const part = byKey(make);
  return {
    get train() {
      return part("train");
    },
    get validation() {
      return part("validation");
    },
    get all() {
      return part("all");
    },
  };
}

/** Whether any cell is known. */
function hasNumber(cells: Cells): boolean {
  for (const value of cells) if (value === value) return true;
  return false;
}

/** The first n rows of the profile order; fewer where the training part is smaller. */
function profileRows(split: Split, n: number): Uint32Array {
  return Uint32Array.from(split.profile?.order.slice(0, n) ?? []);
}

/** Copies rows × columns out of [Q × M] cells. */
export function cells(
  source: Cells,
  width: number,
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(rows.length * columns.length);
  const from = Uint32Array.from(rows), of = Uint32Array.from(columns); // of one kind, or the loop is slow
  for (let i = 0, at = 0; i < from.length; i++) {
    const start = from[i] * width;
    for (let j = 0; j < of.length; j++) out[at++] = source[start + of[j]];
  }
  return out;
}

/** Replies of rows × columns out of [Q × M]. */
export function repliesAt(
  source: readonly Reply[],
  width: number,
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
): Reply[] {
  return Array.from(rows).flatMap((row) => Array.from(columns, (m) => source[row * width + m]));
}

/** Documents prepared as their queries are, by what is fitted on training queries. */
function besideQueries(
  queries: Matrix,
  documents: Matrix,
  preparation: Preparation,
  trainRows: Uint32Array,
): Matrix {
  const { rows, width } = queries, joined = matrix(rows + documents.rows, width);
  joined.data.set(queries.data);
  joined.data.set(documents.data, queries.data.length);
  const { data } = prepareVectors(joined, preparation, trainRows);
  return matrix(documents.rows, width, data.slice(queries.data.length));
}

/**
 * The prepared vectors of some rows: of all for training and validation, and of all for the test, as they lie here, of
 * others as copies.
 */
function preparedRows(
  raw: Matrix,
  preparation: Preparation,
  all: Uint32Array,
  test: Uint32Array,
): (of: Uint32Array) => Matrix {
  const order = new Uint32Array(all.length + test.length), place = new Uint32Array(raw.rows);
  order.set(all);
  order.set(test, all.length);
  order.forEach((row, i) => place[row] = i);
  const vectors = prepareVectors(raw, preparation, all, order);
  const between = (from: number, to: number): Matrix =>
    matrix(to - from, raw.width, vectors.data.subarray(from * raw.width, to * raw.width));
  return (of) => {
    if (of === all) return between(0, all.length);
    if (of === test) return between(all.length, order.length);
    return takeRows(vectors, of.map((row) => place[row]));
  };
}

function constant(raw: Matrix): Matrix {
  return { ...raw, data: new Float32Array(raw.data.length).fill(1) };
}

/** Scores and costs permuted among the training and validation rows; test rows blanked as well. */
function shuffled(
  table: OutcomeTable,
  rows: Uint32Array,
  split: Split,
): Pick<OutcomeTable, "scores" | "targets" | "costs" | "plainScores"> {
  const M = table.models.length;
  const every = table.models.keys().toArray();
  const stream = random(split.seed, "shuffled-labels", split.fold);
  const mixed = shuffleLabels(
    cells(table.scores, M, rows, every),
    cells(table.costs, M, rows, every),
    M,
    stream,
    table.targets && cells(table.targets, M, rows, every),
  );
  const scores = new Float64Array(table.scores.length).fill(NaN);
  const costs = new Float64Array(table.costs.length).fill(NaN);
  rows.forEach((row, i) => {
    scores.set(mixed.scores.subarray(i * M, (i + 1) * M), row * M);
    costs.set(mixed.costs.subarray(i * M, (i + 1) * M), row * M);
  });
  const targets = mixed.targets && new Float64Array(table.scores.length).fill(NaN);
  if (targets) {
    rows.forEach((row, i) => targets.set(mixed.targets!.subarray(i * M, (i + 1) * M), row * M));
  }
  const plainScores = table.plainScores && new Float64Array(table.scores.length).fill(NaN);
  if (plainScores) {
    mixed.order.forEach((from, to) => {
      const row = table.plainScores!.subarray(rows[from] * M, (rows[from] + 1) * M);
      plainScores.set(row, rows[to] * M);
    });
  }
  return { scores, costs, ...(targets && { targets }), ...(plainScores && { plainScores }) };
}

/**
 * Shuffles labels (a negative control): whole rows of outcomes change places, so that every model keeps its mean and the
 * models their correlation, but the queries say nothing any more. A router trained on this must fall to
 * the best single model.
 *
 * @param scores row-major [N × M], training and validation rows only
 * @param costs row-major [N × M], moved along with the scores
 * @param targets row-major [N × M], moved along as well
 * @returns new arrays, and which row came to each place; the arguments are left alone
 */
export function shuffleLabels(
  scores: Float64Array,
  costs: Float64Array,
  models: number,
  random: Random,
  targets?: Float64Array,
): { scores: Float64Array; costs: Float64Array; targets?: Float64Array; order: Uint32Array } {
  const order = random.shuffle(Uint32Array.from({ length: scores.length / models }, (_, i) => i));
  const permuted = (cells: Float64Array): Float64Array => {
    const out = new Float64Array(cells.length);
    order.forEach((from, to) => {
      out.set(cells.subarray(from * models, (from + 1) * models), to * models);
    });
    return out;
  };
  return {
    scores: permuted(scores),
    costs: permuted(costs),
    ...(targets && { targets: permuted(targets) }),
    order,
  };
}
