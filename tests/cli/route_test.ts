/** `deno task fit` and `deno task route`, from the argument list to what they print. */
import assert from "node:assert/strict";
import { main as fit } from "../../src/cli/fit.ts";
import { linesOf, main as route } from "../../src/cli/route.ts";
import { HelpRequest } from "../../src/cli/args.ts";
import { UsageError } from "../../src/base/errors.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { inFolder } from "../support/folder.ts";
import { captured } from "../support/capture.ts";

const printed = async (
  main: (argv: string[]) => Promise<void>,
  ...argv: string[]
): Promise<string> => (await captured(() => main(argv))).join("\n");

Deno.test("a router is fitted, saved and asked", async () => {
  await inFolder(async (folder) => {
    const records = `${folder}/mine.jsonl`, file = `${folder}/it.router`;
    const lines = demoRecords({ queries: 100 }).map((record) => JSON.stringify(record) + "\n");
    await Deno.writeTextFile(records, lines.join(""));
    const data = ["--data", records];
    const wrote = await printed(fit, "--router", "knn", "--seed", "7", ...data, "--save", file);
    assert.match(
      wrote,
      /^wrote \S+it\.router: knn on 80 queries of \S+mine\.jsonl, 10 models, \{"k":/,
    );
    assert.match(wrote, /\nto ask it: deno task route --router /);
    const ask = ["--router", file, ...data];
    const long = await printed(route, ...ask, "--nearest", "2", "What is 36 - 93?", "Say hello");
    assert.equal([...long.matchAll(/^[\w-]+\n\nmodel +predicted score +\$ \/ 1,000$/gm)].length, 2);
    assert.equal([...long.matchAll(/ {2}chosen$/gm)].length, 2);
    assert.match(long, /^cosine +[\w-]+ +task +nearest queries of mine/m);
    const json = JSON.parse(await printed(route, ...ask, "--json", "--lambda", "0.5", "Say hello"));
    assert.deepEqual(Object.keys(json), ["query", "model", "models", "nearest"]);
    assert.deepEqual([json.query, json.models.length, json.nearest.length], ["Say hello", 10, 3]);
    await assert.rejects(
      printed(route, "--router", file, "--data", "demo", "?"),
      /other data than demo/,
    );
  });
});

Deno.test("what is needed is asked for, and help is there", async () => {
  await assert.rejects(fit(["--help"]), HelpRequest);
  await assert.rejects(route(["--help"]), HelpRequest);
  for (
    const [run, argv, message] of [
      [fit, ["--save", "x"], /--router is needed/],
      [fit, ["--router", "knn"], /--save is needed/],
      [route, ["?"], /--router is needed/],
      [
        route,
        ["--router", "x", "--lambda", "1", "--dial", "1", "?"],
        /--lambda or --dial, not both/,
      ],
    ] as const
  ) {
    await assert.rejects(
      run([...argv]),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});

Deno.test("lines come in pieces that split letters and lines, and the last may lack its end", async () => {
  const bytes = new TextEncoder().encode("é one\r\ntwo\n\nthrée");
  const pieces = [bytes.slice(0, 1), bytes.slice(1, 10), bytes.slice(10, 16), bytes.slice(16)];
  const lines = await Array.fromAsync(linesOf(ReadableStream.from(pieces)));
  assert.deepEqual(lines.flat(), ["é one", "two", "", "thrée"]);
});
