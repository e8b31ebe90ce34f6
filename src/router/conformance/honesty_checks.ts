/**
 * Checks of honesty: a router sees what it is given, leaves it as it was, remembers nothing between
 * fits and uses neither the clock nor unseeded randomness.
 * @module
 */
import type { FittedRouter, TrainingData } from "../contract.ts";
import { modelProfiles, queryBatch, type Rows, takeModels } from "./fixture.ts";
import { type Check, context, fit, isRefusal, type Kit, learning } from "./kit.ts";
import { predict, route, secondRun, usual } from "./kit.ts";
import { choices, prices, sameBits, snapshot, Violation } from "./predictions.ts";
import { changedBy, onMissing } from "./missing.ts";

/** Checks of honesty, in order of print. */
export const HONESTY_CHECKS: readonly Check[] = [
  {
    name: "sealed-input",
    rule: "reads nothing but the fields of the contract, and withheld ones only when it needs them",
    run: sealedInput,
  },
  {
    name: "inputs-unchanged",
    rule: "fit, predict and withModels leave their arguments as they were",
    run: inputsUnchanged,
  },
  {
    name: "no-state",
    rule: "other fits on the same batches, in between, change nothing",
    compares: true,
    run: noState,
  },
  {
    name: "no-clock",
    rule: "neither Math.random nor a clock is used",
    run: async (kit) => {
      const { calls } = await secondRun(kit);
      if (calls.length > 0) throw new Violation(calls.join("; "));
      return "Math.random, Date and performance.now watched";
    },
  },
  {
    name: "needs",
    rule: "works without costs unless it names them as a need",
    run: async (kit) => {
      if (kit.router.needs?.includes("cost")) return { skip: "needs costs" };
      const unpriced = (rows: Rows): Rows => ({ ...rows, costs: rows.costs.map(() => NaN) });
      await route(kit, unpriced(kit.learn));
      return "all costs unknown";
    },
  },
];

const BATCH_FIELDS = ["ids", "texts", "vectors", "memo"];
const TRAINING_FIELDS = [
  ...["queries", "models", "scores", "costs", "meanCosts", "solvedFrom", "tasks", "validation"],
];

async function sealedInput(kit: Kit): Promise<string> {
  const needs = kit.router.needs ?? [], broken: string[] = [];
  const replies = needs.includes("replies") ? ["replies"] : [];
  const documents = needs.includes("documents") ? ["documents"] : [];
  const plain = needs.includes("documents") ? ["plainScores"] : [];
  const truth = needs.includes("truth") ? ["truth", "truthCost"] : [];
  const labels = needs.includes("benchmark") ? ["benchmarks"] : [];
  const seal = (train: TrainingData, at: string): TrainingData =>
    sealed(
      {
        ...train,
        queries: sealed(
          train.queries,
          [...BATCH_FIELDS, "benchmarks", ...truth, ...documents],
          `${at}.queries`,
          broken,
        ),
        ...(train.validation ? { validation: seal(train.validation, `${at}.validation`) } : {}),
      },
      [...TRAINING_FIELDS, ...replies, ...plain],
      at,
      broken,
    );
  const batch = sealed(
    queryBatch(kit.test, needs, false),
    [...BATCH_FIELDS, ...labels, ...truth, ...documents],
    "queries",
    broken,
  );
  try {
    const train = seal(learning(kit, kit.learn, "final"), "train");
    const fitted = await kit.router.fit(train, kit.router.grid[0], context(kit));
    await predict(kit, fitted, kit.test, batch);
  } catch (error) {
    if (broken.length === 0) throw error;
  }
  if (broken.length > 0) throw new Violation([...new Set(broken)].join("; "));
  return `test queries with ${
    [...BATCH_FIELDS, ...labels, ...truth, ...documents].join(", ")
  } only`;
}

/** Fields that are there for those who need them, and the need's name. */
const WITHHELD: Readonly<Record<string, string | undefined>> = {
  benchmarks: "benchmark",
  truth: "truth",
  truthCost: "truth",
  replies: "replies",
  documents: "documents",
  plainScores: "documents",
};

/** A read-only view that keeps a record of any field read or written beyond the allowed ones. */
function sealed<T extends object>(
  target: T,
  allowed: readonly string[],
  name: string,
  broken: string[],
): T {
  const stop = (what: string): never => {
    broken.push(what);
    throw new Violation(what);
  };
  return new Proxy(target, {
    get(object, key) {
      const known = typeof key === "symbol" || allowed.includes(key) || key in Object.prototype ||
        key === "then" || key === "toJSON";
      if (known) return Reflect.get(object, key);
      const need = WITHHELD[key];
      return need
        ? stop(`reads ${name}.${key} without the need "${need}"`)
        : stop(`reads ${name}.${key}, which the contract does not have`);
    },
    set: (_object, key) => stop(`writes ${name}.${String(key)}`),
    defineProperty: (_object, key) => stop(`writes ${name}.${String(key)}`),
    deleteProperty: (_object, key) => stop(`deletes ${name}.${String(key)}`),
  });
}

async function inputsUnchanged(kit: Kit): Promise<string> {
  // With holes, since filling them in place is the usual mistake.
  const { rows, train, fitted, changed } = await onMissing(kit);
  const expectNone = (what: string, fields: readonly string[]): void => {
    if (fields.length > 0) throw new Violation(`${what} changes ${fields.join(", ")}`);
  };
  for (const [what, fields] of Object.entries(changed)) expectNone(what, fields);
  if (!fitted.withModels) return "fit, predict";
  const profiles = modelProfiles(
    takeModels(rows, [1, 3], ["new-a", "new-b"]),
    kit.router.needs ?? [],
  );
  const extend = (): Promise<void> => refusable(() => fitted.withModels!(profiles));
  expectNone("withModels", await changedBy(extend, { train, profiles }));
  return "fit, predict, withModels";
}

async function refusable(run: () => FittedRouter | Promise<FittedRouter>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

async function noState(kit: Kit): Promise<string> {
  const needs = kit.router.needs ?? [], config = kit.router.grid[0];
  const inverted: Rows = { ...kit.learn, scores: kit.learn.scores.map((s) => 1 - s) };
  const batch = queryBatch(kit.test, needs, false);
  const { train: a, fitted: first } = await usual(kit);
  const fresh = learning(kit, inverted, "final");
  // The same batches under other outcomes: memos may hold what follows from the queries alone.
  const b: TrainingData = {
    ...fresh,
    queries: a.queries,
    ...(a.validation && fresh.validation
      ? { validation: { ...fresh.validation, queries: a.validation.queries } }
      : {}),
  };
  const run = async (train: TrainingData): Promise<FittedRouter> =>
    await kit.router.fit(train, config, context(kit));
  const raw = await predict(kit, first, kit.test, batch), before = snapshot(raw);
  const other = await run(b);
  const otherPredictions = snapshot(await predict(kit, other, kit.test, batch));
  const again = await run(a);
  const { ids } = kit.test;
  const same = (x: typeof before, y: typeof before, what: string): void =>
    sameBits(first, ids, x, y, what);
  same(before, raw, "when a later predict is called, values handed out earlier change");
  same(
    before,
    await predict(kit, first, kit.test, batch),
    "after a fit on other outcomes, the first router",
  );
  same(
    before,
    await predict(kit, again, kit.test, batch),
    "fitted again after a fit on other outcomes",
  );
  const clean = await predict(kit, await fit(kit, inverted));
  same(otherPredictions, clean, "on batches another fit has used, then on fresh ones");
  choices(other, otherPredictions, kit.test, prices(kit.learn));
  return "fitted on outcomes A, B, A with shared batches";
}
