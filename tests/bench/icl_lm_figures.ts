/**
 * What a reader's ℓ are worth: which queries does a model solve, and which model solves a query?
 * @module
 */
import { crossEntropyOf } from "../../src/icl/kernel_prior.ts";
import type { Labelled } from "../../src/icl/record.ts";

/** Everything with some of its columns. */
export function withModels(rows: Labelled, columns: readonly number[]): Labelled {
  const some = (cells: Float64Array): Float64Array =>
    Float64Array.from(
      { length: rows.ids.length * columns.length },
      (_, at) =>
        cells[Math.floor(at / columns.length) * rows.models + columns[at % columns.length]],
    );
  return { ...rows, labels: some(rows.labels), scores: some(rows.scores), models: columns.length };
}

/** Share of ordered pairs that ℓ orders alike, ties half; null without pairs. */
function concordance(pairs: Iterable<readonly [better: number, worse: number]>): number | null {
  let right = 0, all = 0;
  for (const [better, worse] of pairs) {
    right += better > worse ? 1 : better === worse ? 0.5 : 0, all++;
  }
  return all ? right / all : null;
}

/** Of one model: which queries does it solve? Mean over the models that solve some and not others. */
export function withinModels(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  models: readonly number[],
): number {
  const own = models.map((m) =>
    concordance(function* () {
      for (let a = m; a < scores.length; a += M) {
        for (let b = m; b < scores.length; b += M) {
          if (scores[a] > scores[b]) yield [logits[a], logits[b]] as const;
        }
      }
    }())
  ).filter((share) => share !== null);
  return own.reduce((a, b) => a + b, 0) / own.length;
}

/** On one query: which of two models scores more? Over all queries; of pairs with at least one of `models`. */
function withinQueries(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  has: (m: number, n: number) => boolean,
): number | null {
  return concordance(function* () {
    for (let at = 0; at < scores.length; at += M) {
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < M; n++) {
          if (scores[at + m] > scores[at + n] && has(m, n)) {
            yield [logits[at + m], logits[at + n]] as const;
          }
        }
      }
    }
  }());
}

/** Mean score where each query goes to the first of the models with the largest ℓ. */
function routed(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  models: readonly number[],
): number {
  let sum = 0;
  for (let at = 0; at < scores.length; at += M) {
    sum += scores[at + models.reduce((best, m) => logits[at + m] > logits[at + best] ? m : best)];
  }
  return sum / (scores.length / M);
}

/** Of the models a reader knows, and, where there are others, of those too. */
export function figures(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  known: readonly number[],
): Readonly<Record<string, number | null>> {
  const is = new Set(known), every = Array.from({ length: M }, (_, m) => m);
  const loss = crossEntropyOf(logits, scores.map((s, at) => is.has(at % M) ? s : NaN));
  return {
    loss,
    "within models": withinModels(logits, scores, M, known),
    "within queries": withinQueries(logits, scores, M, (m, n) => is.has(m) && is.has(n)),
    "…, left out": withinQueries(logits, scores, M, (m, n) => !is.has(m) || !is.has(n)),
    routed: routed(logits, scores, M, known),
    "…, all models": known.length === M ? null : routed(logits, scores, M, every),
  };
}
