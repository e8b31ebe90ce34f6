/** `deno task icl-stage1` on small parts of the demo pool. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { demoRecords, demoTable } from "../../datasets/demo/generate.ts";
import { fileName, main, probe } from "../../src/cli/icl_stage1.ts";
import { resultFiles } from "../../src/results/find.ts";
import { main as verify } from "../../src/cli/verify.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { audited } from "../../src/audit/audited.ts";
import { readStage1, sealStage1, type Stage1Report } from "../../src/results/stage1.ts";
import { withFolder } from "../results/fixture.ts";
import { captured } from "../support/capture.ts";

const QUERIES = 240;
const SAMPLES = 5;

Deno.test("stage 1 reads vectors: own ones beat another's; the same run gives the same file", () =>
  withFolder(async (folder) => {
    const dataset = audited(demoTable({ queries: QUERIES }));
    const provider = await openProvider("static");
    const found = await probe(dataset, provider, 7, "demo");
    const { loss, samples, vocabulary, preset, trainingTexts, validationTexts } = found;
    assert.equal(preset, "small");
    assert.ok(trainingTexts > validationTexts && validationTexts > SAMPLES);
    // Chance is ln(vocabulary); a network that has seen the texts a few times is well below it.
    for (const nats of Object.values(loss)) assert.ok(nats > 0 && nats < Math.log(vocabulary));
    assert.ok(loss.own < loss.shuffled, JSON.stringify(loss));
    assert.notEqual(loss.own, loss.trainedShuffled);
    assert.equal(samples?.length, SAMPLES);
    const texts = dataset.table.texts;
    for (const { text } of samples!) {
      assert.ok(
        text.length > 0 && texts.some((whole) => whole.startsWith(text.slice(0, -1))),
        text,
      );
    }
    assert.deepEqual(await probe(dataset, provider, 7, "demo"), found);

    const path = join(folder, "stage1.static.json");
    await Deno.writeTextFile(path, JSON.stringify(found));
    assert.deepEqual(await readStage1(path), found);
    await Deno.writeTextFile(path, JSON.stringify({ ...found, seed: 8 }));
    await assert.rejects(readStage1(path), /sha256 does not match/);
  }));

Deno.test("records are measured, but none of their texts is written", () =>
  withFolder(async (folder) => {
    const records = demoRecords({ queries: QUERIES });
    const lines = records.map((record) => JSON.stringify(record) + "\n");
    await Deno.mkdir(join(folder, "pool"));
    await Deno.writeTextFile(join(folder, "pool", "records.jsonl"), lines.join(""));
    const out = join(folder, "results");
    const [line, ...more] = await captured(() =>
      main(["--data", join(folder, "pool"), "--seed", "7", "--out", out])
    );
    assert.equal(more.length, 0);
    const said =
      /nats a token, another's vector [\d.]+, trained on shuffled pairs [\d.]+; wrote (.+)$/;
    const [, path] = said.exec(line)!;
    assert.match(path.slice(out.length), /^\/pool@[^/]+\/stage1\.static\.seed-7\.json$/);
    const found = await readStage1(path);
    assert.equal(found.samples, undefined);
    assert.equal(found.dataset.synthetic, false);
    const written = await Deno.readTextFile(path) + line;
    for (const { query } of records) assert.ok(!written.includes(query.slice(0, 20)), query);

    // No decisions beside it, so it is no result: verify passes over it and finds nothing else.
    assert.deepEqual(await resultFiles([out]), []);
    await assert.rejects(verify([out]), UsageError);
  }));

Deno.test("a seed that is not the default has a file of its own", () => {
  const table = demoTable({ queries: QUERIES });
  const [usual, other] = [42, 1].map((seed) => fileName(table, "demo", seed, "static"));
  assert.match(usual, /^demo@[^/]+\/stage1\.static\.json$/);
  assert.equal(other, usual.replace(/json$/, "seed-1.json"));
});

Deno.test("a file of recorded texts is refused, sealed or not", () =>
  withFolder(async (folder) => {
    const report: Omit<Stage1Report, "sha256"> = {
      format: "icl-router-bench/stage1",
      formatVersion: 1,
      command: "deno task icl-stage1",
      harness: { version: "0", sha256: "0" },
      environment: {},
      dataset: { name: "real", version: "1", sha256: "1", synthetic: false },
      embedding: { name: "static", key: "2" },
      seed: 1,
      splitSha256: "3",
      preset: "small",
      parameters: 1,
      steps: 1,
      trainingTexts: 1,
      validationTexts: 1,
      vocabulary: 300,
      tokens: 24,
      loss: { own: 1, shuffled: 2, trainedShuffled: 3 },
      samples: [{ text: "somebody's question", written: "no" }],
    };
    const path = join(folder, "stage1.static.json");
    await Deno.writeTextFile(path, JSON.stringify(sealStage1(report)));
    await assert.rejects(readStage1(path), /samples must be absent/);
    const { loss: _gone, ...rest } = report;
    await Deno.writeTextFile(path, JSON.stringify(rest));
    await assert.rejects(readStage1(path), DataError);
  }));
