/**
 * Starts the process that asks (`worker.ts`), with network permission for the named host alone.
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { CapabilityError, UsageError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { receiveError } from "../base/threads.ts";
import type { Ending } from "./collect.ts";
import type { Job, JobReply } from "./job.ts";

/**
 * Host and port of an endpoint's address.
 * @throws {UsageError} when it is none, or has a key in it
 */
export function hostOf(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError(`--endpoint: expected an address such as https://host/v1, got "${url}"`);
  }
  if (parsed.username || parsed.password || parsed.search) {
    throw new UsageError(
      "--endpoint: expected an address without a key; name its variable by --key-env",
    );
  }
  return `${parsed.hostname}:${parsed.port || (parsed.protocol === "https:" ? 443 : 80)}`;
}

/**
 * Runs a job in a process of its own; Ctrl-C lets calls in flight end, a second one does not.
 * @throws what the process has thrown
 */
export async function launch(job: Job): Promise<Ending> {
  const child = start(dirname(job.journal), [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    `--config=${repoPath("deno.json")}`,
    `--allow-net=${hostOf(job.endpoint.url)}`,
    "--allow-read=.",
    "--allow-write=.",
    ...(job.keyEnv === undefined ? [] : [`--allow-env=${job.keyEnv}`]),
    fileURLToPath(new URL("./worker.ts", import.meta.url)),
  ]);
  const input = child.stdin.getWriter(), encoder = new TextEncoder();
  let asked = 0;
  const interrupt = (): void => {
    if (asked++ > 0) Deno.exit(130); // its input closes, and it ends
    console.error("ending with the calls in flight; again to end at once");
    input.write(encoder.encode("end\n")).catch(() => {});
  };
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    await input.write(encoder.encode(JSON.stringify(job) + "\n"));
    const { code, stdout } = await child.output();
    const [last] = new TextDecoder().decode(stdout).trim().split("\n").slice(-1);
    if (code !== 0 || !last) throw new Error(`the asking process ended with code ${code}`);
    const reply: JobReply = JSON.parse(last);
    if ("error" in reply) throw receiveError(reply.error);
    return reply.ending;
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
    await input.close().catch(() => {});
  }
}

/**
 * `deno` as the command path has it: that is what the task may run. It is started in the folder it may use,
 * since a path with a comma cannot be named in a permission.
 */
function start(cwd: string, args: string[]): Deno.ChildProcess {
  try {
    return new Deno.Command("deno", {
      args,
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CapabilityError("collect starts a process of its own, and finds no deno on the path");
  }
}
