/** `deno task lm`, run as a command with the permissions of its task. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { repoPath } from "../../src/base/files.ts";
import { inFolder } from "../support/folder.ts";

async function lm(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "lm", ...args],
    cwd: repoPath(""),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("list: families up to the paper's pair, with what they need", async () => {
  const { code, out } = await lm("list");
  assert.equal(code, 0);
  assert.match(out, /^smollm2 .* llama +135 M +20 of 30 +0\.54 GB +0\.40 GB, 181 ms/m);
  assert.match(out, /^qwen2\.5-7b .* qwen2 +7616 M .* 30 GB .*the paper's router$/m);
  assert.match(out, /^qwen3-embedding-8b .* qwen3 +7567 M .*the paper's encoder$/m);
  assert.match(out, /^minilm .* bert +23 M +6 of 6/m);
  const { out: json } = await lm("list", "--json");
  assert.equal(JSON.parse(json)[0].parameters, 134_515_008);
});

Deno.test("mistakes end with one line and their code", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "m.gguf");
    await Deno.writeTextFile(file, "<!DOCTYPE html>");
    const cases: [string[], number, RegExp][] = [
      [["lst"], 2, /^error: deno task lm has no "lst"; did you mean "list"\?/m],
      [["check", "smolm2"], 2, /^error: no language model "smolm2"; did you mean "smollm2"\?/m],
      [["import", file], 3, /^error: \S+m\.gguf: at byte 0: expected "GGUF".*got "<!DO"/m],
      [["import", file, "--dtype", "int8"], 2, /^error: --dtype.*float32/m],
      [["pull", "qwen2.5-7b"], 2, /^error: the revision of qwen2\.5-7b is not pinned here/m],
    ];
    for (const [args, expected, message] of cases) {
      const { code, err } = await lm(...args);
      assert.equal(code, expected, err);
      assert.match(err, message);
    }
  });
});

Deno.test("a mirror that is not there: given up, said so", async () => {
  const args = ["smollm2", "--hub", "http://127.0.0.1:9", "--attempts", "1"];
  const { code, err } = await lm("pull", ...args);
  assert.equal(code, 3, err);
  assert.match(err, /^error: http:\/\/127\.0\.0\.1:9\/HuggingFaceTB\/\S+config\.json: given up/m);
});
