/** `deno task collect` as a command, with the permissions of its task, against a server of our own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadDataset } from "../../datasets/load.ts";
import { repoPath } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { readArms, withArms } from "../../src/collect/arms.ts";
import { type Line, openJournal } from "../../src/collect/journal.ts";
import { readAllRecords } from "../../src/outcomes/read.ts";
import { serve, type TestServer } from "./server.ts";

/** Lends a folder below the repository, where the task may write. */
async function inRuns(use: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(repoPath("runs"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: repoPath("runs"), prefix: "collect-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const { default: { tasks } } = await import("../../deno.json", { with: { type: "json" } });
const [, ...TASK] = tasks.collect.command.split(" ");

function start(args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...TASK, ...args],
    cwd: repoPath(""),
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function collect(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await start(args, env).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function writeQueries(folder: string, queries: readonly object[]): Promise<string> {
  const path = join(folder, "queries.jsonl");
  await Deno.writeTextFile(path, queries.map((query) => JSON.stringify(query) + "\n").join(""));
  return path;
}

const CAPITALS = ["Paris", "Rome", "Oslo", "Lima"].map((city, i) => ({
  id: `capital-${i}`,
  benchmark: i < 2 ? "europe" : "world",
  query: `Which city? [${i === 3 ? "Quito" : city}]`,
  gold: city,
}));

function args(server: TestServer, data: string, folder: string, ...more: string[]): string[] {
  return [
    "--data",
    data,
    "--endpoint",
    server.url,
    "--out",
    join(folder, "my, out"),
    "--yes",
    ...more,
  ];
}

async function journalOf(folder: string): Promise<Line[]> {
  const text = await Deno.readTextFile(join(folder, "my, out/journal.jsonl"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("queries → records that bench reads: scores, tokens, costs, latency, notes", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS);
    const prices = join(folder, "prices.json");
    const list = { "good": [1, 2], "no-usage": [10, 20], "whole": [100, 200], "judge": [1, 1] };
    await Deno.writeTextFile(
      prices,
      JSON.stringify({
        date: "2026-01-31",
        source: "invented",
        currency: "USD",
        perMillionTokens: list,
      }),
    );
    const first = await collect(
      args(
        server,
        data,
        folder,
        "--models",
        "good,no-usage",
        "--grader",
        "exact",
        "--prices",
        prices,
        "--budget",
        "1",
      ),
    );
    assert.equal(first.code, 0, first.err);
    assert.match(
      first.out,
      /^8 calls: about \d+ tokens, \$0\.\d{4}; each once at its longest \d+ tokens/m,
    );
    assert.match(first.out, /^mean score: good 0\.750, no-usage 0\.750$/m);
    assert.equal(server.asked.length, 8);
    // Another model later, same folder: only it is asked, and the records hold all three.
    const second = await collect(
      args(server, data, folder, "--models", "whole", "--grader", "exact", "--prices", prices),
    );
    assert.equal(second.code, 0, second.err);
    assert.equal(server.asked.length, 12);

    const { list: records } = await readAllRecords(join(folder, "my, out"));
    assert.deepEqual(records.map(({ id }) => id), CAPITALS.map(({ id }) => id));
    assert.deepEqual(records[3].scores, { "good": 0, "no-usage": 0, "whole": 0 });
    assert.deepEqual(records[0].tokens!.whole, [9, 3]);
    assert.equal(records[0].costs!.whole, 0.0015);
    assert.equal(records[0].checker, "exact");
    assert.ok(records[0].latency_ms!.good >= 0);
    const table = await loadDataset(join(folder, "my, out"));
    assert.deepEqual(table.models, ["good", "no-usage", "whole"]);
    assert.equal(table.costs[2], 0.0015);
    assert.equal(table.dataset.prices?.date, "2026-01-31");
    const notes = table.dataset.notes.join("\n");
    assert.match(notes, /^no-usage: 4 of 4 calls answered; 4 with tokens counted here/m);
    assert.match(
      notes,
      /^whole: 4 of 4 .*16 input tokens came from the endpoint's cache.*served as whole-2026-01-31/m,
    );
  });
});

Deno.test("failures are missing and never wrong, and the run says what they were", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS);
    const models = "good,cut,empty,not-json,too-many,broken";
    const { code, out, err } = await collect(
      args(server, data, folder, "--models", models, "--grader", "exact"),
    );
    assert.equal(code, 0, err);
    assert.match(out, /^12 answered, 12 failed and missing, 0 left$/m);
    assert.match(
      out,
      /^mean score: broken 0\.750, cut –, empty –, good 0\.750, not-json –, too-many 0\.750$/m,
    );
    const count = (model: string): number =>
      server.asked.filter((each) => each.model === model).length;
    assert.deepEqual(["cut", "empty", "not-json", "too-many", "broken"].map(count), [
      4,
      4,
      4,
      8,
      12,
    ]);
    const { list } = await readAllRecords(join(folder, "my, out"));
    assert.deepEqual(Object.keys(list[0].scores).sort(), ["broken", "good", "too-many"]);
    const [failed] = (await journalOf(folder)).filter((line) => "failed" in line);
    assert.ok("why" in failed);
  });
});

