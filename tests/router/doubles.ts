/**
 * A sound router and ways to spoil it, one at a time: test doubles for the conformance kit.
 */
import assert from "node:assert/strict";
import { conform, type Finding } from "../../src/router/conformance.ts";
import type {
  Dial,
  FitContext,
  FittedRouter,
  ModelProfiles,
  Predictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../../src/router/contract.ts";
import { type Matrix, row } from "../../src/linalg/matrix.ts";

/** The one parameter of the sound router. */
export interface Config {
  readonly sharpness: number;
}

/** What a spoilt step can see. */
export interface Scene {
  readonly train: TrainingData;
  readonly queries: QueryBatch;
  readonly config: Config;
  readonly context: FitContext;
  readonly models: readonly string[];
}

/** Steps to spoil. */
export interface Spoil {
  /** Fields of the router in place of its own. */
  readonly fields?: Partial<Router<Config>>;
  /** Runs before the fit. */
  readonly fit?: (train: TrainingData, context: FitContext) => void;
  /** Mean of a model's scores under weights, in place of one that passes over missing outcomes. */
  readonly mean?: typeof weightedMean;
  /** Weights [Q × N] in place of exp(sharpness · cosine). */
  readonly weights?: (scene: Scene, sound: () => Float64Array) => Float64Array;
  /** The last word on predictions. */
  readonly predict?: (quality: Float64Array, scene: Scene) => Predictions;
  /** The last word on the fitted router. */
  readonly fitted?: (sound: FittedRouter, train: TrainingData) => FittedRouter;
}

/** Kernel regression over all training rows: ŝ(x,m) = Σ_j w_j s(j,m) / Σ_j w_j, w = exp(t · cosine). */
export function router(spoil: Spoil = {}): Router<Config> {
  return {
    name: "double",
    summary: "kernel regression",
    source: "folklore",
    grid: [{ sharpness: 8 }, { sharpness: 2 }],
    fit: (train, config, context) => {
      spoil.fit?.(train, context);
      const sound: FittedRouter = {
        models: train.models,
        predict: (queries) => {
          const scene = { train, queries, config, context, models: train.models };
          const quality = regress(scene, spoil);
          return spoil.predict?.(quality, scene) ?? { quality };
        },
        describe: () => ({ parameters: train.scores.length }),
      };
      return spoil.fitted?.(sound, train) ?? sound;
    },
    ...spoil.fields,
  };
}

/** What is wrong, how, the checks that must fail (and no others), what the first of them must say. */
export type Spoilt = [what: string, spoil: Spoil, fails: string[], says: RegExp];

/** One test a spoilt router. */
export function finds(spoilt: readonly Spoilt[]): void {
  for (const [what, spoil, fails, says] of spoilt) {
    Deno.test(`conform finds: ${what}`, async () => {
      const findings = await conform(router(spoil) as Router);
      assert.deepEqual(failed(findings), fails);
      assert.match(detail(findings, fails[0]), says);
    });
  }
}

/** Names of failed checks. */
export function failed(findings: readonly Finding[]): string[] {
  return findings.filter(({ status }) => status === "fail").map(({ check }) => check);
}

/** What a check said. */
export function detail(findings: readonly Finding[], name: string): string {
  return findings.find(({ check }) => check === name)!.detail;
}

/** A dial on the pool of the kit: 1 always takes ash, the dearest model; less takes cedar, the cheapest. */
export function dialOf(values: number[]): Dial {
  return {
    name: "α",
    values,
    predict: ({ ids }, value) => ({
      quality: Float64Array.from(
        { length: ids.length * 5 },
        (_, at) => Number(at % 5 === (value === 1 ? 0 : 2)),
      ),
    }),
  };
}

/** Adds new models with the mean score of their profile, the same for every query. */
export function extend(
  sound: FittedRouter,
  profiles: ModelProfiles,
  mean: (scores: number[]) => number = average,
): FittedRouter {
  const models = [...sound.models, ...profiles.models].sort();
  return {
    models,
    predict: async ({ ids, ...rest }) => {
      const old = await sound.predict({ ids, ...rest }) as { quality: Float64Array };
      const fresh = profiles.models.map((_, k) =>
        mean(
          [...profiles.queries.ids.keys()].map((i) =>
            profiles.scores[i * profiles.models.length + k]
          ),
        )
      );
      const quality = new Float64Array(ids.length * models.length);
      for (let i = 0, at = 0; i < ids.length; i++) {
        for (const model of models) {
          const m = sound.models.indexOf(model);
          quality[at++] = m >= 0
            ? old.quality[i * sound.models.length + m]
            : fresh[profiles.models.indexOf(model)];
        }
      }
      return { quality };
    },
    describe: sound.describe,
  };
}

/** Mean of the known values, NaN without any. */
export function average(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? known.reduce((a, b) => a + b) / known.length : NaN;
}

/** Mean of column m of [N × M] scores under N weights, missing ones passed over. */
export function weightedMean(
  scores: Float64Array,
  m: number,
  M: number,
  weights: Float64Array,
): number {
  let sum = 0, total = 0;
  for (let j = 0; j < weights.length; j++) {
    const score = scores[j * M + m];
    if (!Number.isNaN(score)) sum += weights[j] * score, total += weights[j];
  }
  return sum / total;
}

/** Inner product of row i of one matrix with row j of another. */
export function dot(a: Matrix, i: number, b: Matrix, j: number): number {
  const [x, y] = [row(a, i), row(b, j)];
  let sum = 0;
  for (let d = 0; d < x.length; d++) sum += x[d] * y[d];
  return sum;
}

function regress(scene: Scene, { mean = weightedMean, weights }: Spoil): Float64Array {
  const { train, queries, config, models } = scene;
  const Q = queries.ids.length, N = train.queries.ids.length, M = models.length;
  const sound = (): Float64Array => {
    const out = new Float64Array(Q * N);
    for (let i = 0, at = 0; i < Q; i++) {
      for (let j = 0; j < N; j++) {
        const cosine = dot(queries.vectors, i, train.queries.vectors, j);
        out[at++] = Math.exp(config.sharpness * cosine);
      }
    }
    return out;
  };
  const w = weights?.(scene, sound) ?? sound();
  const quality = new Float64Array(Q * M);
  for (let i = 0; i < Q; i++) {
    const own = w.subarray(i * N, (i + 1) * N);
    for (let m = 0; m < M; m++) quality[i * M + m] = mean(train.scores, m, M, own);
  }
  return quality;
}
