/** `deno task bench` where something is wrong: with a router, the command line, a folder. */
import assert from "node:assert/strict";
import { bytesOf, filesBelow, inside, run, workFolder } from "./cli.ts";

const folder = await workFolder(100);
const DATA = `${folder}/pool/records.jsonl`;
const places = (name: string): string[] => [
  ...["--out", `${folder}/${name}/out`, "--jobs", `${folder}/${name}/jobs`],
];
const bytes = (name: string): Record<string, string> => bytesOf(`${folder}/${name}/out`);
const plain = ["--data", DATA, "--routers", "ridge", "--seeds", "1,2", "--protocol", "id"];

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
  const once = await inside("bench", ...args, ...places("failing"));
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
    const part = await inside("bench", ...args, ...places("parts"), "--shard", shard);
    assert.equal(part.code, 3, part.text);
    const [, file] = /^wrote (\S+)/m.exec(part.text)!;
    shards.push(file);
  }
  const merged = await inside("merge", ...shards, "--out", `${folder}/failed-merged/out`);
  assert.equal(merged.code, 3, merged.text);
  assert.deepEqual(bytes("failed-merged"), bytes("failing"));
  const alone = await inside("bench", ...args.slice(0, -1), failing, ...places("alone"));
  assert.equal(alone.code, 3, alone.text);
  assert.match(alone.text, /^error: no router is left: failing failed: no luck/m);
  assert.deepEqual(filesBelow(`${folder}/alone/out`), []);
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
  for (const [i, [args, said]] of wrong.entries()) {
    const { code, text } = await (i === 0 ? run : inside)("bench", ...args);
    assert.equal(code, 2, text);
    assert.match(text, said);
    assert.doesNotMatch(text, /\n {4}at /, "no stack");
  }
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
