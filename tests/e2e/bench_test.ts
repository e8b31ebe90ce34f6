/**
 * `deno task bench`, `merge` and `verify` from end to end, as processes of their own: the same run gives
 * the same bytes however it is run, cut up, stopped or killed.
 */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { seal } from "../../src/results/result.ts";
import { smallRecords, writeVectors } from "../support/small_pool.ts";
import { bytesOf, ended, filesBelow, finishedJobs, run, start, until, workFolder } from "./cli.ts";

const KILLS = 20;
const folder = await workFolder(100);
const DATA = `${folder}/pool/records.jsonl`;
/** Five folds (there are few rows) of two seeds, seven reference rows and three routers. */
const ROUTERS = "ridge,uniroute,knn", JOBS = 2 * 5 * 10;
const plain = ["--data", DATA, "--routers", ROUTERS, "--seeds", "1,2", "--protocol", "id"];
const places = (name: string): string[] => [
  "--out",
  `${folder}/${name}/out`,
  "--jobs",
  `${folder}/${name}/jobs`,
];
const bytes = (name: string): Record<string, string> => bytesOf(`${folder}/${name}/out`);
const resultOf = (name: string): string => {
  const out = `${folder}/${name}/out`;
  const [file] = filesBelow(out).filter((f) => /\/id\.static\.\w+\.json$/.test(f));
  return `${out}/${file}`;
};

/** The run nobody disturbs, which all others must equal. */
const undisturbed = await run("bench", ...plain, ...places("undisturbed"));
const expected = bytes("undisturbed");

/** Fails with the first difference if another run's results are not the same, byte for byte. */
function same(name: string): void {
  const read = (run: string): unknown => JSON.parse(Deno.readTextFileSync(resultOf(run)));
  assert.deepEqual(read(name), read("undisturbed"));
  const found = Object.entries(bytes(name)).filter(([file]) => !file.endsWith(".tmp"));
  assert.deepEqual(Object.fromEntries(found), expected);
}

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("bench: a run ends well, with a verified result, its splits and its decisions", () => {
  assert.equal(undisturbed.code, 0, undisturbed.text);
  assert.match(undisturbed.text, /verified \(full\), \d+ numbers recomputed from the decisions/);
  const names = Object.keys(expected).map((file) => file.replace(/^.*\/id\.static\.\w+/, ""));
  assert.deepEqual(names, [".decisions.gz", ".json", ".splits.json"]);
  assert.equal(finishedJobs(`${folder}/undisturbed/jobs`).size, JOBS);
});

Deno.test("bench: one worker or two, the same bytes", async () => {
  const { code, text } = await run("bench", ...plain, ...places("one"), "--workers", "1");
  assert.equal(code, 0, text);
  same("one");
});

Deno.test("bench: new-model and ood runs of all routers, one worker or two, the same bytes", async () => {
  // All routers: on records of fewer models and on narrow vectors, which take as many ways to differ.
  const records = smallRecords(100), data = `${folder}/small.jsonl`;
  await Deno.writeTextFile(data, records.map((record) => JSON.stringify(record) + "\n").join(""));
  const embedding = await writeVectors(folder, records);
  const args = ["--data", data, "--embedding", embedding, "--seeds", "5"];
  const more = ["--protocol", "new-model,ood:2", "--budgets", "8", "--subsets", "1", "--workers"];
  for (const workers of ["1", "2"]) {
    const { code, text } = await run(
      "bench",
      ...args,
      ...more,
      workers,
      ...places(`both${workers}`),
    );
    assert.equal(code, 0, text);
  }
  assert.equal(Object.keys(bytes("both1")).length, 6);
  assert.deepEqual(bytes("both2"), bytes("both1"));
});

Deno.test("bench: new-model with some of its arms", async () => {
  const args = ["--data", DATA, "--seeds", "5", "--routers", "ridge", "--subsets", "1"];
  const arms = async (asked: string, protocol: string, name: string) =>
    await run(
      "bench",
      ...args,
      ...["--protocol", protocol, "--budgets", "8", "--arms", asked],
      ...places(name),
    );
  const { code, text } = await arms("ignore,own", "id,new-model", "arms");
  assert.equal(code, 0, text);
  assert.match(text, /arms run: own, ignore; the others were not asked for/);
  assert.doesNotMatch(text, /^ {2}(retrain|clairvoyant) /m);
  const json = filesBelow(`${folder}/arms/out`).filter((f) =>
    /(id|new-model)\.static\.\w+\.json$/.test(f)
  );
  const protocols = json.map((f) => JSON.parse(Deno.readTextFileSync(`${folder}/arms/out/${f}`)));
  assert.deepEqual(protocols.map(({ protocol }) => [protocol.name, protocol.arms]), [
    ["id", undefined],
    ["new-model", ["own", "ignore"]],
  ]);
  assert.match(protocols[1].command, / --arms own,ignore /);
  const wrong = await arms("own", "id", "noarms");
  assert.equal(wrong.code, 2);
  assert.match(wrong.text, /--arms: only new-model has arms, not id/);
  assert.equal((await arms("mine", "new-model", "noarms")).code, 2);
});