Deno.test("a model that is not the one asked, and one whose key is refused, end with code 4", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS);
    const { code, err } = await collect(
      args(server, data, folder, "--models", "good,wrong,no-key", "--grader", "exact"),
    );
    assert.equal(code, 4);
    assert.match(
      err,
      /error: 8 of the calls are left \(no-key: 401.*; wrong: "wrong" was asked and "another-model" answered\)/,
    );
    assert.equal(server.asked.filter(({ model }) => model !== "good").length, 2);
  });
});

Deno.test("the key: from its variable to the endpoint, and nowhere else", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const key = "sk-very/secret+key==", data = await writeQueries(folder, CAPITALS.slice(0, 1));
    const asked = args(
      server,
      data,
      folder,
      "--models",
      "echo,no-key",
      "--grader",
      "contains",
      "--key-env",
      "TEST_KEY",
    );
    const { code, out, err } = await collect(asked, { TEST_KEY: key });
    assert.equal(code, 4, err);
    assert.equal(server.asked[0].authorization, `Bearer ${key}`);
    const files = await Promise.all(
      ["journal.jsonl", "records.jsonl", "manifest.json"]
        .map((name) => Deno.readTextFile(join(folder, "my, out", name))),
    );
    assert.match(files[0] + err, /Bearer \[key\][^]*wrong key Bearer \[key\]/);
    assert.ok(![out, err, ...files].join().includes("secret"));
    const none = await collect(asked);
    assert.equal(none.code, 2);
    assert.match(
      none.err,
      /^error: --key-env TEST_KEY: expected a key in this environment variable/m,
    );
  });
});

Deno.test("network: the named host and port alone, and the command itself has none", async () => {
  assert.ok(!tasks.collect.command.includes("--allow-net"));
  await using server = serve();
  await using other = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => Response.redirect(server.url + "/chat/completions", 307),
  );
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS.slice(0, 1));
    const url = `http://127.0.0.1:${other.addr.port}/v1`;
    const { code, err } = await collect([
      ...["--data", data, "--endpoint", url, "--models", "good", "--grader", "exact"],
      ...["--out", join(folder, "my, out"), "--yes"],
    ]);
    assert.equal(code, 4);
    assert.match(
      err,
      /error: 1 of the calls are left \(good: 307, and redirects are not followed\)/,
    );
    assert.match(JSON.stringify(await journalOf(folder)), /307, and redirects are not followed/);
    assert.equal(server.asked.length, 0);
  });
});

Deno.test("documents: a second table, and its scores beside the plain ones", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, [
      {
        id: "a",
        benchmark: "b",
        query: "Who?",
        gold: "Ada",
        documents: ["It was [Ada].", "Or not."],
      },
      { id: "b", benchmark: "b", query: "Who? [Bob]", gold: "Bob" },
    ]);
    const { code, err } = await collect(
      args(server, data, folder, "--models", "good", "--grader", "exact", "--documents"),
    );
    assert.equal(code, 0, err);
    const asked = server.asked.map(({ query }) => query).sort();
    assert.deepEqual(asked, ["It was [Ada].\n\nOr not.\n\nWho?", "Who?", "Who? [Bob]"]);
    const plain = (await readAllRecords(join(folder, "my, out"))).list;
    const rich = (await readAllRecords(join(folder, "my, out/with-documents"))).list;
    assert.deepEqual(
      plain.map(({ id, scores, scores_rag }) => [id, scores.good, scores_rag?.good]),
      [
        ["a", 0, 1],
        ["b", 1, undefined],
      ],
    );
    assert.deepEqual(plain[0].tokens_rag, rich[0].tokens);
    const { documents, plainScores } = await loadDataset(join(folder, "my, out/documents"));
    assert.deepEqual([documents, [...plainScores!]], [["It was [Ada].\n\nOr not."], [0]]);
    assert.deepEqual(rich.map(({ id, query, scores }) => [id, query, scores.good]), [[
      "a",
      "Who?",
      1,
    ]]);
  });
});

