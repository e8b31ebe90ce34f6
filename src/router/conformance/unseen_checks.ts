/**
 * Checks of new models: a router that takes them in does it without retraining, and says clearly when a
 * profile is too small.
 * @module
 */
import type { FittedRouter } from "../contract.ts";
import { random } from "../../base/random.ts";
import { modelProfiles, type Rows, takeModels, takeQueries } from "./fixture.ts";
import { type Check, fit, type Kit, once, orRefusal, predict } from "./kit.ts";
import {
  type Choices,
  choices,
  prices,
  sameBits,
  sameChoices,
  snapshot,
  Violation,
} from "./predictions.ts";

/** Checks of new models, in order of print. */
export const UNSEEN_CHECKS: readonly Check[] = [
  {
    name: "unseen",
    rule: "withModels adds models to the pool and leaves the router it was called on as it was",
    run: unseen,
  },
  {
    name: "profile-order",
    rule: "the order of the profile rows changes no decision",
    compares: true,
    run: async (kit) => {
      const start = await pair(kit);
      if (!start) return ABSENT;
      const { fitted, profile } = start;
      const order = random(kit.seed, "profile").shuffle([...profile.ids.keys()]);
      const mixed = takeQueries(profile, order);
      const usual = await extended(kit, fitted, profile);
      sameChoices(usual, await extended(kit, fitted, mixed), "after shuffling the profile rows");
      return "profile rows shuffled";
    },
  },
  {
    name: "ways",
    rule: "every way of router.unseenGrid takes new models in, or ends in a CapabilityError",
    run: everyWay,
  },
  {
    name: "small-profile",
    rule:
      "profiles of one row, of no rows and without outcomes work, without mixing up the models " +
      "already there, or end in a CapabilityError",
    compares: true,
    run: smallProfile,
  },
];

const ABSENT = { skip: "no withModels" };
/** Columns of the fixture that play the new models, and how many rows describe them. */
const NEW = [1, 4], OLD = [0, 2, 3], PROFILE_ROWS = 64;

type Pair = { readonly fitted: FittedRouter; readonly profile: Rows } | undefined;

/** A fit on the old models with profiles of the new ones; undefined if it takes in none. */
const pair = once(async (kit: Kit): Promise<Pair> => {
  const fitted = await fit(kit, takeModels(kit.learn, OLD));
  const rows = Array.from({ length: PROFILE_ROWS }, (_, i) => i);
  return fitted.withModels
    ? { fitted, profile: takeQueries(takeModels(kit.learn, NEW), rows) }
    : undefined;
});

async function unseen(kit: Kit): Promise<string | { skip: string }> {
  const start = await pair(kit);
  const { unseen: arm, needs = [] } = kit.router;
  if (start && !arm) throw new Violation("has withModels, but router.unseen does not say how");
  if (!start && arm) throw new Violation(`router.unseen is "${arm}", but there is no withModels`);
  if (!start) return ABSENT;
  const { fitted, profile } = start, test = takeModels(kit.test, OLD);
  const before = snapshot(await predict(kit, fitted, test));
  const larger = await fitted.withModels!(modelProfiles(profile, needs));
  const union = [...fitted.models, ...profile.models].sort();
  if (larger.models.join() !== union.join()) {
    throw new Violation(
      `withModels: expected the models ${union.join(", ")}, got ${larger.models.join(", ")}`,
    );
  }
  const after = await predict(kit, larger, test);
  const chosen = choices(larger, after, test, allPrices(kit, profile));
  const now = await predict(kit, fitted, test);
  sameBits(fitted, test.ids, before, now, "after withModels, the router it was called on");
  const taken = [...chosen.values()].filter((model) => profile.models.includes(model)).length;
  return `${arm}: ${taken} of ${chosen.size} queries go to new models` +
    drift(fitted, before, larger, after);
}

/** Whether old columns stay as they were; rankings may move them, so it is said, not judged. */
function drift(
  fitted: FittedRouter,
  before: Awaited<ReturnType<FittedRouter["predict"]>>,
  larger: FittedRouter,
  after: typeof before,
): string {
  if ("mixtures" in before || "mixtures" in after) return "";
  const M = fitted.models.length, L = larger.models.length;
  const column = fitted.models.map((model) => larger.models.indexOf(model));
  const moved = before.quality.some((q, at) =>
    !Object.is(q, after.quality[Math.floor(at / M) * L + column[at % M]])
  );
  return `, predictions for old models ${moved ? "change" : "stay"}`;
}

async function everyWay(kit: Kit): Promise<string | { skip: string }> {
  const { unseenGrid: ways = [], needs = [] } = kit.router;
  if (ways.length === 0) return { skip: "no unseenGrid" };
  const start = await pair(kit);
  if (!start) throw new Violation("has an unseenGrid, but no withModels");
  const { fitted, profile } = start, test = takeModels(kit.test, OLD);
  for (const [w, way] of ways.entries()) {
    await named(`unseenGrid[${w}]`, () =>
      orRefusal(async () => {
        const larger = await fitted.withModels!(modelProfiles(profile, needs), way);
        choices(larger, await predict(kit, larger, test), test, allPrices(kit, profile));
        return "works";
      }));
  }
  return `${ways.length} ways`;
}

async function smallProfile(kit: Kit): Promise<string | { skip: string }> {
  const start = await pair(kit);
  if (!start) return ABSENT;
  const { fitted, profile } = start, test = takeModels(kit.test, OLD);
  const before = choices(fitted, await predict(kit, fitted, test), test, prices(kit.learn));
  const unknown = { scores: profile.scores.map(() => NaN), costs: profile.costs.map(() => NaN) };
  const cases: [string, Rows][] = [
    ["1 row", takeQueries(profile, [0])],
    ["0 rows", takeQueries(profile, [])],
    ["no outcomes", { ...profile, ...unknown }],
  ];
  const remarks: string[] = [];
  for (const [name, rows] of cases) {
    const nothingLearned = rows.scores.every(Number.isNaN);
    const remark = await named(name, () =>
      orRefusal(async () => {
        const after = await extended(kit, fitted, rows);
        // A router that learned nothing about the new models may try them, but not decide otherwise among the old.
        const kept = [...after].filter(([, model]) => fitted.models.includes(model));
        if (nothingLearned) sameChoices(before, new Map(kept), "though nothing was learned");
        return "works";
      }));
    remarks.push(`${name}: ${remark}`);
  }
  return remarks.join("; ");
}

/** Puts the name of the case before an error's message. */
async function named<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Violation) throw new Violation(`${name}: ${error.message}`);
    throw new Violation(`${name}: ${(error as Error).name}: ${(error as Error).message}`);
  }
}

async function extended(kit: Kit, fitted: FittedRouter, profile: Rows): Promise<Choices> {
  const larger = await fitted.withModels!(modelProfiles(profile, kit.router.needs ?? []));
  const test = takeModels(kit.test, OLD);
  return choices(larger, await predict(kit, larger, test), test, allPrices(kit, profile));
}

function allPrices(kit: Kit, profile: Rows): Map<string, number> {
  return new Map([...prices(kit.learn), ...prices(profile)]);
}
