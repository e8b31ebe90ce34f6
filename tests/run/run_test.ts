/** Running a plan: finished jobs are found again, damaged ones are not, and nobody runs it twice at once. */
import assert from "node:assert/strict";
import { relative } from "node:path";
import { planRun, type RunPlan } from "../../src/run/plan.ts";
import { runPlan, shardOf } from "../../src/run/run.ts";
import { encodeJob, JobStore } from "../../src/run/job_store.ts";
import { CapabilityError, UsageError } from "../../src/base/errors.ts";
import { planOf, withRecords, writeRouter } from "./runs.ts";
import { worker } from "../../src/run/work.ts";

/** Which jobs have been written since: those whose file has another inode or time. */
async function filesOf(store: JobStore, ids: readonly string[]): Promise<string[]> {
  const stats = await Promise.all(ids.map((id) => Deno.stat(store.path(id))));
  return stats.map(({ ino, mtime }) => `${ino} ${mtime?.getTime()}`);
}

Deno.test("runPlan: finished jobs are found again; only a damaged one is done again, with a warning", () =>
  withRecords(async (folder) => {
    const plan = await planOf(folder), jobs = `${folder}/jobs`, store = new JobStore(jobs);
    const warnings: string[] = [];
    const run = async () => {
      const done = await runPlan(plan, { workers: 1, jobs, warn: (w) => void warnings.push(w) });
      assert.deepEqual(done.map(({ id }) => id), ids, "in plan order");
      return done.map(encodeJob);
    };
    const ids = plan.jobs.map(({ id }) => id);
    const first = await run();
    const files = await filesOf(store, ids);
    assert.deepEqual(await run(), first);
    assert.deepEqual(await filesOf(store, ids), files, "nothing is written");
    assert.equal(warnings.length, 0);

    const torn = ids.findIndex((_, i) => plan.jobs[i].router === "uniroute" && !plan.jobs[i].timed);
    const text = await Deno.readTextFile(store.path(ids[torn]));
    await Deno.writeTextFile(store.path(ids[torn]), text.slice(0, 300));
    assert.deepEqual(await run(), first);
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0].startsWith(store.path(ids[torn])));
    assert.equal(await Deno.readTextFile(store.path(ids[torn])), text, "the same bytes again");
    const after = await filesOf(store, ids);
    assert.deepEqual(files.flatMap((f, i) => f === after[i] ? [] : [i]), [torn]);
  }));

Deno.test("runPlan: a plan that is being run is refused, and free again afterwards", () =>
  withRecords(async (folder) => {
    const plan = await planOf(folder), jobs = `${folder}/jobs`;
    const options = { workers: 1, jobs, warn: assert.fail };
    await Deno.mkdir(jobs);
    using held = await Deno.open(`${jobs}/${plan.key}.lock`, { create: true, write: true });
    await held.lock(true);
    await assert.rejects(runPlan(plan, options), (error: Error) => {
      assert.ok(error instanceof CapabilityError);
      assert.match(error.message, /the same run is already under way \(.*\.lock is held\)/);
      return true;
    });
    await held.unlock();
    assert.equal((await runPlan(plan, options)).length, plan.jobs.length);
    assert.equal(await held.tryLock(true), true, "a finished run holds no lock");
  }));

Deno.test("shards deal out whole splits, each job to exactly one", () =>
  withRecords(async (folder) => {
    const plan = await planOf(folder);
    assert.equal(shardOf(plan, undefined), plan.jobs);
    for (const n of [1, 2, 3, 7]) {
      const parts = Array.from({ length: n }, (_, i) => shardOf(plan, { index: i + 1, of: n }));
      assert.deepEqual(
        parts.flat().map(({ id }) => id).toSorted(),
        plan.jobs.map(({ id }) => id).toSorted(),
      );
      const owners = parts.map((part) => new Set(part.map(({ split }) => split)));
      assert.equal(owners.reduce((n, splits) => n + splits.size, 0), plan.splits.length);
    }
  }));

