/**
 * The synthetic pool every conformance check starts from: 240 training, 60 validation and 80 test
 * queries in six topics, five models with a skill of their own per topic, vectors of width 32.
 *
 * Costs are multiples of 2⁻²⁰ dollars, so that sums and shifts of them are exact. The cheapest model is
 * neither the first nor the last column, nor the smallest or largest id: a tie broken by position shows.
 * @module
 */
import type { ModelProfiles, Need, QueryBatch, TrainingData } from "../contract.ts";
import { type Matrix, matrix, normaliseToGrid, takeRows } from "../../linalg/matrix.ts";
import { random } from "../../base/random.ts";
import type { Reply } from "../../base/reply.ts";
import { sha256 } from "../../base/hash.ts";
import { createMemo } from "../memo.ts";
import { columnMeans } from "../training.ts";

/** Queries with all that is known of them; N rows, M models. Checks edit copies of it. */
export interface Rows {
  /** Length N. */
  readonly ids: readonly string[];
  /** Length N. */
  readonly texts: readonly string[];
  /** [N × 32], on the grid. */
  readonly vectors: Matrix;
  /** Vectors of documents, which say what the queries are about, too [N × 32]. */
  readonly documents: Matrix;
  /** Length N. */
  readonly benchmarks: readonly string[];
  /** Length N. */
  readonly tasks: readonly string[];
  /** Which rows are validation rows. Length N. */
  readonly validation: readonly boolean[];
  /** Length M. */
  readonly models: readonly string[];
  /** [N × M] in [0, 1], NaN = missing. */
  readonly scores: Float64Array;
  /** Scores without the documents, [N × M] in [0, 1]. */
  readonly plainScores: Float64Array;
  /** [N × M] in US dollars, NaN = unknown. */
  readonly costs: Float64Array;
  /** What the models say, [N × M]; more confident where they score. */
  readonly replies: readonly Reply[];
  /** True P(solved), [N × M]. */
  readonly truth: Float64Array;
  /** True expected cost, [N × M]. */
  readonly truthCost: Float64Array;
}

/** The two sides of the fixture. */
export interface Fixture {
  /** Training and validation rows, ascending id. */
  readonly learn: Rows;
  /** Test rows, ascending id; their outcomes never leave the kit. */
  readonly test: Rows;
}

/** Cost of one unit of answer length, in 2⁻²⁰ dollars; cedar is the cheapest. */
const PRICES: ReadonlyArray<[model: string, price: number]> = [
  ["ash", 4000],
  ["birch", 900],
  ["cedar", 300],
  ["elm", 2200],
  ["fir", 1500],
];
const TOPICS = 6, WIDTH = 32, TRAINING = 240, VALIDATION = 60, TEST = 80;
const BENCHMARKS = ["algebra", "biology", "coding"];
/** From this score a query counts as solved; coding is graded in quarters. */
const SOLVED_FROM: Record<string, number> = { algebra: 1, biology: 1, coding: 0.5 };

/** Makes the fixture; same seed, same bytes. */
export function createFixture(seed: number): Fixture {
  const source = random(seed, "conformance");
  const count = TRAINING + VALIDATION + TEST, M = PRICES.length;
  const role = source.fork("roles").shuffle(
    Array.from(
      { length: count },
      (_, i) => i < TRAINING ? "t" : i < TRAINING + VALIDATION ? "v" : "e",
    ),
  );
  const centres = normals(source.fork("centres"), TOPICS, 1);
  const noise = normals(source.fork("noise"), count, 0.7);
  const documents = normals(source.fork("documents"), count, 0.7);
  const topic = Array.from({ length: count }, (_, i) => i % TOPICS);
  const replies = new Array<Reply>(count * M);
  const table: Rows = {
    replies,
    ids: topic.map((_, i) => `q${String(i).padStart(3, "0")}`),
    texts: topic.map((t, i) => text(source.fork("text", i), t)),
    vectors: noise,
    documents,
    benchmarks: topic.map((t) => BENCHMARKS[t >> 1]),
    tasks: topic.map((t) => `${BENCHMARKS[t >> 1]}/${t % 2 === 0 ? "easy" : "hard"}`),
    validation: role.map((r) => r === "v"),
    models: PRICES.map(([model]) => model),
    scores: new Float64Array(count * M),
    plainScores: new Float64Array(count * M),
    costs: new Float64Array(count * M),
    truth: new Float64Array(count * M),
    truthCost: new Float64Array(count * M),
  };
  for (let i = 0, at = 0; i < count; i++) {
    for (let d = 0; d < WIDTH; d++) {
      noise.data[i * WIDTH + d] += centres.data[topic[i] * WIDTH + d];
      documents.data[i * WIDTH + d] += centres.data[topic[i] * WIDTH + d];
    }
    for (const [model, price] of PRICES) {
      const skill = 0.1 + 0.85 * source.fork("skill", model, topic[i]).next();
      const draw = source.fork("outcome", model, i);
      const draws = BENCHMARKS[topic[i] >> 1] === "coding" ? 4 : 1;
      for (let n = 0; n < draws; n++) table.scores[at] += draw.next() < skill ? 1 / draws : 0;
      table.costs[at] = price * (1 + draw.integer(4)) / 2 ** 20;
      table.plainScores[at] = Number(source.fork("plain", model, i).next() < skill * skill);
      replies[at] = reply(source.fork("reply", model, i), table.scores[at]);
      table.truth[at] = skill;
      table.truthCost[at++] = price * 2.5 / 2 ** 20;
    }
  }
  normaliseToGrid(noise);
  normaliseToGrid(documents);
  const rowsOf = (roles: string): number[] =>
    [...role.keys()].filter((i) => roles.includes(role[i]));
  return { learn: takeQueries(table, rowsOf("tv")), test: takeQueries(table, rowsOf("e")) };
}

