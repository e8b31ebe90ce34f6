/** What the golden cases cannot show: torn or contradictory native files are errors that say where. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { makeParquet, nativeBytes, PICKLES } from "./fixture.ts";
import { DataError, UsageError } from "../../../src/base/errors.ts";
import { importerNamed, runImporter } from "../../../src/outcomes/importers/index.ts";
import type { ImportOptions } from "../../../src/outcomes/importers/importer.ts";
import { letterOf } from "../../../src/outcomes/importers/mmlu_pro.ts";
import { memoryFiles } from "../../support/memory_files.ts";

/** Runs an importer on its fixture with some files replaced; `undefined` takes one away. */
async function changed(
  name: string,
  changes: Record<string, unknown>,
  options: ImportOptions = {},
): ReturnType<typeof runImporter> {
  const files = await nativeBytes(name);
  for (const [path, value] of Object.entries(changes)) {
    if (value === undefined) files.delete(path);
    else {
      const content = typeof value === "string" ? value : JSON.stringify(value);
      const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(content);
      files.set(path, typeof value !== "string" && path.endsWith(".gz") ? gzipSync(bytes) : bytes);
    }
  }
  return await runImporter(importerNamed(name), memoryFiles(files), options);
}

const fails = (
  run: Promise<unknown>,
  message: RegExp,
  kind: new (message: string) => Error = DataError,
): Promise<void> =>
  assert.rejects(run, (error) => {
    assert.ok(error instanceof kind, String(error));
    assert.match(error.message, message);
    return true;
  });

Deno.test("letterOf: stated, then labelled on the first such line, then the last lone capital", () => {
  const cases: [string, string | undefined][] = [
    ["B. The answer is (C). No, the answer is D.", "C"],
    ["answer is J", "J"],
    ["Answer: A, answer: B\nAnswer: C", "B"],
    ["Answer:\n\u0085 E", "E"],
    ["I weighed A against B", "B"],
    ["ÉA A_ 2B", undefined],
    ["option (D)\u0301", "D"],
    ["K", undefined],
    ["", undefined],
  ];
  for (const [reply, letter] of cases) assert.equal(letterOf(reply), letter, JSON.stringify(reply));
});

Deno.test("reasoning-gym: the two files that the recorded copy lacked change no record", async () => {
  const root = "reasoninggym-paper-experiments/zero-shot";
  const results = [{ question: "Push", completions: [{ score: 1, full_model_response: "up" }] }];
  const extra = {
    [`${root}/easy/google_gemma-3-27b-it_20250101_000000/games/sokoban.json`]: { results },
    [`${root}/easy/deepseek_deepseek-r1_20250101_000000/games/sokoban.json`]: { results },
    [`${root}/easy/meta-llama_llama-4-scout_20250101_000000/games/sokoban.json`]: { results },
    [`${root}/easy/mistralai_mistral-small-3.1-24b-instruct_20250322_063733/toys/count.json`]: {
      results: [],
    },
  };
  const lost = {
    [`${root}/easy/mistralai_mistral-small-3.1-24b-instruct_20250322_063733/games/sokoban.json`]: {
      results,
    },
    [`${root}/hard/google_gemma-3-27b-it_20250412_154913/graphs/shortest_path.json`]: { results },
  };
  const copy = await changed("reasoning-gym", extra);
  const clone = await changed("reasoning-gym", { ...extra, ...lost });
  assert.deepEqual(clone.records, copy.records);
  assert.deepEqual(clone.log.dropped, copy.log.dropped);
  assert.equal(clone.log.notes.filter((note) => /passed over/.test(note)).length, 2);
  const elsewhere = Object.keys(lost)[0].replace("_063733", "_063734");
  const { log } = await changed("reasoning-gym", { ...extra, [elsewhere]: { results } });
  assert.ok(!log.notes.some((note) => note.includes("sokoban")), "by name alone");
});

