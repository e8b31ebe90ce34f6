/** A new router is a renamed copy of the template that works at once. */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { main, newRouter } from "../../src/cli/new_router.ts";
import { repoPath } from "../../src/base/files.ts";
import { conform } from "../../src/router/conformance.ts";
import { loadRouter } from "../../src/router/discover.ts";
import { UsageError } from "../../src/base/errors.ts";
import { captured } from "../support/capture.ts";
import { inFolder } from "../support/folder.ts";

Deno.test("new-router: the copy has its own name, imports the package alone and conforms", () =>
  inFolder(async (folder) => {
    const path = await newRouter("My-router", folder);
    assert.equal(path, join(folder, "my_router.ts"));
    const source = await Deno.readTextFile(path);
    assert.ok(!source.includes("template"), "the template's name is gone");
    const imports = [...source.matchAll(/ from "([^"]+)"/g)].map(([, file]) => file);
    assert.deepEqual(imports, ["icl-router-bench/router"]);
    const { router } = await loadRouter(path);
    assert.equal(router.name, "My-router");
    const findings = await conform(router, { only: ["row-order", "ties"] });
    assert.deepEqual(findings.map(({ status }) => status), Array(5).fill("pass"));
  }));

Deno.test("new-router: prints the three commands that follow", () =>
  inFolder(async (folder) => {
    const path = join(folder, "mine.ts");
    const lines = await captured(() => main(["mine", "--folder", folder]));
    assert.match(lines[0], /mine\.ts is a working router/);
    const commands = lines.join("\n").split("\n").filter((line) => line.startsWith("  "));
    assert.equal(commands.length, 3);
    assert.equal(commands[1], `  deno task conformance ${path}`);
    await Deno.mkdir(repoPath("runs"), { recursive: true });
    const inside = await Deno.makeTempDir({ dir: repoPath("runs"), prefix: "new-router-" });
    try {
      const lines = await captured(() => main(["mine", "--folder", inside]));
      const short = `${relative(Deno.cwd(), inside)}/mine.ts`;
      assert.match(lines.join("\n"), new RegExp(`--routers ${short},knn$`));
      assert.equal((await loadRouter(short)).id, "mine");
    } finally {
      await Deno.remove(inside, { recursive: true });
    }
  }));

Deno.test("new-router: never overwrites", () =>
  inFolder(async (folder) => {
    const path = await newRouter("mine", folder);
    await Deno.writeTextFile(path, "// changed\n");
    await assert.rejects(newRouter("mine", folder), UsageError);
    assert.equal(await Deno.readTextFile(path), "// changed\n");
  }));

Deno.test("new-router: names are a letter, then letters, digits, dashes, underscores", () =>
  inFolder(async (folder) => {
    for (const name of ["", "1st", "-x", "_x", "a.b", "a/b", "../a", "a b", "é"]) {
      await assert.rejects(newRouter(name, folder), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.ok(error.message.startsWith(`"${name}" cannot name a router`));
        return true;
      });
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  }));
