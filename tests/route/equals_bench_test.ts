/** A saved router, opened again, decides as the bench's job does for the same rows: every router that can be saved. */
import assert from "node:assert/strict";
import { openPool, openSplit, type Pool } from "../../src/mod.ts";
import { fitRouter, openRouter, savableRouters } from "../../src/api/route.ts";
import { loadRouter } from "../../src/router/discover.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { checked } from "../../src/run/checked.ts";
import { runJob } from "../../src/run/job.ts";
import type { PoolRouter } from "../../src/route/pool_router.ts";
import { inFolder } from "../support/folder.ts";
import { smallRecords } from "../support/small_pool.ts";

const small = await openPool(smallRecords(100), { name: "small" });
const options = {
  device: "cpu",
  signal: new AbortController().signal,
  progress: () => {},
} as const;

/** Opens what was saved, and holds its choices for the test rows against the job's, along the whole curve. */
async function compareWithBench(
  id: string,
  file: string,
  embedding: string,
  pool: Pool = small,
): Promise<PoolRouter> {
  const { opened, table } = await openSplit(pool, { embedding });
  const { router: method } = await loadRouter(id);
  assert.ok(!isSequential(method));
  const job = await runJob(id, checked(method), opened, options);
  if (job.status !== "decided") throw new Error(`${id}: ${job.reason}`);
  await (await fitRouter(pool, id, { embedding })).save(file);
  const router = await openRouter(file, { pool }), { dial } = await router.fitted("area");
  const texts = Array.from(opened.testRows, (row) => table.texts[row]), P = job.columns.length;
  for (const [p, { kind, at }] of job.columns.entries()) {
    if (kind !== "headline" && kind !== "curve" || kind === "curve" && at === 0 && !dial) continue;
    const value = at === "Infinity" ? Infinity : at;
    const routed = await router.route(
      texts,
      kind === "headline" ? {} : dial ? { dial: value } : { lambda: value },
    );
    const chosen: string[] = texts.map((_, i) => job.models[job.choice[i * P + p]]);
    assert.deepEqual(routed.map(({ model }) => model), chosen, `${id}, ${kind} ${at}`);
  }
  return router;
}

for (const id of await savableRouters()) {
  Deno.test(`${id} from its file decides as in the bench, at every price of cost`, async () => {
    await inFolder(async (folder) =>
      void await compareWithBench(id, `${folder}/it.router`, "static")
    );
  });
}

Deno.test("so it does with an embedding of which something is fitted on the rows", async () => {
  await inFolder(async (folder) =>
    void await compareWithBench(
      "ridge",
      `${folder}/it.router`,
      "hashed-384",
      await openPool("demo", { limit: 150 }),
    )
  );
});
