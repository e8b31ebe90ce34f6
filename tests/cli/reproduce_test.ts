/** `deno task reproduce`: without a network, and whole on invented copies of the papers' files. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { exists, repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { HelpRequest } from "../../src/cli/args.ts";
import { main, plan, reproduce } from "../../src/cli/reproduce.ts";
import { type Manifest, readManifest } from "../../src/outcomes/manifest.ts";
import { originalsOf } from "../../src/outcomes/originals.ts";
import { hindsight, meanOf, PAPERS, partsOf } from "../../src/report/tables/reproduction.ts";
import { openPool } from "../../src/api/pool.ts";
import { start } from "../e2e/cli.ts";

const named = (name: string) => readManifest(repoPath("datasets", name, "manifest.json"));
const texts = demoRecords({ queries: 1300 }).map(({ query }) => query);

/** Files on disk, and a manifest that pins them. */
async function withFiles(
  manifest: Manifest,
  files: Record<string, unknown>,
  run: (folder: string, pinned: Manifest) => Promise<void>,
): Promise<void> {
  await Deno.mkdir(repoPath(".cache"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache"), prefix: "reproduce-" });
  try {
    const pinned = await Promise.all(
      Object.entries(files).map(async ([path, content]) => {
        const text = JSON.stringify(content);
        await Deno.mkdir(dirname(join(folder, "files", path)), { recursive: true });
        await Deno.writeTextFile(join(folder, "files", path), text);
        return { path, url: `https://example.org/${path}`, sha256: sha256(text) };
      }),
    );
    await run(folder, {
      ...manifest,
      source: { repository: "https://example.org", files: pinned },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const choices = (folder: string, manifest: Manifest, routers: string[]) => ({
  ...{ manifest, routers, from: join(folder, "files"), seeds: [1], workers: 1 },
  ...{ out: join(folder, "out"), jobs: join(folder, "jobs"), say: () => {} },
});

/** Cells of a table's line, which two spaces and more part. */
const cells = (report: string, row: string): string[] => {
  const line = report.split("\n").find((each) => each.startsWith(row));
  assert.ok(line, `${row} in\n${report}`);
  return line.trim().split(/\s{2,}/);
};

Deno.test("help, unknown papers, and a plan that names every file with address and hash", async () => {
  await assert.rejects(main(["--help"]), HelpRequest);
  await assert.rejects(main(["routerdd"]), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no paper "routerdd"; did you mean "routerdc"/);
    return true;
  });
  for (const [name, paper] of Object.entries(PAPERS)) {
    const manifest = await named(name), text = await plan(paper, manifest);
    for (const { url, sha256 } of await originalsOf(manifest)) {
      assert.ok(text.includes(`${url}  ${sha256 ? `sha256 ${sha256}` : "hash not known"}`), url);
    }
    for (const { ours } of paper.said) {
      assert.ok(ours.startsWith("hindsight:") || text.includes(ours));
    }
  }
});

Deno.test("without a network it says what it would fetch, and how to bring it", async () => {
  // The task's permissions, less the network: an address that is refused is one that cannot be reached.
  const { stdout, stderr, code } = await start("reproduce", "icl-router", "--dry-run").output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  assert.match(text, /fetches 2 files[^]*resolve\/main\/train_router\.json {2}hash not known/);
  const manifest = await named("routerdc");
  const files = [{ path: "a.json", url: "http://127.0.0.1:1/a.json", sha256: "0".repeat(64) }];
  const said: string[] = [];
  const run = reproduce(PAPERS.routerdc, {
    ...{ manifest: { ...manifest, name: "nowhere", source: { files } }, seeds: [1], workers: 1 },
    ...{ out: repoPath(".cache/reproduce-nowhere"), say: (line: string) => void said.push(line) },
  });
  await assert.rejects(run, (error) => {
    assert.match(String(error), /a\.json: given up after 3 tries/);
    assert.match(String(error), /deno task reproduce routerdc --from FOLDER/);
    return true;
  });
  assert.match(said[0], /fetches 1 files of [^]*127\.0\.0\.1:1\/a\.json {2}sha256 0{64}/);
});

/** One model is right on a benchmark, all others wrong: hindsight can be told without a computer. */
const SETS = ["mmlu", "gsm8k", "cmmlu", "arc_challenge", "humaneval"];
const ONLY_TESTED = ["MATH_prealgebra", "mbpp", "ceval"];

function routerdcFiles(models: readonly string[]): Record<string, unknown> {
  let next = 0;
  const rows = (specialist: number, size: number) =>
    Array.from({ length: size }, () => ({
      question: texts[next++],
      scores: Object.fromEntries(models.map((model, m) => [model, m === specialist ? 0.7 : 0])),
    }));
  const file = (name: string) => `datasets/split2_model7/${name}.json`;
  return Object.fromEntries([
    ...SETS.flatMap((name, i) => [
      [file(`${name}_train`), rows(i, i === 0 ? 1004 : 40)],
      [file(`${name}_test`), rows(i, 10)],
    ]),
    ...ONLY_TESTED.map((name, i) => [file(name), rows(i === 0 ? 6 : 5, 8)]),
  ]);
}

Deno.test("routerdc, whole: files, import, runs, and both numbers side by side", async () => {
  const manifest = await named("routerdc"), { models } = manifest.views.published;
  await withFiles(manifest, routerdcFiles(models), async (folder, pinned) => {
    const report = await reproduce(PAPERS.routerdc, choices(folder, pinned, ["knn"]));
    assert.match(
      report,
      /in distribution \(ID\): arc-challenge \(10\), cmmlu \(10\), gsm8k \(10\)/,
    );
    assert.match(report, /only tested \(OOD\): {4}ceval \(8\), math-prealgebra \(8\), mbpp \(8\)/);
    // Multiple choice counts as right above 0, generated answers keep their .7: three sets of the five are 1.
    const single = cells(report, "best single");
    assert.deepEqual(single.slice(2), ["54.6", "20.0", "44.0", "56.7"]);
    assert.deepEqual(cells(report, "best of each benchmark").slice(2), [
      "58.7",
      "88.0",
      "46.4",
      "90.0",
    ]);
    assert.deepEqual(cells(report, "oracle").slice(2), ["77.5", "88.0", "70.3", "90.0"]);
    assert.deepEqual(cells(report, "RouterDC  ").slice(1), ["not run", "58.5", "–", "45.9", "–"]);
    assert.match(report, /^– +best single +– +\d+\.\d +– +\d+\.\d$/m);
    const [, knn] = /^– +kNN +– +(\d+\.\d) +– +\d+\.\d$/m.exec(report)!;
    assert.ok(Number(knn) >= 20 && Number(knn) <= 88, knn);
    assert.match(report, /note: the published run had no validation rows/);
    const results = await Array.fromAsync(Deno.readDir(join(folder, "out")), (entry) => entry.name);
    assert.ok(results.includes("records.jsonl.gz") && results.includes("manifest.json"));
  });
});

Deno.test("files that are missing, or not the pinned ones, end it before anything runs", async () => {
  const manifest = await named("routerdc"), { models } = manifest.views.published;
  await withFiles(manifest, routerdcFiles(models), async (folder, pinned) => {
    const from = join(folder, "files", "datasets/split2_model7");
    await Deno.writeTextFile(join(from, "mbpp.json"), "[]");
    await Deno.remove(join(from, "ceval.json"));
    await assert.rejects(reproduce(PAPERS.routerdc, choices(folder, pinned, ["knn"])), (error) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, /mbpp\.json: expected [0-9a-f]{64}, got sha256/);
      assert.match(error.message, /ceval\.json: missing/);
      assert.match(error.message, /fetches 13 files/);
      return true;
    });
    assert.equal(await exists(join(folder, "out")), false);
  });
});

Deno.test("icl-router, whole: ID, OOD, and new models as far as the files go", async () => {
  const manifest = await named("icl-router");
  const models = Array.from({ length: 8 }, (_, m) => `model-${m}`);
  let next = 0;
  const rows = (task: string, specialist: number, size: number) =>
    Array.from({ length: size }, (_, index) => texts[next++] ?? `${task} ${index}`)
      .flatMap((query, index) =>
        models.map((model, m) => ({
          ...{ query, model, task, index },
          is_correct_direct: m === specialist || (index + m) % 4 === 0,
          is_correct: Array(10).fill(false),
        }))
      );
  const files = {
    "train_router.json": [...rows("olympiad", 0, 60), ...rows("bbh", 1, 60)],
    "test_router.json": [...rows("olympiad", 0, 16), ...rows("bbh", 1, 16), ...rows("aime", 2, 12)],
  };
  await withFiles(manifest, files, async (folder, pinned) => {
    const report = await reproduce(PAPERS["icl-router"], choices(folder, pinned, ["knn"]));
    assert.match(
      report,
      /in distribution \(ID\): bbh \(16\), olympiad \(16\)\n.*only tested.*aime \(12\)/,
    );
    assert.deepEqual(cells(report, "best of each benchmark").slice(2), [
      "73.2",
      "100.0",
      "–",
      "100.0",
    ]);
    assert.deepEqual(cells(report, "ICL-Router ").slice(1), ["not run", "76.3", "–", "66.4", "–"]);
    assert.match(
      report,
      /5 new models \(Falcon-H1.*the paper said: ID 76\.3 → 79\.9, OOD 66\.4 → 69\.9/,
    );
    assert.match(report, /the files have 0 of them, so this cannot be run again/);
    assert.match(
      report,
      /with 5 of the pool's 8 models held out in 2 random sets[^]*kNN.*: \d+\.\d → \d+\.\d/,
    );
    const table = (await openPool(join(folder, "out"))).table, { id, ood } = partsOf(table);
    assert.deepEqual(ood.map((b) => table.benchmarks[b]), ["aime"]);
    // A model is right on every fourth row; the specialist of one benchmark is that on the other.
    assert.equal(meanOf(hindsight(table)["hindsight:single"], id), (1 + 0.25) / 2);
    const five = PAPERS["icl-router"].newModels!.models;
    const renamed = JSON.parse(JSON.stringify(files), (_, value) => {
      const at = typeof value === "string" ? /^model-([34567])$/.exec(value) : null;
      return at ? `org/${five[Number(at[1]) - 3]}-Instruct` : value;
    });
    await withFiles(manifest, renamed, async (folder, pinned) => {
      const report = await reproduce(PAPERS["icl-router"], choices(folder, pinned, ["knn"]));
      assert.match(report, /models: +3\n/, "the paper's rows are of the models it trained on");
      assert.match(report, /the files have 5 of them\n/);
    });
  });
});
