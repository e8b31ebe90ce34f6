/** `deno task conformance`: one line a check, a tally, exit code 5 when a check fails. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../src/cli/conformance.ts";
import { VerificationError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { CHECKS } from "../../src/router/conformance.ts";
import { captured } from "../support/capture.ts";

Deno.test("conformance: a sound router gets one line a check and a tally", async () => {
  const lines = await captured(() => main([repoPath("src/router/template.ts")]));
  const [title, ...rest] = lines;
  assert.match(title, /^nearest-template \(template, /);
  const closing = rest.pop();
  assert.equal(closing, "\n21 passed, 0 failed, 5 not applicable");
  assert.deepEqual(rest.map((line) => line.slice(6).split(" ")[0]), CHECKS.map(({ name }) => name));
  assert.ok(rest.every((line) => line.startsWith("pass  ") || line.startsWith("  -   ")));
});

Deno.test("conformance: a failing router ends with code 5 and the names of its failures", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "odd.ts");
    await Deno.writeTextFile(
      path,
      `export default { name: "odd", summary: "s", source: "none", grid: [{}],
        fit: ({ models }) => ({ models, describe: () => ({ parameters: 0 }),
          predict: ({ ids }) => ({ quality: new Float64Array(ids.length * models.length)
            .map((_, at) => at % models.length) }) }) };\n`,
    );
    let thrown: unknown;
    const lines = await captured(() =>
      main([path, "--check", "model-order,cost-shift", "--rules"]).catch((error) => thrown = error)
    );
    assert.ok(thrown instanceof VerificationError);
    assert.equal(thrown.exitCode, 5);
    assert.equal(thrown.message, "odd fails model-order");
    assert.match(
      lines.join("\n"),
      /\nFAIL {2}model-order .*first q\d+: fir before, birch after\n +rule: the order of the models/,
    );
    assert.equal(lines.at(-1), "\n4 passed, 1 failed, 0 not applicable");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