Deno.test("an empty folder says which files were expected", async () => {
  for (const name of ["routerdc", "routerbench-csv", "mmlu-pro", "reasoning-gym", "embedllm"]) {
    const run = runImporter(importerNamed(name), memoryFiles(new Map()));
    await fails(run, /^expected .+ in the folder of native files, got no file$/);
  }
  await fails(
    changed("llmrouter", { "data/dcrouter_preprocessed/test.json": undefined }),
    /test\.json/,
  );
  await fails(
    changed("lookahead", { "compressed_data/test/MATH/gemma-2-9b-it.json.gz": undefined }),
    /MATH/,
  );
});

Deno.test("a bad value names file, row and member", async () => {
  const file = "datasets/split2_model7/pond.json";
  const row = (more: object): unknown => [{ question: "q", scores: { m: 1 }, ...more }];
  await fails(
    changed("routerdc", { [file]: row({ scores: { m: null } }) }),
    /pond\.json\[0\]\.m: .*null/,
  );
  await fails(changed("routerdc", { [file]: row({ scores: { m: "1" } }) }), /a number, got "1"/);
  await fails(
    changed("routerdc", { [file]: row({ question: 3 }) }),
    /\.question: expected a string/,
  );
  await fails(changed("routerdc", { [file]: row({ scores: { m: 1.5 } }) }), /\[0, 1\], got 1\.5/);
  await fails(changed("routerdc", { [file]: "[{" }), /pond\.json: not valid JSON/);
  await fails(changed("routerdc", { [file]: { a: 1 } }), /pond\.json: expected a list/);
});

Deno.test("rows without query text are dropped and counted", async () => {
  const file = "datasets/split2_model7/pond.json";
  const { records, log } = await changed("routerdc", {
    [file]: [{ question: " \n", scores: { m: 1 } }],
  });
  assert.equal(log.dropped["no query text"], 1);
  assert.ok(
    records.every((record) => !record.id.startsWith("routerdc-pond-0") || record.split === "train"),
  );
});

Deno.test("two records of one id are an error", async () => {
  const path = "datasets/routerbench_zs/toy_quiz_test.csv";
  const csv = "sample_id,prompt,fox,fox|total_cost\nx,one,1,1\nx,two,1,1\n";
  await fails(changed("routerbench-csv", { [path]: csv }), /two records have id routerbench-x/);
});

Deno.test("llmrouterbench: several runs of a model need a pick, and names must fit the path", async () => {
  const folder = "results/bench/toyqa/test/gull-1";
  const first = `${folder}/toyqa-test-gull-1-20250101_000000.json`, later = `${folder}/newer.json`;
  const run = (score: number, more: object = {}): unknown => ({
    records: [{
      index: 1,
      origin_query: "Which tide?",
      score,
      prompt_tokens: 1,
      completion_tokens: 1,
      cost: 1,
    }],
    ...more,
  });
  await fails(
    changed("llmrouterbench", { [later]: run(0) }),
    /toyqa\/test\/gull-1: expected one run, got 2/,
  );
  const scoreWith = async (pick: string): Promise<number> => {
    const { records } = await changed("llmrouterbench", { [later]: run(0) }, { pick: [pick] });
    return records.find(({ id }) => id === "llmrouterbench-toyqa-test-1")!.scores["gull-1"];
  };
  assert.equal(await scoreWith(first), 1);
  assert.equal(await scoreWith(later), 0);
  await fails(
    changed("llmrouterbench", {}, { pick: ["no/such/run.json"] }),
    /no run no\/such\/run\.json/,
  );
  await fails(
    changed("llmrouterbench", { [first]: run(1, { model_name: "tern-2" }) }),
    /expected "gull-1"/,
  );
  const twice = { records: [0, 1].map((score) => ({ index: 1, origin_query: "q", score })) };
  await fails(
    changed("llmrouterbench", { [first]: twice }),
    /scored 0 on the same query before, now 1/,
  );
});

