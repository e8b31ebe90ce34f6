/**
 * Records to columns: picks the queries and models of a view, in an order that does not depend on the
 * file's, and states what was left out and what looks wrong.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { hashJson } from "../base/hash.ts";
import { didYouMean } from "../base/suggest.ts";
import {
  type BenchmarkFacts,
  type LabelField,
  type Labels,
  type Manifest,
  viewOf,
} from "./manifest.ts";
import {
  type AnswerColumns,
  columnsOf,
  type ModelColumns,
  type RecordColumns,
  type RecordRow,
  type Records,
} from "./columns.ts";
import { listedCost, type PriceList, priceListHash, tokenFaults } from "./pricing.ts";
import { own } from "./record.ts";
import { type Cells, type DatasetFacts, emptyCells, type OutcomeTable } from "./table.ts";

/**
 * Builds the table of a view: rows in ascending id, models in ascending id (code-unit order).
 *
 * A query of the view that lacks a score of one of its models is dropped and counted. With a price
 * list in the manifest costs are computed from tokens, else taken from the records; unknown is NaN.
 * `manifest.records.sha256` must be that of the records, since it goes into the table's identity.
 * @throws {DataError} an id twice, an unknown benchmark or label, a model nobody asked, no row left
 * @throws {UsageError} a view the manifest does not have
 */
export function buildTable(
  records: Records,
  viewName: string,
  manifest: Manifest,
): OutcomeTable {
  const where = `${manifest.name}/${viewName}`;
  const view = viewOf(manifest, viewName);
  const models = view.models.toSorted(), columns = columnsOf(records);
  const picked = select(columns.rows, view.where, view.not, where);
  const chosen = view.documents ? withDocuments(picked, columns) : picked;
  const answers = view.documents ? columns.withDocuments : columns;
  const all = columns.rows.length, hasScores = answers.scores.havingAll(models, all);
  const hasCosts = answers.costs.havingAll(models, all);
  const scored = chosen.filter(({ at }) => hasScores(at));
  const rows = manifest.needsCosts && !view.documents
    ? scored.filter(({ at }) => hasCosts(at))
    : scored;
  if (rows.length === 0) throw new DataError(`${where}: ${whyEmpty(answers, chosen, models)}`);
  sortById(rows, where);

  const [benchmarks, benchmark] = encode(rows.map((record) => record.benchmark), where);
  const labels = rows.map((r) => r.task === undefined ? r.benchmark : `${r.benchmark}/${r.task}`);
  const [tasks, task] = encode(labels, where);
  const facts = benchmarks.map((name) => benchmarkFacts(manifest, name, rows, where));

  const scores = knownCells(answers.scores, rows, models);
  const costs = costCells(answers, rows, models, manifest.prices);
  const targets = rows.some(({ hasTarget }) => hasTarget)
    ? targetCells(columns, rows, models)
    : undefined;
  const repeats = models.flatMap((model) => {
    const draws = rows.map((record) => own(record.repeats, model) ?? []);
    return draws.some((list) => list.length > 0) ? [[model, draws] as const] : [];
  });

  return {
    dataset: datasetFacts(manifest, viewName, models, { rows, tokens: answers.tokens }, {
      "no documents": picked.length - chosen.length,
      "missing score": chosen.length - scored.length,
      "missing cost": scored.length - rows.length,
    }, costs),
    ids: rows.map((record) => record.id),
    texts: rows.map(({ at }) => columns.queries.get(at)),
    benchmarks,
    benchmark,
    tasks,
    task,
    published: Uint8Array.from(rows, (r) => r.split === "train" ? 1 : r.split === "test" ? 2 : 0),
    models,
    scores,
    ...(targets && { targets }),
    ...(view.documents && {
      documents: rows.map(({ at }) => columns.documents.get(at)!.join("\n\n")),
      plainScores: knownCells(columns.scores, rows, models),
    }),
    costs,
    options: Uint16Array.from(
      rows,
      (r, q) => r.options ?? optionsOf(r, columns, facts[benchmark[q]], where),
    ),
    solvedFrom: Float64Array.from(facts, (fact) => fact.solvedFrom),
    domains: facts.map((fact) => fact.domain),
    ...(repeats.length ? { repeats: new Map(repeats) } : {}),
  };
}

