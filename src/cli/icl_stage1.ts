/**
 * `deno task icl-stage1`: how much of a text ICL-Router's stage 1 reads from its vector, compared with what it
 * knows of the language anyway.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import { repoPath, writeJson } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { type Random, random, seededOrder } from "../base/random.ts";
import { environment, harnessHash, VERSION } from "../base/version.ts";
import { type EmbeddingProvider, embedQueries, openProvider } from "../embed/mod.ts";
import { presetFor } from "../icl/presets.ts";
import {
  reconstruct,
  reconstructionLoss,
  tableWriter,
  type Texts,
  tokenise,
} from "../icl/stage1.ts";
import { readTexts, startNetwork } from "../icl/fit.ts";
import { takeRows } from "../linalg/matrix.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { type AuditedDataset, auditedDataset } from "../audit/audited.ts";
import { openSplit } from "../run/open_split.ts";
import { CACHE, defaultSeeds } from "../run/plan.ts";
import { SEEDS, splitHash } from "../splits/split.ts";
import { makeSplits } from "../splits/make.ts";
import type { QueryBatch } from "../router/contract.ts";
import { stemOf } from "../results/assemble.ts";
import { sealStage1, type Stage1Report } from "../results/stage1.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

/** Validation texts measured, at most. */
const MOST_MEASURED = 1000;
/** Validation texts written out, generated datasets only. */
const SAMPLES = 5;

