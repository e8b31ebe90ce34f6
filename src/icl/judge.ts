/**
 * What early stopping looks at: the routed score on validation rows.
 * @module
 */
import type { Random } from "../base/random.ts";
import { decide, type Pool } from "../router/decide.ts";
import type { Labelled } from "./rows.ts";

/** At most so many validation rows to judge on, drawn by id, ascending. */
export function pickJudged(
  rows: Labelled,
  validation: readonly number[],
  most: number,
  stream: Random,
): Uint32Array {
  const keyed = validation.map((i) => ({ i, key: stream.fork("judged", rows.ids[i]).next() }));
  return Uint32Array.from(keyed.sort((a, b) => a.key - b.key).slice(0, most), ({ i }) => i).sort();
}

/** Mean score when each of the judged rows goes to the model of the largest logit. */
export function routedScore(
  logits: Float64Array,
  judged: Uint32Array,
  rows: Labelled,
  pool: Pool,
): number {
  const choice = decide({ quality: logits }, pool), M = rows.models;
  let sum = 0, known = 0;
  choice.forEach((m, i) => {
    const score = rows.scores[judged[i] * M + m];
    if (!Number.isNaN(score)) sum += score, known++;
  });
  return known ? sum / known : NaN;
}
