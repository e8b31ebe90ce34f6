/**
 * `deno task new-router <name>`: copies the template into `baselines/` under a name of its own.
 * @module
 */
import { resolve } from "node:path";
import { shownPath, UsageError } from "../base/errors.ts";
import { exists, readBytes, repoPath, writeAtomic } from "../base/files.ts";
import { fileStem } from "../router/discover.ts";
import { parseFlags, runMain } from "./args.ts";

/** The name the template goes by, replaced throughout the copy. */
const TEMPLATE_NAME = "nearest-template";

/** Copies the template and prints what to do next. */
export async function main(argv: readonly string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, {
    name: "deno task new-router",
    summary: "Starts a router: copies a small working one to baselines/<name>.ts.",
    args: { usage: "<name>", min: 1, max: 1 },
    flags: {
      folder: { type: "string", value: "path", help: "where to put it; baselines/ if absent" },
    },
    examples: ["deno task new-router my-router", "deno task new-router mine --folder routers"],
  });
  const path = await newRouter(args[0], flags.folder);
  // In baselines/ a router goes by its id, elsewhere by its file.
  const shown = shownPath(path), router = flags.folder === undefined ? fileStem(args[0]) : shown;
  console.log(`${shown} is a working router. Put your method in its place; then

  deno check ${shown}
  deno task conformance ${router}
  deno task bench --routers ${router},knn`);
}

/**
 * Copies the template to `<folder>/<name>.ts`, dashes as underscores.
 *
 * @returns path of the new file
 * @throws {UsageError} when the name is not one, or the file exists
 */
export async function newRouter(name: string, folder = repoPath("baselines")): Promise<string> {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) {
    throw new UsageError(
      `"${name}" cannot name a router: expected a letter, then letters, digits, "-" or "_"`,
    );
  }
  const path = resolve(folder, `${fileStem(name)}.ts`);
  if (await exists(path)) throw new UsageError(`${path} exists; choose another name or remove it`);
  const template = repoPath("src/router/template.ts");
  const source = new TextDecoder().decode(await readBytes(template))
    .replaceAll(TEMPLATE_NAME, name);
  await writeAtomic(path, source);
  return path;
}

if (import.meta.main) await runMain(main);
