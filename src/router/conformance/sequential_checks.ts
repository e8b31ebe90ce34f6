/**
 * Checks of routers that visit models: they keep to the rules of an episode, see nothing that they did not pay
 * for, and depend on nothing that should not matter.
 * @module
 */
import type { FitContext } from "../contract.ts";
import type { FittedSequential, SequentialRouter } from "../sequential.ts";
import type { EpisodeRows, Paths, playEpisodes } from "../episodes.ts";
import { random } from "../../base/random.ts";
import { queryBatch, type Rows, takeModels, takeQueries } from "./fixture.ts";
import { type Check, context, type Kit, learning, once } from "./kit.ts";
import { sameChoices, Violation } from "./predictions.ts";
import { cardOf, describedWell } from "./shape_checks.ts";
import { watchGlobals } from "./watch.ts";

/** A sequential router under test. */
export interface SequentialKit extends Omit<Kit, "router"> {
  /** The router under test. */
  readonly router: SequentialRouter;
  /** The environment; tests put one that leaks in its place. */
  readonly play: typeof playEpisodes;
}

/** Checks of sequential routers, in order of print; the first three are what the others build on. */
export const SEQUENTIAL_CHECKS: readonly Check<SequentialKit>[] = [
  {
    name: "well-formed",
    rule: "name, summary, source, grid, needs and horizon are as the contract says",
    run: async ({ router }) => {
      describedWell(router);
      if (!Number.isInteger(router.horizon) || router.horizon < 1) {
        throw new Violation(`horizon: expected a whole number from 1, got ${router.horizon}`);
      }
      if (!router.needs?.includes("replies")) throw new Violation('needs: expected "replies"');
      return `${router.grid.length} configuration(s), up to ${router.horizon} visits`;
    },
  },
  {
    name: "episodes",
    rule:
      "fits the training rows and acts by the rules in every episode, at every setting of its dial",
    run: acts,
  },
  {
    name: "deterministic",
    rule: "two fits with the same seed take the same paths",
    run: async (kit) => {
      const { taken } = await secondRun(kit);
      sameChoices(await usualRoute(kit), taken, "in two fits with one seed");
      return `seed ${kit.seed}, two fits`;
    },
  },
  {
    name: "no-peeking",
    rule:
      "scores, and what unvisited models say and cost, are never seen: noise in their place changes no action",
    compares: true,
    run: noPeeking,
  },
  {
    name: "row-order",
    rule: "the order of the training rows changes no path",
    compares: true,
    run: async (kit) => {
      const learn = shuffled(kit, kit.learn);
      const after = await route(kit, learn);
      sameChoices(await usualRoute(kit), after, "after shuffling the training rows");
      return "training rows shuffled";
    },
  },
  {
    name: "query-order",
    rule: "the order of the queries changes no path",
    compares: true,
    run: async (kit) => {
      const after = await usualRoute(kit, shuffled(kit, kit.test));
      sameChoices(await usualRoute(kit), after, "after shuffling the queries");
      return "queries shuffled";
    },
  },
  {
    name: "model-order",
    rule: "the order of the models changes no path",
    compares: true,
    run: async (kit) => {
      const [learn, test] = [kit.learn, kit.test].map((rows) => takeModels(rows, [3, 2, 0, 4, 1]));
      const what = `after reordering the models to ${learn.models.join(", ")}`;
      sameChoices(await usualRoute(kit), await route(kit, learn, test), what);
      return learn.models.join(", ");
    },
  },
  {
    name: "batch-size",
    rule: "a query alone takes the path it takes among others",
    compares: true,
    run: async (kit) => {
      const fitted = await usualFit(kit), together = await paths(kit, fitted);
      const some = [...kit.test.ids.keys()].filter((i) => i % 10 === 0);
      for (const i of some) {
        const alone = await paths(kit, fitted, takeQueries(kit.test, [i]));
        sameChoices(together, alone, "asked alone");
      }
      return `${some.length} queries one by one`;
    },
  },
  {
    name: "grid",
    rule: "every configuration fits and acts",
    run: async (kit) => {
      for (const config of kit.router.grid) {
        await paths(kit, await fit(kit, kit.learn, "tune", config));
      }
      return `${kit.router.grid.length} fitted on training rows`;
    },
  },
  {
    name: "no-state",
    rule: "another fit in between changes nothing",
    compares: true,
    run: async (kit) => {
      const first = await usualFit(kit), before = await paths(kit, first);
      await route(kit, { ...kit.learn, scores: kit.learn.scores.map((s) => 1 - s) });
      sameChoices(before, await paths(kit, first), "after a fit on other outcomes");
      return "fitted on outcomes A, B; A asked again";
    },
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
];

async function acts(kit: SequentialKit): Promise<string> {
  const fitted = await usualFit(kit), { dial } = fitted, seen = new Set<string>();
  if (fitted.models.join() !== kit.learn.models.join()) {
    throw new Violation(`models: expected ${kit.learn.models.join(", ")}, got ${fitted.models}`);
  }
  const { parameters, notes = [] } = cardOf(fitted);
  for (const setting of [undefined, ...dial?.values ?? []]) {
    for (const path of (await paths(kit, fitted, kit.test, setting)).values()) seen.add(path);
  }
  await paths(kit, fitted, takeQueries(kit.test, []));
  const settings = dial ? `${dial.values.length} settings of ${dial.name}` : "no dial";
  return [`${seen.size} different paths, ${settings}, ${parameters} parameters`, ...notes].join(
    "; ",
  );
}

async function noPeeking(kit: SequentialKit): Promise<string> {
  const { test } = kit, M = test.models.length, source = random(kit.seed, "peeking");
  const fitted = await usualFit(kit), noise = source.fork("cells");
  const { visited, horizon } = await episodes(kit, fitted, test);
  const shown = new Set<number>();
  visited.forEach((m, at) => m < M && shown.add(Math.floor(at / horizon) * M + m));
  const drawn = (cells: Float64Array): Float64Array =>
    cells.map((cell, at) => shown.has(at) ? cell : noise.next());
  const noisy: Rows = {
    ...test,
    scores: test.scores.map(() => noise.next()),
    truth: test.truth.map(() => noise.next()),
    truthCost: drawn(test.truthCost),
    costs: drawn(test.costs),
    // Another query's reply of the same model: noise that no router can tell from a reply by its form.
    replies: test.replies.map((reply, at) =>
      shown.has(at)
        ? reply
        : test.replies[source.fork("reply", at).integer(test.ids.length) * M + at % M]
    ),
  };
  const before = await paths(kit, fitted), after = await paths(kit, fitted, noisy);
  sameChoices(before, after, "with noise for scores and for what was not visited");
  return `noise in all ${test.scores.length} scores and in ${
    test.replies.length - shown.size
  } replies not visited`;
}

function shuffled(kit: SequentialKit, rows: Rows): Rows {
  return takeQueries(rows, random(kit.seed, "shuffle").shuffle([...rows.ids.keys()]));
}

async function fit(
  kit: SequentialKit,
  rows: Rows = kit.learn,
  stage: FitContext["stage"] = "final",
  config: unknown = kit.router.grid[0],
): Promise<FittedSequential> {
  return await kit.router.fit(learning(kit, rows, stage), config, context(kit, { stage }));
}

/** The kit's own fit. */
const usualFit = once((kit: SequentialKit) => fit(kit));

/** The kit's own fit once more, its paths, and what {@link watchGlobals} saw meanwhile. */
const secondRun = once(async (kit: SequentialKit) => {
  let taken: Map<string, string>;
  const calls = await watchGlobals(async () => taken = await route(kit));
  return { taken: taken!, calls };
});

async function usualRoute(
  kit: SequentialKit,
  test: Rows = kit.test,
): Promise<Map<string, string>> {
  return await paths(kit, await usualFit(kit), test);
}

function episodes(
  { router, play }: SequentialKit,
  fitted: FittedSequential,
  rows: Rows,
  setting?: number,
): Promise<Paths> {
  const { models, costs, replies } = rows;
  const queries = queryBatch(rows, router.needs ?? [], false);
  const all: EpisodeRows = { queries, models, costs, replies };
  return play(fitted, all, router.horizon, setting);
}

/** Query id → the models visited, and the one committed to, by their names. */
async function paths(
  kit: SequentialKit,
  fitted: FittedSequential,
  rows: Rows = kit.test,
  setting?: number,
): Promise<Map<string, string>> {
  const { choice, visited, horizon } = await episodes(kit, fitted, rows, setting);
  return new Map(rows.ids.map((id, i) => {
    const visits = [...visited.subarray(i * horizon, (i + 1) * horizon)];
    const names = visits.filter((m) => m < rows.models.length).map((m) => rows.models[m]);
    return [id, `${rows.models[choice[i]]} of ${names.join(", ")}`];
  }));
}

async function route(
  kit: SequentialKit,
  learn: Rows = kit.learn,
  test: Rows = kit.test,
): Promise<Map<string, string>> {
  return await paths(kit, await fit(kit, learn), test);
}
