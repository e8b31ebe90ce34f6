/**
 * RouterDC's published protocol by name: from (invented) native files over the import to the side-by-side
 * with the published numbers, as a user with the real files gets it.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { UsageError } from "../../src/base/errors.ts";
import { readJson, repoPath, writeJson } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { buildTable } from "../../src/outcomes/build.ts";
import { memoryFiles } from "../support/memory_files.ts";
import type { ImportOptions } from "../../src/outcomes/importers/importer.ts";
import { importerNamed, runImporter } from "../../src/outcomes/importers/index.ts";
import { readManifest } from "../../src/outcomes/manifest.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { alone } from "../splits/tables.ts";

const manifest = await readManifest(repoPath("datasets/routerdc/manifest.json"));
/** Rows of the invented files, under the real names; one train set is larger than the run used. */
const SIZES: Record<string, number> = {
  mmlu_train: 1004,
  mmlu_test: 12,
  "gsm8k-train": 30,
  "gsm8k-test": 10,
  cmmlu_train: 30,
  cmmlu_test: 10,
  arc_challenge_train: 30,
  arc_challenge_test: 10,
  humaneval_train: 16,
  humaneval_test: 8,
  MATH_prealgebra: 9,
  mbpp: 8,
  ceval: 7,
  javascript: 6,
  arc_easy_train: 10,
  arc_easy_test: 5,
};
const OOD = ["ceval", "math-prealgebra", "mbpp"];
const GENERATED = /^(gsm8k|humaneval|mbpp|javascript)/;

/** Invented native files, by path: queries of the demo, probabilities above ½ or 0, tenths. */
function natives(): Map<string, Uint8Array> {
  const texts = demoRecords({ queries: 1300 }).map(({ query }) => query);
  const models = manifest.views.published.models, draw = random(3, "invented");
  let next = 0;
  const rows = (name: string): unknown[] =>
    Array.from({ length: SIZES[name] }, () => ({
      question: texts[next++],
      scores: Object.fromEntries(models.map((model) => {
        const graded = GENERATED.test(name) ? draw.integer(11) / 10 : 0.3 + 0.69 * draw.next();
        return [model, GENERATED.test(name) || draw.next() < .5 ? graded : 0];
      })),
    }));
  return new Map(
    Object.keys(SIZES).map((name) => [
      `datasets/split2_model7/${name}.json`,
      new TextEncoder().encode(JSON.stringify(rows(name))),
    ]),
  );
}

const imported = async (options: ImportOptions = {}) =>
  await runImporter(importerNamed("routerdc"), memoryFiles(natives()), options);
const { records, log } = await imported();

Deno.test("routerdc: multiple choice counts as right or wrong, or keeps its probabilities if asked", async () => {
  const { records: graded } = await imported({ scores: ["probability"] });
  assert.equal(graded.length, records.length);
  let probabilities = 0;
  records.forEach(({ benchmark, scores }, i) => {
    for (const [model, score] of Object.entries(scores)) {
      const native = graded[i].scores[model];
      if (GENERATED.test(benchmark)) assert.equal(score, native);
      else assert.equal(score, native > 0 ? 1 : 0);
      if (native > 0 && native !== score) probabilities++;
    }
  });
  assert.ok(probabilities > 1000);
  await assert.rejects(imported({ scores: ["yes"] }), UsageError);
});

Deno.test("routerdc: a target keeps the probabilities for fits, beside the scores", async () => {
  const { records: aimed } = await imported({ target: ["probability"] });
  const { records: graded } = await imported({ scores: ["probability"] });
  aimed.forEach(({ benchmark, target, ...rest }, i) => {
    assert.deepEqual({ benchmark, ...rest }, { ...records[i] });
    assert.deepEqual(target, GENERATED.test(benchmark) ? undefined : graded[i].scores);
  });
  assert.ok(aimed.some(({ target }) => target !== undefined));
  await assert.rejects(imported({ target: ["yes"] }), UsageError);
});

Deno.test("routerdc: the published view has the first 1,000 rows of a train set, in order of the file", () => {
  assert.deepEqual(log.notes, ["4 train rows come after the first 1000 of their set"]);
  const { ids } = buildTable(records, "published", manifest);
  const taken = ids.filter((id) => id.startsWith("routerdc-mmlu_train-"));
  assert.deepEqual(
    taken.map((id) => Number(id.split("-").at(-1))).sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const everything = buildTable(records, "everything", manifest);
  assert.equal(everything.ids.length, Object.values(SIZES).reduce((a, b) => a + b));
});

Deno.test("routerdc: id:published trains on five sets, and tests on these and on three others", () => {
  const expected = { published: 1000 + 106 + 50 + 24, "published-id": 1000 + 106 + 50 };
  for (const [view, size] of Object.entries(expected)) {
    const table = buildTable(records, view, manifest);
    assert.equal(table.ids.length, size);
    const [{ roles }] = makeSplits(table, alone(table), "id:published", [1]);
    const count = { t: 0, v: 0, e: 0, d: 0 };
    table.ids.forEach((id, row) => {
      const role = roles[row] as keyof typeof count;
      count[role]++;
      assert.equal(role === "e", !/[-_]train-\d+$/.test(id), id);
      if (OOD.includes(table.benchmarks[table.benchmark[row]])) assert.equal(role, "e");
    });
    assert.equal(count.d, 0);
    assert.ok(Math.abs(count.v / (count.t + count.v) - .25) < .01, JSON.stringify(count));
  }
});

Deno.test("routerdc: import, then one command for our rows above the published numbers", async () => {
  await Deno.mkdir(repoPath(".cache"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache"), prefix: "routerdc-" });
  const { tasks } = await readJson(repoPath("deno.json")) as {
    tasks: Record<string, { command: string }>;
  };
  const run = async (task: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...tasks[task].command.split(" ").slice(1), ...args],
      cwd: repoPath(""),
      env: { NO_COLOR: "1", ICLR_DATA: `${folder}/data` },
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.equal(code, 0, text);
    return text;
  };
  try {
    for (const [path, bytes] of natives()) {
      await Deno.mkdir(dirname(`${folder}/native/${path}`), { recursive: true });
      await Deno.writeFile(`${folder}/native/${path}`, bytes);
    }
    const out = `${folder}/data/routerdc/records.jsonl.gz`;
    await Deno.mkdir(dirname(out), { recursive: true });
    await run("data", "import", "routerdc", `${folder}/native`, "--out", out);
    // The real tables' hash is pinned; these are invented, so the manifest beside them says nothing of it.
    await writeJson(`${folder}/data/routerdc/manifest.json`, { ...manifest, records: {} });
    const printed = await run(
      "bench",
      ...[
        "--data",
        `${folder}/data/routerdc/published`,
        "--protocol",
        "id:published",
        "--seeds",
        "1",
      ],
      ...["--routers", "routerdc,uniroute_learned", "--workers", "1", "--statements"],
      ...["--out", `${folder}/out`, "--jobs", `${folder}/jobs`],
    );
    assert.match(printed, /^RouterDC \(head\) +\.\d{3}/m);
    assert.match(printed, /^UniRoute \(LearnedMap\) +\.\d{3}/m);
    const notes = printed.replace(/\s+/g, " ");
    assert.match(notes, /data: published, mean over the five sets [^:]*: RouterDC \.5854/);
    assert.match(notes, /data: published, mean over the three sets [^:]*: RouterDC \.4585/);
    assert.match(printed, /verified \(full\)/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
