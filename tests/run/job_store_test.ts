/** Finished jobs on disk: what goes in comes out, and nothing else does. */
import assert from "node:assert/strict";
import {
  decisionsHash,
  encodeJob,
  type FinishedJob,
  jobId,
  type JobKey,
  JobStore,
} from "../../src/run/job_store.ts";
import type { Decided, JobOutcome } from "../../src/run/job.ts";
import { sha256 } from "../../src/base/hash.ts";
import { exists } from "../../src/base/files.ts";

const OUTCOME: Decided = {
  status: "decided",
  columns: [{ kind: "headline" }, { kind: "curve", at: 0 }, { kind: "curve", at: "Infinity" }],
  choice: Uint16Array.of(0, 1, 2, 300, 65535, 0),
  models: ["a", "b", "c"],
  tuning: {
    score: 1,
    area: 0,
    trials: [{ score: 1 / 3, area: .2 }],
    operating: { sameQuality: 3, halfCost: 4 },
  },
  card: { parameters: 12, notes: ["3 clusters"] },
};
const MIXTURE: Decided = {
  ...OUTCOME,
  columns: [{ kind: "headline" }],
  choice: new Uint16Array(),
  mixtures: [[1 / 3, 2 / 3]],
};
const REFUSED: JobOutcome = { status: "not applicable", reason: "needs costs" };

const KEY: JobKey = {
  dataSha256: "d",
  splitSha256: "s",
  embedding: "e",
  router: "knn",
  routerSha256: "r",
  harnessSha256: "h",
  control: "none",
  budgets: [8, 16],
  device: "cpu",
};

function finished(outcome: JobOutcome, router = "knn"): FinishedJob {
  return {
    id: jobId({ ...KEY, router }),
    router,
    seed: 42,
    fold: 3,
    outcome,
    decisionsSha256: decisionsHash(outcome),
    predictions: { brier: .1, calibrationError: .2, entropy: 1.5, recall: [.5, null] },
  };
}

