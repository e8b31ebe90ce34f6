import assert from "node:assert/strict";
import { main } from "../../src/cli/export.ts";
import { UsageError } from "../../src/base/errors.ts";
import { loadDataset } from "../../datasets/load.ts";
import { exportArena, exportCsv } from "../../src/results/export.ts";
import { openResult } from "../../src/results/open.ts";
import type { OpenedResult } from "../../src/results/result.ts";
import { captured } from "../support/capture.ts";
import { F1, F1_CHOICE, f1Run, MODELS } from "./f1.ts";
import { withFolder, written } from "./fixture.ts";

/** Query a1 gets an id that CSV must quote. */
const ODD = 'a,1 "one"\nline';
const records = F1.with(0, { ...F1[0], id: ODD });

Deno.test("CSV: one line a decision, quoted as RFC 4180 asks", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder, { records });
    const opened = await openResult((await written(folder, run)).path);
    const lines = [...exportCsv(opened, await loadDataset(run.data))];
    assert.equal(lines[0], "router,seed,fold,benchmark,id,model,score,cost_usd\r\n");
    assert.ok(lines.every((line) => line.endsWith("\r\n")));
    const own = lines.filter((line) => line.startsWith("hand,"));
    assert.equal(own.length, 8);
    const first = own.find((line) => line.includes("one"))!;
    assert.match(first, /^hand,7,\d,A,"a,1 ""one""\nline",a-small,1,1\r\n$/);
    const expected = F1.slice(1).map(({ id, benchmark, scores, costs }, i) => {
      const model = MODELS[F1_CHOICE[i + 1]];
      return `${benchmark},${id},${model},${scores[model]},${costs![model]}\r\n`;
    });
    const found = own.filter((line) => line !== first).map((line) =>
      line.replace(/^hand,7,\d,/, "")
    );
    assert.deepEqual(found.sort(), expected.sort());
    assert.equal(
      lines.some((line) => line.startsWith("random,")),
      false,
      "a mixture decides nothing",
    );
  }));

Deno.test("CSV: an unknown cost is an empty field", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const opened = await openResult((await written(folder, run)).path);
    const table = await loadDataset(run.data);
    const bare = { ...table, costs: new Float64Array(table.costs.length).fill(NaN) };
    const [, line] = [...exportCsv(opened, bare)];
    assert.match(line, /,\r\n$/);
  }));

Deno.test("RouterArena: a list of one object a query, nothing generated again", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const opened = await openResult((await written(folder, run)).path);
    const predictions = exportArena(opened, await loadDataset(run.data), "hand", 7);
    assert.equal(predictions.length, 8);
    const b2 = predictions.find((p) => p["global index"] === "b2")!;
    assert.deepEqual(b2, {
      "global index": "b2",
      prompt: F1[6].query,
      prediction: "b-medium",
      generated_result: null,
      cost: 4,
      accuracy: 0,
    });
    const table = await loadDataset(run.data);
    assert.throws(() => exportArena(opened, table, "nobody", 7), UsageError);
    assert.throws(() => exportArena(opened, table, "hand", 8), UsageError);
    assert.throws(() => exportArena(opened, table, "random", 7), UsageError);
  }));

Deno.test("new-model results have no headline to export", () => {
  const arms = {
    entries: [{ columns: [{ kind: "arm" }] }],
    splits: [],
  } as unknown as OpenedResult;
  assert.throws(() => [...exportCsv(arms, {} as never)], UsageError);
  assert.throws(() => exportArena(arms, {} as never, "r", 1), UsageError);
});

Deno.test("export writes files", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const { path } = await written(folder, run);
    const out = `${folder}/out`, data = ["--data", run.data];
    await captured(() => main([path, "--out", out, ...data]));
    assert.equal((await Deno.readTextFile(out)).split("\r\n").length, 1 + 5 * 8 + 1);
    const arena = ["--format", "routerarena", "--router", "hand"];
    await captured(() => main([path, "--out", out, ...arena, ...data]));
    assert.equal(JSON.parse(await Deno.readTextFile(out)).length, 8);
    await assert.rejects(main([path, ...data]), /--out is needed/);
    await assert.rejects(
      main([path, "--out", out, "--format", "routerarena", ...data]),
      UsageError,
    );
  }));
