/** A fitted router that took in a model: it chooses as the bench's job does, from its file too. */
import assert from "node:assert/strict";
import { fitRouter, joinModel, openPool, openRouter, queriesToLabel } from "../../src/mod.ts";
import { savableRouters } from "../../src/api/route.ts";
import { CapabilityError, DataError, UsageError } from "../../src/base/errors.ts";
import { newModelSplit } from "../../src/new_model/folds.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { loadRouter } from "../../src/router/discover.ts";
import type { Router } from "../../src/router/contract.ts";
import { checked } from "../../src/run/checked.ts";
import { runNewModelJob } from "../../src/run/new_model_job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import knn from "../../baselines/knn.ts";
import { inFolder } from "../support/folder.ts";
import { smallRecords } from "../support/small_pool.ts";

const N = 40;
const part = smallRecords(100), played = Object.keys(part[0].scores)[3];
const whole = await openPool(part, { name: "part" });
const lesser = await openPool(part.map((record) => without(record, played)), { name: "part" });
const answers = answersOf(queriesToLabel(lesser, { n: N }), played);

function without({ scores, costs, ...record }: OutcomeRecord, model: string): OutcomeRecord {
  const { [model]: _score, ...others } = scores, { [model]: _cost, ...prices } = costs!;
  return { ...record, scores: others, costs: prices };
}

function answersOf(ids: readonly string[], model: string): OutcomeRecord[] {
  const asked = new Set(ids);
  return part.filter(({ id }) => asked.has(id)).map(({ scores, costs, ...record }) => ({
    ...record,
    scores: { [model]: scores[model] },
    costs: { [model]: costs![model] },
  }));
}

/** What the bench's new-model job chooses for the test rows, and these rows. */
async function benched(id: string, router: Router): Promise<[string[], Uint32Array]> {
  const { table, dataset: { groups } } = whole, { provider, raw } = await whole.vectors("static");
  const split = newModelSplit(table, groups, played, { n: N, seed: 42, selection: "random" });
  const opened = openSplit({ table, raw, preparation: provider.preparation }, split);
  const job = await runNewModelJob(id, checked(router), opened, table, [N], {
    device: "cpu",
    signal: new AbortController().signal,
    progress: () => {},
  }, ["own"]);
  if (job.status !== "decided") throw new Error(`${id}: ${job.reason}`);
  const P = job.columns.length, p = job.columns.findIndex(({ pool }) => pool === "all");
  const { testRows } = opened;
  return [Array.from(testRows, (_, i) => table.models[job.choice[i * P + p]]), testRows];
}

for (const id of await savableRouters()) {
  const router = (await loadRouter(id)).router as Router;
  if (!router.unseen) continue;
  Deno.test(`${id} with a model that joined chooses as the bench's new-model job, from its file too`, async () => {
    await inFolder(async (folder) => {
      const [chosen, rows] = await benched(id, router);
      const larger = await joinModel(await fitRouter(lesser, id), lesser, { records: answers });
      await larger.save(`${folder}/it`);
      const again = await openRouter(`${folder}/it`, { pool: lesser });
      assert.deepEqual(again.models, whole.models);
      const routed = await again.route(Array.from(rows, (row) => whole.table.texts[row]));
      assert.deepEqual(routed.map(({ model }) => model), chosen);
      await again.save(`${folder}/twice`);
      assert.deepEqual(
        await Deno.readFile(`${folder}/twice`),
        await Deno.readFile(`${folder}/it`),
      );
    });
  });
}

/** `large` solves sums at 3 cents, `small` names at 1 cent. */
const sums: OutcomeRecord[] = Array.from({ length: 40 }, (_, i) => ({
  id: `q${String(i).padStart(2, "0")}`,
  benchmark: i % 2 ? "names" : "sums",
  query: i % 2 ? `Name river ${i} where boats are found` : `What is ${i} plus ${i * 7 % 31}?`,
  scores: { large: Number(i % 2 === 0), small: i % 2 },
  costs: { large: 0.03, small: 0.01 },
}));
const pool = await openPool(sums, { name: "sums-and-names" });
const nearest: Router = { ...knn, grid: [{ k: 1, weights: "uniform" }] } as Router;
const graded = (model: string, score: number, cost?: number): OutcomeRecord[] =>
  queriesToLabel(pool, { n: 20 }).map((id) => ({
    ...sums.find((record) => record.id === id)!,
    scores: { [model]: score },
    costs: cost === undefined ? undefined : { [model]: cost },
  }));

Deno.test("by hand: an equal of large for 2 cents takes its sums, a worse model nothing, and prices count", async () => {
  const router = await fitRouter(pool, nearest);
  const joined = await joinModel(router, pool, { records: graded("equal", 1, 0.02) });
  const twice = await joinModel(joined, pool, { records: graded("bad", 0, 0.001) });
  const asked = ["What is 5 plus 6?", "Name river 9 where boats are found"];
  const chosen = async (of: typeof router, lambda?: number) =>
    (await of.route(asked, { lambda })).map(({ model }) => model);
  assert.deepEqual(await chosen(router), ["large", "small"]);
  assert.deepEqual(await chosen(joined), ["equal", "small"]);
  assert.deepEqual(await chosen(twice), ["equal", "small"]);
  assert.deepEqual(await chosen(twice, 5), ["bad", "bad"]);
  const [{ models }] = await twice.route([asked[0]]);
  assert.deepEqual(
    models.map(({ model, score, cost }) => [model, score, Number(cost!.toFixed(9))]),
    [["bad", 0, 0.001], ["equal", 1, 0.02], ["large", 1, 0.03], ["small", 0, 0.01]],
  );
  const known = await twice.nearest(asked[0], 32);
  assert.equal(known.filter(({ scores }) => scores.equal === null).length, 12);
  assert.ok(known.every(({ scores }) => scores.large !== null));
  assert.deepEqual(router.models, ["large", "small"], "the first one is as it was");
});

Deno.test("a joined model without costs is chosen by score, and refused where cost counts", async () => {
  const router = await fitRouter(pool, nearest);
  const joined = await joinModel(router, pool, { records: graded("free", 1) });
  assert.equal(
    (await joined.route(["What is 5 plus 6?"]))[0].model,
    "large",
    "unpriced comes last",
  );
  await assert.rejects(joined.route(["?"], { lambda: 0.5 }), /without one: free/);
});

Deno.test("what cannot join is said", async () => {
  const router = await fitRouter(pool, nearest), records = graded("equal", 1, 0.02);
  const joined = await joinModel(router, pool, { records });
  const refused = async (
    made: Promise<unknown>,
    kind: new (message: string) => Error,
    message: RegExp,
  ): Promise<void> => {
    await assert.rejects(made, (error) => error instanceof kind && message.test(error.message));
  };
  await refused(joinModel(joined, pool, { records }), UsageError, /router knows "equal" already/);
  await refused(joinModel(router, lesser, { records }), DataError, /other data than part/);
  const rows = new Set(router.saved.table.ids);
  const untaught = await openPool(sums, { name: "sums-and-names" });
  const tested = sums.filter(({ id }) => !rows.has(id)).map((record) => ({
    ...record,
    scores: { equal: 1 },
  }));
  await refused(joinModel(router, untaught, { records: tested }), DataError, /8 graded answers/);
  const fixed = await fitRouter(pool, { ...nearest, name: "fixed", unseen: undefined } as Router);
  await refused(joinModel(fixed, pool, { records }), CapabilityError, /cannot take in a model/);
});
