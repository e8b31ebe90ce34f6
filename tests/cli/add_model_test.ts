/** `deno task add-model`, from the argument list to what it writes and prints. */
import assert from "node:assert/strict";
import { main } from "../../src/cli/add_model.ts";
import { main as fit } from "../../src/cli/fit.ts";
import { main as route } from "../../src/cli/route.ts";
import { HelpRequest } from "../../src/cli/args.ts";
import { UsageError } from "../../src/base/errors.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { captured } from "../support/capture.ts";
import { inFolder } from "../support/folder.ts";

Deno.test("queries to label are written, and their graded answers read", async () => {
  await inFolder(async (folder) => {
    const [pool, list, answers] = ["pool", "list", "answers"].map((name) =>
      `${folder}/${name}.jsonl`
    );
    const part = demoRecords({ queries: 120 });
    await Deno.writeTextFile(pool, part.map((record) => JSON.stringify(record) + "\n").join(""));
    const said = await captured(() => main(["--data", pool, "--n", "20", "--list", list]));
    assert.match(said.join("\n"), /^wrote \S+list\.jsonl: 20 queries to label/);
    const lines = (await Deno.readTextFile(list)).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    for (const line of lines) {
      const { benchmark, task, query } = part.find(({ id }) => id === line.id)!;
      assert.deepEqual([line.benchmark, line.task, line.query, line.scores], [
        benchmark,
        task,
        query,
        undefined,
      ]);
    }
    const graded = lines.map((line) => JSON.stringify({ ...line, scores: { fresh: 1 } }) + "\n");
    await Deno.writeTextFile(answers, graded.join(""));
    const argv = ["--data", pool, "--n", "20", "--records", answers, "--routers", "uniroute"];
    const [page] = await captured(() => main(argv));
    assert.match(page, /^fresh beside pool\/all, 10 known models/);
    assert.match(page, /^all +20 +1\.000 +\.\d+/m);
    assert.match(page, /^uniroute +20 +– +/m);
    const [json] = await captured(() => main([...argv, "--json"]));
    assert.deepEqual(JSON.parse(json).gains.map(({ labels }: { labels: number }) => labels), [
      16,
      20,
    ]);
  });
});

Deno.test("what is needed is asked for, and help is there", async () => {
  await assert.rejects(main(["--help"]), HelpRequest);
  await assert.rejects(
    main([]),
    (e) => e instanceof UsageError && /--list, --records or --hold-out/.test(e.message),
  );
  await assert.rejects(
    main(["--n", "3", "--hold-out", "x"]),
    /--n: "3" is not a whole number of at least 10/,
  );
});

Deno.test("a model joins a fitted router, which then chooses it", async () => {
  await inFolder(async (folder) => {
    const data = `${folder}/pool.jsonl`, answers = `${folder}/answers.jsonl`;
    const [file, larger] = [`${folder}/knn.router`, `${folder}/larger.router`];
    const part = demoRecords({ queries: 120 });
    const lines = (of: readonly unknown[]): string =>
      of.map((line) => JSON.stringify(line) + "\n").join("");
    await Deno.writeTextFile(data, lines(part));
    const perfect = { scores: { perfect: 1 }, costs: { perfect: 0 }, tokens: undefined };
    await Deno.writeTextFile(answers, lines(part.map((record) => ({ ...record, ...perfect }))));
    await captured(() => fit(["--router", "knn", "--data", data, "--seed", "7", "--save", file]));
    const argv = ["--data", data, "--router", file, "--records", answers, "--n", "30"];
    const said = (await captured(() => main([...argv, "--save", larger]))).join("\n");
    assert.match(said, /^knn +30 /m);
    assert.match(said, /Seed 7\./);
    assert.match(said, /^wrote \S+larger\.router: knn, 11 models, perfect by 30 labels$/m);
    const asked = await captured(() => route(["--router", larger, "--data", data, "Say hello"]));
    assert.match(asked.join("\n"), /^perfect\n/);
    const refused = (argv: string[], message: RegExp) =>
      assert.rejects(main(argv), (e) => e instanceof UsageError && message.test(e.message));
    await refused([...argv, "--seed", "7"], /--seed is said by the file of --router/);
    await refused(
      ["--data", data, "--records", answers, "--save", larger],
      /--save needs --router/,
    );
    const listed = ["--list", `${folder}/list.jsonl`, "--save", larger];
    await refused(["--data", data, "--router", file, ...listed], /--save needs --router/);
    const [played] = Object.keys(part[0].scores), held = ["--hold-out", played, "--save", larger];
    await refused(["--data", data, "--router", file, ...held], /--save needs --router/);
  });
});
