/** Finding routers by id or file, and what is said of files that are none. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadRouter, loadRouters, routerIds, TUNING_BUDGET } from "../../src/router/discover.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";

const GOOD = `export default {
  name: "mine", summary: "s", source: "folklore", grid: [{}], fit: () => { throw new Error("no"); },
};
`;

const SEVERAL = `${GOOD}
export const my_wide = { name: "wide", summary: "s", source: "folklore", grid: [{}], fit: () => {} };
export const my_deep = { ...my_wide, name: "deep" };
export const NOT_ONE = 3;
`;

async function inFolder(
  sources: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, source] of Object.entries(sources)) {
      await Deno.writeTextFile(join(folder, name), source);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function withFile(source: string, use: (path: string) => Promise<void>): Promise<void> {
  return inFolder({ "my_router.ts": source }, (folder) => use(join(folder, "my_router.ts")));
}

async function refused(
  name: string,
  kind: typeof UsageError | typeof DataError,
  message: RegExp,
): Promise<void> {
  await assert.rejects(loadRouter(name), (error: Error) => {
    assert.ok(error instanceof kind, error.stack);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("a router is loaded by path, with the hash of its file", () =>
  withFile(GOOD, async (path) => {
    const { id, path: found, sha256: hash, router } = await loadRouter(path);
    assert.deepEqual([id, found, hash], ["my_router", path, sha256(GOOD)]);
    assert.equal(router.name, "mine");
  }));

Deno.test("routers of baselines/ are found by id, in order, helpers left out", async () => {
  const ids = await routerIds();
  assert.ok(ids.includes("knn"));
  assert.deepEqual(ids, ids.toSorted());
  assert.deepEqual(ids.filter((id) => id.startsWith("_") || id.includes(".")), []);
  const [knn] = await loadRouters(["knn"]);
  assert.deepEqual([knn.id, knn.path], ["knn", repoPath("baselines", "knn.ts")]);
});

Deno.test("ids: case, dashes and underscores make no difference", async () => {
  for (const name of ["icl_router_plus", "icl-router-plus", "ICL-Router_plus"]) {
    assert.equal((await loadRouter(name)).id, "icl_router_plus");
  }
});

Deno.test("one of several routers of a file goes by the name of its export", () =>
  withFile(SEVERAL, async (path) => {
    const { id, path: found, sha256: hash, router } = await loadRouter(`${path}#my_wide`);
    assert.deepEqual([id, found, hash, router.name], ["my_wide", path, sha256(SEVERAL), "wide"]);
    assert.equal((await loadRouter(path)).router.name, "mine");
    await refused(`${path}#my_wyde`, UsageError, /did you mean "my_wide"\?; there are: .*my_deep/);
    await refused(`${path}#NOT_ONE`, UsageError, /NOT_ONE must be a Router object/);
  }));

Deno.test("a file without a default export names the routers it has", () =>
  withFile(SEVERAL.slice(GOOD.length), async (path) => {
    await refused(
      path,
      UsageError,
      /default export must be.*name one of my_deep, my_wide after a "#"/,
    );
  }));

Deno.test("a path without a file is the router of that name elsewhere in its folder", () =>
  inFolder({ "a.ts": SEVERAL, "b.ts": "export const other = 1;\n" }, async (folder) => {
    const { id, path, router } = await loadRouter(`${folder}/my_wide.ts`);
    assert.deepEqual([id, path, router.name], ["my_wide", `${folder}/a.ts`, "wide"]);
    await refused(`${folder}/my_wid.ts`, DataError, /my_wid\.ts: cannot be read/);
    await refused(`${folder}/other.ts`, UsageError, /other must be a Router object/);
    await Deno.writeTextFile(`${folder}/c.ts`, SEVERAL);
    await refused(`${folder}/my_wide.ts`, UsageError, /a\.ts#my_wide and .*c\.ts#my_wide/);
  }));

Deno.test("every router that the command of a committed result names is found, under the id of its row", async () => {
  const commands = [...committedCommands()];
  const named = new Set(commands.flatMap((command) => routersOf(command)));
  assert.ok(named.size > 10);
  for (const name of named) {
    const id = name.replace(/^.*[/#]/, "").replace(/\.ts$/, "");
    const found = await loadRouter(name.includes("/") ? repoPath(name) : name);
    assert.equal(found.id, id);
  }
});

Deno.test("an unknown id is a usage error with a suggestion", () =>
  refused("knnn", UsageError, /no router "knnn".*did you mean "knn"\?/));

Deno.test("a missing file is a data error that names it", () =>
  refused("./nowhere/none.ts", DataError, /nowhere\/none\.ts: cannot be read/));

Deno.test("files that export no well-formed router say which field is wrong", async () => {
  const many = `grid: Array.from({ length: ${TUNING_BUDGET + 1} }, (_, k) => ({ k }))`;
  const wrong: [string, RegExp][] = [
    ["export const router = 1;\n", /the default export must be a Router object/],
    [
      GOOD.replace('summary: "s"', 'summary: ""'),
      /router\.summary: expected a non-empty string, got ""/,
    ],
    [
      GOOD.replace('name: "mine", ', ""),
      /router\.name: expected a non-empty string, got undefined/,
    ],
    [GOOD.replace("grid: [{}]", "grid: []"), /router\.grid: expected a list with at least one/],
    [GOOD.replace("grid: [{}]", many), /router\.grid: 31 configurations, the tuning budget is 30/],
    [GOOD.replace("fit:", "train:"), /router\.fit: expected a function/],
    [GOOD.replace("{}", "{ k: 1n }"), /router\.grid\[0\]: expected plain JSON, got \{ k: 1n \}/],
    [GOOD.replace("{}", "{ k: Infinity }"), /router\.grid\[0\]: expected plain JSON/],
    [
      GOOD.replace("grid", 'needs: ["costs"], grid'),
      /router\.needs: expected "cost" or .*got "costs"/,
    ],
    [GOOD.replace("grid", 'needs: "cost", grid'), /router\.needs: expected a list, got "cost"/],
    [GOOD.replace("grid", 'effort: "hours", grid'), /router\.effort: expected .*got "hours"/],
    [GOOD.replace("grid", "statement: 3, grid"), /router\.statement: expected a string, got 3/],
  ];
  for (const [source, message] of wrong) {
    await withFile(source, async (path) => {
      await assert.rejects(loadRouter(path), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.ok(error.message.startsWith(`${path}: `));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

Deno.test("a file that cannot be imported is named with its line, whatever is wrong with it", async () => {
  const broken: [string, RegExp][] = [
    ["export default {", /:1:17: Unexpected token `<eof>`/],
    ["const x = 1;\nthrow new Error('no luck');\n", /:2:7: no luck$/],
    ["throw 'text';", /: threw text$/],
    ["let x = 1; let x = 2;", /:1:16: Identifier 'x' has already been declared$/],
    ['import "./none.ts";', /:1:8: Module not found/],
    ['\nimport x from "nothing-of-this-name";\nexport default x;', /:2:15: .*not a dependency/],
    ["\u0000\u0001", /:1:\d+: /],
  ];
  for (const [source, message] of broken) {
    await withFile(source, async (path) => {
      await assert.rejects(loadRouter(path), (error: Error) => {
        assert.ok(error instanceof UsageError, error.stack);
        assert.ok(error.message.startsWith(path), error.message);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("\n") && !error.message.includes("\x1b"));
        return true;
      });
    });
  }
  await inFolder(
    {
      "mine.ts": 'import "./helper.ts";\nexport default 1;',
      "helper.ts": "\nthrow new Error('deep');",
    },
    (folder) => refused(`${folder}/mine.ts`, UsageError, /mine\.ts: .*helper\.ts:2:7: deep$/),
  );
});

/** What made the results in `results/`, read as text: a result is a megabyte of JSON. */
function* committedCommands(folder = repoPath("results")): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* committedCommands(path);
    if (!name.endsWith(".json")) continue;
    for (const [, command] of Deno.readTextFileSync(path).matchAll(/"command": ?"([^"]*)"/g)) {
      yield command;
    }
  }
}

function routersOf(command: string): string[] {
  return / --routers (\S+)/.exec(command)?.[1].split(",") ?? [];
}
