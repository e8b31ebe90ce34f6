/** The new-model job, worked out by hand: which arms, at which sizes, choosing what. */
import assert from "node:assert/strict";
import { type ArmKind, runNewModelJob } from "../../src/run/new_model_job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { bestSingle, cheapest, randomChoice } from "../../src/router/references.ts";
import type { FittedRouter, Router, TrainingData } from "../../src/router/contract.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { tableOf } from "../splits/tables.ts";
import { type JobOutcome, runJob } from "../../src/run/job.ts";
import {
  type Call,
  column,
  decided,
  embedded,
  obeying,
  OPTIONS,
  type Rule,
  ruled,
  splitOf,
} from "./scene.ts";

/** Old models m0 (mean .5) and m2 (.7); the new m1 has means 1, .5, .6 on the first 1, 2, 3 profile rows. */
function scene(costs?: number[]) {
  const table = tableOf([
    { id: "e0", scores: [0, 0, 0], costs },
    { id: "e1", scores: [0, 0, 0], costs },
    { id: "t0", scores: [.2, 1, .6], costs },
    { id: "t1", scores: [.4, 0, .8], costs },
    { id: "v0", scores: [.9, .8, .7], costs },
  ]);
  const split = openSplit(
    embedded(table),
    splitOf(table, "eettv", {
      heldOutModels: ["m1"],
      profile: { selection: "random", order: [2, 3, 4] },
    }),
  );
  return { table, split };
}

const run = (
  router: Router,
  { table, split }: ReturnType<typeof scene>,
  budgets = [1, 2, 3, 8],
  arms?: readonly ArmKind[],
) => runNewModelJob("r", router, split, table, budgets, OPTIONS, arms);

/** Best single model as a competitor: predicts means and takes in new models by theirs. */
const MEANS = { ...bestSingle, reference: false } as unknown as Router;

Deno.test("new-model job: every arm at every size that the profile has, in the full pool's columns", async () => {
  const outcome = decided(await run(MEANS, scene()));
  assert.deepEqual(outcome.models, ["m0", "m1", "m2"]);
  const rows = outcome.columns.map((
    { kind, arm, n, pool },
    p,
  ) => [kind, arm, n, pool, column(outcome, p)]);
  const [m1, m2] = [[1, 1], [2, 2]];
  assert.deepEqual(rows, [
    ["arm", "zero-update", 1, "all", m1],
    ["arm", "zero-update", 1, "new", m1],
    ["arm", "zero-update", 2, "all", m2],
    ["arm", "zero-update", 2, "new", m1],
    ["arm", "zero-update", 3, "all", m2],
    ["arm", "zero-update", 3, "new", m1],
    ["arm", "retrain", 1, "all", m1],
    ["arm", "retrain", 1, "new", m1],
    ["arm", "retrain", 2, "all", m2],
    ["arm", "retrain", 2, "new", m1],
    ["arm", "retrain", 3, "all", m2],
    ["arm", "retrain", 3, "new", m1],
    ["arm", "clairvoyant", undefined, "all", m2],
    ["arm", "clairvoyant", undefined, "new", m1],
    ["arm", "ignore", undefined, "all", m2],
  ]);
});

Deno.test("new-model job: reference rows are not retrained, and have no clairvoyant arm", async () => {
  const outcome = decided(await run(bestSingle as unknown as Router, scene(), [2]));
  assert.deepEqual(outcome.columns, [
    { kind: "arm", arm: "zero-update", n: 2, pool: "all" },
    { kind: "arm", arm: "zero-update", n: 2, pool: "new" },
    { kind: "arm", arm: "ignore", pool: "all" },
  ]);
  assert.deepEqual([...outcome.choice], [2, 1, 2, 2, 1, 2]);
});

Deno.test("new-model job: a new model's cost is what its profile says, and settles ties", async () => {
  const tied = (m1: number) => {
    const scores = [.5, .7, .7];
    const table = tableOf([
      { id: "e0", scores, costs: [1, 1, 1] },
      { id: "t0", scores, costs: [1, m1, 5] },
      { id: "t1", scores, costs: [1, 20 - 3 * m1, 5] }, // not on the profile, and the other way round
    ]);
    const split = openSplit(
      embedded(table),
      splitOf(table, "ett", {
        heldOutModels: ["m1"],
        profile: { selection: "random", order: [1, 2] },
      }),
    );
    return { table, split };
  };
  const choice = async (m1: number) => {
    const outcome = decided(await run(bestSingle as unknown as Router, tied(m1), [1]));
    return column(outcome, 0)[0];
  };
  assert.equal(await choice(4), 1, "cheaper on its profile row");
  assert.equal(await choice(6), 2, "dearer on its profile row");
  // The cheapest model knows the same costs: m1 at .5 dollars beats m0 at 1.
  const cheap = decided(await run(cheapest as unknown as Router, tied(.5), [1]));
  assert.deepEqual(cheap.columns.map((_, p) => column(cheap, p)[0]), [1, 1, 0]);
});

