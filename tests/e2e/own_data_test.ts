/** What becomes of somebody's own records, from the command line on. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { shellWords } from "../../src/base/shell.ts";
import { readResult } from "../../src/results/result.ts";
import { filesBelow, inside, run, workFolder } from "./cli.ts";

const folder = await workFolder(100);
const COMMON = ["--jobs", `${folder}/jobs`, "--seeds", "1", "--routers", "ridge"];

/** Writes records of two models and so many benchmarks. */
async function records(
  path: string,
  { rows = 60, benchmarks = 2, solved = 3, edit = (r: Record<string, unknown>, _i: number) => r } =
    {},
): Promise<string> {
  const lines = Array.from({ length: rows }, (_, i) =>
    JSON.stringify(edit({
      id: `q${i}`,
      benchmark: `b${i % benchmarks}`,
      query: `${["Add", "Join", "Count"][i % 3]} the ${i * 37 % 91} things of kind ${i * i % 53}`,
      scores: { small: Number(i % solved === 0), large: Number(i % 4 !== 0), old: i % 2 },
    }, i)));
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  return path;
}

/** Result files below a folder. */
const results = (out: string): string[] =>
  filesBelow(out).filter((file) =>
    /\.static\.[\w.-]*json$/.test(file) && !/s(plits|peed)\.json$/.test(file)
  );

Deno.test("same name, other records: two results; a path with spaces is quoted in the command", async () => {
  const out = `${folder}/two`;
  const places = [`${folder}/first one/mine.jsonl`, `${folder}/second/mine.jsonl`];
  for (const [i, place] of places.entries()) {
    await records(place, { solved: 3 + i });
    const { code, text } = await inside(
      "bench",
      ...["--data", place, "--protocol", "id", "--out", out, ...COMMON],
    );
    assert.equal(code, 0, text);
    const quoted = i === 0 ? `'${place}'` : place;
    const hint = `mine@inferred-[0-9a-f]{8} --data ${quoted}`;
    assert.match(text, new RegExp(`deno task report \\S+${hint}$`, "m"));
  }
  const files = results(out);
  assert.equal(files.length, 2, files.join());
  assert.ok(files.every((file) => /^mine@inferred-[0-9a-f]{8}\/id\.static\./.test(file)));
  const commands = await Promise.all(
    files.map(async (f) => (await readResult(`${out}/${f}`)).command),
  );
  const said = commands.map((command) => shellWords(command)[4]);
  assert.deepEqual(said.toSorted(), places.toSorted());
  const { code, text } = await inside("verify", out);
  assert.equal(code, 0, text);
  assert.match(text, /^2 of 2 results recomputed in full$/m);
  // A result of other content is kept, and the same bytes replace each other without a word.
  const path = `${out}/${files[0]}`, old = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, old.replace('"format"', ' "format"'));
  const again = ["--data", said[0], "--protocol", "id", "--out", out, ...COMMON];
  const replaced = await inside("bench", ...again);
  const [, kept] = /other content, which is kept; compare: deno task diff (\S+) \S+$/m.exec(
    replaced.text,
  ) ?? assert.fail(replaced.text);
  assert.notEqual(await Deno.readTextFile(repoPath(kept)), old);
  assert.equal(await Deno.readTextFile(path), old);
  assert.equal((await inside("diff", kept, path)).code, 0);
  await Deno.remove(repoPath(kept.slice(0, kept.lastIndexOf("/"))), { recursive: true });
  assert.doesNotMatch((await inside("bench", ...again)).text, /other content/);
});

Deno.test("two benchmarks: what cannot run is said first, the rest runs; a protocol asked for is an error", async () => {
  const data = await records(`${folder}/pair/pair.jsonl`);
  const out = `${folder}/pair/out`;
  const { code, text } = await inside("bench", "--data", data, "--out", out, ...COMMON);
  assert.equal(code, 0, text);
  assert.match(text, /^pair\/all: ood needs at least 3 benchmarks .* got 2: skipped$/m);
  assert.equal(results(out).length, 1);
  const asked = await inside(
    "bench",
    "--data",
    data,
    "--out",
    out,
    "--protocol",
    "id,ood",
    ...COMMON,
  );
  assert.equal(asked.code, 4);
  assert.match(asked.text, /^error: pair\/all: ood needs at least 3 benchmarks/m);
});