Deno.test("a judge is named, asked once for each answer, and printed", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS.slice(0, 2));
    const judged = args(server, data, folder, "--models", "good", "--grader", "judge");
    const unnamed = await collect(judged);
    assert.match(unnamed.err, /grader judge needs --judge/);
    const { code, out, err } = await collect([...judged, "--judge", "judge"]);
    assert.equal(code, 0, err);
    assert.match(out, /^4 calls: /m);
    assert.match(out, /^graded by a model as judge: judge$/m);
    assert.match(out, /^mean score: good 0\.500$/m);
    const { list } = await readAllRecords(join(folder, "my, out"));
    assert.equal(list[0].checker, "judge judge");
    await collect([...judged, "--judge", "judge"]);
    assert.equal(server.asked.length, 4);
  });
});

Deno.test("draws, and targets by log-probabilities", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, [{
      id: "a",
      benchmark: "b",
      query: "So? [Yes]",
      gold: "yes",
    }]);
    const more = [
      "--models",
      "whole",
      "--grader",
      "yesno",
      "--draws",
      "3",
      "--temperature",
      "1",
      "--seed",
      "5",
    ];
    const { code, err } = await collect(args(server, data, folder, ...more));
    assert.equal(code, 0, err);
    assert.deepEqual(server.asked.map(({ body }) => body.seed).sort(), [5, 6, 7]);
    const [record] = (await readAllRecords(join(folder, "my, out"))).list;
    assert.deepEqual([record.scores.whole, record.repeats!.whole], [1, [1, 1, 1]]);
    assert.ok(Math.abs(record.target!.whole - 7 / 9) < 1e-12);
  });
});

Deno.test("mistakes end with one line and their code, before anything is asked", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS);
    const without = await writeQueries(folder, CAPITALS).then(() => join(folder, "blind.jsonl"));
    await Deno.writeTextFile(without, JSON.stringify({ ...CAPITALS[0], gold: undefined }) + "\n");
    const base = args(server, data, folder, "--models", "good");
    const cases: [string[], number, RegExp][] = [
      [["--data", data], 2, /^error: collect needs --endpoint/m],
      [base, 2, /^error: no grader for benchmark "europe"/m],
      [[...base, "--grader", "exakt"], 2, /no grader "exakt"; did you mean "exact"\?/],
      [[...base, "--grader", "exact", "--budget", "1"], 2, /--budget needs --prices/],
      [[...base, "--grader", "exact", "--draws", "2"], 2, /draws at 0 are all alike/],
      [
        args(server, without, folder, "--models", "good", "--grader", "exact"),
        4,
        /no reference answer/,
      ],
      [
        [...base, "--grader", "choice"],
        3,
        /^error: capital-0: gold: expected a letter, got "Paris"/m,
      ],
      [[...base.filter((each) => each !== "--yes"), "--grader", "exact"], 2, /add --yes/],
      [
        [
          "--data",
          data,
          "--models",
          "good",
          "--endpoint",
          "http://me:key@127.0.0.1/v1",
          "--grader",
          "exact",
        ],
        2,
        /without a key/,
      ],
    ];
    for (const [given, expected, message] of cases) {
      const { code, err } = await collect(given);
      assert.equal(code, expected, err);
      assert.match(err, message);
    }
    assert.equal(server.asked.length, 0);
  });
});

Deno.test("a file with a mistake is named with its line; the profile list of a dataset can be asked", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, [CAPITALS[0], { ...CAPITALS[1], benchmark: 3 }]);
    const broken = await collect(
      args(server, data, folder, "--models", "good", "--grader", "exact"),
    );
    assert.equal(broken.code, 3);
    assert.match(broken.err, /queries\.jsonl:2: benchmark: expected/);
    const profile = await collect(
      args(server, "demo", folder, "--models", "good", "--grader", "json", "--profile", "12"),
    );
    assert.equal(profile.code, 0, profile.err);
    assert.equal(server.asked.length, 12);
  });
});

