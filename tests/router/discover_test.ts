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

async function withFile(source: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "my_router.ts");
    await Deno.writeTextFile(path, source);
    await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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

Deno.test("an unknown id is a usage error with a suggestion", async () => {
  await assert.rejects(loadRouter("knnn"), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no router "knnn".*did you mean "knn"\?/);
    return true;
  });
});

Deno.test("a missing file is a data error that names it", async () => {
  await assert.rejects(loadRouter("./nowhere/none.ts"), (error: Error) => {
    assert.ok(error instanceof DataError);
    assert.match(error.message, /nowhere\/none\.ts: cannot be read/);
    return true;
  });
});

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
  ];
  for (const [source, message] of wrong) {
    await withFile(source, async (path) => {
      await assert.rejects(loadRouter(path), (error: Error) => {
        assert.ok(error instanceof DataError);
        assert.ok(error.message.startsWith(`${path}: `));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
