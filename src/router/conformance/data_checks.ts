/**
 * Checks of hard data: holes, odd texts, no variety, tiny pools.
 * @module
 */
import { matrix, row } from "../../linalg/matrix.ts";
import { type Rows, takeModels, takeQueries } from "./fixture.ts";
import { type Check, type Kit, orRefusal, route } from "./kit.ts";
import { onMissing } from "./missing.ts";
import { choices, prices, Violation, wellFormed } from "./predictions.ts";

/** Checks of hard data, in order of print. */
export const DATA_CHECKS: readonly Check[] = [
  {
    name: "missing-outcomes",
    rule: "a fifth of the outcomes missing spoils no prediction",
    run: missingOutcomes,
  },
  {
    name: "odd-texts",
    rule: "an empty text with a zero vector, a text of 100 kB and broken Unicode get a model",
    run: async (kit) => {
      await route(kit, odd(kit.learn), odd(kit.test));
      return "among training rows and among queries";
    },
  },
  {
    name: "constant-input",
    rule: "works when all queries have the same text and vector",
    run: async (kit) => {
      const chosen = await route(kit, constant(kit.learn), constant(kit.test));
      return `to ${[...new Set(chosen.values())].join(", ")}`;
    },
  },
  {
    name: "one-model",
    rule: "a pool of one model routes to it, or is refused with a CapabilityError",
    run: (kit) =>
      orRefusal(async () => {
        await route(kit, takeModels(kit.learn, [1]), takeModels(kit.test, [1]));
        return "all queries to it";
      }),
  },
  {
    name: "tiny-training",
    rule: "three training rows fit, or are refused with a CapabilityError",
    run: (kit) => orRefusal(() => tinyTraining(kit)),
  },
];

async function missingOutcomes(kit: Kit): Promise<string> {
  const { rows, fitted, predictions } = await onMissing(kit);
  wellFormed(fitted.models, predictions, kit.test.ids);
  choices(fitted, predictions, kit.test, prices(rows));
  if ("mixtures" in predictions) return "every query gets a model";
  const { quality } = predictions, M = fitted.models.length;
  const never = fitted.models.filter((_, m) =>
    kit.test.ids.every((_, i) => Number.isNaN(quality[i * M + m]))
  );
  if (never.length > 0) {
    throw new Violation(`all predictions are NaN for ${never.join(", ")}, despite known outcomes`);
  }
  const holes = quality.reduce((n, q) => n + Number(Number.isNaN(q)), 0);
  return `every query gets a model, ${holes} of ${quality.length} predictions are NaN`;
}

function odd(rows: Rows): Rows {
  const texts = [...rows.texts];
  texts.splice(0, 3, "", "long question ".repeat(7315), "\u0000\ud800 \u202e🤖 e\u0301");
  const vectors = { ...rows.vectors, data: rows.vectors.data.slice() };
  row(vectors, 0).fill(0);
  return { ...rows, texts, vectors };
}

function constant(rows: Rows): Rows {
  const vectors = matrix(rows.ids.length, rows.vectors.width);
  for (let i = 0; i < vectors.rows; i++) row(vectors, i).set(row(rows.vectors, 0));
  return { ...rows, texts: rows.texts.map(() => "constant"), vectors };
}

async function tinyTraining(kit: Kit): Promise<string> {
  const rows = [...kit.learn.ids.keys()];
  const some = (validation: boolean): number[] =>
    rows.filter((i) => kit.learn.validation[i] === validation).slice(0, 3);
  // Whoever keeps validation rows apart gets three of those as well.
  const which = kit.router.refit === "train" ? [...some(false), ...some(true)] : some(false);
  await route(kit, takeQueries(kit.learn, which));
  return "3 rows";
}