/** Cells of rows × models, in float32 where that holds all of them exactly. */
function cellsOf(
  rows: readonly RecordRow[],
  models: readonly string[],
  exact: boolean,
  value: (model: string, row: RecordRow) => number,
): Cells {
  const cells = emptyCells(rows.length * models.length, exact);
  let at = 0;
  for (const row of rows) for (const model of models) cells[at++] = value(model, row);
  return cells;
}

/** The numbers of some rows and models, NaN where there is none. */
function knownCells(
  columns: ModelColumns,
  rows: readonly RecordRow[],
  models: readonly string[],
): Cells {
  const cells = emptyCells(rows.length * models.length, columns.exact);
  columns.fill(cells, models, rows);
  return cells;
}

function costCells(
  { costs, tokens: [input, output] }: AnswerColumns,
  rows: readonly RecordRow[],
  models: readonly string[],
  prices: PriceList | undefined,
): Cells {
  if (!prices) return knownCells(costs, rows, models);
  return cellsOf(
    rows,
    models,
    false,
    (model, { at, prompt_tokens_extra = 0 }) =>
      listedCost(
        [input.get(model, at) + prompt_tokens_extra, output.get(model, at)],
        model,
        prices,
      ),
  );
}

/** Targets, and scores where there is none. */
function targetCells(
  { scores, targets }: RecordColumns,
  rows: readonly RecordRow[],
  models: readonly string[],
): Cells {
  return cellsOf(rows, models, scores.exact && targets.exact, (model, { at }) => {
    const target = targets.get(model, at);
    return Number.isNaN(target) ? scores.get(model, at) : target;
  });
}

/** The rows that models also answered with documents. Targets and draws are of the plain answers. */
function withDocuments(rows: readonly RecordRow[], { documents }: RecordColumns): RecordRow[] {
  return rows.filter(({ at }) => documents.has(at))
    .map((row) => ({ ...row, hasTarget: false, repeats: undefined }));
}

/** What identifies a view: its records, what it takes of them, and what is said of the benchmarks. */
export function viewHash(manifest: Manifest, viewName: string): string {
  const { where = null, not = null, models, documents } = viewOf(manifest, viewName);
  return hashJson({
    records: manifest.records.sha256 ?? null,
    view: { where, not, models: models.toSorted(), ...(documents && { documents }) },
    benchmarks: manifest.benchmarks,
    ...(manifest.gaps && { gaps: manifest.gaps }),
  });
}

function datasetFacts(
  manifest: Manifest,
  viewName: string,
  models: readonly string[],
  { rows, tokens }: Pick<RecordColumns, "rows" | "tokens">,
  dropped: Readonly<Record<string, number>>,
  costs: Cells,
): DatasetFacts {
  const view = manifest.views[viewName];
  const priced = (m: number): boolean => rows.some((_, q) => costs[q * models.length + m] >= 0);
  const unpriced = models.filter((_, m) => !priced(m));
  return {
    name: `${manifest.name}/${viewName}`,
    version: manifest.version,
    sha256: viewHash(manifest, viewName),
    synthetic: manifest.synthetic,
    ...(manifest.prices && unpriced.length < models.length
      ? { prices: { date: manifest.prices.date, sha256: priceListHash(manifest.prices) } }
      : {}),
    unpriced,
    dropped: Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0)),
    notes: [
      ...(manifest.notes ?? []),
      ...(view.notes ?? []),
      ...targetNotes(rows),
      ...tokenFaults({ rows, tokens }, models),
    ],
    ...(manifest.gaps && { gaps: manifest.gaps }),
  };
}

/** Said under every table: routers did not learn from the scores that judge them. */
function targetNotes(rows: readonly RecordRow[]): string[] {
  const given = rows.filter(({ hasTarget }) => hasTarget).length;
  if (given === 0) return [];
  return [`routers learn from the targets of ${given} records; every number here is of the scores`];
}

