/** Folders of native files, and the readers of foreign JSON. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  folderFiles,
  jsonLines,
  label,
  matching,
  number,
  readText,
} from "../../../src/outcomes/importers/native.ts";
import { memoryFiles } from "../../support/memory_files.ts";

Deno.test("folderFiles: every file below, ascending; dot names and links passed over", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const path of ["b/z.json", "b/a/y.json", "a.json", ".git/HEAD", "b/.part"]) {
      await Deno.mkdir(join(folder, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, path), path);
    }
    await Deno.symlink(join(folder, "a.json"), join(folder, "link.json"));
    const files = await folderFiles(folder);
    assert.deepEqual(files.paths, ["a.json", "b/a/y.json", "b/z.json"]);
    assert.equal(await readText(files, "b/z.json"), "b/z.json");
    const chunks = await Array.fromAsync(files.chunks("a.json"));
    assert.equal(new TextDecoder().decode(chunks[0]), "a.json");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await assert.rejects(folderFiles(folder), /expected a folder of files/);
});

Deno.test("matching: groups of each path, or what was expected and what is there", () => {
  const files = memoryFiles(new Map([["b.json", new Uint8Array()], ["a.json", new Uint8Array()]]));
  const found = matching(files, /^(.)\.json$/, "<x>.json");
  assert.deepEqual(found.map(({ path, parts }) => [path, ...parts]), [["a.json", "a"], [
    "b.json",
    "b",
  ]]);
  assert.throws(
    () => matching(files, /csv$/, "<x>.csv"),
    /expected <x>\.csv .* got a\.json, b\.json/,
  );
});

Deno.test("jsonLines and values: errors name the line and what was expected", async () => {
  const lines = (text: string) =>
    jsonLines(memoryFiles(new Map([["f.jsonl", new TextEncoder().encode(text)]])), "f.jsonl");
  assert.deepEqual(await lines('{"a":1}\n\n{"a":2}'), [{ a: 1 }, { a: 2 }]);
  await assert.rejects(lines('{"a":1}\n{"a":'), /f\.jsonl:2: not valid JSON/);
  await assert.rejects(lines("[1]"), /f\.jsonl:1: expected an object, got \[1\]/);
  assert.deepEqual([number(true, "x"), number(false, "x"), number(0.5, "x")], [1, 0, 0.5]);
  assert.throws(() => number("1", "row 3"), /row 3: expected a number, got "1"/);
  assert.throws(() => number(null, "row 3"), /got null/);
  assert.deepEqual([label(7, "x"), label("a", "x")], ["7", "a"]);
  assert.throws(() => label(undefined, "row 3"), /row 3: expected a name or number, got nothing/);
});
