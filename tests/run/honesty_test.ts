/**
 * No router can reach a test outcome: where they are replaced by noise, every decision stays the same to
 * the bit. Asked of every router in `baselines/` and every reference row, in single jobs and whole runs.
 */
import assert from "node:assert/strict";
import { demoRecords, demoTable } from "../../datasets/demo/generate.ts";
import { runJob } from "../../src/run/job.ts";
import { runNewModelJob } from "../../src/run/new_model_job.ts";
import { type EmbeddedTable, openSplit } from "../../src/run/open_split.ts";
import { decisionsHash, type FinishedJob } from "../../src/run/job_store.ts";
import { planRun, type RunSettings } from "../../src/run/plan.ts";
import { runPlan } from "../../src/run/run.ts";
import type { Split } from "../../src/splits/split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { Router } from "../../src/router/contract.ts";
import { trackedRouters } from "../support/tracked.ts";
import { REFERENCES } from "../../src/router/references.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { random } from "../../src/base/random.ts";
import { alone } from "../splits/tables.ts";
import { column, decided, obeying, OPTIONS, poisoned, ruled } from "./scene.ts";

const routers: { id: string; router: Router }[] = [
  ...REFERENCES.map(({ id, router }) => ({ id, router: router as Router })),
  ...await trackedRouters(),
];

async function demo(queries: number): Promise<EmbeddedTable> {
  const table = demoTable({ queries });
  const provider = await openProvider("hashed-384");
  return { table, raw: await provider.embed(table.texts), preparation: provider.preparation };
}

const data = await demo(200);
const withTable = (table: OutcomeTable): EmbeddedTable => ({ ...data, table });
const splits = (protocol: string): Split[] =>
  makeSplits(data.table, alone(data.table), protocol, [7]);

for (const protocol of ["id", "ood"]) {
  Deno.test(`${protocol}: noise in place of test outcomes changes no job`, async () => {
    const [, split] = splits(protocol);
    const noisy = poisoned(data.table, (row) => split.roles[row] === "e");
    const clean = openSplit(data, split), poison = openSplit(withTable(noisy), split);
    for (const { id, router } of routers) {
      const before = await runJob(id, router, clean, OPTIONS);
      const after = await runJob(id, router, poison, OPTIONS);
      assert.equal(decisionsHash(after), decisionsHash(before), id);
      assert.deepEqual(after, before, id);
    }
  });
}

Deno.test("the check is sharp: noise in training outcomes does change jobs, and a peeking router is caught", async () => {
  const [split] = splits("id");
  const changed = async (router: Router, poison: (row: number) => boolean): Promise<boolean> => {
    const noisy = poisoned(data.table, poison);
    const hashes = [];
    for (const table of [data.table, noisy]) {
      current = table;
      hashes.push(
        decisionsHash(await runJob("r", router, openSplit(withTable(table), split), OPTIONS)),
      );
    }
    return hashes[0] !== hashes[1];
  };
  let current = data.table;
  const peeking = ruled([{}], {
    fit: ({ models }) => ({
      ...obeying(models, {}),
      predict: ({ ids }) => ({
        quality: Float64Array.from(ids.flatMap((id) => {
          const at = current.ids.indexOf(id) * models.length;
          return [...current.scores.subarray(at, at + models.length)];
        })),
      }),
    }),
  });
  assert.ok(await changed(peeking, (row) => split.roles[row] === "e"), "the peeking router");
  for (const { id, router } of routers) {
    if (["random", "bayes-optimal"].includes(id)) continue; // learn nothing from outcomes
    assert.ok(await changed(router, (row) => "tv".includes(split.roles[row])), id);
  }
});

Deno.test("new-model: noise in place of what a held-out model did off its profile changes no arm but the clairvoyant", async () => {
  const [split] = splits("new-model");
  const known = (n: number) => new Set(split.profile!.order.slice(0, n));
  const run = (router: Router, table: OutcomeTable) =>
    runNewModelJob("r", router, openSplit(withTable(table), split), table, [8, 16], OPTIONS);
  const takers = routers.filter(({ id, router }) => router.unseen && id !== "random");
  assert.ok(takers.length >= 5);
  for (const { id, router } of takers) {
    const before = decided(await run(router, data.table));
    for (const n of [8, 16]) {
      const profile = known(n);
      const noisy = poisoned(
        data.table,
        (row, model) =>
          split.roles[row] === "e" || (split.heldOutModels.includes(model) && !profile.has(row)),
      );
      const after = decided(await run(router, noisy));
      assert.deepEqual(after.tuning, before.tuning, id);
      before.columns.forEach(({ arm, n: size, pool }, p) => {
        if (arm === "clairvoyant" || size! > n) return;
        assert.deepEqual(
          column(after, p),
          column(before, p),
          `${id}, ${arm} ${size} ${pool}, noise off ${n}`,
        );
      });
      // A network trained on so few rows decides by the means alone; tests/icl shows that it reads.
      if (n === 16 || router.reference || router.effort) continue;
      const arms = before.columns.map((_, p) => p).filter((p) => before.columns[p].n === 16);
      assert.ok(
        arms.some((p) => column(after, p).join() !== column(before, p).join()),
        `${id}: noise among the 16 profile rows shows`,
      );
    }
  }
});

// Whole runs, from records on disk to finished jobs.

/** Replaces the outcomes of chosen cells in records by noise. */
function poisonedRecords(poison: (id: string, model: string) => boolean): OutcomeRecord[] {
  const source = random(17, "poisoned records");
  return demoRecords({ queries: 150 }).map(({ tokens: _tokens, ...record }) => {
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

/** Runs all routers on records, as `deno task bench` does, in a folder of its own. */
async function wholeRun(
  protocol: string,
  records: readonly OutcomeRecord[],
): Promise<{ jobs: FinishedJob[]; splits: readonly Split[]; ids: readonly string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/records.jsonl`;
    await Deno.writeTextFile(path, records.map((r) => JSON.stringify(r) + "\n").join(""));
    const settings: RunSettings = {
      data: path,
      protocol,
      seeds: [3],
      embedding: "hashed-384",
      validation: "benchmarks",
      device: "cpu",
      ...(protocol === "new-model" ? { budgets: [8, 16], subsets: 2 } : {}),
    };
    const plan = await planRun(settings, { workers: 1 });
    const jobs = await runPlan(plan, { workers: 1, jobs: `${folder}/jobs`, warn: assert.fail });
    const quick = routers.filter(({ router }) => router.effort !== "minutes"); // the others run when named
    assert.equal(new Set(jobs.map(({ router }) => router)).size, quick.length);
    return { jobs, splits: plan.splits, ids: plan.table.ids };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const protocol of ["id", "ood:3"]) {
  Deno.test(`a whole ${protocol} run: noise in a fold's test outcomes leaves that fold's decisions`, async () => {
    const clean = await wholeRun(protocol, poisonedRecords(() => false));
    const { splits, ids } = clean;
    const fold = 1;
    assert.ok(splits.length >= 3);
    const tested = new Set(ids.filter((_, i) => splits[fold].roles[i] === "e"));
    const noisy = await wholeRun(protocol, poisonedRecords((id) => tested.has(id)));
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
  const clean = await wholeRun("new-model", poisonedRecords(() => false));
  const { splits: [split], ids } = clean;
  const profile = new Set(split.profile!.order.slice(0, 16).map((row) => ids[row]));
  const tested = new Set(ids.filter((_, i) => split.roles[i] === "e"));
  const noisy = await wholeRun(
    "new-model",
    poisonedRecords((id, model) =>
      tested.has(id) || (split.heldOutModels.includes(model) && !profile.has(id))
    ),
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
