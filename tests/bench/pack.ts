/**
 * All that `gpu.ts` needs in one folder: Deno, ONNX Runtime, the sources. It runs on another machine of the same
 * system without a network and without installing anything: `sh FOLDER/run.sh [flags of gpu.ts]`.
 * @module
 */
import { dirname, join, relative } from "node:path";
import { exists, readJson, repoPath } from "../../src/base/files.ts";

/** Packages that are needed, by their names in the import map. */
const PACKAGES = ["@std/cli/parse-args", "onnxruntime-node", "@huggingface/tokenizers"];

const ENTRY = "tests/bench/gpu.ts";

/** What is used of `full.lock`. */
interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
}

/** Fills a folder, which must not be there yet, and compresses it beside itself; says how large it is. */
export async function pack(folder: string): Promise<string> {
  await stage(folder);
  const archive = `${folder}.tar.xz`;
  await output("tar", [
    "-C",
    dirname(folder),
    "-I",
    "xz -6",
    "-cf",
    archive,
    relative(dirname(folder), folder),
  ]);
  const { size } = await Deno.stat(archive);
  return `${archive}: ${(size / 1e6).toFixed(1)} MB; unpack it and run: sh run.sh --device webgpu`;
}

/** Fills a folder. @throws when it is there already */
export async function stage(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const copy = async (from: string, to: string): Promise<void> => {
    await Deno.mkdir(dirname(join(folder, to)), { recursive: true });
    await Deno.copyFile(from, join(folder, to));
  };
  await copy(Deno.execPath(), "deno");
  const { denoDir, modules } = await deno<{
    denoDir?: string;
    modules: readonly { local?: string; specifier: string }[];
  }>(["info", "--json", "--lock", repoPath("full.lock"), repoPath(ENTRY)]);
  for (const { local, specifier } of modules) {
    if (specifier.startsWith("file:") && local) await copy(local, relative(repoPath("."), local));
  }
  const { imports } = await readJson(repoPath("deno.json")) as { imports: Record<string, string> };
  const own = Object.fromEntries(PACKAGES.map((name) => [name, imports[name]]));
  const lock = await reduced(Object.values(own));
  const write = (name: string, content: unknown): Promise<void> =>
    Deno.writeTextFile(join(folder, name), JSON.stringify(content, null, 2));
  await write("deno.json", { imports: own, nodeModulesDir: "none" });
  await write("pack.lock", lock);
  const cache = denoDir ?? (await deno<{ denoDir: string }>(["info", "--json"])).denoDir;
  for (const name of Object.keys(lock.npm)) {
    const at = name.lastIndexOf("@"), place = `npm/registry.npmjs.org/${name.slice(0, at)}`;
    const files = `${place}/${name.slice(at + 1)}`;
    const listed = `${place}/registry.json`; // a cache that was filled by the lock file alone has none, and needs none
    if (await exists(`${cache}/${listed}`)) await copy(`${cache}/${listed}`, `deno_dir/${listed}`);
    for await (const path of filesBelow(`${cache}/${files}`)) {
      if (isForeign(path)) continue;
      await copy(path, `deno_dir/${files}/${relative(`${cache}/${files}`, path)}`);
    }
  }
  await Deno.writeTextFile(
    join(folder, "run.sh"),
    `cd "$(dirname "$0")" && DENO_DIR="$PWD/deno_dir" exec ./deno run -A --cached-only ` +
      `--lock=pack.lock ${ENTRY} "$@"\n`,
  );
}

/** Libraries of ONNX Runtime for other systems. */
function isForeign(path: string): boolean {
  const [, system, processor] =
    /\/onnxruntime-node\/.*\/bin\/napi-v\d+\/(\w+)\/(\w+)\//.exec(path) ?? [];
  if (system === undefined) return false;
  const here = { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch];
  return system !==
      { linux: "linux", darwin: "darwin", windows: "win32" }[Deno.build.os as "linux"] ||
    processor !== here;
}

/** The part of the lock that some packages need. */
async function reduced(wanted: readonly string[]): Promise<Lock> {
  const { version, specifiers, npm } = await readJson(repoPath("full.lock")) as unknown as Lock;
  // `npm:deno-std@1.4.0/cli/parse_args.js` is a file of the package `npm:deno-std@1.4.0`.
  const named = wanted.map((text) => /^npm:(@[^/]+\/)?[^/]+/.exec(text)![0]);
  const needed = new Set<string>(),
    open = named.map((name) => `${name.slice(4, name.lastIndexOf("@"))}@${specifiers[name]}`);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    for (const wanted of npm[name].dependencies ?? []) {
      // Without a version where there is only one.
      open.push(
        npm[wanted] ? wanted : Object.keys(npm).find((key) => key.startsWith(`${wanted}@`))!,
      );
    }
  }
  return {
    version,
    specifiers: Object.fromEntries(named.map((name) => [name, specifiers[name]])),
    npm: Object.fromEntries([...needed].sort().map((name) => [name, npm[name]])),
  };
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

async function deno<T>(args: readonly string[]): Promise<T> {
  return JSON.parse(await output(Deno.execPath(), args));
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}
