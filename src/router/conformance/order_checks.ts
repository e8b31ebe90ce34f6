/**
 * Checks of repetition and order: nothing may depend on where a query or a model stands.
 * @module
 */
import { random } from "../../base/random.ts";
import { type Rows, takeModels, takeQueries } from "./fixture.ts";
import { type Check, type Kit, predict, route, secondRun, usualFit, usualRoute } from "./kit.ts";
import { type Choices, prices, sameBits, sameChoices, snapshot, Violation } from "./predictions.ts";

/** The check that the others with `compares` wait for. */
export const DETERMINISTIC: Check = {
  name: "deterministic",
  rule: "two fits with the same seed give the same predictions, bit for bit",
  run: async (kit) => {
    const first = await usualFit(kit), before = snapshot(await predict(kit, first));
    const { predictions } = await secondRun(kit);
    sameBits(first, kit.test.ids, before, predictions, "in two fits with one seed");
    return `seed ${kit.seed}, two fits`;
  },
};

/** Checks of order and of the tie rule, in order of print. */
export const ORDER_CHECKS: readonly Check[] = [
  {
    name: "row-order",
    rule: "the order of the training rows changes no decision",
    compares: true,
    run: async (kit) => {
      const usual = await usualRoute(kit);
      sameChoices(
        usual,
        await route(kit, shuffled(kit, kit.learn)),
        "after shuffling the training rows",
      );
      return "training rows shuffled";
    },
  },
  {
    name: "query-order",
    rule: "the order of the queries changes no decision",
    compares: true,
    run: async (kit) => {
      const usual = await usualRoute(kit);
      const test = shuffled(kit, kit.test);
      sameChoices(usual, await usualRoute(kit, test), "after shuffling the queries");
      return "queries shuffled";
    },
  },
  {
    name: "model-order",
    rule: "the order of the models changes no decision",
    compares: true,
    run: async (kit) => {
      const order = [3, 2, 0, 4, 1];
      const [learn, test] = [takeModels(kit.learn, order), takeModels(kit.test, order)];
      const usual = await usualRoute(kit);
      const what = `after reordering the models to ${learn.models.join(", ")}`;
      sameChoices(usual, await route(kit, learn, test), what);
      return learn.models.join(", ");
    },
  },
  {
    name: "ties",
    rule: "when all training scores are equal, the cheapest model is chosen",
    compares: true,
    run: ties,
  },
  {
    name: "twin",
    rule: "of two models with the same outcomes the one with the smaller id is chosen",
    compares: true,
    run: twin,
  },
  {
    name: "cost-shift",
    rule: "adding the same amount to all costs changes no decision at λ = 0",
    compares: true,
    run: async (kit) => {
      const shift = (costs: Float64Array): Float64Array => costs.map((c) => c + 2 ** -6);
      const shifted = (rows: Rows): Rows => ({
        ...rows,
        costs: shift(rows.costs),
        truthCost: shift(rows.truthCost),
      });
      const after = await route(kit, shifted(kit.learn), shifted(kit.test));
      sameChoices(await usualRoute(kit), after, "after adding $0.015625 to every cost");
      return "$0.015625 added";
    },
  },
];

function shuffled(kit: Kit, rows: Rows): Rows {
  const order = [...rows.ids.keys()];
  return takeQueries(rows, random(kit.seed, "shuffle").shuffle(order));
}

async function ties(kit: Kit): Promise<string | { skip: string }> {
  if (kit.router.reference) return { skip: "a reference row, which has a rule of its own" };
  if (kit.router.needs?.includes("truth")) return { skip: "does not go by training scores" };
  const level = { ...kit.learn, scores: kit.learn.scores.map(() => 1) };
  const cheapest = [...prices(level)].reduce((a, b) => b[1] < a[1] ? b : a)[0];
  if (await isMixture(kit)) return { skip: "a mixture does not break ties" };
  const chosen = await route(kit, level);
  const wrong = [...chosen].find(([, model]) => model !== cheapest);
  if (!wrong) return `all ${chosen.size} queries to the cheapest, ${cheapest}`;
  const other = await seedMatters(kit, chosen, level);
  if (other) return { skip: `equal models are told apart by the seed (${other})` };
  throw new Violation(
    `all training scores are 1, but query ${wrong[0]} gets ${wrong[1]} instead of the cheapest, ` +
      cheapest,
  );
}

async function twin(kit: Kit): Promise<string | { skip: string }> {
  if (await isMixture(kit)) return { skip: "a mixture does not break ties" };
  const usual = await usualRoute(kit);
  // Doubles the model chosen most often, so that there is something to tie.
  const counts = Map.groupBy(usual.values(), (model) => model);
  const original = [...counts].reduce((a, b) => b[1].length > a[1].length ? b : a)[0];
  const column = kit.learn.models.indexOf(original), columns = [...kit.learn.models.keys()];
  columns.splice(column, 0, column);
  const names = kit.learn.models.toSpliced(column + 1, 0, `${original}-twin`);
  const [learn, test] = [kit.learn, kit.test].map((rows) => takeModels(rows, columns, names));
  const chosen = await route(kit, learn, test);
  const wrong = [...chosen].find(([, model]) => model === `${original}-twin`);
  if (!wrong) {
    const kept = [...chosen].filter(([id, model]) => usual.get(id) === model).length;
    return `${original} doubled: ${kept} of ${chosen.size} decisions unchanged, none to the twin`;
  }
  const other = await seedMatters(kit, chosen, learn, test);
  if (other) return { skip: `twins are told apart by the seed (${other})` };
  throw new Violation(
    `query ${wrong[0]} gets ${wrong[1]}; ${original} has the same outcomes and the smaller id`,
  );
}

/** Two trained networks are never quite equal: says so if another seed decides otherwise. */
async function seedMatters(
  kit: Kit,
  chosen: Choices,
  learn: Rows,
  test: Rows = kit.test,
): Promise<string | undefined> {
  const other = await route(kit, learn, test, { seed: kit.seed + 1 });
  const changed = [...other].filter(([id, model]) => chosen.get(id) !== model).length;
  return changed > 0 ? `${changed} decisions change with it` : undefined;
}

async function isMixture(kit: Kit): Promise<boolean> {
  return "mixtures" in await predict(kit, await usualFit(kit));
}
