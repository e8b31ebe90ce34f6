/** Routers that fail in a run: named, tried again, and no trace of the order in which jobs ended. */
import assert from "node:assert/strict";
import { assemble, writeResult } from "../../src/results/assemble.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { JobStore } from "../../src/run/job_store.ts";
import { runPlan } from "../../src/run/run.ts";
import { planOf, withRecords, writeRouter } from "./runs.ts";

/** Predicts what the expression gives; `Q` queries, `M` models, `ids`, `seen` = id of the first training row. */
const predicting = (answer: string): string =>
  `({ models, queries: { ids: [seen] } }) => ({
    models, describe: () => ({ parameters: 0 }),
    predict: ({ ids }) => { const Q = ids.length, M = models.length; return ${answer}; },
  })`;
const CELLS = "new Float64Array(Q * M).fill(0.5)";

Deno.test("what a router gives against its contract is a failed row with the numbers, not a wrong one", () =>
  withRecords(async (folder) => {
    const wrong: [string, RegExp][] = [
      ["() => undefined", /fit: expected an object with predict, got undefined/],
      ["({ models }) => ({ models })", /fit: expected an object with predict/],
      [
        predicting(`({ quality: ${CELLS} })`).replace(
          "models, describe",
          "models: models.toReversed(), describe",
        ),
        /fit: expected model 0 to be \S+, got /,
      ],
      [
        predicting(`({ quality: ${CELLS} })`).replace(
          "models, describe",
          "models: models.slice(1), describe",
        ),
        /fit: expected model 0 to be /,
      ],
      [predicting("undefined"), /predict: expected an object, got undefined/],
      [predicting("({ quality: new Float64Array(3) })"), /expected \d+ values .*, got 3/],
      [predicting("({ quality: Array(Q * M).fill(0) })"), /expected a Float64Array, got Array/],
      [
        predicting(`({ quality: ${CELLS}.fill(NaN) })`),
        /no model can be chosen, all 10 qualities are NaN/,
      ],
      [predicting(`({ quality: ${CELLS}.fill(Infinity) })`), /quality is Infinity for query /],
      [
        predicting(`({ quality: ${CELLS}, cost: ${CELLS}.fill(-1) })`),
        /cost is -1 for query .*, model /,
      ],
      [
        predicting(`({ quality: ${CELLS}, cost: ${CELLS}.fill(NaN) })`),
        /cost is NaN for query .*, model /,
      ],
      [
        predicting(`({ quality: ${CELLS}, cost: new Float64Array(1) })`),
        /cost: expected \d+ values/,
      ],
      [predicting("({ mixtures: [new Float64Array(M)] })"), /mixtures\[0\] sums to 0, not to 1/],
      [
        predicting(`({ quality: ${CELLS} })`).replace("parameters: 0", "parameters: NaN"),
        /describe: expected parameters ≥ 0, got NaN/,
      ],
    ];
    const files = await Promise.all(
      wrong.map(([fit], i) => writeRouter(folder, `wrong${i}`, fit)),
    );
    const plan = await planOf(folder, { routers: [...files, "uniroute"] });
    const warnings: string[] = [];
    const jobs = `${folder}/jobs`, warn = (line: string) => void warnings.push(line);
    const done = await runPlan(plan, { workers: 1, jobs, warn });
    assert.equal(warnings.length, wrong.length, warnings.join("\n"));
    const assembled = assemble(plan, done), { result } = assembled;
    for (const [i, [, message]] of wrong.entries()) {
      const { notApplicable } = result.routers.find(({ id }) => id === `wrong${i}`)!;
      assert.match(notApplicable!, message);
      assert.match(notApplicable!, /^failed: .*, seed 3, fold 0$/);
    }
    assert.deepEqual(
      assembled.failed.map(({ router }) => router),
      files.map((_, i) => `wrong${i}`),
    );
    assert.equal(result.routers.find(({ id }) => id === "uniroute")!.notApplicable, null);
    const { path } = await writeResult(assembled, `${folder}/out`);
    assert.equal((await verifyResult(path, { dataset: plan.dataset })).depth, "full");
  }));

Deno.test("a failed job is not kept; the first in plan order counts, and later ones are not done", () =>
  withRecords(async (folder) => {
    // Fails on what it is told to, by a file beside it.
    const path = await writeRouter(
      folder,
      "moody",
      `(train, config, { random, stage }) => {
        const { bad } = JSON.parse(Deno.readTextFileSync("${folder}/mood.json"));
        Deno.writeTextFileSync("${folder}/asked", "x", { append: true });
        if (bad) throw new Error("moody");
        return (${predicting(`({ quality: ${CELLS} })`)})(train);
      }`,
    );
    const plan = await planOf(folder, { routers: [path, "uniroute"] });
    const own = plan.jobs.filter(({ router }) => router === "moody");
    assert.equal(own.length, 5);
    const mood = (bad: boolean) =>
      Deno.writeTextFile(`${folder}/mood.json`, JSON.stringify({ bad }));
    const store = new JobStore(`${folder}/jobs`);
    const kept = async () => {
      const found = await Promise.all(own.map(({ id }) => store.get(id, assert.fail)));
      return found.map((job) => job?.outcome.status);
    };
    const run = (warn: (line: string) => void) =>
      runPlan(plan, { workers: 1, jobs: `${folder}/jobs`, warn });
    await mood(true);
    const warnings: string[] = [];
    const done = await run((line) => void warnings.push(line));
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0],
      /^moody failed: moody, seed 3, fold 0 \(.*moody\.ts:4:\d+\); the other/,
    );
    assert.equal((await Deno.readTextFile(`${folder}/asked`)).length, 1, "asked once");
    assert.deepEqual(await kept(), Array(5).fill(undefined));
    const reasons = done.filter(({ router }) => router === "moody").map(({ outcome }) => outcome);
    assert.deepEqual(new Set(reasons.map((o) => o.status === "failed" && o.reason)).size, 1);
    await mood(false);
    await run(assert.fail);
    assert.deepEqual(await kept(), Array(5).fill("decided"));
    assert.deepEqual(assemble(plan, await run(assert.fail)).failed, []);
  }));

Deno.test("a dial of other lengths from split to split fails its router, not the table", () =>
  withRecords(async (folder) => {
    const path = await writeRouter(
      folder,
      "dial",
      `(train) => {
        const fitted = (${predicting(`({ quality: ${CELLS} })`)})(train);
        globalThis.asked = (globalThis.asked ?? 0) + 1;
        const values = Array.from({ length: 1 + globalThis.asked }, (_, i) => i);
        return { ...fitted, dial: { name: "d", values, predict: fitted.predict } };
      }`,
    );
    const plan = await planOf(folder, { routers: [path, "uniroute"] });
    const done = await runPlan(plan, { workers: 1, jobs: `${folder}/jobs`, warn: assert.fail });
    const { failed } = assemble(plan, done);
    assert.deepEqual(failed.map(({ router }) => router), ["dial"]);
    assert.match(failed[0].reason, /columns other than with /);
  }));
