/** The room that routers are written against: its example works, and importing it costs nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { conform } from "../../src/router/conformance.ts";
import { loadRouter } from "../../src/router/discover.ts";
import { repoPath } from "../../src/base/files.ts";

Deno.test("the router of the example, in a file outside the checkout, keeps the contract", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "mine.ts");
    await Deno.writeTextFile(path, example(await Deno.readTextFile(repoPath("src/router/mod.ts"))));
    const { router } = await loadRouter(path);
    assert.equal(router.name, "mean score");
    const findings = await conform(router);
    assert.deepEqual(findings.filter(({ status }) => status === "fail"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what routers import holds no npm package", async () => {
  for (const room of ["router", "linalg", "nn"]) {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", repoPath(`src/${room}/mod.ts`)],
      cwd: repoPath(""),
    });
    const { stdout } = await command.output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Modules;
    assert.ok(modules.length > 3);
    const npm = modules.flatMap(({ dependencies = [] }) => dependencies)
      .filter(({ code }) => code?.specifier.startsWith("npm:"));
    assert.deepEqual(npm, [], room);
  }
});

interface Modules {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
  }[];
}

function example(source: string): string {
  const [, lines] = /@example .*\n \* ```ts\n([^]*?) \* ```/.exec(source)!;
  return lines.replace(/^ \* ?/gm, "");
}