Deno.test("llmrouterbench: the folder of datasets itself, and model names with a slash", async () => {
  const run = { records: [{ index: 0, origin_query: "q", score: 1 }] };
  const bytes = new TextEncoder().encode(JSON.stringify(run));
  const files = memoryFiles(new Map([["toyqa/test/maker/gull/run.json", bytes]]));
  const { records } = await runImporter(importerNamed("llmrouterbench"), files);
  assert.deepEqual(records, [
    {
      id: "llmrouterbench-toyqa-test-0",
      benchmark: "toyqa",
      query: "q",
      scores: { "maker/gull": 1 },
    },
  ]);
});

Deno.test("llmrouterbench: the archive's own folder, and a dataset without folders of splits", async () => {
  const run = (dataset_name: string, split: string) => ({
    ...{ dataset_name, split, model_name: "gull" },
    records: [{ index: 0, origin_query: `of ${dataset_name}`, score: 1 }],
  });
  const encoder = new TextEncoder();
  const files = memoryFiles(
    new Map([
      ["bench-release/arena/gull/run.json", encoder.encode(JSON.stringify(run("arena", "all")))],
      [
        "bench-release/toyqa/test/gull/run.json",
        encoder.encode(JSON.stringify(run("toyqa", "test"))),
      ],
      ["bench-release/README.json", encoder.encode("{}")],
    ]),
  );
  const { records } = await runImporter(importerNamed("llmrouterbench"), files);
  assert.deepEqual(records.map(({ id, benchmark }) => [id, benchmark]), [
    ["llmrouterbench-arena-0", "arena"],
    ["llmrouterbench-toyqa-test-0", "toyqa"],
  ]);
});

Deno.test("icl-router: contradicting rows, unknown labels and options", async () => {
  const row = {
    query: "q",
    model: "m",
    is_correct_direct: true,
    is_correct: [true],
    task: "t",
    index: 0,
  };
  const two = [row, { ...row, is_correct: [false] }];
  await fails(
    changed("icl-router", { "train_router.json": two }),
    /m scored 1 on the same query before, now 0/,
  );
  await fails(
    changed("icl-router", { "train_router.json": [{ ...row, is_correct: [] }] }),
    /one draw/,
  );
  await fails(changed("icl-router", {}, { label: ["both"] }), /draws or direct/, UsageError);
  await fails(
    changed("icl-router", {}, { labels: ["direct"] }),
    /"labels"; did you mean "label"/,
    UsageError,
  );
  const experts = { m: [{ input: "q", label: "Maybe", task: "t" }] };
  const run = changed("icl-router", { "e.json": experts }, { experts: ["e.json"] });
  await fails(run, /m\[0\]\.label: expected Yes or No, got "Maybe"/);
});

Deno.test("embedllm: one prompt_id must be one text", async () => {
  const csv = "prompt_id,model_id,prompt,label,model_name\n1,0,one,1,a\n1,1,two,1,b\n";
  await fails(changed("embedllm", { "test.csv": csv }), /prompt 1, model b: .*another/);
});

Deno.test("lookahead: damaged gzip data is an error", async () => {
  const path =
    "compressed_data/train/SelfOSSInstructSC2_filtered2/responses/Yi-1.5-34B-Chat.jsonl.gz";
  await fails(changed("lookahead", { [path]: "not gzip" }), /damaged gzip data/);
});

Deno.test("lookahead: models asked different words are an error", async () => {
  const path = "compressed_data/test/MBPP/predictions/Yi-1.5-34B-Chat.json.gz";
  const other = { 0: { origin_prompt: [{ prompt: "Write something else." }], prediction: "" } };
  await fails(changed("lookahead", { [path]: other }), /MBPP 0: expected the same prompt/);
});

Deno.test("mmlu-pro: an archive without JSON, or none at all", async () => {
  const path = "eval_results/model_outputs_gemma-7b_5shots.zip";
  await fails(
    changed("mmlu-pro", { [path]: "PK" }),
    /gemma-7b_5shots\.zip: expected a zip archive/,
  );
});

const parquet = (...rows: Record<string, unknown>[]): Uint8Array => makeParquet(rows);

