import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CapabilityError, DataError, UsageError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { listDatasets, loadDataset, locateRecords } from "../../datasets/load.ts";
import { SMALL, smallManifest, withFolder } from "../outcomes/small.ts";

const manifest = (records: object): string => JSON.stringify({ ...smallManifest, records });

/** Runs with `ICLR_DATA` pointing somewhere else. */
async function withData<T>(folder: string, run: () => Promise<T>): Promise<T> {
  const before = Deno.env.get("ICLR_DATA");
  Deno.env.set("ICLR_DATA", folder);
  try {
    return await run();
  } finally {
    if (before === undefined) Deno.env.delete("ICLR_DATA");
    else Deno.env.set("ICLR_DATA", before);
  }
}

/** The error, checked to be of a kind. */
async function thrown(kind: typeof DataError | typeof UsageError, spec: string): Promise<string> {
  const error = await loadDataset(spec).catch((reason) => reason);
  assert.ok(error instanceof kind, `${spec}: ${error}`);
  return error.message;
}

Deno.test("a path to records without a manifest works", async () => {
  const files = { "own.jsonl": SMALL, "deep/records.jsonl.gz": gzipSync(SMALL) };
  await withFolder(files, async (folder) => {
    const table = await loadDataset(join(folder, "own.jsonl"));
    assert.equal(table.dataset.name, "own/all");
    assert.deepEqual(table.models, ["ash", "birch", "cedar/v1.5"]);
    assert.equal(table.ids.length, 5);
    assert.match(table.dataset.notes[1], /1 of 6 queries left out, for missing scores of birch/);
    assert.equal(table.dataset.version, `inferred-${table.dataset.sha256.slice(0, 8)}`);
    const whole = await loadDataset(join(folder, "own.jsonl"), { gaps: "drop-models" });
    assert.deepEqual(whole.models, ["ash", "cedar/v1.5"]);
    assert.equal(whole.ids.length, 6);
    assert.deepEqual([...whole.costs.slice(0, 2)], [0.000008, NaN], "recorded costs count");
    assert.deepEqual(whole.dataset.unpriced, ["cedar/v1.5"]);
    assert.match(whole.dataset.notes[1], /not in the pool, for missing scores: birch/);
    assert.notEqual(whole.dataset.sha256, table.dataset.sha256, "the choice is part of the hash");
    for (const spec of ["deep", "deep/records.jsonl.gz"]) {
      const { dataset } = await loadDataset(join(folder, spec));
      assert.equal(dataset.name, "deep/all", "records are called after their folder");
    }
  });
});

Deno.test("a manifest beside the records is used, with its views", async () => {
  const files = { "set/records.jsonl": SMALL, "set/manifest.json": manifest({}) };
  await withFolder(files, async (folder) => {
    const path = join(folder, "set");
    for (const spec of [path, join(path, "records.jsonl"), join(path, "all")]) {
      const { dataset, models } = await loadDataset(spec);
      assert.equal(dataset.name, "small/all");
      assert.equal(models.length, 3);
    }
    assert.deepEqual((await loadDataset(join(path, "sums-test"))).ids, ["q10"]);
    assert.equal(
      await thrown(UsageError, join(path, "sum-test")),
      'small has no view "sum-test"; did you mean "sums-test"? ' +
        "(views: all, two, priced, sums-test, not-easy)",
    );
    await withData(folder, async () => {
      assert.deepEqual((await loadDataset("set/sums-test")).ids, ["q10"]);
      assert.equal((await loadDataset("set")).ids.length, 5);
    });
  });
});

Deno.test("the manifest's hash and count must be those of the records", async () => {
  const right = { sha256: sha256(SMALL), queries: 6 };
  const load = (records: object, text = SMALL): Promise<string> =>
    withFolder(
      { "records.jsonl": text, "manifest.json": manifest(records) },
      async (folder) => {
        const error = await loadDataset(folder).then(() => undefined, (reason) => reason);
        assert.ok(error === undefined || error instanceof DataError, String(error));
        return error?.message.replace(folder, "FOLDER") ?? "fine";
      },
    );
  assert.equal(await load(right), "fine");
  const altered = SMALL.replace('"ash":0,', '"ash":1,');
  assert.equal(
    await load(right, altered),
    `FOLDER: expected records with SHA-256 ${right.sha256}, as the manifest of small says, ` +
      `got ${sha256(altered)}; the file was altered or is of another version`,
  );
  assert.equal(await load({ queries: 7 }), "FOLDER: expected 7 records, got 6");
});

