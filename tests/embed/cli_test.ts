/** `deno task embed`, run as a command. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";

async function embed(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", repoPath("src/cli/embed.ts"), ...args],
    cwd: repoPath(""),
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("--list names the providers", async () => {
  const { code, out } = await embed("--list");
  assert.equal(code, 0);
  assert.match(out, /^static +token table/m);
  assert.match(out, /^onnx:gte-small +/m);
});

Deno.test("the demo's texts are embedded into the cache", async () => {
  const { code, out, err } = await embed("--data", "demo");
  assert.equal(code, 0, err);
  assert.match(out, /^static: 256 wide; .*sha256 [0-9a-f]{64}/m);
  assert.match(out, /^demo: \d+ texts, .* \.cache\/embeddings\/[0-9a-f]{16}\.static\.\w+\.bin$/m);
});

Deno.test("an unknown embedding ends with code 2 and one line", async () => {
  const { code, err } = await embed("--embedding", "statik");
  assert.equal(code, 2);
  assert.match(err, /^error: unknown embedding "statik"; did you mean "static"\?[^\n]*\n$/);
});
