/**
 * IRO, one step: a frozen router is improved from outside by value functions, one a round.
 *
 *   π_0(k|x) = softmax_k(ŝ(x,k)/τ),   π_i(k|x) ∝ π_{i−1}(k|x) · exp(V_i(x,k)/β_i),   β_i = β·√i
 *
 * IRO guides the decoding of a frozen language model; V_i regresses the final reward of what π_{i−1} writes.
 * Here a query is a prompt and the choice of a model the whole response. All choices have been scored, so
 * sampling from π_{i−1} comes down to weighing the scores s:
 *
 *   V_i = argmin_V Σ_x Σ_k π_{i−1}(k|x) · ½ (V(x,k) − s(x,k))²,   x in the i-th of three slices
 *
 * No slice is used twice, and the base that proposes choices on a slice was fitted on the other two.
 *
 * log π_3 is ŝ/τ + Σ V_i/β_i up to a constant of the query. Divided by 1/τ + Σ 1/β_i it is a weighted mean
 * of estimates of s: the same order, on the scale of scores, so the price of a model can be set against it.
 */
import type {
  FitContext,
  FittedRouter,
  PointPredictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  byId,
  CapabilityError,
  decide,
  expectLabel,
  extendPool,
  onceFor,
  takeTraining,
} from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";
import { beside, extendHead, fitHead, type ValueHead, valuesOf } from "./_value_head.ts";
import ridge from "./ridge.ts";

/** One configuration of the grid. */
export interface Config {
  /** How little the first value function weighs beside the base. */
  readonly beta: number;
}

/** A term of log π: values [Q × M] and what divides them. */
export interface Term {
  /** ŝ or V_i, row-major [Q × M]. */
  readonly values: Float64Array;
  /** τ or β_i. */
  readonly temperature: number;
}

/** Rounds of improvement, and as many slices. */
const ROUNDS = 3;
/** τ. Only its ratio to β moves the order of models. */
const TAU = 0.1;

/** π(k|x) ∝ exp Σ values/temperature, [Q × M]; a model with a NaN value is never proposed. */
export function policy(terms: readonly Term[], M: number): Float64Array {
  const out = new Float64Array(terms[0].values.length);
  for (let start = 0; start < out.length; start += M) {
    const logits = Array.from({ length: M }, (_, m) => {
      const sum = terms.reduce((sum, t) => sum + t.values[start + m] / t.temperature, 0);
      return Number.isNaN(sum) ? -Infinity : sum;
    });
    const top = Math.max(...logits, -Number.MAX_VALUE);
    const powers = logits.map((logit) => Math.exp(logit - top));
    const total = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, m) => out[start + m] = total > 0 ? power / total : 0);
  }
  return out;
}

/** log π without its constant, as a mean of the values: Σ values/temperature ÷ Σ 1/temperature, [Q × M]. */
export function utility(terms: readonly Term[]): Float64Array {
  const share = terms.reduce((sum, { temperature }) => sum + 1 / temperature, 0);
  return terms[0].values.map((_, at) =>
    terms.reduce((sum, t) => sum + t.values[at] / t.temperature, 0) / share
  );
}

/** IRO over any router that predicts per query; it takes in new models if the base does. */
export function iroOver(base: Router): Router<Config> {
  const known = onceFor<Promise<Frozen>>();
  return {
    name: `IRO (one-step, ${base.name})`,
    summary: `${base.name}, frozen, improved by value functions that are added to its logits`,
    source: "after IRO (arXiv 2506.17828)",
    statement:
      "IRO applied to routing decisions, not text; horizon 1; true recorded reward instead of a reward " +
      "model. With one step IRO collapses to the frozen router's logits plus utility regressors, three of " +
      "them, each on a third of the rows. Value functions are networks of 64 hidden units on the query " +
      "vector and the base's predictions; τ = 0.1, β tuned; policies weigh by quality alone, whatever λ.",
    grid: [1, 3, 0.3, 0.1].map((beta) => ({ beta })),
    needs: base.needs,
    refit: base.refit,
    scale: base.scale,
    effort: base.effort ?? "seconds",
    ...(base.unseen
      ? { unseen: "fit-new-vector" as const, unseenGrid: base.unseenGrid ?? [{}] }
      : {}),
    async fit(train, { beta }, context) {
      const start = known(train.scores, () => freeze(base, train, context), context.seed);
      const { router, slices, first, notes } = await start;
      const heads = [first];
      for (let i = 1; i < ROUNDS; i++) {
        heads.push(await improve(slices[i], heads, beta, i, context));
      }
      return improved(router, heads, beta, notes);
    },
  };
}

/** IRO over ridge: its predictions are smooth in the query, and a base for every slice costs next to nothing. */
const router: Router<Config> = iroOver(ridge as Router);
export default router;

/** What does not depend on β: the base, its held-out predictions, and the first round. */
interface Frozen {
  readonly router: FittedRouter;
  readonly slices: readonly Slice[];
  readonly first: ValueHead;
  readonly notes: readonly string[];
}

