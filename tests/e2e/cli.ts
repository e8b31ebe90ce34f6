/**
 * Commands as a user starts them: real processes with the permissions of their `deno task`; or, where nothing depends on
 * that, their main functions in this process.
 * @module
 */
import { demoRecords } from "../../datasets/demo/generate.ts";
import { readJson, repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { captured } from "../support/capture.ts";
import { exitCodeOf } from "../../src/cli/args.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly signal: string | null;
  /** Standard output and error, one after the other. */
  readonly text: string;
}

const { tasks } = await readJson(repoPath("deno.json")) as {
  tasks: Record<string, { command: string }>;
};

/** Starts a task without a shell, so that a signal hits the process itself. */
export function start(task: string, ...args: string[]): Deno.ChildProcess {
  const { command } = tasks[task], [deno, ...given] = command.split(" ");
  if (deno !== "deno") throw new Error(`task ${task}: expected one deno command, got ${command}`);
  return new Deno.Command(Deno.execPath(), {
    args: [...given, ...args],
    cwd: repoPath(""),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for the end of a command. */
export async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, signal, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, signal, text: text.decode(stdout) + text.decode(stderr) };
}

/** Runs a task to its end. */
export function run(task: string, ...args: string[]): Promise<Ended> {
  return ended(start(task, ...args));
}

/**
 * Runs a task's main function to its end in this process, which has its modules open and warm; one at a time, since what
 * it prints is caught. What depends on permissions, a lock file, signals or memory of its own needs {@link run}.
 */
export async function inside(task: string, ...args: string[]): Promise<Ended> {
  const { main } = await import(repoPath("src/cli", `${task}.ts`));
  let code = 0, errors: string[] = [];
  const out = await captured(async () => {
    errors = await captured(async () => code = await exitCodeOf(() => main(args)), "error");
  });
  return { code, signal: null, text: [...out, ...errors].map((line) => line + "\n").join("") };
}

/**
 * A folder for the tests of the file that asks for it, inside the repository because tasks may write nowhere else, with
 * records of the demo pool in `pool/records.jsonl`. It is removed after the tests.
 */
export async function workFolder(queries: number): Promise<string> {
  await Deno.mkdir(repoPath(".cache"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache"), prefix: "e2e-" });
  Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
  const lines = demoRecords({ queries }).map((record) => JSON.stringify(record) + "\n");
  await Deno.mkdir(`${folder}/pool`);
  await Deno.writeTextFile(`${folder}/pool/records.jsonl`, lines.join(""));
  return folder;
}

/** Files below a folder, by path inside it, ascending; none if there is no such folder. */
export function filesBelow(folder: string, below = ""): string[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(`${folder}/${below}`)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries.flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(folder, `${below}${name}/`) : [below + name]
  ).sort();
}

/** Hash of every file of a run's results; clocks are in `*.speed.json` and nowhere else. */
export function bytesOf(out: string): Record<string, string> {
  const files = filesBelow(out).filter((file) => !file.endsWith(".speed.json"));
  return Object.fromEntries(
    files.map((file) => [file, sha256(Deno.readFileSync(`${out}/${file}`))]),
  );
}

/** Finished jobs: file name → when and as what it was written. */
export function finishedJobs(jobs: string): Map<string, string> {
  const files = filesBelow(jobs).filter((file) => file.endsWith(".json"));
  return new Map(files.map((file) => {
    const { ino, size, mtime } = Deno.statSync(`${jobs}/${file}`);
    return [file, `${ino} ${size} ${mtime?.getTime()}`];
  }));
}

/** Waits until something holds, or a child has ended; fails after a minute. */
export async function until(holds: () => boolean, child: Deno.ChildProcess): Promise<void> {
  let over = false;
  child.status.then(() => over = true);
  for (let waited = 0; !over && !holds(); waited += 10) {
    if (waited > 60_000) throw new Error("waited a minute in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
