/** Results side by side: the same findings in the same order as one after the other, and the same errors. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../src/cli/verify.ts";
import { openResult } from "../../src/results/open.ts";
import { verifyAll } from "../../src/results/verify_all.ts";
import { captured } from "../support/capture.ts";
import { f1Run } from "./f1.ts";
import { withFolder, written } from "./fixture.ts";
import { loose, resealed } from "./forge.ts";

/** Four results in two folders, each with records of its own. */
async function four(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const place of ["b", "a"]) {
    const own = join(folder, place);
    await Deno.mkdir(own);
    for (const seed of [7, 8]) {
      const run = await f1Run(own, { references: {}, seeds: [seed] });
      paths.push((await written(own, run)).path);
    }
  }
  return paths;
}

Deno.test("several threads find what one finds, in the order of the files", () =>
  withFolder(async (folder) => {
    const paths = await four(folder);
    assert.equal(new Set(paths).size, 4);
    const seen: string[] = [];
    const side = await Array.fromAsync(
      verifyAll(paths, {
        workers: 2,
        progress: (done, path) => void (seen[done - 1] = path),
      }),
    );
    assert.deepEqual(side, await Array.fromAsync(verifyAll(paths, { workers: 1 })));
    assert.deepEqual(side.map(({ depth }) => depth), Array(4).fill("full"));
    assert.deepEqual(seen.toSorted(), paths.toSorted());
    const lines = await captured(() => main(paths));
    paths.forEach((path, i) => assert.ok(lines[i].includes(path), lines[i]));
  }));

Deno.test("the first result in order that fails ends the command, with its own kind of error", () =>
  withFolder(async (folder) => {
    const paths = await four(folder);
    for (const path of [paths[3], paths[1]]) {
      const result = loose((await openResult(path)).result);
      result.evaluation.routers[0].mean.quality = 0.123;
      await Deno.writeTextFile(path, resealed(result));
    }
    const error = await captured(() => main(paths)).catch((e) => e);
    assert.equal(error.name, "VerificationError");
    assert.equal(error.exitCode, 5);
    assert.ok(error.message.startsWith(`${paths[1]}: /evaluation`), error.message);
    const found = verifyAll(paths, { workers: 2 });
    assert.equal((await found.next()).value?.depth, "full", "the one before it is told");
    await assert.rejects(found.next(), { name: "VerificationError" });
  }));