Deno.test("queries alone: labels that no list knows, and keys that differ, are errors", async () => {
  const domains = { home: ["lamp"] }, empty = { val: [], test: [], oos_val: [], oos_test: [] };
  const full = (train: unknown, oos: unknown = []) => ({ ...empty, train, oos_train: oos });
  const clinc = (data: unknown) =>
    changed("clinc150", { "data/data_full.json": data, "data/domains.json": domains });
  await fails(clinc(full([["q", "song"]])), /train\[0\]: expected an intent .* got "song"/);
  await fails(clinc(full([["q", "oos"]])), /got "oos"/);
  await fails(clinc(full([["q", "lamp"]], [["q", "lamp"]])), /oos_train\[0\]: expected an intent/);
  await fails(clinc(full([["q"]])), /train\[0\]/);
  const truth = (data: unknown) => changed("pubmedqa", { "data/test_ground_truth.json": data });
  await fails(truth({ 101: "no" }), /101: expected "no", as data\/test_ground_truth\.json says/);
  await fails(truth({ 999: "no" }), /expected questions in .* none: 999/);
});

Deno.test("parquet sources: another text of one id, an unknown file, a damaged one", async () => {
  const row = { embedding_id: 1, task_name: "t", query: "a", model_name: "m", performance: 0.5 };
  const x = (...rows: Record<string, unknown>[]) =>
    changed("xroutebench", { "llmrouter_generic/test.parquet": parquet(...rows) });
  const full = { ...row, input_tokens: 1, output_tokens: 1, response_time: 0.5 };
  await fails(
    x(full, { ...full, query: "b" }),
    /row 2: expected the text embedding_id 1 had before/,
  );
  await fails(x({ ...full, performance: 1.5 }), /\[0, 1\], got 1\.5/);
  await fails(
    changed("xroutebench", { "llmrouter_generic/test.parquet": "PAR1" }),
    /test\.parquet: damaged parquet/,
  );
  await fails(
    changed("clasheval", { "data/model_responses/other.pqt": parquet(full) }),
    /other\.pqt: expected claudeopus/,
  );
  const bare = { key: "k", dataset: "d", prompt: "p", golden_answer: "g" };
  const only = { "data/test-00000-of-00001.parquet": parquet(bare) };
  await fails(changed("sprout", only), /row 1: expected columns of models, got none/);
});

Deno.test("coderouterbench: a row of no task, and a second one of a task and model", async () => {
  const path = "ood176_results_long.csv";
  const head = "task_id,model,resolved,cost_usd,in_tok,out_tok\n";
  await fails(
    changed("coderouterbench", { [path]: `${head}zz,fox,1,,,\n` }),
    /zz, fox: expected a task of ood176_tasks/,
  );
  const twice = `${head}o1,fox,1,,,\no1,fox,0,,,\n`;
  await fails(changed("coderouterbench", { [path]: twice }), /o1, fox: there is a row before/);
});

Deno.test("routerbench and routereval: which file, which models", async () => {
  await fails(changed("routerbench", {}), /choose with --option shots=0/, UsageError);
  await fails(changed("routerbench", {}, { shots: ["1"] }), /choose with/, UsageError);
  const plain = { "routerbench_0shot.pkl": Uint8Array.fromBase64(PICKLES["plain 4"]) };
  await fails(changed("routerbench", plain, { shots: ["0"] }), /0shot\.pkl: expected a frame/);
  const evil = { "routerbench_0shot.pkl": Uint8Array.fromBase64(PICKLES["evil system 4"]) };
  await fails(changed("routerbench", evil, { shots: ["0"] }), /refused "posix\.system"/);
  const { records } = await changed("routereval", {}, { models: ["1"] });
  assert.deepEqual(new Set(records.flatMap(({ scores }) => Object.keys(scores))).size, 1);
  await fails(changed("routereval", {}, { model: ["elk"] }), /there is no model "elk"/, UsageError);
  await fails(changed("routereval", {}, { models: ["x"] }), /a number, not "x"/, UsageError);
});

Deno.test("unknown importers are named with the nearest one", () => {
  assert.throws(() => importerNamed("routerd"), /no importer "routerd"; did you mean "routerdc"/);
});