Deno.test("bench: Ctrl-C says what is kept, leaves no half of a file, and the same command goes on", async () => {
  for (const workers of ["1", "2"]) {
    const name = `stopped${workers}`, jobs = `${folder}/${name}/jobs`;
    const stopped = start("bench", ...plain, ...places(name), "--workers", workers);
    await until(() => finishedJobs(jobs).size > 2, stopped);
    stopped.kill("SIGINT");
    const { code, text } = await ended(stopped);
    assert.equal(code, 130, text);
    const [, kept, all] =
      /^stopped; the same command goes on where it was \((\d+) of (\d+) jobs kept\)$/m
        .exec(text)!;
    assert.deepEqual([Number(kept), Number(all)], [finishedJobs(jobs).size, JOBS]);
    assert.deepEqual(filesBelow(`${folder}/${name}`).filter((file) => file.endsWith(".tmp")), []);
    const again = await run("bench", ...plain, ...places(name));
    assert.equal(again.code, 0, again.text);
    same(name);
  }
});

Deno.test("bench: a broken router is refused before any job, with file and line", async () => {
  const broken = `${folder}/broken.ts`;
  await Deno.writeTextFile(broken, "export default {");
  const { code, text } = await run("bench", ...plain, ...places("broken"), "--routers", broken);
  assert.equal(code, 2, text);
  assert.match(text, /^error: \S*broken\.ts:1:17: Unexpected token.*$/m);
  assert.doesNotMatch(text, /^ +at /m);
  assert.deepEqual(filesBelow(`${folder}/broken`), []);
});

Deno.test("bench: a router that fails has a line, the others their rows, and the result is verified", async () => {
  const failing = `${folder}/failing.ts`;
  await Deno.writeTextFile(
    failing,
    `export default { name: "failing", summary: "s", source: "none", grid: [{}],\n` +
      `  fit: () => { throw new Error("no luck"); } };\n`,
  );
  const args = [
    "--data",
    DATA,
    "--seeds",
    "1",
    "--protocol",
    "id",
    "--routers",
    `${failing},ridge`,
  ];
  const once = await run("bench", ...args, ...places("failing"));
  assert.equal(once.code, 3, once.text);
  assert.match(
    once.text,
    /warning: failing failed: no luck, seed 1, fold \d \(\S*failing\.ts:2:\d+\)/,
  );
  assert.match(once.text, /^error: failing has no row in .* id: failed: no luck, seed 1, fold 0$/m);
  assert.match(once.text, /^ridge .*\d/mi);
  assert.match(once.text, /verified \(full\)/);
  // In parts, and joined: the same bytes, and again exit code 3.
  const shards: string[] = [];
  for (const shard of ["1/2", "2/2"]) {
    const part = await run("bench", ...args, ...places("parts"), "--shard", shard);
    assert.equal(part.code, 3, part.text);
    const [, file] = /^wrote (\S+)/m.exec(part.text)!;
    shards.push(file);
  }
  const merged = await run("merge", ...shards, "--out", `${folder}/failed-merged/out`);
  assert.equal(merged.code, 3, merged.text);
  assert.deepEqual(bytes("failed-merged"), bytes("failing"));
  const alone = await run("bench", ...args.slice(0, -1), failing, ...places("alone"));
  assert.equal(alone.code, 3, alone.text);
  assert.match(alone.text, /^error: no router is left: failing failed: no luck/m);
  assert.deepEqual(filesBelow(`${folder}/alone/out`), []);
});

Deno.test("bench: a second process with the same run is refused; the first ends undisturbed", async () => {
  const first = start("bench", ...plain, ...places("twice"));
  await until(() => finishedJobs(`${folder}/twice/jobs`).size > 0, first);
  first.kill("SIGSTOP"); // so that it cannot finish before the second has tried
  const second = await run("bench", ...plain, ...places("twice"));
  first.kill("SIGCONT");
  assert.equal(second.code, 4, second.text);
  assert.match(second.text, /error: the same run is already under way \(.*\.lock is held\)/);
  assert.equal((await ended(first)).code, 0);
  same("twice");
});