/** The named rows, in that order. */
export function takeQueries(rows: Rows, which: readonly number[]): Rows {
  const M = rows.models.length;
  const pick = <T>(list: readonly T[]): T[] => which.map((i) => list[i]);
  const cells = (source: Float64Array): Float64Array =>
    Float64Array.from(
      { length: which.length * M },
      (_, at) => source[which[Math.floor(at / M)] * M + at % M],
    );
  return {
    ids: pick(rows.ids),
    texts: pick(rows.texts),
    vectors: takeRows(rows.vectors, which),
    documents: takeRows(rows.documents, which),
    benchmarks: pick(rows.benchmarks),
    tasks: pick(rows.tasks),
    validation: pick(rows.validation),
    models: rows.models,
    scores: cells(rows.scores),
    plainScores: cells(rows.plainScores),
    costs: cells(rows.costs),
    replies: which.flatMap((i) => rows.replies.slice(i * M, (i + 1) * M)),
    truth: cells(rows.truth),
    truthCost: cells(rows.truthCost),
  };
}

/** The named columns, in that order, under their own or other names. */
export function takeModels(rows: Rows, which: readonly number[], names?: readonly string[]): Rows {
  const M = rows.models.length, K = which.length;
  const cells = (source: Float64Array): Float64Array =>
    Float64Array.from(
      { length: rows.ids.length * K },
      (_, at) => source[Math.floor(at / K) * M + which[at % K]],
    );
  return {
    ...rows,
    models: names ?? which.map((m) => rows.models[m]),
    replies: rows.ids.flatMap((_, i) => which.map((m) => rows.replies[i * M + m])),
    scores: cells(rows.scores),
    plainScores: cells(rows.plainScores),
    costs: cells(rows.costs),
    truth: cells(rows.truth),
    truthCost: cells(rows.truthCost),
  };
}

/** Queries as a router gets them, arrays copied; labels only where they are due. */
export function queryBatch(rows: Rows, needs: readonly Need[], labelled: boolean): QueryBatch {
  const vectors = { ...rows.vectors, data: rows.vectors.data.slice() };
  const content = sha256(
    JSON.stringify([rows.ids, rows.texts]) + sha256(new Uint8Array(vectors.data.buffer)),
  );
  return {
    ids: [...rows.ids],
    texts: [...rows.texts],
    vectors,
    memo: createMemo(`${labelled ? "labelled" : "bare"}/${content.slice(0, 16)}`),
    ...(needs.includes("documents") && {
      documents: { ...rows.documents, data: rows.documents.data.slice() },
    }),
    ...(labelled || needs.includes("benchmark") ? { benchmarks: [...rows.benchmarks] } : {}),
    ...(needs.includes("truth")
      ? { truth: rows.truth.slice(), truthCost: rows.truthCost.slice() }
      : {}),
  };
}

/** Rows as training data, arrays copied. */
export function trainingData(
  rows: Rows,
  needs: readonly Need[],
  validation?: TrainingData,
): TrainingData {
  return {
    queries: queryBatch(rows, needs, true),
    models: [...rows.models],
    scores: rows.scores.slice(),
    costs: rows.costs.slice(),
    ...(needs.includes("documents") && { plainScores: rows.plainScores.slice() }),
    ...(needs.includes("replies") && { replies: [...rows.replies] }),
    meanCosts: columnMeans(rows.costs, rows.models.length),
    solvedFrom: Float64Array.from(rows.benchmarks, (b) => SOLVED_FROM[b]),
    tasks: [...rows.tasks],
    ...(validation ? { validation } : {}),
  };
}

/** Rows as the profiles of their models, arrays copied. */
export function modelProfiles(rows: Rows, needs: readonly Need[]): ModelProfiles {
  return {
    queries: queryBatch(rows, needs, true),
    models: [...rows.models],
    scores: rows.scores.slice(),
    costs: rows.costs.slice(),
    solvedFrom: Float64Array.from(rows.benchmarks, (b) => SOLVED_FROM[b]),
  };
}

function normals(source: ReturnType<typeof random>, rows: number, spread: number): Matrix {
  const out = matrix(rows, WIDTH);
  for (let i = 0; i < out.data.length; i++) out.data[i] = spread * source.normal();
  return out;
}

/** A reply that tells in four of five cases whether it is right. */
function reply(source: ReturnType<typeof random>, score: number): Reply {
  const right = source.next() < 0.8 ? score >= 0.5 : source.next() < 0.5;
  const words = Array.from({ length: 4 + source.integer(8) }, () => `common${source.integer(50)}`);
  const final = String(source.integer(100));
  const text = `${words.join(" ")} ${right ? "therefore" : "perhaps"} ${final}`;
  return { text, final, chars: text.length, tokens: words.length + 2 };
}

/** Eight to twenty-three words, half of them from the topic's own vocabulary. */
function text(source: ReturnType<typeof random>, topic: number): string {
  const word = (): string =>
    source.next() < 0.5 ? `topic${topic}word${source.integer(30)}` : `common${source.integer(50)}`;
  return Array.from({ length: 8 + source.integer(16) }, word).join(" ");
}