Deno.test("new-model job: held-out models are in no fit but those of retrain and clairvoyant", async () => {
  const fits: TrainingData[] = [];
  const fit: Router<Rule>["fit"] = (train, _config, context) => {
    fits.push(train);
    return (MEANS as Router<unknown>).fit(train, {}, context);
  };
  const router = ruled([{}, { A: [] }], { unseen: "zero-update", fit });
  await run(router, scene(), [2]);
  assert.deepEqual(fits.map(({ models }) => models.join(" ")), [
    "m0 m2", // tuning
    "m0 m2",
    "m0 m2", // the last fit
    "m0 m1 m2", // retrain
    "m0 m1 m2", // clairvoyant
  ]);
  const newcomer = fits.map(({ models, scores }) =>
    Array.from(scores).filter((_, at) => models[at % models.length] === "m1")
  );
  assert.deepEqual(newcomer, [[], [], [], [1, 0, NaN], [1, 0, .8]]);
});

Deno.test("new-model job: each fit draws the same randomness, whatever sizes were asked for", async () => {
  const draws = async (budgets: number[]) => {
    const seen: number[] = [];
    const fit: Router<Rule>["fit"] = (train, _config, context) => {
      seen.push(context.random.next());
      return (MEANS as Router<unknown>).fit(train, {}, context);
    };
    await run(ruled([{}], { unseen: "zero-update", fit }), scene(), budgets);
    return seen;
  };
  const few = await draws([3]), many = await draws([1, 2, 3]);
  assert.deepEqual([few.length, many.length], [3, 5]);
  assert.equal(new Set([...few, ...many]).size, 1);
});

Deno.test("new-model job: the pool of new models is theirs alone, even where others are far better", async () => {
  const over = (models: readonly string[]): FittedRouter => ({
    ...obeying(models, {}),
    predict: ({ ids }) => ({
      quality: Float64Array.from(ids.flatMap(() => models.map((m) => m === "m1" ? -9 : 9))),
    }),
    withModels: (profiles) => over([...models, ...profiles.models].sort()),
  });
  const fit: Router<Rule>["fit"] = ({ models }) => over(models);
  const outcome = decided(await run(ruled([{}], { unseen: "zero-update", fit }), scene(), [1]));
  for (const [p, { pool }] of outcome.columns.entries()) {
    assert.deepEqual(column(outcome, p), pool === "new" ? [1, 1] : [0, 0]);
  }
});

Deno.test("new-model job: an arm that a router refuses at some size is left out there, with the reason", async () => {
  const fit: Router<Rule>["fit"] = async (train, _config, context) => {
    const fitted = await (MEANS as Router<unknown>).fit(train, {}, context);
    return {
      ...fitted,
      describe: () => ({ parameters: 3, notes: ["a note"] }),
      withModels: (given) => {
        if (given.queries.ids.length < 3) throw new CapabilityError("needs 3 labelled queries");
        return fitted.withModels!(given);
      },
    };
  };
  const outcome = decided(await run(ruled([{}], { unseen: "zero-update", fit }), scene()));
  assert.deepEqual(outcome.columns.slice(0, 3), [
    { kind: "arm", arm: "zero-update", n: 3, pool: "all" },
    { kind: "arm", arm: "zero-update", n: 3, pool: "new" },
    { kind: "arm", arm: "retrain", n: 1, pool: "all" },
  ]);
  assert.equal(outcome.columns.length, 2 + 6 + 2 + 1);
  assert.deepEqual(column(outcome, 0), [2, 2]);
  assert.deepEqual(outcome.card, {
    parameters: 3,
    notes: [
      "a note",
      "zero-update, 1 labels: needs 3 labelled queries",
      "zero-update, 2 labels: needs 3 labelled queries",
    ],
  });
  const broken = ruled([{}], {
    unseen: "zero-update",
    fit: async (train, config, context) => ({
      ...await fit(train, config, context),
      withModels: () => {
        throw new RangeError("a bug");
      },
    }),
  });
  await assert.rejects(run(broken, scene()), /a bug/);
});

Deno.test("new-model job: new models without any label leave the pool of new ones without a choice", async () => {
  const { table } = scene();
  table.scores[2 * 3 + 1] = NaN; // m1 on t0, the first profile row
  const split = openSplit(
    embedded(table),
    splitOf(table, "eettv", {
      heldOutModels: ["m1"],
      profile: { selection: "random", order: [2, 3, 4] },
    }),
  );
  const outcome = decided(await run(bestSingle as unknown as Router, { table, split }, [1, 2]));
  assert.deepEqual(outcome.columns.map(({ n, pool }) => `${n} ${pool}`), [
    "1 all",
    "2 all",
    "2 new",
    "undefined all",
  ]);
  assert.match(outcome.card.notes[0], /^zero-update, 1 labels: no model has a prediction/);
});

