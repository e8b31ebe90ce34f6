/** A result of a router that visits models: its numbers follow from the paths, and a changed path is found. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { sha256 } from "../../src/base/hash.ts";
import { earnedBy } from "../../src/evaluate/earn.ts";
import { joinFolds, seedRows } from "../../src/evaluate/decisions.ts";
import type { RouterReport } from "../../src/evaluate/evaluate.ts";
import { exportCsv } from "../../src/results/export.ts";
import { openResult } from "../../src/results/open.ts";
import { OutcomeFinder } from "../../src/results/outcome_finder.ts";
import { type DecisionEntry, encodeDecisions } from "../../src/results/decision_file.ts";
import { isNewModel } from "../../src/results/result.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { loose, rehashed, resealed } from "./forge.ts";
import { realRun, withFolder } from "./fixture.ts";

/** Asks the first model, and where its reply is longer than ten characters the second as well, who answers. */
const ROUTER = `export default {
  name: "long", summary: "s", source: "none", needs: ["replies"], grid: [{}], horizon: 2,
  fit: ({ models, replies }) => ({
    models,
    act: ({ step, replies, queries }) => queries.ids.map((_, e) =>
      step === 0 ? { visit: 0 } : step === 2 ? { commit: 1 }
      : replies[e].chars > 10 ? { visit: 1 } : { commit: 0 }),
    describe: () => ({ parameters: replies.length }),
  }),
};`;

async function run(folder: string) {
  const lines = demoRecords({ queries: 150 }).map(({ id, scores }) => {
    const models = Object.keys(scores), long = sha256(id) < "8";
    const replies = models.map((
      m,
    ) => [m, { head: long ? "a long reply" : "short", chars: long ? 12 : 5 }]);
    return JSON.stringify({ id, answer: "x", replies: Object.fromEntries(replies) }) + "\n";
  });
  await Deno.writeTextFile(join(folder, "replies.jsonl"), lines.join(""));
  const router = join(folder, "long.ts");
  await Deno.writeTextFile(router, ROUTER);
  const made = await realRun(folder, 150, { routers: [router] });
  return { ...made, replies: lines.join("") };
}

Deno.test("cost is that of all visits, in every number; the result names the replies and verifies", () =>
  withFolder(async (folder) => {
    const { path, replies } = await run(folder);
    const { result, entries, splits } = await openResult(path);
    assert.deepEqual(result.replies, { sha256: sha256(replies) });
    const table = await new OutcomeFinder().of(result);
    if (typeof table === "string" || isNewModel(result.evaluation)) throw new Error(`${table}`);
    const own = entries.filter((e) => e.router === "long"), [seed] = seedRows(table, splits);
    const { costs, models } = seed.outcomes, row = joinFolds(own);
    const twice = [...seed.rows].map((at) => sha256(table.ids[at]) < "8");
    const paid = twice.map((long, i) => costs![i * models] + (long ? costs![i * models + 1] : 0));
    assert.deepEqual([...earnedBy(row, 0, seed).cost!], paid);
    const mean = paid.reduce((sum, cost) => sum + cost, 0) / paid.length;
    const report = result.evaluation.routers.find((r: RouterReport) => r.router === "long")!;
    assert.ok(Math.abs(report.mean.cost! - mean) < 1e-9 * mean);
    assert.ok(Math.abs(report.seeds[0].curve[0].cost - mean) < 1e-9 * mean);
    assert.equal((await verifyResult(path)).depth, "full");
    const csv = [...exportCsv({ result, entries, splits }, table)].filter((line) =>
      line.startsWith("long,")
    );
    const sum = csv.reduce((total, line) => total + Number(line.trim().split(",").at(-1)), 0);
    assert.ok(Math.abs(sum / paid.length - mean) < 1e-9 * mean, "the export pays all visits, too");
  }));

Deno.test("a visit taken out of a path, under corrected hashes, is found by its price", () =>
  withFolder(async (folder) => {
    const { path } = await run(folder);
    const { result, entries } = await openResult(path);
    const forged = entries.map((entry): DecisionEntry => {
      if (!entry.paths) return entry;
      const visited = entry.paths.visited.slice(), { horizon } = entry.paths;
      const at = visited.findIndex((m, i) => i % horizon === 1 && m === 1);
      // The model that answers was asked at once.
      visited[at - 1] = 1, visited[at] = entry.models.length;
      return rehashed({ ...entry, paths: { visited, horizon } });
    });
    const { bytes, sha256 } = encodeDecisions(forged);
    await Deno.writeFile(join(path, "..", result.decisions.file), bytes);
    const changed = loose(result);
    changed.decisions.sha256 = sha256;
    await Deno.writeTextFile(path, resealed(changed));
    await assert.rejects(verifyResult(path), /\/evaluation\/routers\/\d+\/.*cost/);
  }));
