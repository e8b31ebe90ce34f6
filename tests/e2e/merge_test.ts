/** `deno task merge`: what shards of a run give. */
import assert from "node:assert/strict";
import { filesBelow, finishedJobs, inside } from "./cli.ts";
import { DATA, folder, JOBS, places, plain, same } from "./plain_run.ts";

Deno.test("merge: shards give the bytes of the whole run, and nothing less", async () => {
  const shard = (i: number): Promise<unknown> =>
    inside("bench", ...plain, ...places(`shard${i}`), "--shard", `${i}/2`, "--workers", "1");
  await shard(1);
  await shard(2);
  const paths = [1, 2].map((i) => {
    const [file] = filesBelow(`${folder}/shard${i}/out`);
    assert.match(file, new RegExp(`\\.shard-${i}-of-2\\.gz$`));
    return `${folder}/shard${i}/out/${file}`;
  });
  const out = ["--out", `${folder}/merged/out`];

  const missing = await inside("merge", ...out, paths[0]);
  assert.equal(missing.code, 3, missing.text);
  assert.match(missing.text, /error: 50 of 100 jobs are in none of the shards given \(1\/2\)/);
  const hole = "  --shard 2/2 (jobs: 50): seed 1, fold 1; seed 1, fold 3; seed 2, fold 0; " +
    "seed 2, fold 2; seed 2, fold 4\n";
  assert.ok(missing.text.includes(hole), missing.text);
  assert.deepEqual(filesBelow(`${folder}/merged/out`), []);

  const merged = await inside("merge", ...out, paths[1], paths[0]);
  assert.equal(merged.code, 0, merged.text);
  same("merged");
  const split = finishedJobs(`${folder}/shard1/jobs`).size +
    finishedJobs(`${folder}/shard2/jobs`).size;
  assert.equal(split, JOBS, "no job is done in both");

  const other = ["--data", DATA, "--routers", "ridge", "--seeds", "1", "--protocol", "id"];
  await inside("bench", ...other, ...places("other"), "--shard", "2/2");
  const [file] = filesBelow(`${folder}/other/out`);
  const mixed = await inside("merge", ...out, paths[0], `${folder}/other/out/${file}`);
  assert.equal(mixed.code, 3, mixed.text);
  assert.match(mixed.text, /is of another run than .* \(data, code or settings differ\)/);

  await Deno.writeFile(`${folder}/torn.gz`, (await Deno.readFile(paths[1])).slice(0, -20));
  const torn = await inside("merge", ...out, paths[0], `${folder}/torn.gz`);
  assert.equal(torn.code, 3, torn.text);
  assert.match(torn.text, /error: .*torn\.gz: damaged/);

  const records = await Deno.readTextFile(DATA);
  try {
    await Deno.writeTextFile(DATA, records.slice(0, records.trimEnd().lastIndexOf("\n") + 1));
    const moved = await inside("merge", ...out, ...paths);
    assert.equal(moved.code, 3, moved.text);
    assert.match(moved.text, /was made with other data or code than is here/);
  } finally {
    await Deno.writeTextFile(DATA, records);
  }
});
