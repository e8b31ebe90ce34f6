/** `deno task add-model --endpoint` with the permissions of its task, against a server of our own. */
import assert from "node:assert/strict";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { repoPath } from "../../src/base/files.ts";
import { readAllRecords } from "../../src/outcomes/read.ts";
import { run } from "../e2e/cli.ts";
import { serve } from "./server.ts";

await Deno.mkdir(repoPath("runs"), { recursive: true });
const folder = await Deno.makeTempDir({ dir: repoPath("runs"), prefix: "add-model-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const data = `${folder}/pool.jsonl`, out = `${folder}/asked`;
const pool = demoRecords({ queries: 120 }).map((record, i) => ({
  ...record,
  query: `${record.query} [${i % 3 === 0 ? "no" : "yes"}]`, // which is what the server answers
  gold: "yes",
}));
await Deno.writeTextFile(data, pool.map((record) => JSON.stringify(record) + "\n").join(""));

Deno.test("a new model is asked the queries to label, goes on where the budget ended it, and joins the routers", async () => {
  await using server = serve();
  const common = ["--data", data, "--n", "20", "--routers", "uniroute", "--out", out, "--yes"];
  const asking = [...common, "--endpoint", server.url, "--grader", "exact"];
  const unnamed = await run("add-model", ...asking);
  assert.equal(unnamed.code, 2, unnamed.text);
  assert.match(unnamed.text, /--endpoint needs --model/);
  const known = await run("add-model", ...asking, "--model", Object.keys(pool[0].scores)[0]);
  assert.match(known.text, /knows ".*" already; --hold-out says what it adds/);
  const both = await run("add-model", ...asking, "--model", "good", "--hold-out", "x");
  assert.match(both.text, /--endpoint, --records and --hold-out exclude each other/);
  assert.equal(server.asked.length, 0);

  const short = await run("add-model", ...asking, "--model", "good", "--budget-tokens", "4000");
  assert.equal(short.code, 4, short.text);
  assert.match(short.text, /of the calls are left \(.*budget.*\); the same command goes on/);
  const before = server.asked.length;
  assert.ok(before > 0 && before < 20, `${before}`);

  const whole = await run("add-model", ...asking, "--model", "good", "--json");
  assert.equal(whole.code, 0, whole.text);
  assert.equal(server.asked.length, 20, "each query once");
  const { list } = await readAllRecords(out);
  const right = list.filter(({ scores }) => scores.good === 1).length;
  assert.equal(right, list.filter(({ query }) => query.endsWith("[yes]")).length);
  const [json] = whole.text.split("\n");
  const { model, record, gains } = JSON.parse(json);
  assert.deepEqual([model, record[0].labels, record[0].score], ["good", 20, right / 20]);
  assert.equal(gains.at(-1).labels, 20);

  const again = await run("add-model", ...common, "--records", out);
  assert.match(again.text, /^good beside pool\/all, 10 known models/m);
  assert.equal(server.asked.length, 20);
});
