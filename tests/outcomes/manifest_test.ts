import assert from "node:assert/strict";
import { buildTable } from "../../src/outcomes/build.ts";
import type { GapRule } from "../../src/outcomes/gaps.ts";
import { join } from "node:path";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { listDatasets } from "../../datasets/load.ts";
import {
  defaultView,
  inferManifest,
  readManifest,
  readPriceList,
  viewOf,
} from "../../src/outcomes/manifest.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { SMALL, smallManifest, withFolder } from "./small.ts";

const records: OutcomeRecord[] = SMALL.trim().split("\n").map((line) => JSON.parse(line));

/** The message a manifest is refused with, without the path. */
async function refusal(manifest: unknown): Promise<string> {
  return await withFolder({ "manifest.json": JSON.stringify(manifest) }, async (folder) => {
    const path = join(folder, "manifest.json");
    const error = await readManifest(path).catch((thrown) => thrown);
    assert.ok(error instanceof DataError, `accepted, or ${error}`);
    assert.ok(error.message.startsWith(`${path}: `), error.message);
    return error.message.slice(path.length + 2);
  });
}

Deno.test("readManifest accepts a full manifest as it is", async () => {
  const full = {
    $schema: "../manifest.schema.json",
    ...smallManifest,
    source: {
      repository: "https://example.org/r",
      commit: "0".repeat(40),
      files: [{ path: "a.json", url: "https://example.org/a.json", sha256: "f".repeat(64) }],
      note: "n",
    },
    importer: "small",
    records: { sha256: "a".repeat(64), queries: 6 },
    notes: ["n"],
    prices: { ...smallManifest.prices, notes: { ash: "that of alder" } },
  };
  await withFolder({ "m.json": JSON.stringify(full) }, async (folder) => {
    assert.deepEqual(await readManifest(join(folder, "m.json")), full);
  });
});

Deno.test("a broken manifest is refused with a JSON pointer and the expectation", async () => {
  const { views: _, ...viewless } = smallManifest;
  const { sums } = smallManifest.benchmarks;
  const benchmark = (change: object): unknown => ({
    ...smallManifest,
    benchmarks: { sums: { ...sums, ...change } },
  });
  const view = (change: object): unknown => ({
    ...smallManifest,
    views: { all: { models: ["ash"], ...change } },
  });
  const prices = (change: object): unknown => ({
    ...smallManifest,
    prices: { ...smallManifest.prices, ...change },
  });
  const cases: [unknown, string][] = [
    [[], "/: must be object"],
    [viewless, "/: must have required property 'views'"],
    [{ ...smallManifest, colour: 1 }, '/: must NOT have additional properties: "colour"'],
    [
      { ...smallManifest, name: "Small One" },
      '/name: must match pattern "^[a-z0-9][a-z0-9._-]*$", got "Small One"',
    ],
    [{ ...smallManifest, version: 1 }, "/version: must be string, got 1"],
    [
      { ...smallManifest, records: { sha256: "abc" } },
      '/records/sha256: must match pattern "^[0-9a-f]{64}$", got "abc"',
    ],
    [benchmark({ solvedFrom: 0 }), "/benchmarks/sums/solvedFrom: must be > 0, got 0"],
    [benchmark({ solvedFrom: 1.5 }), "/benchmarks/sums/solvedFrom: must be <= 1, got 1.5"],
    [benchmark({ domain: undefined }), "/benchmarks/sums: must have required property 'domain'"],
    [view({ models: [] }), "/views/all/models: must NOT have fewer than 1 items"],
    [
      view({ models: ["a", "a"] }),
      "/views/all/models: must NOT have duplicate items (items ## 1 and 0 are identical)",
    ],
    [
      view({ where: { model: "a" } }),
      '/views/all/where: must NOT have additional properties: "model"',
    ],
    [
      prices({ date: "yesterday" }),
      '/prices/date: must match pattern "^\\d{4}-\\d{2}-\\d{2}$", got "yesterday"',
    ],
    [prices({ currency: "EUR" }), '/prices/currency: must be equal to constant "USD", got "EUR"'],
    [
      prices({ perMillionTokens: { a: [1] } }),
      "/prices/perMillionTokens/a: must NOT have fewer than 2 items",
    ],
    [
      prices({ perMillionTokens: { a: [1, -2] } }),
      "/prices/perMillionTokens/a/1: must be >= 0, got -2",
    ],
  ];
  for (const [manifest, message] of cases) assert.equal(await refusal(manifest), message);
  assert.match(await refusal(benchmark({ options: 1 })), /^\/benchmarks\/sums\/options: /);
  assert.equal(
    await refusal({ ...smallManifest, title: "", metric: 3 }),
    '/title: must NOT have fewer than 1 characters, got ""\n  /metric: must be string, got 3',
  );
});

Deno.test("readPriceList takes a manifest's prices as a file of their own", async () => {
  const files = {
    "good.json": JSON.stringify(smallManifest.prices),
    "bad.json": JSON.stringify({ ...smallManifest.prices, currency: "EUR" }),
  };
  await withFolder(files, async (folder) => {
    assert.deepEqual(await readPriceList(join(folder, "good.json")), smallManifest.prices);
    await assert.rejects(readPriceList(join(folder, "bad.json")), {
      name: "DataError",
      message: `${folder}/bad.json: /currency: must be equal to constant "USD", got "EUR"`,
    });
  });
});