Deno.test("20 kills: nothing recorded is asked again, repeats are marked and were in flight, no row is lost", async () => {
  const CONCURRENCY = 3, draw = random(7, "kills");
  await using server = serve(25);
  await inRuns(async (folder) => {
    const many = Array.from({ length: 150 }, (_, i) => ({
      id: `q${i}`,
      benchmark: "b",
      query: `Query ${i} [yes]`,
      gold: "yes",
    }));
    const data = await writeQueries(folder, many);
    const given = args(
      server,
      data,
      folder,
      "--models",
      "good,no-usage",
      "--grader",
      "exact",
      "--concurrency",
      String(CONCURRENCY),
    );
    let repeats = 0, kills = 0, atWork = 0;
    while (kills < 20) {
      const before = server.asked.length;
      const child = start(given);
      const ended = Promise.all([child.stdout.cancel(), child.stderr.cancel(), child.status]);
      // Killed at a random moment after it began to ask, or at once now and then.
      if (draw.next() < 0.9) {
        while (server.asked.length === before) await new Promise((r) => setTimeout(r, 5));
      }
      await new Promise((r) => setTimeout(r, 150 * draw.next()));
      child.kill("SIGKILL");
      await ended;
      if (server.asked.length > before) atWork++;
      kills++;
      const seen = Map.groupBy(server.asked, ({ model, query }) => `${model} ${query}`);
      repeats = [...seen.values()].reduce((sum, each) => sum + each.length - 1, 0);
      assert.ok(repeats <= CONCURRENCY * kills, `${repeats} repeats after ${kills} kills`);
    }
    assert.ok(atWork >= 10, `only ${atWork} of 20 kills hit a run at work`);
    const last = await collect(given);
    assert.equal(last.code, 0, last.err);
    const { list } = await readAllRecords(join(folder, "my, out"));
    assert.equal(list.length, many.length);
    assert.ok(list.every(({ scores }) => scores.good === 1 && scores["no-usage"] === 1));

    const lines = await journalOf(folder), answered = new Set<string>(), open = new Set<string>();
    let marked = 0;
    for (const line of lines) {
      if ("answer" in line) {
        assert.ok(!answered.has(line.answer), "answered once");
        answered.add(line.answer);
        open.delete(line.answer);
      } else if ("asked" in line) {
        assert.ok(!answered.has(line.asked), "a recorded call is not asked again");
        assert.equal(
          line.again === true,
          open.has(line.asked),
          "what was in flight is marked, and only that",
        );
        if (line.again) marked++;
        open.add(line.asked);
      }
    }
    assert.equal(answered.size, 2 * many.length);
    // The journal knows of every repeat that the server saw; a call may have died before it was sent.
    const sent = Map.groupBy(server.asked, ({ model, query }) => `${model} ${query}`);
    const seen = [...sent.values()].reduce((sum, each) => sum + each.length - 1, 0);
    assert.ok(marked >= seen && marked > 0, `${marked} marked, ${seen} seen twice`);
    assert.match(last.out, /asked twice, for the process had died/);
  });
});

Deno.test("Ctrl-C lets calls in flight end, writes the records and says how to go on", async () => {
  await using server = serve(300);
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS);
    const given = args(
      server,
      data,
      folder,
      "--models",
      "good",
      "--grader",
      "exact",
      "--concurrency",
      "1",
    );
    const child = start(given), output = child.output();
    while (server.asked.length < 2) await new Promise((r) => setTimeout(r, 5));
    child.kill("SIGINT");
    const { code, stderr } = await output;
    assert.equal(code, 4);
    assert.match(
      new TextDecoder().decode(stderr),
      /error: 2 of the calls are left \(stopped\); the same command goes on/,
    );
    assert.equal((await readAllRecords(join(folder, "my, out"))).list.length, 2);
    assert.equal((await collect(given)).code, 0);
    assert.equal(server.asked.length, 4);
  });
});

