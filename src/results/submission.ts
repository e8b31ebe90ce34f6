/**
 * Submissions: a folder with a router's file and its results, `submissions/NAME/`.
 * @module
 */
import { resolve } from "node:path";
import { VerificationError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { routerIds, sourceHash } from "../router/discover.ts";
import { openResult } from "./open.ts";

/** The submission that a result lies in, by its path; undefined elsewhere. */
export function submissionOf(path: string): string | undefined {
  return /^(.*\/submissions\/[^/]+)\//.exec(resolve(path))?.[1];
}

/**
 * Makes sure that the routers of a submission's result are those of the files beside it. Routers of the repository may
 * stand in the table for comparison.
 *
 * @param folder as {@link submissionOf} gives it
 * @returns ids of the submitted routers
 * @throws {VerificationError} naming the router and its file, when there is none or it has changed since
 */
export async function checkSubmission(path: string, folder: string): Promise<string[]> {
  const { routers } = (await openResult(path)).result, known = await routerIds();
  const submitted: string[] = [];
  for (const { id, reference, sha256 } of routers) {
    const file = `${folder}/${id}.ts`;
    if (reference) continue;
    if (!await exists(file)) {
      if (known.includes(id)) continue;
      throw new VerificationError(`${path}: its router "${id}" has no file ${file}`);
    }
    const found = await sourceHash(file);
    if (found !== sha256) {
      throw new VerificationError(
        `${path}: ${file} is not the router of this result: its hash is ${found}, the result names ${sha256}; ` +
          `after a change make the result anew, by its own command`,
      );
    }
    submitted.push(id);
  }
  if (submitted.length > 0) return submitted;
  throw new VerificationError(`${path}: no router of its table has a file in ${folder}`);
}
