/**
 * ICL-Router (table) as small as it gets, on the pool of the conformance kit.
 * @module
 */
import type {
  FitContext,
  ModelProfiles,
  QueryBatch,
  TrainingData,
} from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import {
  createFixture,
  modelProfiles,
  queryBatch,
  type Rows,
  takeModels,
  takeQueries,
  trainingData,
} from "../../src/router/conformance/fixture.ts";
import type { Variant } from "../../src/icl/fit.ts";
import type { Preset } from "../../src/icl/presets.ts";

/** Trains in a quarter of a second. */
export const TINY: Preset = {
  name: "small",
  network: { width: 8, layers: 1, heads: 2 },
  vocabulary: 270,
  profile: 20,
  reconstruction: { tokens: 6, batch: 8, epochs: 1, mostSteps: 5, rate: 0.003, dropout: 0.1 },
  answer: {
    models: 2,
    targets: 8,
    passes: 5,
    mostSteps: 16,
    rate: 0.01,
    dropout: 0.1,
    inputDropout: 0.1,
    decay: 0.01,
  },
  judged: 30,
};

/** The variant of these tests. */
export const VARIANT: Variant = { preset: TINY };

/** Rows of three models to learn from, rows of the other two, and queries to route. */
export const { old, fresh, test } = ((): Record<"old" | "fresh" | "test", Rows> => {
  const { learn, test } = createFixture(3);
  return { old: takeModels(learn, [0, 2, 4]), fresh: takeModels(learn, [1, 3]), test };
})();

/** Training rows with validation rows beside them. */
export function training(rows: Rows): TrainingData {
  const part = (validation: boolean): Rows =>
    takeQueries(rows, [...rows.ids.keys()].filter((i) => rows.validation[i] === validation));
  const validation = part(true);
  return trainingData(
    part(false),
    [],
    validation.ids.length > 0 ? trainingData(validation, []) : undefined,
  );
}

/** The context of a fit. */
export function context(changes: Partial<FitContext> = {}): FitContext {
  return {
    stage: "final",
    seed: 7,
    random: random(7),
    device: "cpu",
    progress: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Queries to route. */
export function queries(rows: Rows = test): QueryBatch {
  return queryBatch(rows, [], false);
}

/** The first `n` training rows as the profile of their models. */
export function profilesOf(rows: Rows, n: number): ModelProfiles {
  return modelProfiles(takeQueries(rows, Array.from({ length: n }, (_, i) => i)), []);
}

/** One column of [Q × M]. */
export function column(cells: Float64Array, m: number, M: number): number[] {
  return [...cells].filter((_, at) => at % M === m);
}
