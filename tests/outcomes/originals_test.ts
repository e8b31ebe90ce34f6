/** The originals a manifest names, and how they are pinned. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { readManifest, type SourceFile } from "../../src/outcomes/manifest.ts";
import { originalsOf, pinsOf, staysInside } from "../../src/outcomes/originals.ts";

const named = (name: string) => readManifest(repoPath("datasets", name, "manifest.json"));

Deno.test("the pinned datasets: every file has an address of its commit and a hash", async () => {
  const expected: Record<string, [files: number, blobs: number]> = {
    "llmrouter": [4, 0],
    "lookahead": [60, 0],
    "mmlu-pro": [28, 0],
    "reasoning-gym": [2009, 2],
    "routellm": [60, 0],
    "routerdc": [16, 0],
  };
  for (const [name, [files, gitBlob]] of Object.entries(expected)) {
    const manifest = await named(name), { commit } = manifest.source;
    const originals = await originalsOf(manifest);
    const pins = { files, sha256: files - gitBlob, gitBlob, unpinned: [] };
    assert.deepEqual(pinsOf(originals), pins, name);
    for (const { path, url } of originals) {
      assert.ok(url?.includes(`/${commit}/`) && decodeURI(url).endsWith(`/${path}`), url);
    }
  }
});

Deno.test("reasoning-gym: 20 folders of 100 or 101 files", async () => {
  const files = await originalsOf(await named("reasoning-gym"));
  const folders = Map.groupBy(files, ({ path }) => path.split("/").slice(2, 4).join("/"));
  assert.equal(folders.size, 20);
  assert.ok([...folders.values()].every(({ length }) => length === 100 || length === 101));
});

Deno.test("no path may leave the folder, and none may come twice", async () => {
  for (
    const path of ["", "/etc/passwd", "../a", "a/../../b", "a\\..\\..\\b", "C:/a", "a\0b", "\\a"]
  ) {
    assert.equal(staysInside(path), false, JSON.stringify(path));
  }
  for (const path of ["a", "a/b..c", ".hidden/x", "a b/ü"]) assert.ok(staysInside(path), path);
  const manifest = await named("llmrouter");
  const files = (...list: SourceFile[]) => originalsOf({ ...manifest, source: { files: list } });
  await assert.rejects(files({ path: "a" }, { path: "a" }), /each file once, got a twice/);
  await assert.rejects(files({ path: "../a" }), /not inside the folder/);
});

Deno.test("a list of sums in another form is an error with its line", async () => {
  const manifest = await named("reasoning-gym");
  const source = { ...manifest.source, sums: "manifest.json" };
  await assert.rejects(
    originalsOf({ ...manifest, source }),
    /manifest\.json:1: expected a SHA-256, two spaces and a path/,
  );
});