Deno.test("a missing score: said before the first job, in the result, and by data check; --gaps chooses", async () => {
  const data = await records(`${folder}/gap/gap.jsonl`, {
    edit: (record, i) => i === 7 ? { ...record, scores: { small: 1, large: 1 } } : record,
  });
  const out = `${folder}/gap/out`;
  const bench = ["bench", "--data", data, "--protocol", "id", "--out", out, ...COMMON] as const;
  const said = "1 of 60 queries left out, for missing scores of old (1): q7";
  const { code, text } = await inside(...bench);
  assert.equal(code, 0, text);
  assert.ok(text.includes(`gap/all: ${said}`), text);
  assert.ok((await inside("data", "check", data)).text.includes(said));
  const models = await inside(...bench, "--gaps", "drop-models", "--limit", "50");
  assert.equal(models.code, 0, models.text);
  const found = await Promise.all(results(out).map((file) => readResult(`${out}/${file}`)));
  assert.deepEqual(
    found.map((
      { dataset: { queries, models, gaps, limit } },
    ) => [queries, models.length, gaps, limit])
      .toSorted((a, b) => Number(b[0]) - Number(a[0])),
    [[59, 3, undefined, undefined], [50, 2, "drop-models", 50]],
  );
  assert.ok(found.some(({ command }) => command.endsWith(" --gaps drop-models --limit 50")));
  assert.match((await inside("verify", out)).text, /^2 of 2 results recomputed in full$/m);
});

Deno.test("too few queries, and a folder that cannot be written to, are errors before any job", async () => {
  const few = await records(`${folder}/few/few.jsonl`, { rows: 3 });
  const alike = await records(`${folder}/few/alike.jsonl`, {
    edit: (record) => ({ ...record, query: "the same" }),
  });
  for (const [data, message] of [[few, "got 3 distinct"], [alike, "got 1 distinct"]]) {
    const { code, text } = await inside("bench", "--data", data, "--protocol", "id", ...COMMON);
    assert.equal(code, 4, text);
    assert.match(text, /^error: \w+\/all: id needs queries to learn from and others to test on/m);
    assert.ok(text.includes(message), text);
  }
  const outside = await run("bench", "--data", few, "--out", "/elsewhere/out");
  assert.equal(outside.code, 4);
  assert.match(
    outside.text,
    /^error: --out \/elsewhere\/out: this task has no permission .*runs\//m,
  );
});

Deno.test("--embedding of another lock file: the task that has it is named", async () => {
  const data = await records(`${folder}/lock/lock.jsonl`);
  const { code, text } = await run(
    "bench",
    ...["--data", data, "--protocol", "id", "--embedding", "onnx:minilm", ...COMMON],
  );
  assert.equal(code, 4);
  assert.match(text, /^error: the packages of this embedding .* use `deno task bench:full`/m);
});

Deno.test("routers: one a line, with what a fit takes", async () => {
  const { code, text } = await inside("routers");
  assert.equal(code, 0, text);
  assert.match(text, /^knn +quick +kNN.*: /m);
});

Deno.test("benchmarks of one row each: every protocol that fits is run", async () => {
  const path = await records(`${folder}/ones/ones.jsonl`, { rows: 30, benchmarks: 30 });
  const given = ["--data", path, "--out", `${folder}/ones/out`, ...COMMON];
  const { code, text } = await inside("bench", ...given);
  assert.equal(code, 0, text);
  const made = results(`${folder}/ones/out`).map((file) => file.split("/")[1].split(".")[0]);
  assert.deepEqual(made.sort(), ["id", "ood"]);
});
