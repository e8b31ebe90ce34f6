/** `deno task report` and how results are found on a command line. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { resultFiles } from "../../src/results/find.ts";
import { main } from "../../src/cli/report.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { captured } from "../support/capture.ts";
import { inventedRun, records } from "../report/fixture.ts";
import { f1Run } from "../results/f1.ts";
import { withFolder, written } from "../results/fixture.ts";

Deno.test("resultFiles: files as given, folders searched in name order, only results", () =>
  withFolder(async (folder) => {
    const files = ["b/x.json", "b/x.decisions.gz", "b/x.splits.json", "b/x.speed.json", "a/z.json"];
    files.push("a/z.decisions.gz", "a/deep/y.json", "a/deep/y.decisions.gz", "a/note.json");
    for (const file of files) {
      await Deno.mkdir(join(folder, file, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, file), "");
    }
    const found = await resultFiles([join(folder, "b", "x.splits.json"), folder]);
    assert.deepEqual(found.map((path) => path.slice(folder.length + 1)), [
      "b/x.splits.json",
      "a/deep/y.json",
      "a/z.json",
      "b/x.json",
    ]);
    await assert.rejects(resultFiles([join(folder, "none")]), DataError);
  }));

Deno.test("report prints tables, with the speed sheet beside the result", () =>
  withFolder(async (folder) => {
    const { path } = await written(folder, await f1Run(folder));
    const text = (await captured(() => main([path, "--text"]))).join("\n");
    assert.match(text, /8 queries × 3 models/);
    assert.match(text, /^hand +\.750 +\+\.125 \[/m);
    assert.doesNotMatch(text, /^speed/m);
    const row = { fitSeconds: 1, batchMicroseconds: 2, p50Microseconds: 3, p95Microseconds: 4 };
    await Deno.writeTextFile(
      path.replace(/\.json$/, ".speed.json"),
      JSON.stringify({ hand: { ...row, parameters: 5, heapBytes: 0 } }),
    );
    const timed = (await captured(() => main([path, "--text"]))).join("\n");
    assert.match(timed, /^speed +fit s/m);
    assert.match(timed, /^hand +1\.0 +2\.00 +3 +4 +5 +0\.0$/m);
  }));

Deno.test("report --out writes one Markdown page of all results", () =>
  withFolder(async (folder) => {
    await written(folder, await f1Run(folder));
    const second = await f1Run(folder, { seeds: [8] });
    await written(folder, second);
    const out = join(folder, "page.md");
    const lines = await captured(() => main([join(folder, "results"), "--out", out]));
    assert.deepEqual(lines, [`wrote ${out} (2 results)`]);
    const page = await Deno.readTextFile(out);
    assert.match(page, /^# Results\n\n## /);
    assert.equal(page.match(/^## /gm)!.length, 2);
    assert.equal(page.match(/\n---\n/g)!.length, 1);
  }));

Deno.test("report writes one HTML page; an unknown kind of file is an error", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const { path } = await written(folder, run);
    const out = join(folder, "page.html");
    assert.deepEqual(await captured(() => main([path, "--out", out, "--data", run.data])), [
      `wrote ${out} (1 result)`,
    ]);
    const page = await Deno.readTextFile(out);
    assert.ok(page.startsWith("<!doctype html>") && page.includes('id="query-list"'));
    await assert.rejects(main([path, "--out", "page.pdf"]), UsageError);
    await assert.rejects(main([path, "--out", out, "--text"]), UsageError);
  }));

Deno.test("report without results is an error, a damaged result too", () =>
  withFolder(async (folder) => {
    await assert.rejects(main([folder]), UsageError);
    const { path } = await written(folder, await f1Run(folder));
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"quality": 0.75', '"quality": 0.95'));
    await assert.rejects(main([path]), DataError);
  }));

Deno.test("report --calls: a frontier by seconds where records have latencies, and only then", () =>
  withFolder(async (folder) => {
    const timed = records(true).map((record) => ({
      ...record,
      latency_ms: Object.fromEntries(
        Object.keys(record.scores).map((model, m) => [model, 100 * m]),
      ),
    }));
    const { path } = await written(folder, await inventedRun(folder, true, timed));
    const out = join(folder, "page.html"), title = /What a second buys/;
    await captured(() => main([path, "--out", out]));
    assert.doesNotMatch(await Deno.readTextFile(out), title);
    await captured(() => main([path, "--calls", "--out", out]));
    assert.match(await Deno.readTextFile(out), title);
    assert.doesNotMatch(await Deno.readTextFile(out), /with a prompt cache, and without/);
  }));