Deno.test("a router from a file is called by its stem, whatever path it was given by", () =>
  withRecords(async (folder) => {
    // Its choices depend on its randomness alone.
    const path = await writeRouter(
      `${folder}/routers`,
      "dice",
      `({ models }, _config, { random }) => ({
        models,
        describe: () => ({ parameters: 0 }),
        predict: ({ ids }) => ({
          quality: Float64Array.from(ids.flatMap((id) => models.map((m) => random.fork(id, m).next()))),
        }),
      })`,
    );
    const decisions = async (given: string, jobs: string) => {
      const plan = await planOf(folder, { routers: [given] });
      const done = await runPlan(plan, {
        workers: 1,
        jobs: `${folder}/${jobs}`,
        warn: assert.fail,
      });
      const own = done.filter(({ router }) => router === "dice");
      assert.equal(own.length, 5);
      return own.map(({ id, decisionsSha256 }) => [id, decisionsSha256]);
    };
    const absolute = await decisions(path, "a");
    assert.deepEqual(await decisions(relative(Deno.cwd(), path), "b"), absolute);
    assert.equal(new Set(absolute.map(([, hash]) => hash)).size, 5, "each fold draws for itself");
  }));

Deno.test("a file may hold a reference row of one's own", () =>
  withRecords(async (folder) => {
    const fit = `({ models }) => ({
      models,
      describe: () => ({ parameters: 0 }),
      predict: () => ({ mixtures: [new Float64Array(models.length).fill(1 / models.length)] }),
    })`;
    const path = await writeRouter(folder, "coin", fit, "reference: true,");
    const plan = await planOf(folder, { routers: [path] });
    const done = await runPlan(plan, { workers: 1, jobs: `${folder}/jobs`, warn: assert.fail });
    const [own] = done.filter(({ router }) => router === "coin");
    assert.equal(own.outcome.status, "decided");
  }));

