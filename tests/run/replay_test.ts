/** How new models are taken in is chosen at each number of labels, by playing known models as new. */
import assert from "node:assert/strict";
import { runNewModelJob } from "../../src/run/new_model_job.ts";
import { type EmbeddedTable, type OpenedSplit, openSplit } from "../../src/run/open_split.ts";
import { replay } from "../../src/run/replay.ts";
import type { FitContext, FittedRouter, Router, TrainingData } from "../../src/router/mod.ts";
import { CapabilityError, clusterMeans, columnMeans, extendPool } from "../../src/router/mod.ts";
import { random } from "../../src/base/random.ts";
import { tableOf } from "../splits/tables.ts";
import { decided, embedded, OPTIONS, splitOf } from "./scene.ts";

const KINDS = 8, ROWS = 2400;

/** Eight kinds of queries, nine models: each solves 30, 50 or 70% on the whole, 15% more in half of the kinds, 15% fewer in others. */
function kindsAndModels(): { data: EmbeddedTable; split: OpenedSplit } {
  const draw = random(1, "kinds"), models = Array.from({ length: 9 }, (_, m) => m);
  const good = models.map(() => draw.shuffle([1, 1, 1, 1, 0, 0, 0, 0]));
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    id: `q${String(i).padStart(4, "0")}`,
    text: `${i % KINDS}`,
    scores: models.map((m) =>
      Number(draw.next() < .3 + m % 3 / 5 + (good[m][i % KINDS] ? .15 : -.15))
    ),
  }));
  const table = tableOf(rows);
  const data = embedded(table);
  const roles = table.ids.map((_, i) => "ttte"[i >> 3 & 3] === "e" ? "e" : i % 5 ? "t" : "v").join(
    "",
  );
  const order = random(2, "profile").shuffle(
    [...table.ids.keys()].filter((i) => roles[i] !== "e"),
  );
  const profile = { selection: "random" as const, order };
  const split = splitOf(table, roles, { heldOutModels: ["m0", "m4", "m8"], profile });
  return { data, split: openSplit(data, split) };
}

type Way = { means: "overall" | "by kind" };

/** Means by kind, or one mean for all kinds: right for a new model with two labels a kind, or with many. */
const byKind: Router<object, Way> = {
  name: "by kind",
  summary: "mean score by kind of query",
  source: "test",
  grid: [{}],
  unseen: "zero-update",
  unseenGrid: [{ means: "by kind" }, { means: "overall" }],
  fit: (train) => routed(train.models, table(train, "by kind")),
};

function table(
  { queries, scores, models }: Pick<TrainingData, "queries" | "scores" | "models">,
  means: Way["means"],
): Float64Array {
  const overall = columnMeans(scores, models.length), kind = queries.texts.map(Number);
  const { mean } = clusterMeans(scores, models.length, kind, KINDS);
  return mean.map((value, at) => {
    const rest = overall[at % models.length];
    return means === "by kind" && !Number.isNaN(value) ? value : rest;
  });
}

function routed(models: readonly string[], means: Float64Array): FittedRouter<Way> {
  const M = models.length;
  return {
    models,
    predict: ({ texts }) => ({
      quality: Float64Array.from(
        { length: texts.length * M },
        (_, at) => means[Number(texts[Math.floor(at / M)]) * M + at % M],
      ),
    }),
    withModels: (profiles, way = byKind.unseenGrid![0]) => {
      const pool = extendPool(models, profiles);
      return routed(pool.models, pool.merge(means, table(profiles, way.means)));
    },
    describe: () => ({ parameters: means.length }),
  };
}

const context = (profile: readonly string[]) => (): FitContext => ({
  stage: "tune",
  seed: 42,
  random: random(42, "test"),
  profile,
  ...OPTIONS,
});

const profileOf = ({ data, split }: ReturnType<typeof kindsAndModels>): string[] =>
  split.split.profile!.order.map((row) => data.table.ids[row]);

