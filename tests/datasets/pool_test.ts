/** Manifests of data nobody here has read: pools inferred from the records, and queries alone. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CapabilityError, DataError, UsageError } from "../../src/base/errors.ts";
import { exists, repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { readArms } from "../../src/collect/arms.ts";
import { checkManifest, formatManifestReport } from "../../datasets/check_manifest.ts";
import { checkDataset } from "../../datasets/check.ts";
import { listDatasets, loadDataset } from "../../datasets/load.ts";
import { readManifest } from "../../src/outcomes/manifest.ts";
import { importerNamed } from "../../src/outcomes/importers/index.ts";
import { originalsOf } from "../../src/outcomes/originals.ts";
import { importFolder, outcomesPath, pull } from "../../src/outcomes/pull.ts";
import { golden, nativeBytes } from "../outcomes/importers/fixture.ts";
import { SMALL, smallManifest, withFolder } from "../outcomes/small.ts";

const { benchmarks, views: _, ...rest } = smallManifest;
const open = { ...rest, pool: "inferred", benchmarks: { sums: benchmarks.sums }, views: {} };
const files = (manifest: object) => ({
  "records.jsonl": SMALL,
  "manifest.json": JSON.stringify(manifest),
});

Deno.test("an inferred pool is read off the records; facts of the manifest stay", () =>
  withFolder(files(open), async (folder) => {
    for (const spec of [folder, join(folder, "all")]) {
      const { dataset, models, benchmarks } = await loadDataset(spec);
      assert.equal(dataset.name, "small/all");
      assert.deepEqual(models, ["ash", "birch", "cedar/v1.5"]);
      assert.deepEqual(benchmarks, ["sums", "trivia"]);
      assert.ok(dataset.prices, "the manifest's price list counts");
      assert.match(dataset.notes.join(), /1 of 6 queries left out, for missing scores of birch/);
      assert.ok(!dataset.notes.join().includes("no manifest"));
    }
    const whole = await loadDataset(folder, { gaps: "drop-models" });
    assert.deepEqual([whole.models, whole.ids.length], [["ash", "cedar/v1.5"], 6]);
    const report = await checkDataset(folder);
    assert.deepEqual(report.views.map(({ name }) => name), ["small/all"]);
    await assert.rejects(loadDataset(join(folder, "some")), UsageError);
  }));

Deno.test("an inferred pool is still held to the records' hash, and other manifests need views", async () => {
  const other = { ...open, records: { sha256: "0".repeat(64) } };
  await withFolder(files(other), async (folder) => {
    await assert.rejects(loadDataset(folder), /expected records with SHA-256 0{64}/);
  });
  const { pool: _, ...closed } = open;
  await withFolder(files(closed), async (folder) => {
    await assert.rejects(loadDataset(folder), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /\/views: must NOT have fewer than 1 /);
      return true;
    });
  });
});

Deno.test("queries alone: listed, not benched, pulled without scores", async () => {
  for (const name of ["clinc150", "pubmedqa"]) {
    const entry = (await listDatasets()).find((each) => each.name === name);
    assert.ok(entry?.queriesAlone && entry.views.length === 0);
    for (const spec of [name, `${name}/all`]) {
      await assert.rejects(loadDataset(spec), (error) => {
        assert.ok(error instanceof CapabilityError, String(error));
        assert.match(error.message, /queries that no model has answered.*queries\.jsonl\.gz/);
        return true;
      });
    }
  }
});

for (const name of ["clinc150", "pubmedqa"]) {
  Deno.test(`${name}: pulled from a server, the queries are the golden ones`, async () => {
    const natives = await nativeBytes(name);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => {
        const bytes = natives.get(new URL(request.url).pathname.slice(1));
        return bytes ? new Response(bytes.slice()) : new Response("", { status: 404 });
      },
    );
    const folder = await Deno.makeTempDir(), out = join(folder, "queries.jsonl.gz");
    try {
      const manifest = await readManifest(repoPath("datasets", name, "manifest.json"));
      const origin = `http://127.0.0.1:${server.addr.port}`;
      const files = [...natives].map(([path, bytes]) => ({
        ...{ path, url: `${origin}/${path}`, sha256: sha256(bytes) },
      }));
      const invented = { ...manifest, source: { files }, records: {} };
      await pull(invented, { out, cache: join(folder, "cache"), lock: join(folder, "lock") });
      const text = new TextDecoder().decode(gunzipSync(await Deno.readFile(out)));
      assert.equal(text, await golden(name));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("every manifest holds: form, importer, addresses; what is not pinned is said", async () => {
  for (const { name } of await listDatasets()) {
    const report = await checkManifest(name), { originals, licence } = report;
    const text = formatManifestReport(report);
    if (report.importer === undefined) continue; // generated, or made elsewhere
    assert.ok(licence.passOn, `${name}: may records be passed on?`);
    assert.ok(originals.files > 0, name);
    assert.equal(originals.unpinned.length > 0, /--accept-unpinned/.test(text), name);
    if (originals.unpinned.length > 0) {
      const manifest = await readManifest(repoPath("datasets", name, "manifest.json"));
      const said = [manifest.source.note, ...manifest.notes ?? []].join(" ");
      assert.match(said, /not known|not pinned|locked/, `${name} says so`);
    }
  }
});

Deno.test("every file of a manifest is one that its importer reads, or is said not to be", async () => {
  const unread = ["data/data_oos_plus.json"];
  for (
    const name of ["clasheval", "clinc150", "coderouterbench", "pubmedqa", "sprout", "xroutebench"]
  ) {
    const manifest = await readManifest(repoPath("datasets", name, "manifest.json"));
    const patterns = importerNamed(manifest.importer!).layout.map((line) => {
      const fixed = line.split(/<[^>]+>/).map((part) => part.replaceAll(".", "[.]"));
      return new RegExp(`^${fixed.join(".+")}$`);
    });
    for (const { path } of await originalsOf(manifest)) {
      const read = patterns.some((pattern) => pattern.test(path));
      assert.ok(read !== unread.includes(path), `${name}: ${path}: ${patterns.join(" ")}`);
    }
  }
});

Deno.test("pubmedqa-small: its outcomes are joined to the texts, hold none, and are of the arms beside them", async () => {
  const folder = repoPath("datasets/pubmedqa-small");
  const manifest = await readManifest(join(folder, "manifest.json"));
  const bytes = gunzipSync(await Deno.readFile(join(folder, manifest.outcomes!)));
  const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
  assert.equal(lines.length, manifest.records.queries);
  const arms = Object.keys(await readArms(join(folder, "arms.json"))).sort();
  for (const line of lines) {
    const { id, checker, ...outcomes } = JSON.parse(line);
    assert.match(`${id} ${checker}`, /^pubmedqa-\d+ contains$/);
    assert.deepEqual(Object.keys(outcomes).sort(), [
      ...["latency_ms", "scores", "scores_rag", "tokens", "tokens_rag"],
    ]);
    for (const of of Object.values<object>(outcomes)) {
      assert.deepEqual(Object.keys(of).sort(), arms);
    }
  }
  const work = await Deno.makeTempDir(), out = join(work, "records.jsonl.gz");
  try {
    for (const [path, bytes] of await nativeBytes("pubmedqa")) {
      await Deno.mkdir(dirname(join(work, path)), { recursive: true });
      await Deno.writeFile(join(work, path), bytes);
    }
    // The invented originals have other questions.
    await assert.rejects(
      importFolder({ importer: "pubmedqa", folder: work, outcomes: outcomesPath(manifest), out }),
      /outcomes\.jsonl\.gz:1: id: no query is called "pubmedqa-\d+"/,
    );
    assert.ok(!await exists(out));
  } finally {
    await Deno.remove(work, { recursive: true });
  }
});
