/**
 * All tests of a folder in one isolate. A test file by itself starts one of its own, which loads and compiles the harness
 * again: most files would take longer for that than for their tests.
 * @module
 */
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { filesBelow } from "./imports.ts";
import { repoPath } from "../../src/base/files.ts";

/** Registers the tests of every `*_test.ts` below a folder. */
export async function allTests(folder: string): Promise<void> {
  for (const path of filesBelow(relative(repoPath(""), folder), /_test\.ts$/)) {
    await import(pathToFileURL(repoPath(path)).href);
  }
}
