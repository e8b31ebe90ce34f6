/**
 * The dual contrastive loss of RouterDC, its two halves and which queries and models meet in them; used by
 * `routerdc.ts`, where the formulas are, and `routerdc_minilm.ts`.
 * @module
 */
import { byId, type QueryBatch, type Random } from "../src/router/mod.ts";
import { add, exp, log, mul, scale, sub, sum, sumAll, type Tensor } from "../src/nn/mod.ts";

/** Negatives of L₂, the paper's H. */
const NEGATIVES = 3;

/** L₁, mean over the batch, from a [B × M] and the two sides of every query, 0 or 1, [B × M]. */
export function modelLoss(a: Tensor, positive: Tensor, negative: Tensor): Tensor {
  const e = exp(a), repelled = sum(mul(negative, e), [-1]);
  const each = mul(positive, sub(log(add(e, repelled)), a));
  return scale(sumAll(each), 1 / a.shape[0]);
}

/**
 * L₂, mean over the batch, from the cosines of its queries [B × B], where each has its x⁺ (`like`), and
 * where it has its x⁺ and x⁻ (`compared`), 0 or 1, [B × B].
 */
export function queryLoss(cosines: Tensor, like: Tensor, compared: Tensor): Tensor {
  const all = log(sum(mul(compared, exp(cosines)), [-1]));
  return scale(sub(sumAll(all), sumAll(mul(like, cosines))), 1 / cosines.shape[0]);
}

/** I⁺ and I⁻ of every query as 0 or 1, [N × M]. */
export interface Sides {
  /** I⁺. */
  readonly positive: Float32Array;
  /** I⁻. */
  readonly negative: Float32Array;
  /** Queries that have both; the others teach nothing. */
  readonly rows: readonly number[];
}

/**
 * The two sides of every query, among the models with a known score there. Equal scores, frequent where
 * answers are right or wrong, are ordered at random, by query and model id.
 */
export function sidesOf(
  ids: readonly string[],
  models: readonly string[],
  scores: Float64Array,
  random: Random,
): Sides {
  const M = models.length,
    named = [...byId({ ids: models })];
  const positive = new Float32Array(ids.length * M), negative = positive.slice();
  const rows: number[] = [], tie = new Float64Array(M);
  ids.forEach((id, i) => {
    const draw = random.fork("ties", id), s = scores.subarray(i * M, (i + 1) * M);
    for (const m of named) tie[m] = draw.next();
    const ranked = named.filter((m) => !Number.isNaN(s[m]))
      .sort((a, b) => s[b] - s[a] || tie[a] - tie[b]);
    const K = Math.ceil(ranked.length / 3);
    const best = ranked.slice(0, K).filter((m) => s[m] > 0);
    const worst = ranked.slice(K).slice(-K).filter((m) => s[m] <= 0.5);
    if (best.length === 0 || worst.length === 0) return;
    for (const m of best) positive[i * M + m] = 1;
    for (const m of worst) negative[i * M + m] = 1;
    rows.push(i);
  });
  return { positive, negative, rows };
}

/** Rows in order of id, those of smaller benchmarks repeated until all benchmarks are of one size. */
export function balanced(queries: QueryBatch): number[] {
  const groups = Map.groupBy(byId(queries), (row) => queries.benchmarks?.[row]);
  const most = Math.max(...[...groups.values()].map((rows) => rows.length));
  return [...groups.values()].flatMap((rows) =>
    Array.from({ length: most }, (_, i) => rows[i % rows.length])
  );
}

/** Who meets whom in a batch, as {@link queryLoss} takes it. */
export type Pairs = Readonly<Record<"like" | "compared", Float32Array>>;

/**
 * Draws x⁺ and the x⁻ of every query of batches of one size. Where there is no x⁺, or are not enough x⁻, a query is
 * compared with itself alone, which costs nothing. A repetition of a query is not its x⁺.
 *
 * @param cluster of every row of the training data
 * @returns a function of a batch's rows and the step's randomness; its next call overwrites what it gave
 */
export function pairsOf(
  cluster: ArrayLike<number>,
): (rows: ArrayLike<number>, draw: Random) => Pairs {
  let pairs: Pairs = { like: new Float32Array(), compared: new Float32Array() };
  return (rows, draw) => {
    const cells = rows.length ** 2;
    if (pairs.like.length === cells) { for (const marks of Object.values(pairs)) marks.fill(0); }
    else pairs = { like: new Float32Array(cells), compared: new Float32Array(cells) };
    drawPairs(rows, cluster, draw, pairs);
    return pairs;
  };
}

function drawPairs(
  rows: ArrayLike<number>,
  cluster: ArrayLike<number>,
  draw: Random,
  { like, compared }: Pairs,
): void {
  const B = rows.length, all = Array.from(rows, (_, b) => b);
  const inside = Map.groupBy(all, (b) => cluster[rows[b]]);
  const outside = new Map(
    [...inside.keys()].map((c) => [c, all.filter((b) => cluster[rows[b]] !== c)]),
  );
  for (let b = 0; b < B; b++) {
    const friends = inside.get(cluster[rows[b]])!.filter((other) => rows[other] !== rows[b]);
    const others = outside.get(cluster[rows[b]])!;
    const alone = friends.length === 0 || others.length < NEGATIVES;
    const friend = alone ? b : friends[draw.integer(friends.length)];
    like[b * B + friend] = compared[b * B + friend] = 1;
    for (let drawn = 0; !alone && drawn < NEGATIVES;) {
      const at = b * B + others[draw.integer(others.length)];
      if (compared[at] === 0) compared[at] = 1, drawn++;
    }
  }
}

/** score = intercept + slope · cosine. */
export type Line = readonly [intercept: number, slope: number];

/**
 * Least squares through cosines and known scores, both [N × M], of some rows, so that λ weighs cost against
 * scores. It changes no ranking; cosines that do not rise with the scores are left as they are.
 */
export function lineThrough(
  cosines: Float64Array,
  scores: Float64Array,
  models: number,
  rows: Iterable<number>,
): Line {
  let n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const row of rows) {
    for (let at = row * models; at < (row + 1) * models; at++) {
      const c = cosines[at], s = scores[at];
      if (!Number.isNaN(s)) n++, x += c, y += s, xx += c * c, xy += c * s;
    }
  }
  const slope = (n * xy - x * y) / (n * xx - x * x);
  return slope > 1e-3 ? [(y - slope * x) / n, slope] : [0, 1];
}
