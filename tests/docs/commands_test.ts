/**
 * Every command of the README is run, in a copy of the repository, in the README's order. Runs on the demo are cut
 * short by flags (the README's own bench takes minutes); `task test` alone is not run, since this is it.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { repoPath } from "../../src/base/files.ts";

const readme = Deno.readTextFileSync(repoPath("README.md"));
const SHORT = "--seeds 42 --protocol id";

/** A command as the README has it → what is added to it here, and what it must print. */
const COMMANDS: Record<string, { more?: string; prints: RegExp }> = {
  "deno task bench": { more: `${SHORT} --routers uniroute`, prints: /verified \(full\)/ },
  "deno task new-router my-router": { prints: /baselines\/my_router\.ts/ },
  "deno task conformance my-router": { prints: /\b0 failed/ },
  "deno task bench --routers my-router,knn": {
    more: `${SHORT} --limit 600`,
    prints: /^my-router +\.\d{3}/m,
  },
  "deno task bench --data ./records.jsonl": {
    more: `${SHORT} --routers knn`,
    prints: /verified \(full\)/,
  },
  "deno task bench --data ./table.csv": {
    more: `${SHORT} --routers knn`,
    prints: /verified \(full\)[^]*table\.csv: query = query, id = id/,
  },
  "deno task report": { prints: /report\.html/ },
  "deno task verify": { prints: /verified|numbers/ },
  "deno task bench --shard 1/8": { more: `${SHORT} --routers knn`, prints: /shard-1-of-8/ },
  "deno task merge": { more: "--help", prints: /shard/ },
  "deno task collect": { more: "--help", prints: /--endpoint/ },
  "deno task fit --router knn --data ./records.jsonl --save runs/knn.router": {
    prints: /wrote runs\/knn\.router/,
  },
  "deno task add-model --data ./records.jsonl --records ./answers.jsonl --router runs/knn.router --save runs/more.router":
    { more: "--n 20", prints: /mine[^]*runs\/more\.router/ },
  'deno task route --router runs/more.router "What is 17 · 23?"': { prints: /chosen[^]*mine/ },
};

/** Commands in code blocks and in code spans. */
function commandsOf(text: string): string[] {
  const found = [...text.matchAll(/(?:npx -y deno@[\d.]+|deno) task [a-z][^\n`#]*/g)]
    .map(([command]) => command.replace(/^npx -y deno@[\d.]+/, "deno").trim());
  return [...new Set(found)].filter((command) => command !== "deno task test");
}

Deno.test("every command of the README is run", async (t) => {
  assert.deepEqual(commandsOf(readme).toSorted(), Object.keys(COMMANDS).toSorted());
  const folder = await Deno.makeTempDir();
  try {
    await copyRepository(folder);
    for (const command of commandsOf(readme)) {
      await t.step(command, async () => {
        const { more = "", prints } = COMMANDS[command];
        const { code, output } = await run(`${command} ${more}`, folder);
        assert.equal(code, 0, output);
        assert.match(output, prints);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a command that the README does not have is noticed", () => {
  assert.deepEqual(
    commandsOf("`deno task a --b`, then\nnpx -y deno@2.9.6 task c   # and\ndeno task test"),
    [
      "deno task a --b",
      "deno task c",
    ],
  );
});

/** The repository's files without its results, but for one, and some records: of two models, and of a third. */
async function copyRepository(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: repoPath(""),
  }).output();
  for (const file of new TextDecoder().decode(stdout).trim().split("\n")) {
    if (/^(tests|notebooks)\//.test(file)) continue;
    if (file.startsWith("results/") && !/^results\/demo@1\/id\.static\.(?!.*-)/.test(file)) {
      continue;
    }
    await Deno.mkdir(join(folder, dirname(file)), { recursive: true });
    await Deno.copyFile(repoPath(file), join(folder, file)).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // deleted and not yet committed
    });
  }
  const [, example] = /```json\n([^]*?)\n```/.exec(readme)!;
  const lines = Array.from({ length: 80 }, (_, i) => {
    const record = JSON.parse(example);
    record.id = `q${i}`;
    record.query = `What is ${i + 2} · ${i * 7 % 31}, said in ${
      ["short", "words", "full"][i % 3]
    }?`;
    record.scores = { small: Number(i % 3 === 0), large: Number(i % 4 !== 0) };
    return JSON.stringify(record);
  });
  await Deno.writeTextFile(join(folder, "records.jsonl"), lines.join("\n") + "\n");
  const answers = lines.map((line, i) => {
    const { id, benchmark, query } = JSON.parse(line);
    return JSON.stringify({ id, benchmark, query, scores: { mine: Number(i % 5 < 3) } });
  });
  await Deno.writeTextFile(join(folder, "answers.jsonl"), answers.join("\n") + "\n");
  const rows = lines.map((line) => JSON.parse(line)).map(({ id, query, scores, costs }) =>
    [id, `"${query}"`, scores.small, scores.large, costs.small, costs.large].join()
  );
  await Deno.writeTextFile(
    join(folder, "table.csv"),
    ["id,query,small,large,cost:small,cost:large", ...rows].join("\n") + "\n",
  );
}

async function run(command: string, cwd: string): Promise<{ code: number; output: string }> {
  const [, ...args] = command.match(/"[^"]*"|\S+/g)!.map((word) => word.replace(/^"(.*)"$/, "$1"));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, output: text(stdout) + text(stderr) };
}
