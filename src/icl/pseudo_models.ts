/**
 * Pseudo-models: more records to learn from than there are models (icl-router.md §6, a labelled variant).
 * @module
 */
import type { Random } from "../base/random.ts";
import type { Outcomes } from "./record.ts";
import type { Labelled } from "./rows.ts";

/**
 * The models of some rows and, for each, a number of made-up ones, which take in every benchmark the outcomes
 * of a random real model.
 */
export function withPseudoModels(
  rows: Labelled,
  perModel: number,
  stream: Random,
): { solved: Outcomes; scores: Float64Array } {
  if (perModel === 0) return { solved: rows, scores: rows.scores };
  const M = rows.models, all = M * (1 + perModel), N = rows.ids.length;
  const labels = new Float64Array(N * all), scores = new Float64Array(N * all);
  const source = (benchmark: string, m: number): number =>
    m < M ? m : stream.fork("pseudo-model", benchmark, m).integer(M);
  const sources = new Map(
    [...new Set(rows.benchmarks)].map((b) => [
      b,
      Uint32Array.from({ length: all }, (_, m) => source(b, m)),
    ]),
  );
  for (let i = 0; i < N; i++) {
    const of = sources.get(rows.benchmarks[i])!;
    for (let m = 0; m < all; m++) {
      labels[i * all + m] = rows.labels[i * M + of[m]];
      scores[i * all + m] = rows.scores[i * M + of[m]];
    }
  }
  return { solved: { ...rows, labels, models: all }, scores };
}
