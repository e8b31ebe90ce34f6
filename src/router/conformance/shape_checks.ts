/**
 * Checks of form: is the router described, do predictions have the shape they promise?
 * @module
 */
import type { FittedRouter, RouterCard } from "../contract.ts";
import type { AnyRouter } from "../sequential.ts";
import { decide, type Pool } from "../decide.ts";
import { TUNING_BUDGET } from "../discover.ts";
import { canonicalJson } from "../../base/hash.ts";
import { queryBatch, takeQueries } from "./fixture.ts";
import { type Check, context, fit, type Kit, learning, predict, usualFit } from "./kit.ts";
import { choices, prices, sameBits, snapshot, Violation, wellFormed } from "./predictions.ts";

/** Checks of form, in order of print. */
export const SHAPE_CHECKS: readonly Check[] = [
  {
    name: "well-formed",
    rule: "name, summary, source, grid and needs are as the contract says",
    run: async ({ router }) => {
      describedWell(router);
      return `${router.grid.length} configuration${router.grid.length === 1 ? "" : "s"}`;
    },
  },
  {
    name: "predictions",
    rule: "fits the training rows, predicts every query and model, and can choose for every query",
    run: predictsAll,
  },
  {
    name: "batch-size",
    rule: "a query alone gets the model it gets in a batch; no queries give empty predictions",
    compares: true,
    run: batchSize,
  },
  {
    name: "grid",
    rule: "every configuration fits and predicts, and none leaves traces in the memo of a batch",
    compares: true,
    run: everyConfiguration,
  },
  {
    name: "dial",
    rule: "dial values run in one direction, from quality first to cost first",
    run: dial,
  },
];

const NEEDS: readonly string[] = ["cost", "benchmark", "truth", "replies", "documents"];

/**
 * Checks the fields of a router.
 * @throws {Violation} naming the first that is not as the contract says
 */
export function describedWell(router: AnyRouter): void {
  const expect = (holds: boolean, field: string, expected: string, value: unknown): void => {
    if (holds) return;
    throw new Violation(
      `${field}: expected ${expected}, got ${JSON.stringify(value) ?? "nothing"}`,
    );
  };
  const line = (value: unknown): boolean =>
    typeof value === "string" && value.trim() !== "" && !value.includes("\n");
  for (const field of ["name", "summary", "source"] as const) {
    expect(line(router[field]), field, "one line of text", router[field]);
  }
  const { statement, needs = [], refit, unseen, grid, unseenGrid = [] } = router;
  expect(statement === undefined || line(statement), "statement", "one line of text", statement);
  for (const need of needs) expect(NEEDS.includes(need), "needs", NEEDS.join(", "), need);
  expect(new Set(needs).size === needs.length, "needs", "each need once", needs);
  const refits = ["train+validation", "train"];
  expect(refit === undefined || refits.includes(refit), "refit", refits.join(" or "), refit);
  const arms = ["zero-update", "fit-new-vector"];
  expect(unseen === undefined || arms.includes(unseen), "unseen", arms.join(" or "), unseen);
  expect(Array.isArray(grid) && grid.length > 0, "grid", "at least one configuration", grid);
  for (const [field, list] of Object.entries({ grid, unseenGrid })) {
    expect(
      list.length <= TUNING_BUDGET,
      field,
      `at most ${TUNING_BUDGET} configurations`,
      list.length,
    );
    const seen = new Map<string, number>();
    for (const [n, config] of list.entries()) {
      expect(isPlain(config), `${field}[${n}]`, "an object of plain JSON values", config);
      const text = canonicalJson(config), twin = seen.get(text);
      if (twin !== undefined) {
        throw new Violation(`${field}[${n}] repeats ${field}[${twin}]: ${text}`);
      }
      seen.set(text, n);
    }
  }
}

/** Survives JSON unchanged: no functions, dates, typed arrays, NaN or undefined. */
function isPlain(value: unknown, inside = false): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return inside;
  if (typeof value === "number") return inside && Number.isFinite(value);
  if (Array.isArray(value)) return inside && value.every((entry) => isPlain(entry, true));
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((entry) => isPlain(entry, true));
}

async function predictsAll(kit: Kit): Promise<string> {
  const fitted = await usualFit(kit);
  if (fitted.models.join() !== kit.learn.models.join()) {
    throw new Violation(
      `models: expected the training models ${kit.learn.models.join(", ")}, ` +
        `got ${fitted.models.join(", ")}`,
    );
  }
  const predictions = await predict(kit, fitted);
  const chosen = choices(fitted, predictions, kit.test, prices(kit.learn));
  const { parameters, notes = [] } = cardOf(fitted);
  const of = "mixtures" in predictions
    ? `a mixture, ${predictions.mixtures.length} point(s) on the curve`
    : `${new Set(chosen.values()).size} of ${fitted.models.length} models chosen`;
  return [`${of}, ${parameters} parameters`, ...notes].join("; ");
}

