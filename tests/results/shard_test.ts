import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { pack, unpack } from "../../src/base/files.ts";
import { encodeShard, readShard } from "../../src/results/shard.ts";
import { f1Run } from "./f1.ts";
import { withFolder } from "./fixture.ts";

Deno.test("a shard brings back its settings and jobs", () =>
  withFolder(async (folder) => {
    const { plan, jobs } = await f1Run(folder);
    const path = `${folder}/part.gz`;
    await Deno.writeFile(path, encodeShard(plan.settings, plan.key, { index: 2, of: 3 }, jobs));
    const shard = await readShard(path);
    assert.deepEqual(shard.settings, plan.settings);
    assert.deepEqual([shard.key, shard.shard], [plan.key, { index: 2, of: 3 }]);
    assert.equal(shard.jobs.length, jobs.length);
    shard.jobs.forEach((job, i) => {
      assert.equal(job.decisionsSha256, jobs[i].decisionsSha256);
      if (jobs[i].outcome.status === "decided" && job.outcome.status === "decided") {
        assert.deepEqual(job.outcome.choice, jobs[i].outcome.choice);
        assert.deepEqual(job.outcome.mixtures, jobs[i].outcome.mixtures);
      } else assert.deepEqual(job.outcome, jobs[i].outcome);
    });
  }));

Deno.test("an empty shard is a shard", () =>
  withFolder(async (folder) => {
    const { plan } = await f1Run(folder);
    const path = `${folder}/part.gz`;
    await Deno.writeFile(path, encodeShard(plan.settings, plan.key, { index: 1, of: 9 }, []));
    assert.deepEqual((await readShard(path)).jobs, []);
  }));

Deno.test("torn, altered and foreign files are refused by name", () =>
  withFolder(async (folder) => {
    const { plan, jobs } = await f1Run(folder);
    const path = `${folder}/part.gz`;
    const bytes = encodeShard(plan.settings, plan.key, { index: 1, of: 1 }, jobs);
    const text = new TextDecoder().decode(unpack(bytes, "shard"));
    const refused = async (content: Uint8Array | string, message: RegExp): Promise<void> => {
      const data = typeof content === "string" ? pack(new TextEncoder().encode(content)) : content;
      await Deno.writeFile(path, data);
      await assert.rejects(readShard(path), (error) => {
        assert.ok(error instanceof DataError, String(error));
        assert.ok(error.message.startsWith(path), error.message);
        assert.match(error.message, message);
        return true;
      });
    };
    await refused(bytes.subarray(0, 100), /damaged gzip data/);
    await refused("", /damaged shard/);
    await refused('{"format":"other"}\n', /not a shard of format version 1/);
    await refused(text.replace('"formatVersion":1', '"formatVersion":2'), /not a shard/);
    const line = text.split("\n").findIndex((l) => l.includes("best-single"));
    const altered = text.replace('\\"seed\\":7', '\\"seed\\":8');
    assert.notEqual(altered, text);
    await refused(altered, /line 2: its hash does not match/);
    assert.ok(line > 0);
    const cut = text.split("\n").slice(0, 3).join("\n") + '\n{"sha256":';
    await refused(cut, /line 4: /);
  }));
