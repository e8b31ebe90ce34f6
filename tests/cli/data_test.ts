/** `deno task data`, from the argument list to the files it writes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { main } from "../../src/cli/data.ts";
import { HelpRequest } from "../../src/cli/args.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { exists, repoPath } from "../../src/base/files.ts";
import { importerNamed } from "../../src/outcomes/importers/index.ts";
import { readManifest } from "../../src/outcomes/manifest.ts";
import { golden, nativeBytes } from "../outcomes/importers/fixture.ts";

/** What the command prints. */
async function printed(...argv: string[]): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => void lines.push(values.join(" "));
  try {
    await main(argv);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

/** A folder with the native files of a fixture. */
async function withNative(name: string, run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, bytes] of await nativeBytes(name)) {
      await Deno.mkdir(join(folder, "native", path, ".."), { recursive: true });
      await Deno.writeFile(join(folder, "native", path), bytes);
    }
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const read = async (path: string): Promise<string> =>
  new TextDecoder().decode(gunzipSync(await Deno.readFile(path)));

Deno.test("help lists the verbs; every verb has help of its own", async () => {
  await assert.rejects(main([]), HelpRequest);
  await assert.rejects(
    main(["--help"]),
    /list[^]*pull[^]*import[^]*check[^]*reprice[^]*Exit codes/,
  );
  for (const verb of ["list", "pull", "import", "check", "reprice"]) {
    await assert.rejects(main([verb, "--help"]), (error) => {
      assert.ok(error instanceof HelpRequest);
      assert.match(error.message, new RegExp(`^deno task data ${verb}[^]*Examples:`));
      return true;
    });
  }
});

