/**
 * Scenes for the job tests: a table small enough to work out by hand, and routers that do what they are
 * told instead of learning.
 * @module
 */
import type {
  FitContext,
  FittedRouter,
  QueryBatch,
  Router,
  TrainingData,
} from "../../src/router/contract.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Split } from "../../src/splits/split.ts";
import type { EmbeddedTable } from "../../src/run/open_split.ts";
import type { Decided, JobOptions, JobOutcome } from "../../src/run/job.ts";
import type { Row } from "../splits/tables.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";
import { hashJson } from "../../src/base/hash.ts";

/** Options of every job here. */
export const OPTIONS: JobOptions = {
  device: "cpu",
  signal: new AbortController().signal,
  progress: () => {},
};

/**
 * Rows of three topics, by id: a test row for each topic in `tested`, then training and validation rows of
 * A, B, C. m0 costs 1 dollar and m1 3, unless told otherwise.
 */
export function topicRows(tested: string, costs: (number | undefined)[] = [1, 3]): Row[] {
  const row = (id: string, ...scores: number[]): Row => ({ id, text: id[1], scores, costs });
  return [
    ...[...tested].map((topic) => row(`e${topic}`, 1, 1)),
    row("tA", 0, 1),
    row("tB", 0, 1),
    row("tC", 0, 0),
    row("vA", 1, .4),
    row("vB", 0, .6),
    row("vC", 0, .9),
  ];
}

/** By how much each topic prefers m1: it goes to m1 while λ is below that (c̃ is 0 and 1). */
export function gaps(A: number, B: number, C: number): Rule {
  return { A: [0, A], B: [0, B], C: [0, C] };
}

/** A split with the given roles, one letter a row. */
export function splitOf(table: OutcomeTable, roles: string, extra: Partial<Split> = {}): Split {
  return {
    format: 1,
    dataset: table.dataset.name,
    dataSha256: table.dataset.sha256,
    idsSha256: hashJson(table.ids),
    protocol: "id",
    seed: 42,
    fold: 0,
    foldName: "by hand",
    roles,
    validation: "id",
    heldOutModels: [],
    ...extra,
  };
}

/** A table with raw features, one row each; `[1, 0]` for every query if none are given. */
export function embedded(table: OutcomeTable, vectors?: readonly number[][]): EmbeddedTable {
  const rows = vectors ?? table.ids.map(() => [1, 0]);
  return {
    table,
    raw: matrix(rows.length, rows[0].length, Float32Array.from(rows.flat())),
    preparation: "none",
  };
}

/** Predicted quality of every model, by the first letter of the query. */
export type Rule = Readonly<Record<string, readonly number[]>>;

/** What a {@link ruled} router was given, call by call. */
export interface Call {
  readonly train: TrainingData;
  readonly config: Rule;
  readonly context: FitContext;
}

/** A router that predicts by rule; `calls` collects its fits. */
export function ruled(
  grid: readonly Rule[],
  extra: Partial<Router<Rule>> = {},
  calls: Call[] = [],
): Router {
  const router: Router<Rule> = {
    name: "ruled",
    summary: "does what it is told",
    source: "none",
    grid,
    fit: (train, config, context) => {
      calls.push({ train, config, context });
      return obeying(train.models, config);
    },
    ...extra,
  };
  return router as Router;
}

/** The fitted half of {@link ruled}. */
export function obeying(models: readonly string[], rule: Rule): FittedRouter {
  return {
    models,
    predict: ({ texts }: QueryBatch) => ({
      quality: Float64Array.from(texts.flatMap((text) => rule[text[0]])),
    }),
    describe: () => ({ parameters: 7 }),
  };
}

/** The outcome of a job that must have decided. */
export function decided(outcome: JobOutcome): Decided {
  if (outcome.status !== "decided") throw new Error(`not applicable: ${outcome.reason}`);
  return outcome;
}

/** The choices of one column. */
export function column({ choice, columns }: Decided, p: number): number[] {
  return Array.from(
    { length: choice.length / columns.length },
    (_, i) => choice[i * columns.length + p],
  );
}

/** A copy of a table in which the outcomes of chosen cells are noise: scores 0 or 1, costs up to 1 dollar. */
export function poisoned(
  table: OutcomeTable,
  poison: (row: number, model: string) => boolean,
): OutcomeTable {
  const scores = table.scores.slice(), costs = table.costs.slice(), M = table.models.length;
  const source = random(13, "poison");
  for (let at = 0; at < scores.length; at++) {
    const noise = [source.integer(2), source.next()];
    if (!poison(Math.floor(at / M), table.models[at % M])) continue;
    [scores[at], costs[at]] = noise;
  }
  return { ...table, scores, costs };
}
