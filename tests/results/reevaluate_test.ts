import assert from "node:assert/strict";
import { main } from "../../src/cli/reevaluate.ts";
import { audited } from "../../src/audit/audited.ts";
import { DataError, VerificationError } from "../../src/base/errors.ts";
import { loadDataset } from "../../datasets/load.ts";
import { METRICS_VERSION } from "../../src/metrics/mod.ts";
import { openResult } from "../../src/results/open.ts";
import { reevaluateResult } from "../../src/results/reevaluate.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { captured } from "../support/capture.ts";
import { F1, f1Run } from "./f1.ts";
import { withFolder, written } from "./fixture.ts";
import { loose, resealed } from "./forge.ts";

/** F1 as an older harness left it: version 0, and another quality. */
async function old(folder: string): Promise<{ path: string; data: string; now: string }> {
  const run = await f1Run(folder, { references: {} });
  const { path } = await written(folder, run);
  const now = await Deno.readTextFile(path);
  const result = loose((await openResult(path)).result);
  result.metricsVersion = "0";
  result.evaluation.routers[0].mean.quality = 0.123;
  for (const c of result.evaluation.comparisons) delete c.effectiveUnits;
  await Deno.writeTextFile(path, resealed(result));
  return { path, data: run.data, now };
}

Deno.test("a result of an older version gets the present numbers, and nothing else changes", () =>
  withFolder(async (folder) => {
    const { path, data, now } = await old(folder);
    await assert.rejects(verifyResult(path, { data }), /version 0, .* "deno task reevaluate"/);
    const decisions = `${path.slice(0, -".json".length)}.decisions.gz`;
    const bytes = await Deno.readFile(decisions);
    const lines = await captured(() => main([path, "--data", data]));
    assert.equal(lines.length, 1);
    assert.ok(lines[0].endsWith(`version 0 → ${METRICS_VERSION}`), lines[0]);
    assert.equal(await Deno.readTextFile(path), now);
    assert.deepEqual(await Deno.readFile(decisions), bytes);
    assert.equal((await verifyResult(path, { data })).depth, "full");
    const again = await captured(() => main([path, "--data", data]));
    assert.match(again[0], /as before, version/);
  }));

Deno.test("outcomes that are not here, or are others, are refused, and nothing is written", () =>
  withFolder(async (folder) => {
    const { path, data } = await old(folder);
    const before = await Deno.readTextFile(path);
    await Deno.rename(data, `${data}.away`);
    await assert.rejects(main([path]), DataError);
    await Deno.rename(`${data}.away`, data);
    const changed = F1.with(0, { ...F1[0], scores: { ...F1[0].scores, "a-small": 0 } });
    await Deno.writeTextFile(data, changed.map((r) => JSON.stringify(r) + "\n").join(""));
    const dataset = await audited(await loadDataset(data));
    await assert.rejects(reevaluateResult(path, dataset), VerificationError);
    assert.equal(await Deno.readTextFile(path), before);
  }));

Deno.test("numbers of the present version that do not verify are not papered over", () =>
  withFolder(async (folder) => {
    const { path, data } = await old(folder);
    const dataset = await audited(await loadDataset(data));
    const result = loose((await openResult(path)).result);
    result.metricsVersion = METRICS_VERSION;
    await Deno.writeTextFile(path, resealed(result));
    await assert.rejects(reevaluateResult(path, dataset), /mean\/quality is 0\.123, recomputed/);
    result.metricsVersion = "99";
    await Deno.writeTextFile(path, resealed(result));
    await assert.rejects(reevaluateResult(path, dataset), /version 99 is newer/);
  }));
