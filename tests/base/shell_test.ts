import assert from "node:assert/strict";
import { shellQuote, shellWords } from "../../src/base/shell.ts";

Deno.test("words are quoted only where a shell needs it, and read back", () => {
  const words = ["knn", "a b", "it's", "", "./x#y", "#x", "ood:5", "~/x", "$HOME", "1,2", "a\\b"];
  assert.deepEqual(words.map(shellQuote).slice(0, 6), [
    "knn",
    "'a b'",
    "'it'\\''s'",
    "''",
    "./x#y",
    "'#x'",
  ]);
  assert.deepEqual(shellWords(words.map(shellQuote).join(" ")), words);
});

Deno.test("a shell reads the words the same way", async () => {
  const words = ["a b", "it's", "#x", "$HOME", 'say "x"', "a\\b", "two\nlines"];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `for w in ${words.map(shellQuote).join(" ")}; do printf '%s\\0' "$w"; done`],
  }).output();
  assert.deepEqual(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});
