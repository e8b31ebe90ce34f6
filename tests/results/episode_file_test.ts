/** The file of episodes beside a result: written from decisions and outcomes, verified with them, shown without. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { main } from "../../src/cli/episodes.ts";
import { main as report } from "../../src/cli/report.ts";
import { hashJson } from "../../src/base/hash.ts";
import { episodePath, type EpisodeReport, readEpisodes } from "../../src/results/episode_file.ts";
import { openResult } from "../../src/results/open.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { captured } from "../support/capture.ts";
import { realRun, withFolder } from "./fixture.ts";

/** Asks the first model, and of every other query the second, whose reply it takes. */
const ROUTER = `export default {
  name: "both", summary: "s", source: "none", needs: ["replies"], grid: [{}], horizon: 2,
  fit: ({ models }) => ({
    models,
    act: ({ step, replies, queries }) => queries.ids.map((_, e) =>
      step === 0 ? { visit: 0 } : step === 2 ? { commit: 1 } : replies[e].chars > 5 ? { visit: 1 } : { commit: 0 }),
    describe: () => ({ parameters: 0 }),
  }),
};`;

async function run(folder: string): Promise<string> {
  const lines = demoRecords({ queries: 150 }).map(({ id, scores }, i) => {
    const chars = i % 2 ? 12 : 5, head = "x".repeat(chars);
    const replies = Object.keys(scores).map((model) => [model, { head, chars }]);
    return JSON.stringify({ id, answer: "x", replies: Object.fromEntries(replies) }) + "\n";
  });
  await Deno.writeTextFile(join(folder, "replies.jsonl"), lines.join(""));
  const router = join(folder, "both.ts");
  await Deno.writeTextFile(router, ROUTER);
  return (await realRun(folder, 150, { routers: [router] })).path;
}

Deno.test("episodes: written, verified, drawn; a changed number and other decisions are found", () =>
  withFolder(async (folder) => {
    const path = await run(folder), { result } = await openResult(path);
    assert.equal(await readEpisodes(path, result), undefined);
    const plain = await verifyResult(path);
    const said = (await captured(() => main([path]))).join("\n");
    assert.match(said, /^bound: perfect judge, 2 asked /m);
    const written = (await readEpisodes(path, result))!,
      [{ paths, router, calls }] = written.routers;
    const all = paths.reduce((sum, { queries }) => sum + queries, 0);
    assert.equal(router, "both");
    assert.deepEqual(paths.map(({ asked }) => asked.length).sort(), [1, 2]);
    const twice = paths.find(({ asked }) => asked.length === 2)!;
    assert.ok(Math.abs(calls - (1 + twice.queries / all)) < 1e-9);
    assert.ok((await verifyResult(path)).numbers > plain.numbers);

    const out = join(dirname(path), "page.html");
    await captured(() => report([path, "--out", out]));
    assert.match(await Deno.readTextFile(out), /Who was asked, in which order, and what it cost/);

    const { sha256: _, ...content } = {
      ...written,
      routers: [{ ...written.routers[0], calls: 9 }],
    };
    const forged: EpisodeReport = { ...content, sha256: hashJson(content) };
    await Deno.writeTextFile(episodePath(path), JSON.stringify(forged));
    await assert.rejects(verifyResult(path), /episodes\.json: \/(routers\/0\/calls|sha256) is/);
    const other = { decisions: { ...result.decisions, sha256: "0".repeat(64) } };
    await assert.rejects(readEpisodes(path, other), /is about other decisions/);
    await Deno.writeTextFile(episodePath(path), JSON.stringify({ ...forged, sha256: "0" }));
    await assert.rejects(readEpisodes(path, result), /the file was altered/);
  }));