async function inStore(
  use: (store: JobStore, warnings: string[], folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    await use(new JobStore(`${folder}/jobs`), [], folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("job store: a job comes back as it went in, whatever its outcome", () =>
  inStore(async (store, warnings) => {
    for (const [i, outcome] of [OUTCOME, MIXTURE, REFUSED].entries()) {
      const job = finished(outcome, `router${i}`);
      assert.equal(await store.get(job.id, (w) => warnings.push(w)), undefined);
      await store.put(job);
      const back = await store.get(job.id, (w) => warnings.push(w));
      assert.deepEqual(back, job);
      assert.equal(decisionsHash(back!.outcome), job.decisionsSha256);
    }
    assert.deepEqual(warnings, [], "a job that is not there is no reason to warn");
  }));

Deno.test("job store: predicted qualities come back to the last bit, where there are some", () =>
  inStore(async (store) => {
    for (const predicted of [Float64Array.of(.1, NaN, 1 / 3), undefined]) {
      const job = finished({ ...OUTCOME, ...(predicted && { predicted }) });
      await store.put(job);
      const { outcome } = (await store.get(job.id, assert.fail))!;
      assert.deepEqual("predicted" in outcome ? outcome.predicted : undefined, predicted);
    }
  }));

Deno.test("job store: only the finished file is left behind, in a folder by the id's first digits", () =>
  inStore(async (store, _warnings, folder) => {
    const job = finished(OUTCOME);
    await store.put(job);
    await store.put(job);
    const names: string[] = [];
    for await (const { name } of Deno.readDir(`${folder}/jobs/${job.id.slice(0, 2)}`)) {
      names.push(name);
    }
    assert.deepEqual(names, [`${job.id}.json`]);
    assert.equal(store.path(job.id), `${folder}/jobs/${job.id.slice(0, 2)}/${job.id}.json`);
  }));

Deno.test("job store: a torn file is reported, never read", () =>
  inStore(async (store, warnings) => {
    const job = finished(OUTCOME), text = encodeJob(job);
    await store.put(job);
    const lengths = [0, 1, 20, Math.floor(text.length / 2), text.length - 1];
    for (const length of lengths) {
      await Deno.writeTextFile(store.path(job.id), text.slice(0, length));
      assert.equal(await store.get(job.id, (w) => warnings.push(w)), undefined, `${length} bytes`);
    }
    assert.equal(warnings.length, lengths.length);
    for (const warning of warnings) {
      assert.ok(warning.startsWith(`${store.path(job.id)}: damaged (`), warning);
      assert.ok(warning.endsWith("; the job is run again"), warning);
    }
    assert.ok(await exists(store.path(job.id)), "it stays for whoever wants to look at it");
  }));

Deno.test("job store: an edited file is reported, never read", () =>
  inStore(async (store, warnings) => {
    const job = finished(OUTCOME);
    await store.put(job);
    const text = await Deno.readTextFile(store.path(job.id));
    const sealed = (body: string) => JSON.stringify({ sha256: sha256(body), body });
    const body = JSON.parse(text).body as string;
    const other = JSON.parse(
      JSON.parse(encodeJob(
        finished({ ...OUTCOME, choice: Uint16Array.of(0, 1, 2, 2, 2, 0) }),
      )).body,
    ).outcome.choice;
    const edits: [string, string, RegExp][] = [
      ["a number", text.replace('\\"fold\\":3', '\\"fold\\":4'), /its hash does not match/],
      ["no body", JSON.stringify({ sha256: sha256("") }), /its hash does not match/],
      ["no object", "[]", /its hash does not match/],
      [
        "choices, sealed again",
        sealed(JSON.stringify({
          ...JSON.parse(body),
          outcome: { ...JSON.parse(body).outcome, choice: other },
        })),
        /its decisions do not match their hash/,
      ],
      [
        "a column, sealed again",
        sealed(body.replace('"at":0}', '"at":1}')),
        /its decisions do not match their hash/,
      ],
      [
        "half of the choices",
        sealed(body.replace(/"choice":"[^"]{20}/, '"choice":"')),
        /damaged/,
      ],
    ];
    for (const [what, edited, message] of edits) {
      assert.notEqual(edited, text, what);
      await Deno.writeTextFile(store.path(job.id), edited);
      assert.equal(await store.get(job.id, (w) => warnings.push(w)), undefined, what);
      assert.match(warnings.pop()!, message, what);
    }
  }));

Deno.test("job store: another job's file under this job's name is reported, never read", () =>
  inStore(async (store, warnings) => {
    const [mine, foreign] = [finished(OUTCOME, "knn"), finished(OUTCOME, "ridge")];
    await store.put(foreign);
    await store.put(mine);
    await Deno.copyFile(store.path(foreign.id), store.path(mine.id));
    assert.equal(await store.get(mine.id, (w) => warnings.push(w)), undefined);
    assert.deepEqual(warnings, [
      `${store.path(mine.id)}: damaged (holds job ${foreign.id}); the job is run again`,
    ]);
  }));

Deno.test("jobId: every part of the key counts, the order of its members does not", () => {
  const ids = [
    KEY,
    ...Object.keys(KEY).map((key) => ({ ...KEY, [key]: key === "budgets" ? [8] : "other" })),
  ].map(jobId);
  assert.equal(new Set(ids).size, 10);
  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
  const backwards = Object.fromEntries(Object.entries(KEY).reverse()) as unknown as JobKey;
  assert.equal(jobId(backwards), ids[0]);
});

Deno.test("decisionsHash is of columns, models, choices and mixtures, and of nothing else", () => {
  const base = decisionsHash(OUTCOME);
  const others: Partial<Decided>[] = [
    { choice: Uint16Array.of(0, 1, 2, 300, 65535, 1) },
    { choice: OUTCOME.choice.slice(1) },
    { columns: OUTCOME.columns.toReversed() },
    { models: ["b", "a", "c"] },
    { mixtures: [[1]] },
  ];
  const hashes = others.map((other) => decisionsHash({ ...OUTCOME, ...other }));
  assert.equal(new Set([base, ...hashes]).size, 6);
  const same: Partial<Decided>[] = [
    { tuning: { score: 0, trials: [] } },
    { card: { parameters: 0, notes: [] } },
    { predicted: Float64Array.of(1) },
    { mixtures: undefined },
    { choice: new Uint16Array([9, ...OUTCOME.choice]).subarray(1) },
  ];
  for (const other of same) assert.equal(decisionsHash({ ...OUTCOME, ...other }), base);
  assert.notEqual(
    decisionsHash(REFUSED),
    decisionsHash({ status: "not applicable", reason: "needs truth" }),
  );
});