Deno.test("a journal that another process is writing to is left alone", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, CAPITALS);
    await Deno.mkdir(join(folder, "my, out"));
    using _held = await openJournal(join(folder, "my, out/journal.jsonl"));
    const { code, err } = await collect(
      args(server, data, folder, "--models", "good", "--grader", "exact"),
    );
    assert.equal(code, 2);
    assert.match(err, /another collect is writing to it/);
    assert.equal(server.asked.length, 0);
  });
});

Deno.test("arms: one model with two prompts is two columns, at the prices of the model", async () => {
  await using server = serve();
  await inRuns(async (folder) => {
    const data = await writeQueries(folder, [
      { id: "a", benchmark: "b", query: "Who? [Ada]", gold: "Ada", documents: ["A text."] },
    ]);
    const arms = join(folder, "arms.json"), prices = join(folder, "prices.json");
    const few = {
      model: "good",
      system: "Be brief.",
      examples: [{ role: "user", content: "1?" }, { role: "assistant", content: "2" }],
    };
    await Deno.writeTextFile(
      arms,
      JSON.stringify({
        "good:few": few,
        "whole:asked": { model: "whole", query: "Q: {query} A:" },
      }),
    );
    const perMillionTokens = { good: [1, 2], whole: [10, 20] };
    await Deno.writeTextFile(
      prices,
      JSON.stringify({ date: "2026-01-31", source: "invented", currency: "USD", perMillionTokens }),
    );
    const run = (models: string, ...more: string[]): ReturnType<typeof collect> =>
      collect(
        args(server, data, folder, "--models", models, "--grader", "exact", "--documents", ...more),
      );
    const both = ["--arms", arms, "--prices", prices];
    const first = await run("good,good:few", ...both);
    assert.equal(first.code, 0, first.err);
    const asked = server.asked.filter(({ body }) => (body.messages as unknown[]).length > 1);
    assert.deepEqual(asked.map(({ model, query }) => [model, query]), [
      ["good", "Who? [Ada]"],
      ["good", "A text.\n\nWho? [Ada]"],
    ]);
    assert.deepEqual((asked[0].body.messages as object[])[0], {
      role: "system",
      content: "Be brief.",
    });
    // A run with another arm keeps the columns, and asks no call again.
    const second = await run("whole:asked", ...both);
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(server.asked.map(({ query }) => query).slice(4), [
      "Q: Who? [Ada] A:",
      "A text.\n\nQ: Who? [Ada] A:",
    ]);
    const [record] = (await readAllRecords(join(folder, "my, out"))).list;
    assert.deepEqual(record.scores, { "good": 1, "good:few": 1, "whole:asked": 1 });
    assert.deepEqual(record.prices!["whole:asked"], [10, 20]);
    assert.ok(record.costs!["good:few"] > 0 && record.costs_rag!["whole:asked"] > 0);
    const { notes } = (await loadDataset(join(folder, "my, out"))).dataset;
    assert.match(notes.join("\n"), /^good:few: an arm, \{"model":"good","system":"Be brief\."/m);
  });
});

Deno.test("arms: a file of another form is refused, and so is the name of a priced model", async () => {
  const file = await Deno.makeTempFile();
  const read = async (arms: unknown): Promise<unknown> => {
    await Deno.writeTextFile(file, JSON.stringify(arms));
    return await readArms(file);
  };
  try {
    await assert.rejects(read([]), /expected an object of arms by name/);
    await assert.rejects(read({ a: "b" }), /: a: expected an object/);
    await assert.rejects(read({ a: { prompt: "x" } }), /: a: no field "prompt"/);
    await assert.rejects(read({ a: { model: 1 } }), /: a: model: expected a text/);
    await assert.rejects(read({ a: { query: "no place" } }), /expected \{query\} once/);
    await assert.rejects(read({ a: { examples: [{ role: "user" }] } }), /examples: expected turns/);
  } finally {
    await Deno.remove(file);
  }
  const perMillionTokens = { small: [1, 2], large: [3, 4] } as const;
  const list = {
    date: "2026-01-31",
    source: "invented",
    currency: "USD",
    perMillionTokens,
  } as const;
  assert.throws(() => withArms(list, { large: { model: "small" } }), /arm "large"/);
  assert.deepEqual(withArms(list, { x: { model: "small" } }).perMillionTokens.x, [1, 2]);
});