/** The records a view chooses, in file order. A label that no record has is a mistake in the view. */
function select(
  records: readonly RecordRow[],
  where: Labels = {},
  not: Labels = {},
  view: string,
): RecordRow[] {
  const sets = (labels: Labels): [LabelField, Set<string>][] =>
    (Object.entries(labels) as [LabelField, string | string[]][])
      .map(([field, values]) => [field, new Set([values].flat())]);
  const wanted = sets(where), unwanted = sets(not);
  for (const [field, values] of [...wanted, ...unwanted]) {
    for (const value of values) {
      if (records.some((record) => record[field] === value)) continue;
      const known = new Set(records.flatMap((record) => record[field] ?? []));
      throw new DataError(
        `${view}: expected records with ${field} "${value}", got none${didYouMean(value, known)}`,
      );
    }
  }
  const bears = (record: RecordRow, [field, values]: [LabelField, Set<string>]): boolean => {
    const label = record[field];
    return label !== undefined && values.has(label);
  };
  return records.filter((record) =>
    wanted.every((labels) => bears(record, labels)) &&
    !unwanted.some((labels) => bears(record, labels))
  );
}

function whyEmpty(
  { scores }: AnswerColumns,
  chosen: readonly RecordRow[],
  models: readonly string[],
): string {
  if (chosen.length === 0) return "expected queries, got none with the labels of the view";
  const has = (model: string): boolean =>
    chosen.some(({ at }) => !Number.isNaN(scores.get(model, at)));
  const scored = new Set(scores.models.filter(has));
  const absent = models.find((model) => !scored.has(model));
  return absent === undefined
    ? `expected queries with a score of every model of the pool, got none of ${chosen.length}`
    : `expected scores of "${absent}", got none${didYouMean(absent, scored)}`;
}

/** Sorts in place by code units. */
function sortById(rows: RecordRow[], where: string): void {
  rows.sort((a, b) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  for (let i = 1; i < rows.length; i++) {
    if (rows[i].id === rows[i - 1].id) {
      throw new DataError(
        `${where}: expected each id once, got ${JSON.stringify(rows[i].id)} twice`,
      );
    }
  }
}

/** Labels as indices into their sorted distinct values. */
function encode(labels: readonly string[], where: string): [string[], Uint16Array] {
  const distinct = [...new Set(labels)].sort();
  if (distinct.length > 65535) {
    throw new DataError(`${where}: expected at most 65535 tasks, got ${distinct.length}`);
  }
  const index = new Map(distinct.map((label, i) => [label, i]));
  return [distinct, Uint16Array.from(labels, (label) => index.get(label)!)];
}

function optionsOf(
  record: RecordRow,
  { queries }: RecordColumns,
  facts: BenchmarkFacts,
  where: string,
): number {
  if (facts.options !== "letters") return facts.options;
  const count = countOptions(queries.get(record.at));
  if (count > 0) return count;
  throw new DataError(
    `${where}: ${record.id}: expected a query that lists its options as "A. …", "B. …", got none`,
  );
}

function benchmarkFacts(
  manifest: Manifest,
  name: string,
  rows: readonly RecordRow[],
  where: string,
): BenchmarkFacts {
  const facts = own(manifest.benchmarks, name);
  if (facts) return facts;
  const { id } = rows.find((record) => record.benchmark === name)!;
  throw new DataError(
    `${where}: ${id}: expected a benchmark of the manifest, got "${name}"` +
      didYouMean(name, Object.keys(manifest.benchmarks)),
  );
}

// How many answer options a multiple-choice query lists.

/**
 * Counts the options at the end of a query that lists them one a line as `A. …`, `B. …`, and so on.
 * A list that starts again at `A.` replaces an earlier one (the question itself may hold one); lines in
 * between belong to the option above. 0 when there is no list of at least two.
 */
export function countOptions(query: string): number {
  let count = 0;
  for (const line of query.split("\n")) {
    if (line.startsWith("A. ")) count = 1;
    else if (count > 0 && line.startsWith(`${String.fromCharCode(65 + count)}. `)) count++;
  }
  return count >= 2 ? count : 0;
}