/**
 * The card of a fitted router.
 * @throws {Violation} when it is not one
 */
export function cardOf(fitted: Pick<FittedRouter, "describe">): RouterCard {
  const card = fitted.describe();
  if (!Number.isSafeInteger(card?.parameters) || card.parameters < 0) {
    throw new Violation(
      `describe().parameters: expected a whole number, got ${card?.parameters ?? "nothing"}`,
    );
  }
  const { notes = [] } = card;
  if (!Array.isArray(notes) || notes.some((note) => typeof note !== "string")) {
    throw new Violation(
      `describe().notes: expected a list of strings, got ${JSON.stringify(notes)}`,
    );
  }
  return card;
}

async function batchSize(kit: Kit): Promise<string> {
  const fitted = await usualFit(kit), price = prices(kit.learn);
  const together = choices(fitted, await predict(kit, fitted), kit.test, price);
  const some = [...kit.test.ids.keys()].filter((i) => i % 10 === 0);
  for (const i of some) {
    const single = takeQueries(kit.test, [i]);
    const [[id, alone]] = choices(fitted, await predict(kit, fitted, single), single, price);
    if (alone !== together.get(id)) {
      throw new Violation(
        `query ${id} gets ${together.get(id)} in a batch of ${kit.test.ids.length}, ${alone} alone`,
      );
    }
  }
  await predict(kit, fitted, takeQueries(kit.test, []));
  return `${some.length} queries one by one; no query`;
}

async function everyConfiguration(kit: Kit): Promise<string> {
  const needs = kit.router.needs ?? [];
  const rows = takeQueries(
    kit.learn,
    [...kit.learn.ids.keys()].filter((i) => kit.learn.validation[i]),
  );
  const shared = { train: learning(kit, kit.learn, "tune"), batch: queryBatch(rows, needs, false) };
  let last: { fitted: FittedRouter; predictions: ReturnType<typeof snapshot> } | undefined;
  for (const [n, config] of kit.router.grid.entries()) {
    try {
      const fitted = await kit.router.fit(shared.train, config, context(kit, { stage: "tune" }));
      const predictions = await predict(kit, fitted, rows, shared.batch);
      choices(fitted, predictions, rows, prices(kit.learn));
      last = { fitted, predictions: snapshot(predictions) };
    } catch (error) {
      const { name, message } = error as Error;
      throw new Violation(`grid[${n}] ${JSON.stringify(config)}: ${name}: ${message}`);
    }
  }
  const config = kit.router.grid.at(-1);
  const fresh = await predict(kit, await fit(kit, kit.learn, { config, stage: "tune" }), rows);
  sameBits(
    last!.fitted,
    rows.ids,
    last!.predictions,
    fresh,
    `grid[${kit.router.grid.length - 1}] after the others on the same batches, then on its own`,
  );
  return `${kit.router.grid.length} fitted on training rows, validation rows predicted`;
}

async function dial(kit: Kit): Promise<string | { skip: string }> {
  const fitted = await usualFit(kit);
  if (!fitted.dial) return { skip: "no dial of its own; λ is used" };
  const { name, values } = fitted.dial;
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new Violation(`dial ${name}: expected at least one finite value, got [${values}]`);
  }
  const steps = values.slice(1).map((value, i) => Math.sign(value - values[i]));
  if (steps.some((step) => step === 0 || step !== steps[0])) {
    throw new Violation(`dial ${name}: values do not run in one direction: ${values.join(", ")}`);
  }
  const price = prices(kit.learn), batch = queryBatch(kit.test, kit.router.needs ?? [], false);
  const pool: Pool = {
    models: fitted.models,
    meanCosts: Float64Array.from(fitted.models, (m) => price.get(m)!),
  };
  const spent = async (value: number): Promise<number> => {
    const predictions = await fitted.dial!.predict(batch, value);
    wellFormed(fitted.models, predictions, kit.test.ids);
    choices(fitted, predictions, kit.test, price);
    return decide(predictions, pool).reduce((sum, m) => sum + pool.meanCosts[m], 0);
  };
  const costs: number[] = [];
  for (const value of values) costs.push(await spent(value));
  const [first, last] = [costs[0], costs.at(-1)!];
  if (last > first + 1e-12) {
    throw new Violation(
      `dial ${name}: cost first (${values.at(-1)}) spends ${last}, more than quality first ` +
        `(${values[0]}) with ${first} dollars`,
    );
  }
  return `${name}: ${values.length} value(s) from ${values[0]} to ${values.at(-1)}`;
}
