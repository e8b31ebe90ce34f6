import assert from "node:assert/strict";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { repoPath } from "../../src/base/files.ts";
import { inside } from "../e2e/cli.ts";
import { inFolder } from "../support/folder.ts";

/** Runs a command in a folder; fails with what it printed. */
async function run(command: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(code, 0, `${command} ${args.join(" ")}\n${out}\n${error}`);
  return out;
}

const deno = Deno.execPath();

Deno.test("three_routers.ts: a table, a comparison, a picture", async () => {
  await inFolder(async (folder) => {
    const args = ["run", "-A", "--frozen", "--lock=full.lock", "examples/three_routers.ts"];
    const out = await run(deno, [...args, `${folder}/picture.svg`], repoPath(""));
    assert.match(out, /made-up\/all: 900 queries × 3 models/);
    assert.match(out, /keyword less kNN: [+−]\.\d{3} \[/);
    assert.match(await Deno.readTextFile(`${folder}/picture.svg`), /^<svg/);
  });
});

Deno.test("a router in a repository of its own is benched through the public interface alone", async () => {
  await inFolder(async (folder) => {
    for (const { name } of Deno.readDirSync(repoPath("examples/own-repository"))) {
      await Deno.copyFile(repoPath("examples/own-repository", name), `${folder}/${name}`);
    }
    const config = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    const here = repoPath("").replace(/\/$/, "");
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ ...config, links: [here] }));
    const records = `${folder}/records.jsonl`;
    const lines = demoRecords({ queries: 300 }).map((record) => JSON.stringify(record) + "\n");
    await Deno.writeTextFile(records, lines.join(""));
    const out = await run(deno, ["run", "-A", "--no-prompt", "bench.ts", records], folder);
    assert.match(out, /^length +\.\d{3}/m);
    assert.match(out, /length less kNN:/);
    const [, path] = /^wrote (\S+)$/m.exec(out) ?? [];
    const { code, text } = await inside("verify", "--data", records, `${folder}/${path}`);
    assert.equal(code, 0, text);
    assert.match(text, /numbers recomputed|verified/);
  });
});

Deno.test("cluster/slurm.sh: a whole array tells its own size; a part of one is told it", async () => {
  const read = async (variables: Record<string, string>): Promise<string[]> => {
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: [repoPath("examples/cluster/slurm.sh"), "--data", "my pool"],
      env: { PATH: `${folder}:${Deno.env.get("PATH")}`, SLURM_SUBMIT_DIR: folder, ...variables },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/deno`, `#!/bin/bash\npwd; printf '%s\\n' "$@"\n`, {
      mode: 0o755,
    });
    const same = [await Deno.realPath(folder), "task", "bench", "--data", "my pool", "--shard"];
    const whole = await read({ SLURM_ARRAY_TASK_ID: "3", SLURM_CPUS_PER_TASK: "4" });
    assert.deepEqual(whole, [...same, "slurm", "--workers", "4"]);
    const part = await read({ SLURM_ARRAY_TASK_ID: "3", SHARDS: "8" });
    assert.deepEqual(part, [...same, "3/8", "--workers", "1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("records_from_pandas.py: a table becomes records that bench reads", async () => {
  const python = await new Deno.Command("python3", { args: ["-c", "import pandas"] }).output()
    .catch(() => undefined);
  if (!python?.success) {
    console.log("SKIPPED: no python3 with pandas on this machine");
    return;
  }
  await inFolder(async (folder) => {
    const lines = Array.from(
      { length: 60 },
      (_, i) =>
        `"What is ${i} plus ${i * 7 % 13}, ""roughly""?",${i % 2 ? "odd" : "even"},${i % 2},${
          (i + 1) % 2
        },0.001`,
    );
    await Deno.writeTextFile(
      `${folder}/mine.csv`,
      ["query,benchmark,small,large,cost:small", ...lines].join("\n") + "\n",
    );
    const script = repoPath("examples/records_from_pandas.py");
    const out = await run(
      "python3",
      [script, "mine.csv", "mine.jsonl", "--benchmark", "benchmark"],
      folder,
    );
    assert.match(out, /60 records in mine\.jsonl; models: small, large\ncosts of 1 of 2 models/);
    const [first] = (await Deno.readTextFile(`${folder}/mine.jsonl`)).split("\n");
    assert.deepEqual(JSON.parse(first), {
      id: "q000000",
      benchmark: "even",
      query: 'What is 0 plus 0, "roughly"?',
      scores: { small: 0, large: 1 },
      costs: { small: 0.001 },
    });
    const { openPool } = await import("../../src/mod.ts");
    assert.deepEqual((await openPool(`${folder}/mine.jsonl`)).models, ["large", "small"]);
  });
});

Deno.test("the example of a router in a file of its own has its types and runs", async () => {
  const args = ["test", "--doc", "-A", "--frozen", "--lock=full.lock", "src/router/mod.ts"];
  assert.match(await run(deno, args, repoPath("")), /ok \| 1 passed \| 0 failed/);
});