Deno.test("the default view is all, or else the first", () => {
  assert.equal(defaultView(smallManifest), "all");
  const { two, priced } = smallManifest.views;
  assert.equal(defaultView({ ...smallManifest, views: { two, priced } }), "two");
  assert.equal(viewOf(smallManifest, "two"), two);
  assert.throws(() => viewOf(smallManifest, "constructor"), UsageError);
});

Deno.test("inferManifest keeps most scores, and names what it leaves out", () => {
  const manifest = inferManifest("mine", records, "f".repeat(64));
  assert.deepEqual(manifest.views, { all: { models: ["ash", "birch", "cedar/v1.5"] } });
  assert.deepEqual(manifest.benchmarks, {
    sums: { solvedFrom: 0.5, options: 0, domain: "sums" },
    trivia: { solvedFrom: 0.5, options: 0, domain: "trivia" },
  });
  assert.deepEqual(manifest.records, { sha256: "f".repeat(64), queries: 6 });
  assert.equal(manifest.prices, undefined);
  const gap = records.find(({ scores }) => !("birch" in scores))!.id;
  assert.equal(
    manifest.notes![1],
    `1 of 6 queries left out, for missing scores of birch (1): ${gap}; ` +
      "--gaps drop-models keeps every query and leaves out models",
  );
  const other = inferManifest("mine", records, "f".repeat(64), "drop-models");
  assert.deepEqual(other.views, { all: { models: ["ash", "cedar/v1.5"] } });
  assert.equal(other.notes![1], "not in the pool, for missing scores: birch (5 of 6 queries)");
});

Deno.test("inferManifest: which costs are missing, and costs that are all 0, are noted", () => {
  const priced = (costs: Record<string, number>, i: number): OutcomeRecord => ({
    id: `q${i}`,
    benchmark: "b",
    query: `query ${i}`,
    scores: { a: 1, b: 0 },
    costs,
  });
  const last = (list: OutcomeRecord[], gaps?: GapRule): string =>
    inferManifest("mine", list, "", gaps).notes!.at(-1)!;
  const gap = [priced({ a: 1, b: 2 }, 0), priced({ a: 1 }, 1), priced({ a: 1, b: 2 }, 2)];
  assert.equal(
    last(gap),
    "no cost columns: 1 of 6 costs are missing: b on q1; --gaps drop-queries leaves such queries out",
  );
  assert.equal(
    last(gap, "drop-queries"),
    "1 queries left out: 1 of 6 costs are missing: b on q1",
  );
  const table = buildTable(gap, "all", inferManifest("mine", gap, "", "drop-queries"));
  assert.deepEqual([table.ids, table.dataset.dropped], [["q0", "q2"], { "missing cost": 1 }]);
  assert.equal(
    last([0, 1].map((i) => priced({ a: 0, b: 0 }, i))),
    "no cost columns: all costs are 0, so there is nothing to trade",
  );
});

Deno.test("inferManifest: where nothing would be left, the error says under which rule", () => {
  const apart: OutcomeRecord[] = [{ ...records[0], scores: { a: 1 } }, {
    ...records[1],
    scores: { b: 1 },
  }];
  const cases: [GapRule | undefined, RegExp][] = [
    [
      undefined,
      /^mine: expected two models with a score of the same query, got none in 2 records$/,
    ],
    [
      "drop-queries",
      /^mine: expected a record with a score of every model, got none of 2 \(--gaps/,
    ],
    ["drop-models", /^mine: expected a model with a score in each of the 2 records, got none \(--/],
  ];
  for (const [gaps, message] of cases) {
    assert.throws(() => inferManifest("mine", apart, "", gaps), { name: "DataError", message });
  }
});

Deno.test("every manifest of the repository is valid and consistent in itself", async () => {
  const entries = await listDatasets();
  assert.ok(entries.length >= 5, "at least the five public folders");
  for (const { name } of entries) {
    const manifest = await readManifest(repoPath("datasets", name, "manifest.json"));
    for (const [view, { models }] of Object.entries(manifest.views)) {
      const priced = manifest.prices?.perMillionTokens ?? {};
      if (!view.endsWith("priced")) continue;
      for (const model of models) {
        assert.ok(Object.hasOwn(priced, model), `${name}/${view}: ${model}`);
      }
    }
  }
});

Deno.test("pools are as large as the folders' documentation says", async () => {
  const sizes: Record<string, Record<string, number>> = {
    "reasoning-gym": { easy: 10, hard: 10, "easy-priced": 7, "hard-priced": 6 },
    "mmlu-pro": { all: 28, priced: 27 },
    lookahead: { all: 5, priced: 5, test: 5 },
    llmrouter: { all: 9, train: 9, test: 9 },
    routellm: { all: 2, "gsm8k-priced": 2 },
  };
  for (const [name, expected] of Object.entries(sizes)) {
    const { views } = await readManifest(repoPath("datasets", name, "manifest.json"));
    const found = Object.entries(views).map(([view, { models }]) => [view, models.length]);
    assert.deepEqual(Object.fromEntries(found), expected);
  }
});