Deno.test("mistakes name the nearest right word", async () => {
  const wrong: [string[], RegExp][] = [
    [["lst"], /no "lst"; did you mean "list"/],
    [["pull"], /missing argument: <dataset>/],
    [["pull", "routelm"], /no dataset "routelm"; did you mean "routellm"/],
    [["import", "routerdc", "."], /needs --out <file> or --dataset <name>/],
    [
      ["import", "routerdc", ".", "--dataset", "routellm"],
      /made by importer routellm, not routerdc/,
    ],
    [["import", "routrdc", ".", "--out", "x"], /did you mean "routerdc"/],
    [["import", "routerdc", ".", "--out", "x", "--option", "a"], /expected key=value, got "a"/],
    [["reprice", "demo"], /needs --prices <file> --out <file>/],
    [["list", "--jsno"], /unknown flag --jsno; did you mean "--json"/],
  ];
  for (const [argv, message] of wrong) {
    await assert.rejects(printed(...argv), (error) => {
      assert.ok(error instanceof UsageError, `${argv}: ${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("list names every dataset with a manifest", async () => {
  const listed = JSON.parse(await printed("list", "--json")) as { name: string }[];
  for (const name of ["demo", "llmrouter", "lookahead", "mmlu-pro", "reasoning-gym", "routellm"]) {
    assert.ok(listed.some((entry) => entry.name === name), name);
    assert.match(await printed("list"), new RegExp(`^${name} `, "m"));
  }
});

Deno.test("check --manifest needs no records: licence, pins and traps of all, or of those named", async () => {
  const all = JSON.parse(await printed("check", "--manifest", "--json")) as { name: string }[];
  const listed = JSON.parse(await printed("list", "--json")) as { name: string }[];
  assert.deepEqual(all.map(({ name }) => name), listed.map(({ name }) => name));
  const one = await printed("check", "--manifest", "sprout");
  assert.match(one, /^sprout: .*\n {2}importer {3}sprout\n/);
  assert.match(one, /5 not pinned \(pull asks for --accept-unpinned\); revision not known in full/);
  assert.match(
    one,
    /pass on\? {3}no: no licence is stated\n[^]*note {7}scores are a judge model's/,
  );
  await assert.rejects(printed("check", "--manifest", "sprot"), /did you mean "sprout"/);
  await assert.rejects(printed("check"), UsageError);
});

Deno.test("the importer a manifest names exists", async () => {
  for await (const { name, isDirectory } of Deno.readDir(repoPath("datasets"))) {
    const path = repoPath("datasets", name, "manifest.json");
    if (!isDirectory || !await exists(path)) continue;
    const { importer } = await readManifest(path);
    if (importer !== undefined) assert.equal(importerNamed(importer).name, importer);
  }
});

Deno.test("import writes the golden records, deterministically, with options and prices", () =>
  withNative("icl-router", async (folder) => {
    const native = join(folder, "native"), out = join(folder, "a.jsonl.gz");
    const run = (file: string, ...more: string[]) =>
      printed("import", "icl-router", native, "--out", file, ...more);
    assert.match(
      await run(out),
      /4 {2}records\n[^]*wrote .*a\.jsonl\.gz\n {2}sha256 [0-9a-f]{64}$/,
    );
    assert.equal(await read(out), await golden("icl-router"));
    await run(join(folder, "b.jsonl.gz"));
    assert.deepEqual(await Deno.readFile(out), await Deno.readFile(join(folder, "b.jsonl.gz")));
    await run(out, "--option", "label=direct");
    assert.equal(await read(out), await golden("icl-router", "expected-direct.jsonl"));
  }));

Deno.test("import table: records that bench reads, and the same hash as the table itself", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const table = join(folder, "t.csv"), out = join(folder, "r.jsonl");
    await Deno.writeTextFile(table, "prompt,acc_a,acc_b,a_usd\n1 + 1?,1,0,0.5\n2 + 2?,,100,\n");
    const said = await printed(
      ...["import", "table", table, "--scores", "acc_*", "--costs", "*_usd", "--percent"],
      ...["--out", out],
    );
    assert.match(said, /t\.csv: query = prompt, .*percent scores of 2 models: a, b; costs of a\n/);
    const [, hash] = /sha256 ([0-9a-f]{64})/.exec(said)!;
    assert.match(await printed("check", out), new RegExp(hash));
    const lines = (await Deno.readTextFile(out)).trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines[0].scores, { a: 0.01, b: 0 });
    assert.deepEqual(lines.map(({ costs }) => costs), [{ a: 0.5 }, undefined]);
    await printed(...["import", "table", table, "--percent", "--out", `${out}.gz`]);
    assert.equal((await read(`${out}.gz`)).split("\n").length, 3);
    await assert.rejects(printed("import", "table", table, "--out", "x.csv"), /needs --out/);
    await assert.rejects(printed("import", "table", "--help"), HelpRequest);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("import for a dataset checks the records and writes nothing else", () =>
  withNative("llmrouter", async (folder) => {
    const out = join(folder, "out.jsonl.gz");
    const run = printed(
      "import",
      "llmrouter",
      join(folder, "native"),
      "--dataset",
      "llmrouter",
      "--out",
      out,
    );
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /expected 5541 records, got 4/);
      return true;
    });
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  }));

Deno.test("reprice: costs follow the list; check reads the result", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const records = join(folder, "records.jsonl"), prices = join(folder, "prices.json");
    const row = (id: string, tokens: object) =>
      JSON.stringify({
        id,
        benchmark: "b",
        query: id,
        scores: { m: 1, n: 0 },
        tokens,
        costs: { m: 9 },
      });
    await Deno.writeTextFile(
      records,
      row("1", { m: [1000, 10], n: [1, 1] }) + "\n" + row("2", { m: [10, 0] }) + "\n",
    );
    const list = {
      date: "2025-01-02",
      source: "invented",
      currency: "USD",
      perMillionTokens: { m: [2, 30] },
    };
    await Deno.writeTextFile(prices, JSON.stringify(list));
    const out = join(folder, "new.jsonl.gz");
    const said = await printed("reprice", records, "--prices", prices, "--out", out);
    assert.match(said, /2 records, 2 costs\n\(2 costs before\)/);
    const costs = (await read(out)).trim().split("\n").map((line) => JSON.parse(line).costs);
    assert.deepEqual(costs, [{ m: 0.0023 }, { m: 0.00002 }]); // 1000·2 + 10·30 and 10·2 dollars a million
    assert.match(await printed("check", out), /queries {4}2/);
    assert.equal(JSON.parse(await printed("check", out, "--json"))[0].queries, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
