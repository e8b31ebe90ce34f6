/**
 * No router can reach a test outcome: where they are replaced by noise, every decision stays the same to
 * the bit. Asked of every router in `baselines/` and every reference row, in whole runs, from
 * records on disk to finished jobs.
 */
import assert from "node:assert/strict";
import type { FinishedJob } from "../../src/run/job_store.ts";
import { planRun, type RunSettings } from "../../src/run/plan.ts";
import { runPlan } from "../../src/run/run.ts";
import type { Split } from "../../src/splits/split.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { random } from "../../src/base/random.ts";
import { column, decided } from "../run/scene.ts";
import { smallRecords, writeVectors } from "../support/small_pool.ts";
import { routers } from "./scene.ts";

/** Replaces the outcomes of chosen cells in records by noise. */
function poisonedRecords(poison: (id: string, model: string) => boolean): OutcomeRecord[] {
  const source = random(17, "poisoned records");
  return smallRecords(100).map((record) => {
    const noise = (values: Record<string, number>, draw: () => number) =>
      Object.fromEntries(
        Object.entries(values).map(([model, value]) => {
          const drawn = draw();
          return [model, poison(record.id, model) ? drawn : value];
        }),
      );
    return {
      ...record,
      scores: noise(record.scores, () => source.integer(2)),
      costs: noise(record.costs!, () => source.next()),
    };
  });
}

/** Those that fit at once; they suffice to show that noise is seen where it may be. */
const AT_ONCE = routers.flatMap(({ id, router: { effort, reference, needs } }) =>
  effort || reference || needs?.some((need) => need === "replies" || need === "documents")
    ? []
    : [id]
);

/**
 * Runs all routers on records, as `deno task bench` does, in a folder of its own: one split as a shard, after those that
 * fit at once have run on the splits before it.
 */
async function wholeRun(
  protocol: string,
  records: readonly OutcomeRecord[],
  fold: number,
): Promise<{ jobs: FinishedJob[]; splits: readonly Split[]; ids: readonly string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/records.jsonl`;
    await Deno.writeTextFile(path, records.map((r) => JSON.stringify(r) + "\n").join(""));
    const settings: RunSettings = {
      data: path,
      protocol,
      seeds: [3],
      embedding: await writeVectors(folder, records),
      validation: "benchmarks",
      device: "cpu",
      ...(protocol === "new-model" ? { budgets: [8, 16], subsets: 2 } : {}),
    };
    const plan = await planRun(settings), few = await planRun({ ...settings, routers: AT_ONCE });
    const jobs: FinishedJob[] = [], of = plan.splits.length;
    for (let before = 0; before <= fold; before++) {
      const shard = { index: before + 1, of };
      const options = { workers: 1, jobs: `${folder}/jobs`, warn: assert.fail, shard };
      jobs.push(...await runPlan(before < fold ? few : plan, options));
    }
    // The others run when named.
    const quick = routers.filter(({ router: { effort, needs } }) =>
      effort !== "minutes" && !needs?.some((need) => need === "replies" || need === "documents")
    );
    assert.equal(new Set(jobs.map(({ router }) => router)).size, quick.length);
    return { jobs, splits: plan.splits, ids: plan.table.ids };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const protocol of ["id", "ood:3"]) {
  Deno.test(`a whole ${protocol} run: noise in a fold's test outcomes leaves that fold's decisions`, async () => {
    const fold = 1, clean = await wholeRun(protocol, poisonedRecords(() => false), fold);
    const { splits, ids } = clean;
    assert.ok(splits.length >= 3);
    const tested = new Set(ids.filter((_, i) => splits[fold].roles[i] === "e"));
    const noisy = await wholeRun(protocol, poisonedRecords((id) => tested.has(id)), fold);
    assert.deepEqual(noisy.splits[fold].roles, splits[fold].roles);
    let elsewhere = 0, compared = 0;
    clean.jobs.forEach((job, at) => {
      const other = noisy.jobs[at];
      assert.notEqual(other.id, job.id, "other data, another job");
      if (job.fold !== fold) {
        return void (elsewhere += Number(other.decisionsSha256 !== job.decisionsSha256));
      }
      assert.equal(other.decisionsSha256, job.decisionsSha256, job.router);
      assert.deepEqual(other.outcome, job.outcome, job.router);
      if (job.outcome.status === "decided") compared++;
    });
    assert.ok(compared >= 10, `${compared} jobs compared`);
    assert.ok(elsewhere > 10, `the noise is seen in other folds (${elsewhere} jobs)`);
  });
}

Deno.test("a whole new-model run: noise in test outcomes and off the profiles", async () => {
  const clean = await wholeRun("new-model", poisonedRecords(() => false), 0);
  const { splits: [split], ids } = clean;
  const profile = new Set(split.profile!.order.slice(0, 16).map((row) => ids[row]));
  const tested = new Set(ids.filter((_, i) => split.roles[i] === "e"));
  const noisy = await wholeRun(
    "new-model",
    poisonedRecords((id, model) =>
      tested.has(id) || (split.heldOutModels.includes(model) && !profile.has(id))
    ),
    0,
  );
  let compared = 0;
  clean.jobs.forEach((job, at) => {
    if (job.fold !== 0 || job.outcome.status !== "decided") return;
    const before = job.outcome, after = decided(noisy.jobs[at].outcome);
    before.columns.forEach(({ arm, n, pool }, p) => {
      if (arm === "clairvoyant") return;
      assert.deepEqual(column(after, p), column(before, p), `${job.router}, ${arm} ${n} ${pool}`);
      compared++;
    });
  });
  assert.ok(compared >= 40, `${compared} columns compared`);
});