Deno.test("new-model job: what it cannot run, and why", async () => {
  const reason = async (router: Router) => {
    const outcome = await run(router, scene());
    return outcome.status === "decided" ? "decided" : outcome.reason;
  };
  assert.equal(
    await reason(ruled([{ "t": [0, 0] }])),
    "cannot take in a model without retraining",
  );
  assert.equal(
    await reason(randomChoice as unknown as Router),
    "a mixture; its expectation is a reference number",
  );
  assert.equal(
    await reason(cheapest as unknown as Router),
    "needs costs; 2 of 2 models have none",
  );
});

Deno.test("new-model job: only the arms asked for, with the same decisions", async () => {
  const names = (outcome: JobOutcome) =>
    decided(outcome).columns.map(({ arm, n, pool }) => `${arm} ${n ?? "-"} ${pool}`);
  const all = decided(await run(MEANS, scene(), [1, 3]));
  const some = decided(await run(MEANS, scene(), [1, 3], ["own", "ignore"]));
  assert.deepEqual(names(some), [
    "zero-update 1 all",
    "zero-update 1 new",
    "zero-update 3 all",
    "zero-update 3 new",
    "ignore - all",
  ]);
  const kept = names(all).flatMap((name, p) => names(some).includes(name) ? [column(all, p)] : []);
  assert.deepEqual(some.columns.map((_, p) => column(some, p)), kept);
  const arms: [ArmKind, string[]][] = [
    ["retrain", ["retrain 1 all", "retrain 1 new"]],
    ["clairvoyant", ["clairvoyant - all", "clairvoyant - new"]],
    ["ignore", ["ignore - all"]],
  ];
  for (const [arm, columns] of arms) {
    assert.deepEqual(names(await run(MEANS, scene(), [1], [arm])), columns);
  }
});

Deno.test("new-model job: what is not asked for is not fitted", async () => {
  const calls: Call[] = [];
  const router = ruled([{ t: [0, 0] }], { unseen: "zero-update" }, calls);
  await run(router, scene(), [1, 2, 3], ["ignore"]);
  assert.deepEqual(calls.map(({ train }) => train.models.length), [2]);
});

Deno.test("new-model job: a row without any arm has no decisions, and says why", async () => {
  const reason = async (...given: Parameters<typeof run>) => {
    const outcome = await run(...given);
    return outcome.status === "decided" ? "decided" : outcome.reason;
  };
  const reference = bestSingle as unknown as Router;
  assert.equal(
    await reason(reference, scene(), [1], ["retrain", "clairvoyant"]),
    "a reference row has no arm retrain or clairvoyant",
  );
  assert.equal(await reason(reference, scene(), [1], ["retrain", "ignore"]), "decided");
  assert.equal(await reason(MEANS, scene(), [8], ["own"]), "no size fits the profile");
  const picky = ruled([{ t: [0, 0] }], {
    unseen: "zero-update",
    fit: ({ models }) => ({
      ...obeying(models, { t: [0, 0] }),
      withModels: () => {
        throw new CapabilityError("needs 500 labelled queries");
      },
    }),
  });
  assert.equal(
    await reason(picky, scene(), [1, 2], ["own"]),
    "zero-update, 1 labels: needs 500 labelled queries",
  );
  const outcome = decided(await run(picky, scene(), [1, 2], ["own", "ignore"]));
  assert.deepEqual(outcome.card.notes.length, 2);
});

Deno.test("new-model job: every fit knows which queries new models are labelled on; an ID fit does not", async () => {
  const calls: Call[] = [];
  const fit: Router<Rule>["fit"] = (train, config, context) => {
    calls.push({ train, config, context });
    return (MEANS as Router<unknown>).fit(train, {}, context);
  };
  const { table } = scene();
  const held = { heldOutModels: ["m1"] };
  const split = (extra: Parameters<typeof splitOf>[2]) =>
    openSplit(embedded(table), splitOf(table, "eettv", extra));
  const profile = { selection: "random", order: [4, 2] } as const;
  const router = ruled([{}, { t: [] }], { unseen: "zero-update", fit });
  await runNewModelJob("r", router, split({ ...held, profile }), table, [1], OPTIONS);
  assert.deepEqual(calls.map(({ context }) => context.stage), [
    "tune",
    "tune",
    "final",
    "final",
    "final",
  ]);
  for (const { context } of calls) assert.deepEqual(context.profile, ["v0", "t0"]);
  const plain: Call[] = [];
  await runJob("r", ruled([{ t: [0, 0, 0] }], {}, plain), split({}), OPTIONS);
  assert.equal(plain.length, 1);
  assert.ok(!("profile" in plain[0].context));
});

Deno.test("new-model job: fits run where the options say", async () => {
  for (const device of ["cpu", "cuda"] as const) {
    const calls: Call[] = [], { table, split } = scene();
    const router = ruled([{ t: [0, 0] }], { unseen: "zero-update" }, calls);
    const options = { ...OPTIONS, device };
    await runNewModelJob("r", router, split, table, [1], options, ["ignore"]);
    assert.deepEqual(calls.map(({ context }) => context.device), [device]);
  }
});
