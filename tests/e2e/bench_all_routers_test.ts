/** `deno task bench` with unseen models, with some ways of taking them in, and with all routers. */
import assert from "node:assert/strict";
import { smallRecords, writeVectors } from "../support/small_pool.ts";
import { bytesOf, filesBelow, inside, workFolder } from "./cli.ts";

const folder = await workFolder(100);
const DATA = `${folder}/pool/records.jsonl`;
const places = (name: string): string[] => [
  ...["--out", `${folder}/${name}/out`, "--jobs", `${folder}/${name}/jobs`],
];
const bytes = (name: string): Record<string, string> => bytesOf(`${folder}/${name}/out`);

Deno.test("bench: new-model and ood runs of all routers, one worker or two, the same bytes", async () => {
  // All routers: on records of fewer models and on narrow vectors, which take as many ways to differ.
  const records = smallRecords(100), data = `${folder}/small.jsonl`;
  await Deno.writeTextFile(data, records.map((record) => JSON.stringify(record) + "\n").join(""));
  const embedding = await writeVectors(folder, records);
  const args = ["--data", data, "--embedding", embedding, "--seeds", "5"];
  const more = ["--protocol", "new-model,ood:3", "--budgets", "8", "--subsets", "1", "--workers"];
  for (const workers of ["1", "2"]) {
    const { code, text } = await inside(
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
    await inside(
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
