/**
 * `deno task bench`, `merge` and `verify` from end to end: the same run gives the same bytes however it is run, cut up,
 * stopped or killed. Here what a run leaves, and who looks at it afterwards.
 */
import assert from "node:assert/strict";
import { seal } from "../../src/results/result.ts";
import { filesBelow, finishedJobs, inside, run } from "./cli.ts";
import {
  DATA,
  expected,
  folder,
  JOBS,
  places,
  plain,
  resultOf,
  same,
  undisturbed,
} from "./plain_run.ts";

Deno.test("bench: a run ends well, with a verified result, its splits and its decisions", () => {
  assert.equal(undisturbed.code, 0, undisturbed.text);
  assert.match(undisturbed.text, /verified \(full\), \d+ numbers recomputed from the decisions/);
  const names = Object.keys(expected).map((file) => file.replace(/^.*\/id\.static\.\w+/, ""));
  assert.deepEqual(names, [".decisions.gz", ".json", ".splits.json"]);
  assert.equal(finishedJobs(`${folder}/undisturbed/jobs`).size, JOBS);
});

Deno.test("bench: one worker in a process of its own or two in this one, the same bytes", async () => {
  const { code, text } = await run("bench", ...plain, ...places("one"), "--workers", "1");
  assert.equal(code, 0, text);
  same("one");
});

Deno.test("bench --plan: the jobs that a run will do, none of them done, and how many already are", async () => {
  const path = `${folder}/plan.json`;
  const before = await inside("bench", ...plain, ...places("planned"), "--plan", path);
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

  const after = await inside("bench", ...plain, ...places("undisturbed"), "--plan", path);
  assert.match(after.text, /, 100 finished; /);
  assert.equal(await Deno.readTextFile(path), text, "what is finished is not in the file");
});

Deno.test("verify: 0 for a result as it was made, 3 if it was altered, 5 if a number is wrong", async () => {
  const path = resultOf("undisturbed"), text = await Deno.readTextFile(path);
  const verify = () => inside("verify", "--data", DATA, path);
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