/** Queries that one value function learns from. */
interface Slice {
  readonly train: TrainingData;
  /** ŝ of a base that has not seen them [N × M]. */
  readonly base: Float64Array;
}

/** Fits the base on all rows, at the configuration that routes best on the slices it has not seen. */
async function freeze(base: Router, train: TrainingData, context: FitContext): Promise<Frozen> {
  const { queries, models: { length: M } } = train, N = queries.ids.length;
  if (N < ROUNDS) throw new CapabilityError(`${N} training queries, IRO needs ${ROUNDS} slices`);
  const order = [...context.random.fork("slices").shuffle(byId(queries))];
  const part = (keep: (slice: number) => boolean, name: string): TrainingData =>
    takeTraining(train, order.filter((_, at) => keep(at % ROUNDS)), `iro/${context.seed}/${name}`);
  const parts = Array.from({ length: ROUNDS }, (_, i) => ({
    own: part((slice) => slice === i, `slice ${i}`),
    others: part((slice) => slice !== i, `but slice ${i}`),
  }));
  let best: { config: unknown; slices: Slice[]; score: number } | undefined;
  for (const config of base.grid) {
    const slices: Slice[] = [];
    for (const { own, others } of parts) {
      const fitted = await base.fit(others, config, context);
      slices.push({ train: own, base: (await pointed(fitted, own.queries)).quality });
    }
    const score = routedScore(slices, M);
    if (!best || score > best.score + 1e-12) best = { config, slices, score };
  }
  const { config, slices } = best!;
  const router = await base.fit(train, config, context);
  const notes = [`base ${JSON.stringify(config)}, the best on slices it had not seen`];
  return { router, slices, first: await improve(slices[0], [], 1, 0, context), notes };
}

/** Round i + 1: a value function fitted on a slice, under the policy so far. */
async function improve(
  { train: { queries, scores, models }, base }: Slice,
  heads: readonly ValueHead[],
  beta: number,
  i: number,
  { random, signal }: FitContext,
): Promise<ValueHead> {
  const x = beside(queries.vectors, base), named = queries.vectors.width;
  const weights = policy(await termsOf(base, heads, beta, x), models.length);
  return fitHead({ x, named, scores, weights }, random.fork("round", i), signal);
}

async function termsOf(
  base: Float64Array,
  heads: readonly ValueHead[],
  beta: number,
  x: Matrix,
): Promise<Term[]> {
  const values = await Promise.all(heads.map((head) => valuesOf(head, x)));
  return [
    { values: base, temperature: TAU },
    ...values.map((values, i) => ({ values, temperature: beta * Math.sqrt(i + 1) })),
  ];
}

/**
 * @param base proposes; its pool is that of the heads
 * @param seen the base before new models came, whose predictions the heads read
 */
function improved(
  base: FittedRouter,
  heads: readonly ValueHead[],
  beta: number,
  notes: readonly string[],
  seen: FittedRouter = base,
): FittedRouter {
  const inputs = async (queries: QueryBatch): Promise<Matrix> =>
    beside(queries.vectors, (await pointed(seen, queries)).quality);
  const predict = async (queries: QueryBatch): Promise<PointPredictions> => {
    const { quality, cost } = await pointed(base, queries);
    const terms = await termsOf(quality, heads, beta, await inputs(queries));
    return { quality: utility(terms), ...(cost ? { cost } : {}) };
  };
  return {
    models: base.models,
    predict,
    ...(base.withModels && {
      withModels: async (profiles, way) => {
        expectLabel(profiles, "IRO");
        const wider = await base.withModels!(profiles, way),
          pool = extendPool(base.models, profiles);
        const x = await inputs(profiles.queries);
        const all = heads.map((head) => extendHead(head, pool, x, profiles.scores));
        return improved(wider, await Promise.all(all), beta, notes, seen);
      },
    }),
    describe: () => ({
      parameters: base.describe().parameters +
        heads.reduce((n, { parameters, weights }) => n + parameters + weights.length, 0),
      notes: [...notes, `losses by round: ${heads.map(({ loss }) => loss.toFixed(4)).join(" ")}`],
    }),
  };
}

async function pointed(router: FittedRouter, queries: QueryBatch): Promise<PointPredictions> {
  const predictions = await router.predict(queries);
  if ("quality" in predictions) return predictions;
  throw new CapabilityError("IRO improves routers that predict for a query, not mixtures");
}

/** Mean score of what the base would choose on the slices it has not seen. */
function routedScore(slices: readonly Slice[], M: number): number {
  let sum = 0, n = 0;
  for (const { train, base } of slices) {
    const cells = base.map((value) => Number.isNaN(value) ? -1 : value); // a poor choice is better than none
    decide({ quality: cells }, train).forEach((m, i) => {
      const score = train.scores[i * M + m];
      if (!Number.isNaN(score)) sum += score, n++;
    });
  }
  return n > 0 ? sum / n : 0;
}