Deno.test("planRun: names are checked before any data is read", async () => {
  const settings = {
    data: "/nowhere/at-all.jsonl",
    protocol: "id",
    seeds: [1],
    embedding: "hashed-384",
    validation: "benchmarks",
    device: "cpu",
  } as const;
  await assert.rejects(planRun({ ...settings, routers: ["knnn"] }), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no router "knnn"; did you mean "knn"\?/);
    return true;
  });
  await assert.rejects(planRun({ ...settings, routers: ["knn", "knn"] }), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /two routers are called "knn"/);
    return true;
  });
  const folder = await Deno.makeTempDir();
  try {
    const clash = await writeRouter(folder, "best-single", "() => {}");
    await assert.rejects(planRun({ ...settings, routers: [clash] }), /two routers are called/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("planRun: a router that reads replies runs, and has them read, where it is named", () =>
  withRecords(async (folder) => {
    const said = { text: "so", head: "so", tail: "", chars: 2 };
    const { table } = await planOf(folder);
    const replies = Object.fromEntries(table.models.map((model) => [model, said]));
    await Deno.writeTextFile(
      `${folder}/replies.jsonl`,
      table.ids.map((id) => JSON.stringify({ id, replies }) + "\n").join(""),
    );
    const ran = (plan: RunPlan): boolean =>
      plan.jobs.some((job) => job.router === "cascade_replies");
    const all = await planOf(folder, { routers: undefined });
    assert.ok(!ran(all));
    assert.ok(all.leftOut.get("since reading replies takes long")?.includes("cascade_replies"));
    assert.ok(all.leftOut.get("since their fits take long")?.includes("icl_router"));
    const unbrought = all.leftOut.get("since their weights have to be brought first");
    const wanted = [
      "hybrid_llm_minilm",
      "icl_router_lm",
      "icl_router_paper",
      "model_sat_lm",
      "routerdc_minilm",
    ];
    assert.deepEqual(unbrought, wanted);
    assert.deepEqual([all.setup.data.replies, all.repliesSha256], [undefined, undefined]);
    const named = await planOf(folder, { routers: ["cascade_replies"] });
    assert.ok(ran(named));
    assert.equal(named.leftOut.size, 0);
    assert.equal(named.setup.data.replies?.length, table.ids.length * table.models.length);
    assert.match(named.repliesSha256!, /^[0-9a-f]{64}$/);
  }));

Deno.test("planRun: whatever can change a decision changes the jobs' names", () =>
  withRecords(async (folder) => {
    const base = await planOf(folder);
    const same = await planOf(folder);
    assert.equal(same.key, base.key, "the number of workers does not");
    const others = [
      await planOf(folder, { seeds: [4] }),
      await planOf(folder, { embedding: "hashed-4096" }),
      await planOf(folder, { control: "shuffled-labels" }),
      await planOf(folder, { protocol: "ood:3" }),
      await planOf(folder, { protocol: "ood:3", validation: "id" }),
      await planOf(folder, { device: "cuda" }),
      await planOf(folder, { protocol: "new-model" }),
      await planOf(folder, { protocol: "new-model", budgets: [8] }),
      await planOf(folder, { protocol: "new-model", arms: ["own", "ignore"] }),
      await planOf(folder, { protocol: "new-model", selection: "discriminative" }),
    ];
    const ids = [base, ...others].flatMap(({ jobs }) => jobs.map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length, "no job is shared");
    assert.ok(!("arms" in base.setup), "unless some are left out, arms are not part of a name");
    await assert.rejects(planOf(folder, { arms: ["own"] }), /only new-model has arms, not id/);
  }));

Deno.test("why a router that reads replies has no row: first that there are none, as the evaluation says too", () =>
  withRecords(async (folder) => {
    const path = `${folder}/reading.ts`;
    await Deno.writeTextFile(
      path,
      `export default { name: "reading", summary: "s", source: "none", needs: ["replies"], horizon: 1,
        grid: [{}], fit: () => { throw new Error("not to be fitted"); } };`,
    );
    for (const protocol of ["id", "new-model"]) {
      const { setup, jobs } = await planOf(folder, { routers: [path], protocol });
      const { outcome } = await worker(setup)(jobs.find(({ router }) => router === "reading")!);
      const reason = "needs replies; the dataset has none";
      assert.deepEqual(outcome, { status: "not applicable", reason }, protocol);
    }
  }));

Deno.test("a job that was stopped finds what it kept, in a folder of its own, which goes when it is done", () =>
  withRecords(async (folder) => {
    const path = await writeRouter(
      `${folder}/routers`,
      "slow",
      `async ({ models }, _, { unfinished }) => {
        const state = unfinished + "/half";
        const half = await Deno.readTextFile(state).catch(() => undefined);
        if (half === undefined) {
          await Deno.mkdir(unfinished, { recursive: true });
          await Deno.writeTextFile(state, unfinished);
          throw new Error("stopped");
        }
        return {
          models,
          predict: ({ ids }) => ({ quality: new Float64Array(ids.length * models.length).fill(0.5) }),
          describe: () => ({ parameters: 1, notes: [half] }),
        };
      }`,
      'effort: "minutes",', // its speed is not measured, by a fit that is nobody's job
    );
    const plan = await planOf(folder, { routers: [path] }), jobs = `${folder}/jobs`;
    const store = new JobStore(jobs), own = plan.jobs.filter(({ router }) => router === "slow");
    // Every start gets one job further: the first fails, the others of its router are left for the next.
    for (const [i, { id }] of own.entries()) {
      const lines: string[] = [];
      await runPlan(plan, { workers: 1, jobs, warn: (line) => void lines.push(line) });
      assert.equal(lines.length, 1);
      assert.match(lines[0], /slow failed: stopped/);
      assert.equal(await Deno.readTextFile(`${store.unfinished(id)}/half`), store.unfinished(id));
      if (i > 0) await assert.rejects(Deno.stat(store.unfinished(own[i - 1].id)));
    }
    const done = await runPlan(plan, { workers: 1, jobs, warn: assert.fail });
    for (const { id, outcome } of done.filter(({ router }) => router === "slow")) {
      assert.ok(outcome.status === "decided");
      assert.deepEqual(outcome.card.notes, [store.unfinished(id)]);
      await assert.rejects(Deno.stat(store.unfinished(id)), Deno.errors.NotFound);
    }
  }));
