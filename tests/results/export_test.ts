import assert from "node:assert/strict";
import { main } from "../../src/cli/export.ts";
import { CapabilityError, UsageError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { loadDataset } from "../../datasets/load.ts";
import { exportArena, exportCsv } from "../../src/results/export.ts";
import { exportOrbit, exportXRouteBench, orbitProtocol } from "../../src/results/export_peers.ts";
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

Deno.test("ORBIT: points that improve on everything cheaper, each query's cheapest model among them", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const opened = await openResult((await written(folder, run)).path);
    const table = await loadDataset(run.data);
    // S L M M L S M M: 6 of 8 right for 38 dollars; always S: 2 of 8 for 8.
    assert.deepEqual(exportOrbit(opened, table, "hand", 7), [
      { cost: 1, performance: 0.25 },
      { cost: 4.75, performance: 0.75 },
    ]);
    // b3 is free with M, which is wrong there, as S is.
    const cheaper = { ...table, costs: table.costs.with(7 * 3 + 1, 0.25) };
    assert.deepEqual(exportOrbit(opened, cheaper, "hand", 7), [
      { cost: 7.25 / 8, performance: 0.25 },
      { cost: 34.25 / 8, performance: 0.75 },
    ]);
    const bare = { ...table, costs: table.costs.with(3, NaN) };
    assert.throws(() => exportOrbit(opened, bare, "hand", 7), CapabilityError);
    assert.throws(
      () => exportOrbit(opened, table, "hnad", 7),
      (e) => e instanceof UsageError && /did you mean "?hand.*seeds: 7; routers: /.test(e.message),
    );
  }));

Deno.test("ORBIT: a protocol file says what was compared on what", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const opened = await openResult((await written(folder, run)).path);
    const table = await loadDataset(run.data), { dataset } = opened.result;
    const split = { ...opened.splits[0], roles: "ttvedtte", protocol: "id" };
    const expected = {
      adapter_version: 1,
      benchmark: dataset.name,
      cost_scale: 1,
      cost_scaling: "none",
      hf_id: null,
      include_responses: false,
      max_samples: null,
      modality: "text",
      model_list: ["a-small", "b-medium", "c-large"],
      raw_cost_unit: "USD",
      revision: dataset.version,
      seed: 7,
      sources: { [dataset.name]: dataset.sha256 },
      split: { mode: "in-domain", ratios: { test: 2 / 7, train: 5 / 7 } },
      test_ids_sha256: sha256("a4\nb3"),
      test_queries: 2,
      train_ids_sha256: sha256("a1\na2\na3\nb1\nb2"),
      train_queries: 5,
    };
    assert.deepEqual(orbitProtocol(opened, table, split), expected);
    const heldOut = { ...split, protocol: "ood", roles: "tttttvee" };
    const found = orbitProtocol(opened, table, heldOut) as typeof expected & { split: unknown };
    assert.deepEqual(found.split, { mode: "out-of-domain", test_tasks: ["B"] });
  }));

Deno.test("xRouteBench: means and counts of the headline decisions, null for what is not recorded", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const opened = await openResult((await written(folder, run)).path);
    const table = await loadDataset(run.data);
    assert.deepEqual(exportXRouteBench(opened, table, "hand", 7), {
      router: "hand",
      dataset: opened.result.dataset.name,
      alpha: 1,
      beta: 0,
      avg_performance: 0.75,
      avg_token_cost: null,
      avg_price_cost: 4.75,
      avg_reward: null,
      num_queries: 8,
      routing_distribution: { "a-small": 2, "b-medium": 4, "c-large": 2 },
    });
    assert.throws(() => exportXRouteBench(opened, table, "random", 7), UsageError);
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
    const orbit = ["--format", "orbit", "--router", "hand", "--out", `${folder}/orbit.json`];
    const wrote = await captured(() => main([path, ...orbit, ...data]));
    assert.equal(wrote.length, 6, "points, and the protocol of five folds");
    assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/orbit.json`)).length, 2);
    const third = JSON.parse(await Deno.readTextFile(`${folder}/orbit.fold-2.protocol.json`));
    assert.equal(third.adapter_version, 1);
    await captured(() =>
      main([path, "--out", out, "--format", "xroutebench", "--router", "hand", ...data])
    );
    assert.equal(JSON.parse(await Deno.readTextFile(out)).num_queries, 8);
    await assert.rejects(main([path, ...data]), /--out is needed/);
    await assert.rejects(
      main([path, "--out", out, "--format", "routerarena", ...data]),
      UsageError,
    );
  }));