Deno.test("another price list replaces the manifest's, and says so", async () => {
  const files = { "records.jsonl": SMALL, "manifest.json": manifest({}) };
  await withFolder(files, async (folder) => {
    const plain = await loadDataset(join(folder, "priced"));
    const perMillionTokens: Record<string, [number, number]> = { ash: [100, 200], birch: [0, 1] };
    const prices = { ...smallManifest.prices!, date: "2027-01-01", perMillionTokens };
    const table = await loadDataset(join(folder, "priced"), { prices });
    assert.deepEqual([...table.costs.slice(0, 2)], [0.0008, 0.00003]);
    assert.equal(table.dataset.prices?.date, "2027-01-01");
    assert.notEqual(table.dataset.prices?.sha256, plain.dataset.prices?.sha256);
    assert.equal(table.dataset.sha256, plain.dataset.sha256, "the same outcomes");
    assert.deepEqual(table.dataset.notes, ["re-priced: invented, 2027-01-01"]);
  });
});

Deno.test("the demo loads as a table with its truth, and keeps its prices", async () => {
  const table = await loadDataset("demo");
  assert.equal(table.dataset.name, "demo/all");
  assert.equal(table.truth?.length, table.scores.length);
  assert.deepEqual(await loadDataset("demo/all"), table);
  await assert.rejects(loadDataset("demo", { prices: smallManifest.prices }), CapabilityError);
  await assert.rejects(loadDataset("demo/al"), UsageError);
});

Deno.test("an unknown name gets the nearest known one", async () => {
  const message = await thrown(UsageError, "resoning-gym/hard");
  assert.match(
    message,
    /^no dataset, file or folder "resoning-gym\/hard"; did you mean "reasoning-gym\/hard"\? /,
  );
  assert.match(message, /\(datasets: .*demo, .*llmrouter, .*lookahead, /);
  assert.match(await thrown(UsageError, "mmlupro"), /did you mean "mmlu-pro"\?/);
  assert.match(
    await thrown(UsageError, "./mmlu-pro"),
    /^no dataset, file or folder "\.\/mmlu-pro"/,
  );
  assert.match(
    await thrown(UsageError, "reasoning-gym/esay"),
    /no view "esay"; did you mean "easy"\?/,
  );
});

Deno.test("records are looked for in ICLR_DATA first; absent ones say how to get them", async () => {
  await withFolder({ "mmlu-pro/records.jsonl": SMALL }, async (folder) => {
    await withData(folder, async () => {
      assert.equal(await locateRecords("mmlu-pro"), join(folder, "mmlu-pro"));
      assert.match(await thrown(DataError, "mmlu-pro"), /expected records with SHA-256 fd0eb499/);
      const error = await locateRecords("no-such").catch((reason) => reason);
      assert.ok(error instanceof DataError);
      assert.ok(error.message.startsWith(`no-such: expected its records in ${folder}/no-such or `));
      assert.match(
        error.message,
        /datasets\/local\/no-such, got no/,
      );
      assert.match(error.message, /run "deno task data pull no-such"/);
    });
  });
});

Deno.test("listDatasets names every manifest with its views, the default first", async () => {
  const entries = await listDatasets();
  const views = new Map(entries.map((entry) => [entry.name, entry.views]));
  assert.deepEqual(views.get("reasoning-gym"), ["easy", "hard", "easy-priced", "hard-priced"]);
  assert.deepEqual(views.get("routellm"), ["all", "gsm8k-priced"]);
  const names = entries.map((entry) => entry.name);
  assert.deepEqual(names, names.toSorted());
  assert.equal(entries.find((entry) => entry.name === "demo")?.present, true);
});

Deno.test("mmlu-pro: the options that its questions list, three to ten", async () => {
  if (!await locateRecords("mmlu-pro").then(() => true, () => false)) {
    console.log("SKIPPED: the records of mmlu-pro are not here (deno task data pull mmlu-pro)");
    return;
  }
  const counts: Record<number, number> = {};
  const table = await loadDataset("mmlu-pro");
  for (const options of table.options) counts[options] = (counts[options] ?? 0) + 1;
  assert.deepEqual(counts, { 3: 20, 4: 598, 5: 50, 6: 92, 7: 153, 8: 318, 9: 796, 10: 9768 });
});
