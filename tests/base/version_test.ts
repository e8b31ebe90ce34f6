import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { codeHash, inHarness } from "../../src/base/version.ts";
import { filesBelow, reachedFrom } from "../support/imports.ts";

Deno.test("harness hash: a byte, a name or a file more below a room gives another hash", async () => {
  const root = await Deno.makeTempDir();
  try {
    const hash = () => codeHash([["room", root]]);
    await Deno.mkdir(`${root}/sub/deep`, { recursive: true });
    await Deno.writeTextFile(`${root}/a.ts`, "1");
    await Deno.writeTextFile(`${root}/sub/deep/b.ts`, "2");
    await Deno.writeTextFile(`${root}/notes.md`, "no code");
    const first = await hash();
    await Deno.writeTextFile(`${root}/notes.md`, "still no code");
    assert.equal(await hash(), first);
    await Deno.writeTextFile(`${root}/sub/deep/b.ts`, "3");
    const changed = await hash();
    assert.notEqual(changed, first);
    await Deno.rename(`${root}/sub/deep/b.ts`, `${root}/sub/b.ts`);
    assert.notEqual(await hash(), changed);
    await Deno.rename(`${root}/sub/b.ts`, `${root}/sub/deep/b.ts`);
    assert.equal(await hash(), changed);
    await Deno.writeTextFile(`${root}/sub/c.ts`, "");
    assert.notEqual(await hash(), changed);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("harness hash: covers every file that a job can reach, but what is hashed with its router", () => {
  const routers = filesBelow("baselines");
  const reached = reachedFrom(["src/run/worker.ts", "src/run/plan.ts", ...routers]);
  assert(reached.size > 150, `only ${reached.size} files reached`);
  const uncovered = [...reached].filter((path) =>
    !path.startsWith("baselines/") && !inHarness(repoPath(path))
  );
  assert.deepEqual(uncovered, []);
});

Deno.test("harness hash: covers what embeddings open by a computed name, language models included", () => {
  const opened = ["hub", "lm", "npm_weights", "onnx", "vector_parquet"];
  const reached = reachedFrom(opened.map((name) => `src/embed/${name}.ts`));
  for (const room of ["src/lm/", "src/nn/"]) {
    assert([...reached].some((path) => path.startsWith(room)), `nothing of ${room} reached`);
  }
  assert.deepEqual([...reached].filter((path) => !inHarness(repoPath(path))), []);
});