Deno.test("replay: what is good with few labels is chosen for few, what is good with many for many", async () => {
  const scene = kindsAndModels();
  const played = await replay(byKind, 0, scene.split, [8, 1024], context(profileOf(scene)));
  assert.deepEqual(played.map(({ n, way }) => [n, byKind.unseenGrid![way].means]), [
    [8, "overall"],
    [1024, "by kind"],
  ]);
  const outcome = decided(
    await runNewModelJob("r", byKind, scene.split, scene.data.table, [8, 1024], OPTIONS, ["own"]),
  );
  assert.deepEqual(outcome.tuning.replay, played);
  // With 8 labels the new pool goes to one model, whatever the kind; with 1,024 it does not.
  const column = (n: number): number =>
    outcome.columns.findIndex((c) => c.n === n && c.pool === "new");
  const chosen = (n: number): Set<number> =>
    new Set(outcome.choice.filter((_, at) => at % outcome.columns.length === column(n)));
  assert.equal(chosen(8).size, 1);
  assert.ok(chosen(1024).size > 1);
});

Deno.test("replay: a router without ways of its own is fitted with the configuration that is good at that size", async () => {
  const scene = kindsAndModels(), fits: string[] = [];
  const ownGrid: Router<Way> = {
    ...byKind,
    grid: [{ means: "by kind" }, { means: "overall" }],
    unseenGrid: undefined,
    fit: (train, config) => {
      fits.push(`${config.means} ${train.models.length}`);
      const fitted = routed(train.models, table(train, "by kind"));
      return { ...fitted, withModels: (profiles) => fitted.withModels!(profiles, config) };
    },
  };
  const outcome = decided(
    await runNewModelJob("r", ownGrid, scene.split, scene.data.table, [8, 1024], OPTIONS, ["own"]),
  );
  assert.deepEqual(outcome.tuning.replay!.map(({ way }) => way), [1, 0]);
  assert.deepEqual(fits, [
    "by kind 6", // tuning
    "overall 6",
    ...["by kind 4", "overall 4", "by kind 4", "overall 4", "by kind 4", "overall 4"],
    "by kind 6", // the last fits
    "overall 6",
  ]);
});

Deno.test("replay: fits see two thirds of the known models, labels are of training rows, validation judges", async () => {
  const scene = kindsAndModels(), seen: TrainingData[] = [], profiles: string[][] = [];
  const spy: Router<object, Way> = {
    ...byKind,
    fit: (train, config, fit) => {
      seen.push(train);
      assert.ok(fit.profile!.every((id) => train.queries.ids.includes(id)));
      const fitted = byKind.fit(train, config, fit) as FittedRouter<Way>;
      return {
        ...fitted,
        withModels(given, way) {
          profiles.push([...given.models]);
          assert.ok(given.queries.ids.every((id) => train.queries.ids.includes(id)));
          assert.ok(!given.models.some((model) => train.models.includes(model)));
          return fitted.withModels!(given, way);
        },
      };
    },
  };
  await replay(spy, 0, scene.split, [16], context(profileOf(scene)));
  const known = scene.split.train.models;
  assert.deepEqual(seen.map(({ models }) => models.length), [4, 4, 4]);
  assert.deepEqual(profiles.flat().sort(), [...known, ...known].sort(), "each plays once a way");
  for (const { validation, models } of seen) assert.deepEqual(validation!.models, models);
});

Deno.test("replay: a way that refuses is passed over; nothing is played without a choice, or with two models", async () => {
  const scene = kindsAndModels();
  const refusing: Router<object, Way> = {
    ...byKind,
    fit: (train, config, fit) => {
      const fitted = byKind.fit(train, config, fit) as FittedRouter<Way>;
      return {
        ...fitted,
        withModels(given, way) {
          if (way!.means === "by kind") throw new CapabilityError("too few");
          return fitted.withModels!(given, way);
        },
      };
    },
  };
  const [{ way, trials }] = await replay(
    refusing,
    0,
    scene.split,
    [1024],
    context(profileOf(scene)),
  );
  assert.deepEqual([way, trials[0]], [1, null]);
  const one = { ...byKind, unseenGrid: [{ means: "overall" as const }] };
  assert.deepEqual(await replay(one, 0, scene.split, [8], context(profileOf(scene))), []);
  const two = { ...scene.split, train: { ...scene.split.train, models: ["a", "b"] } };
  assert.deepEqual(await replay(byKind, 0, two, [8], context(profileOf(scene))), []);
});
