/**
 * Whether a command may write where it is told to, asked before the work instead of after it; and how such a
 * path is shown.
 * @module
 */
import { dirname, resolve } from "node:path";
import { CapabilityError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";

/**
 * Makes sure of a folder that is to be written to; leaves nothing behind.
 * @param flag as typed, `--out`
 * @throws {CapabilityError} naming the flag, the folder, what is in the way and what to do
 */
export async function expectWritable(flag: string, folder: string): Promise<void> {
  const fail = (why: string): never => {
    throw new CapabilityError(`${flag} ${folder}: ${why}`);
  };
  const target = resolve(folder);
  const { state } = await Deno.permissions.query({ name: "write", path: target });
  if (state !== "granted") {
    fail(
      `this task has no permission to write there, only below ${
        repoPath("")
      } (--allow-write=. in ` +
        `deno.json); choose a folder in it, such as runs/, and copy the files afterwards`,
    );
  }
  let there = target;
  while (!await Deno.lstat(there).then(() => true, () => false) && dirname(there) !== there) {
    there = dirname(there);
  }
  const probe = `${there}/.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeFile(probe, new Uint8Array(), { createNew: true });
    await Deno.remove(probe);
  } catch (error) {
    fail(
      `nothing can be written below ${there} (${(error as Error).message}); choose another folder`,
    );
  }
}

/** A path as printed: from the repository's root, where it is inside. */
export function shown(path: string): string {
  const root = repoPath("");
  return path.startsWith(root) ? path.slice(root.length) : path;
}