Deno.test("bench: killed twenty times, it goes on where it was and ends with the same bytes", async () => {
  const jobs = `${folder}/killed/jobs`, draw = random(20, "kills");
  let kept = new Map<string, string>(), killed = 0, killedBetweenJobs = 0;
  const check = (): void => {
    const now = finishedJobs(jobs);
    for (const [file, written] of kept) assert.equal(now.get(file), written, `${file} done again`);
    kept = now;
  };
  for (let i = 0; i < KILLS; i++) {
    // Three times at any moment of the start, then after some more jobs, at last while the result is made.
    const wanted = i < 3 ? 0 : i < KILLS - 3 ? kept.size + 1 + draw.integer(12) : JOBS;
    const delay = draw.next() * (i < 3 ? 600 : i < KILLS - 3 ? 30 : 400);
    const child = start("bench", ...plain, ...places("killed"));
    await until(() => finishedJobs(jobs).size >= Math.min(JOBS, wanted), child);
    await new Promise((resolve) => setTimeout(resolve, delay));
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended before
    }
    const { signal, code, text } = await ended(child);
    if (signal === "SIGKILL") killed++;
    else assert.equal(code, 0, text);
    check();
    if (signal === "SIGKILL" && kept.size > 0 && kept.size < JOBS) killedBetweenJobs++;
  }
  assert.ok(killed >= 15, `${killed} of ${KILLS} were killed before their end`);
  assert.ok(
    killedBetweenJobs >= 5,
    `${killedBetweenJobs} were killed with jobs done and jobs to do`,
  );
  const { code, text } = await run("bench", ...plain, ...places("killed"));
  assert.equal(code, 0, text);
  check();
  assert.equal(kept.size, JOBS, "each job once, and no other");
  same("killed");
  const verified = await run("verify", "--data", DATA, `${folder}/killed/out`);
  assert.match(verified.text, /1 of 1 results recomputed/, "leavings of a kill are no results");
});

Deno.test("bench --plan: the jobs that a run will do, none of them done, and how many already are", async () => {
  const path = `${folder}/plan.json`;
  const before = await run("bench", ...plain, ...places("planned"), "--plan", path);
  assert.equal(before.code, 0, before.text);
  assert.match(
    before.text,
    /id: 100 jobs \(10 routers on 10 splits\), 0 finished; .* n up to 10$/m,
  );
  assert.deepEqual(filesBelow(`${folder}/planned`), []);
  const text = await Deno.readTextFile(path), { runs: [planned] } = JSON.parse(text);
  const files = planned.jobs.map(({ id }: { id: string }) => `${id.slice(0, 2)}/${id}.json`);
  assert.deepEqual(files.sort(), [...finishedJobs(`${folder}/undisturbed/jobs`).keys()]);
  const { command, harness } = JSON.parse(await Deno.readTextFile(resultOf("undisturbed")));
  assert.deepEqual([planned.command, planned.harnessSha256], [command, harness.sha256]);
  assert.equal(planned.splits.length, 10);
  assert.ok(resultOf("undisturbed").endsWith(`/${planned.stem}.json`));

  const after = await run("bench", ...plain, ...places("undisturbed"), "--plan", path);
  assert.match(after.text, /, 100 finished; /);
  assert.equal(await Deno.readTextFile(path), text, "what is finished is not in the file");
});

Deno.test("merge: shards give the bytes of the whole run, and nothing less", async () => {
  const shard = (i: number): Promise<unknown> =>
    run("bench", ...plain, ...places(`shard${i}`), "--shard", `${i}/2`, "--workers", "1");
  await Promise.all([shard(1), shard(2)]);
  const paths = [1, 2].map((i) => {
    const [file] = filesBelow(`${folder}/shard${i}/out`);
    assert.match(file, new RegExp(`\\.shard-${i}-of-2\\.gz$`));
    return `${folder}/shard${i}/out/${file}`;
  });
  const out = ["--out", `${folder}/merged/out`];

  const missing = await run("merge", ...out, paths[0]);
  assert.equal(missing.code, 3, missing.text);
  assert.match(missing.text, /error: 50 of 100 jobs are in none of the shards given \(1\/2\)/);
  const hole = "  --shard 2/2 (jobs: 50): seed 1, fold 1; seed 1, fold 3; seed 2, fold 0; " +
    "seed 2, fold 2; seed 2, fold 4\n";
  assert.ok(missing.text.includes(hole), missing.text);
  assert.deepEqual(filesBelow(`${folder}/merged/out`), []);

  const merged = await run("merge", ...out, paths[1], paths[0]);
  assert.equal(merged.code, 0, merged.text);
  same("merged");
  const split = finishedJobs(`${folder}/shard1/jobs`).size +
    finishedJobs(`${folder}/shard2/jobs`).size;
  assert.equal(split, JOBS, "no job is done in both");

  const other = ["--data", DATA, "--routers", "ridge", "--seeds", "1", "--protocol", "id"];
  await run("bench", ...other, ...places("other"), "--shard", "2/2");
  const [file] = filesBelow(`${folder}/other/out`);
  const mixed = await run("merge", ...out, paths[0], `${folder}/other/out/${file}`);
  assert.equal(mixed.code, 3, mixed.text);
  assert.match(mixed.text, /is of another run than .* \(data, code or settings differ\)/);

  await Deno.writeFile(`${folder}/torn.gz`, (await Deno.readFile(paths[1])).slice(0, -20));
  const torn = await run("merge", ...out, paths[0], `${folder}/torn.gz`);
  assert.equal(torn.code, 3, torn.text);
  assert.match(torn.text, /error: .*torn\.gz: damaged/);

  const records = await Deno.readTextFile(DATA);
  try {
    await Deno.writeTextFile(DATA, records.slice(0, records.trimEnd().lastIndexOf("\n") + 1));
    const moved = await run("merge", ...out, ...paths);
    assert.equal(moved.code, 3, moved.text);
    assert.match(moved.text, /was made with other data or code than is here/);
  } finally {
    await Deno.writeTextFile(DATA, records);
  }
});