const FLAGS = {
  data: { type: "list", default: ["demo"], value: "dataset", help: "dataset or dataset/view" },
  seed: { type: "number", default: SEEDS[0], integer: true, min: 0, help: "seed of the ID split" },
  embedding: { type: "string", default: "static", value: "name", help: "as for deno task bench" },
  out: { type: "string", value: "folder", help: "instead of results/" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task icl-stage1",
  summary:
    "Trains stage 1 of ICL-Router on the training texts of an ID split and writes the loss on validation " +
    "texts: from their own vectors, from another's, and of a network trained on shuffled pairs. Texts are " +
    "written for generated datasets only.",
  flags: FLAGS,
  examples: ["deno task icl-stage1", "deno task icl-stage1 --data mmlu-pro,llmrouter --seed 1"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const provider = await openProvider(flags.embedding);
  for (const data of flags.data) {
    const dataset = await auditedDataset(data);
    const found = await probe(dataset, provider, flags.seed, data);
    const name = fileName(dataset.table, data, flags.seed, flags.embedding);
    const path = `${flags.out ?? repoPath("results")}/${name}`;
    await writeJson(path, found);
    const { own, shuffled, trainedShuffled } = found.loss;
    console.log(
      `${data}: ${own.toFixed(3)} nats a token, another's vector ${
        shuffled.toFixed(3)
      }, trained on ` +
        `shuffled pairs ${trainedShuffled.toFixed(3)}; wrote ${path}`,
    );
  }
}

/** `mmlu-pro@1/stage1.static.json`, or `….seed-1.json` for another seed than the default. */
export function fileName(
  table: OutcomeTable,
  data: string,
  seed: number,
  embedding: string,
): string {
  const stem = stemOf({
    table,
    settings: {
      ...{ data, protocol: "stage1", seeds: defaultSeeds(data), embedding },
      ...{ validation: "benchmarks", device: "cpu" },
    },
  });
  return stem + (seed === SEEDS[0] ? "" : `.seed-${seed}`) + ".json";
}

/**
 * Trains and measures both networks. The first is, weight by weight, the one that ICL-Router has after
 * stage 1 on this split.
 */
export async function probe(
  dataset: AuditedDataset,
  provider: EmbeddingProvider,
  seed: number,
  data: string,
): Promise<Stage1Report> {
  const { table, groups } = dataset, { name } = table.dataset;
  const [split] = makeSplits(table, groups, "id", [seed]);
  const raw = await embedQueries(provider, table, `${CACHE}/embeddings`);
  const opened = openSplit({ table, raw, preparation: provider.preparation }, split);
  const training = byId(opened.train.queries);
  const validation = some(opened.validation.queries, MOST_MEASURED, seed);
  if (validation.texts.length < 2) {
    throw new CapabilityError(
      `${name}: the split leaves ${validation.texts.length} of ${table.ids.length} queries for validation; stage 1 is measured on two or more`,
    );
  }
  const preset = presetFor(training.texts.length);
  const own = random(seed, "icl-stage1");
  const start = startNetwork(training.texts, training.vectors.width, preset, seed);
  const { bpe, shape } = start;
  const train = async (texts: Texts, what: string) => {
    const parameters = start.weights();
    const line = progress(`${name}: stage 1, ${what}`, 100);
    const { steps } = await readTexts(start, parameters, texts, {
      progress: (share) => line.update(Math.floor(100 * share)),
    });
    line.end();
    return { writer: tableWriter(parameters, shape, bpe), steps };
  };
  const measure = (of: Awaited<ReturnType<typeof train>>, texts: Texts): Promise<number> =>
    reconstructionLoss(of.writer, texts, preset.reconstruction);
  const reader = await train(training, "own vectors");
  const blind = await train(parted(training, own.fork("training")), "shuffled pairs");
  const { tokens } = preset.reconstruction;
  return sealStage1({
    format: "icl-router-bench/stage1",
    formatVersion: 1,
    command: `deno task icl-stage1 --data ${data} --seed ${seed} --embedding ${provider.name}`,
    harness: { version: VERSION, sha256: await harnessHash() },
    environment: environment(),
    dataset: {
      name,
      version: table.dataset.version,
      sha256: table.dataset.sha256,
      synthetic: table.dataset.synthetic,
    },
    embedding: { name: provider.name, key: provider.key },
    seed,
    splitSha256: splitHash(split),
    preset: preset.name,
    parameters: reader.writer.parameters.count,
    steps: reader.steps,
    trainingTexts: training.texts.length,
    validationTexts: validation.texts.length,
    vocabulary: bpe.size,
    tokens,
    loss: {
      own: await measure(reader, validation),
      shuffled: await measure(reader, parted(validation, own.fork("validation"))),
      trainedShuffled: await measure(blind, validation),
    },
    ...(mayShowTexts(table) && {
      samples: await written(
        validation,
        (vectors) => reconstruct(reader.writer, vectors, tokens),
        (text) => bpe.decode(tokenise(bpe, text, tokens)),
      ),
    }),
  });
}

/** Only the generated pool knows the truth behind its scores; records, whatever they say, cannot hold it. */
function mayShowTexts({ dataset, truth }: OutcomeTable): boolean {
  return dataset.synthetic && truth !== undefined;
}

async function written(
  { texts, vectors }: Texts,
  write: (vectors: Texts["vectors"]) => Promise<string[]>,
  cut: (text: string) => string,
): Promise<{ text: string; written: string }[]> {
  const first = Uint32Array.from({ length: Math.min(SAMPLES, texts.length) }, (_, i) => i);
  const made = await write(takeRows(vectors, first));
  return made.map((written, i) => ({ text: cut(texts[i]), written }));
}

/** Queries by ascending id, as a fit of ICL-Router takes them. */
function byId({ ids, texts, vectors }: QueryBatch): Texts {
  const order = [...ids.keys()].sort((a, b) => ids[a] < ids[b] ? -1 : 1);
  return pickTexts({ texts, vectors }, order);
}

/** At most so many queries, drawn by id. */
function some({ ids, texts, vectors }: QueryBatch, most: number, seed: number): Texts {
  const order = seededOrder(ids.keys(), (i) => ids[i], seed, "icl-stage1/validation");
  return pickTexts({ texts, vectors }, order.slice(0, most));
}

function pickTexts({ texts, vectors }: Texts, rows: readonly number[]): Texts {
  return {
    texts: rows.map((i) => texts[i]),
    vectors: takeRows(vectors, Uint32Array.from(rows)),
  };
}

/** Every text with the vector of another: vectors move along a random circle through all of them. */
function parted({ texts, vectors }: Texts, stream: Random): Texts {
  const circle = stream.shuffle(Uint32Array.from(texts.keys()));
  const from = new Uint32Array(circle.length);
  circle.forEach((text, at) => from[text] = circle[(at + 1) % circle.length]);
  return { texts, vectors: takeRows(vectors, from) };
}

if (import.meta.main) await runMain(main);
