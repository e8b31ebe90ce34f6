/**
 * `deno task embed`: embeds a dataset's texts into the cache, ahead of a benchmark.
 * @module
 */
import { type Device, DEVICES } from "../base/device.ts";
import { exists, repoPath } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import {
  cacheFile,
  type EmbeddingProvider,
  embedQueries,
  listProviders,
  openProvider,
} from "../embed/mod.ts";
import { loadDataset } from "../../datasets/load.ts";
import { audit } from "../audit/audit.ts";
import { dropDuplicates } from "../audit/drop_duplicates.ts";
import { CACHE } from "../run/plan.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  data: { type: "list", default: ["demo"], value: "dataset", help: "dataset or dataset/view" },
  embedding: { type: "string", default: "static", value: "name", help: "one of --list" },
  device: {
    type: "string",
    default: "cpu",
    choices: DEVICES,
    help: "for onnx: and hub: embeddings",
  },
  list: { type: "boolean", help: "list the embeddings and end" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task embed",
  summary:
    "Embeds a dataset's texts into the cache, ahead of a benchmark. A model of the hub is taken from " +
    ".cache/models or a folder; to download one, run the command of the task with --allow-net.",
  flags: FLAGS,
  examples: [
    "deno task embed --list",
    "deno task embed --data mmlu-pro --embedding onnx:gte-small",
    "deno task embed --data demo --embedding hub:./my-encoder?pooling=cls",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  if (flags.list) return printProviders();
  const provider = await openProvider(flags.embedding, {
    device: flags.device as Device,
  });
  const facts = Object.entries(provider.facts).map(([name, value]) => `${name} ${value}`);
  console.log(`${provider.name}: ${provider.width} wide; ${facts.join(", ")}`);
  for (const data of flags.data) await embedDataset(provider, data);
}

/** Embeds the rows a benchmark would: duplicates are dropped first, as its audit does. */
async function embedDataset(provider: EmbeddingProvider, data: string): Promise<void> {
  const given = await loadDataset(data);
  const { ids, texts } = dropDuplicates(given, audit(given)).table;
  const file = cacheFile(provider, texts, `${CACHE}/embeddings`);
  const known = await exists(file);
  const line = progress(`embedding ${data}`, texts.length);
  const start = performance.now();
  await embedQueries(provider, { ids, texts }, `${CACHE}/embeddings`, (done) => line.update(done));
  const seconds = (performance.now() - start) / 1000;
  line.end();
  const speed = known ? "read from" : `${Math.round(texts.length / seconds)} texts/s,`;
  const shown = file.startsWith(repoPath("")) ? file.slice(repoPath("").length) : file;
  const place = provider.cheap ? "not stored: as quick to compute as to read" : shown;
  console.log(`${data}: ${texts.length} texts, ${speed} ${place}`);
}

function printProviders(): void {
  const providers = listProviders();
  const width = Math.max(...providers.map(({ name }) => name.length));
  for (const { name, summary } of providers) console.log(`${name.padEnd(width)}  ${summary}`);
}

if (import.meta.main) await runMain(main);