Deno.test("bench: a wrong command line is code 2, with a suggestion", async () => {
  const wrong: [string[], RegExp][] = [
    [["--routers", "knnn"], /no router "knnn"; did you mean "knn"\?/],
    [["--protcol", "id"], /unknown flag --protcol; did you mean "--protocol"\?/],
    [["--data", "dmeo"], /no dataset, file or folder "dmeo"; did you mean "demo"\?/],
    [
      ["--data", DATA, "--embedding", "sttic"],
      /unknown embedding "sttic"; did you mean "static"\?/,
    ],
    [["--data", DATA, "--protocol", "idd"], /no protocol "idd"; there are id, id:published, ood/],
    [
      ["--control", "shuffled"],
      /--control: "shuffled" is not one of shuffled-labels, constant-text/,
    ],
    [["--seeds", "1,x"], /--seeds: "x" is not a whole number/],
    [["--seeds", "1,1"], /--seeds: a number is given twice/],
    [["--shard", "3/2"], /--shard: "3\/2" is neither slurm nor i\/n/],
    [["--shard", "slurm"], /--shard slurm: SLURM_ARRAY_TASK_ID is not set/],
    [["--plan", "runs/p.json", "--shard", "1/2"], /--plan: writes the jobs of all parts/],
  ];
  const ends = await Promise.all(wrong.map(([args]) => run("bench", ...args)));
  ends.forEach(({ code, text }, i) => {
    assert.equal(code, 2, text);
    assert.match(text, wrong[i][1]);
    assert.doesNotMatch(text, /\n {4}at /, "no stack");
  });
});

Deno.test("bench: a folder it may not write to is code 4", async () => {
  const outside = await Deno.makeTempDir();
  try {
    for (const flag of ["--jobs", "--out"]) {
      const { code, text } = await run("bench", ...plain, flag, `${outside}/there`);
      assert.equal(code, 4, text);
      assert.ok(
        text.startsWith(`error: ${flag} ${outside}/there: this task has no permission`),
        text,
      );
      assert.equal(text.split("\n").length, 2, "said before any work");
    }
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});

Deno.test("verify: 0 for a result as it was made, 3 if it was altered, 5 if a number is wrong", async () => {
  const path = resultOf("undisturbed"), text = await Deno.readTextFile(path);
  const verify = () => run("verify", "--data", DATA, path);
  const good = await verify();
  assert.equal(good.code, 0, good.text);
  assert.match(good.text, /^ok .*numbers recomputed\n1 of 1 results recomputed in full/);

  const { sha256: _old, ...result } = JSON.parse(text);
  const report = result.evaluation.routers.at(-1);
  const [name, value] = Object.entries(report.mean).find(([, v]) => typeof v === "number") as [
    string,
    number,
  ];
  report.mean[name] = value + 1e-6;
  try {
    await Deno.writeTextFile(path, JSON.stringify({ ...result, sha256: _old }));
    const altered = await verify();
    assert.equal(altered.code, 3, altered.text);
    assert.match(altered.text, /\/sha256 does not match the content; the file was altered/);

    await Deno.writeTextFile(path, JSON.stringify(seal(result)));
    const wrong = await verify();
    assert.equal(wrong.code, 5, wrong.text);
    const where = `/evaluation/routers/${result.evaluation.routers.length - 1}/mean/${name} is `;
    assert.ok(wrong.text.includes(where), wrong.text);
  } finally {
    await Deno.writeTextFile(path, text);
  }
});
