/**
 * A router whose every answer is checked where it enters the harness: a wrong length or value is an error
 * that names the number, not a wrong row of a table.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { wellFormed } from "../router/conformance/predictions.ts";
import type {
  Dial,
  FittedRouter,
  PointPredictions,
  Predictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../router/contract.ts";
import type { SequentialRouter } from "../router/sequential.ts";

/** The same router, whose fits and predictions throw where they break the contract. */
export function checked(router: Router): Router {
  const fit: Router["fit"] = async (train, config, context) => {
    const fitted = fittedOrThrow(await router.fit(withheld(router, train), config, context));
    expectModels(fitted.models, train.models);
    return guarded(fitted);
  };
  return Object.create(router, { fit: { value: fit } });
}

/** The same router, whose fits throw where they break the contract; its actions are checked by the episodes. */
export function checkedSequential(router: SequentialRouter): SequentialRouter {
  const fit: SequentialRouter["fit"] = async (train, config, context) => {
    const fitted = await router.fit(withheld(router, train), config, context);
    for (const field of ["act", "describe"] as const) {
      if (typeof fitted?.[field] !== "function") {
        throw new DataError(`fit: expected an object with ${field}, got ${typeof fitted?.[field]}`);
      }
    }
    expectModels(fitted.models ?? [], train.models);
    return fitted;
  };
  return Object.create(router, { fit: { value: fit } });
}

/** Training data without replies and documents, unless the router needs them. */
function withheld({ needs = [] }: Pick<Router, "needs">, train: TrainingData): TrainingData {
  const { replies, plainScores, queries: { documents, ...queries }, validation, ...bare } = train;
  const rich = needs.includes("documents");
  return {
    ...bare,
    queries: { ...queries, ...(rich && documents && { documents }) },
    ...(rich && plainScores && { plainScores }),
    ...(needs.includes("replies") && replies && { replies }),
    ...(validation && { validation: withheld({ needs }, validation) }),
  };
}

function guarded(fitted: FittedRouter): FittedRouter {
  const { models, dial } = fitted;
  return {
    models,
    predict: async (queries) => right(models, queries, await fitted.predict(queries)),
    ...(fitted.withModels && {
      async withModels(profiles, way) {
        const larger = fittedOrThrow(await fitted.withModels!(profiles, way));
        expectModels(larger.models.toSorted(), [...models, ...profiles.models].sort());
        return guarded(larger);
      },
    }),
    ...(dial && { dial: guardedDial(dial, models) }),
    describe() {
      const card = fitted.describe();
      if (!Number.isFinite(card?.parameters) || card.parameters < 0) {
        throw new DataError(`describe: expected parameters ≥ 0, got ${card?.parameters}`);
      }
      return card;
    },
  };
}

function guardedDial(dial: Dial, models: readonly string[]): Dial {
  const { name, values } = dial;
  if (!Array.isArray(values) || values.length === 0 || !values.every(Number.isFinite)) {
    throw new DataError(`dial.values: expected finite numbers, got ${values}`);
  }
  return {
    name,
    values,
    async predict(queries, value) {
      return right(models, queries, await dial.predict(queries, value)) as PointPredictions;
    },
  };
}

function fittedOrThrow(fitted: FittedRouter): FittedRouter {
  for (const field of ["predict", "describe"] as const) {
    if (typeof fitted?.[field] !== "function") {
      throw new DataError(`fit: expected an object with ${field}, got ${typeof fitted?.[field]}`);
    }
  }
  if (!Array.isArray(fitted.models)) {
    throw new DataError(`fit: expected a list of models, got ${typeof fitted.models}`);
  }
  return fitted;
}

function expectModels(given: readonly string[], expected: readonly string[]): void {
  const odd = expected.findIndex((model, m) => given[m] !== model);
  if (odd < 0 && given.length === expected.length) return;
  throw new DataError(
    odd < 0
      ? `fit: expected ${expected.length} models, got ${given.length}`
      : `fit: expected model ${odd} to be ${expected[odd]}, got ${given[odd] ?? "none"}`,
  );
}

function right(
  models: readonly string[],
  { ids }: QueryBatch,
  predictions: Predictions,
): Predictions {
  try {
    wellFormed(models, predictions, ids);
  } catch (error) {
    throw new DataError(`predict: ${(error as Error).message}`);
  }
  if ("mixtures" in predictions) return predictions;
  const { quality } = predictions, M = models.length;
  const blank = blankRow(quality, M);
  if (blank >= 0) {
    throw new DataError(
      `predict: query ${ids[blank]}: no model can be chosen, all ${M} qualities are NaN`,
    );
  }
  return predictions;
}

/** The first row of [Q × M] that is all NaN, or −1. */
function blankRow(cells: Float64Array, M: number): number {
  for (let start = 0; start < cells.length; start += M) {
    let m = 0;
    while (m < M && cells[start + m] !== cells[start + m]) m++;
    if (m === M) return start / M;
  }
  return -1;
}
