/**
 * `deno task icl-prior`: trains the network of ICL-Router (prior-fitted) and writes its weights.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { openProvider } from "../embed/mod.ts";
import { readTexts, type TopicText } from "../icl_prior/texts.ts";
import { trainPrior } from "../icl_prior/train.ts";
import { readWeights, WEIGHTS, writeWeights } from "../icl_prior/weights.ts";
import type { Texts } from "../icl_prior/made_up_queries.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

/** Embedding of the training texts. */
const EMBEDDING = "static";
/** Steps between two checkpoints. */
const EVERY = 250;

const FLAGS = {
  steps: { type: "number", default: 7000, integer: true, min: 1, help: "training steps" },
  seed: { type: "number", default: 1, integer: true, min: 0, help: "seed of worlds and weights" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task icl-prior",
  summary:
    "Trains the network of ICL-Router (prior-fitted) on made-up models over the texts of clinc150 and " +
    "pubmedqa (below $ICLR_DATA), and writes its weights. Stop it any time: the same command continues " +
    "where it stopped.",
  flags: FLAGS,
  examples: ["deno task icl-prior"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags: { steps, seed } } = parseFlags(argv, COMMAND);
  const folder = Deno.env.get("ICLR_DATA");
  if (!folder) throw new UsageError("ICLR_DATA must name the folder with clinc150 and pubmedqa");
  const { texts, sources } = await readTexts(folder);
  const provider = await openProvider(EMBEDDING);
  const vectors = await provider.embed(texts.map(({ text }) => text));
  const path = repoPath(`.cache/icl-prior/${seed}-${steps}.safetensors`);
  await Deno.mkdir(repoPath(".cache/icl-prior"), { recursive: true });
  const show = progress("training", steps);
  let average: number | undefined; // over about a hundred steps
  const parameters = await trainPrior({ vectors, areas: areasOf(texts) }, {
    seed,
    steps,
    checkpoint: { path, every: EVERY },
    heard: (step, loss) => {
      average = average === undefined ? loss : 0.99 * average + 0.01 * loss;
      show.update(step, `loss ${average.toFixed(3)}`);
    },
  });
  show.end();
  await writeWeights(repoPath(WEIGHTS), parameters, {
    texts: Object.keys(sources).join(", "),
    ...Object.fromEntries(Object.entries(sources).map(([name, sha]) => [`sha256 of ${name}`, sha])),
    embedding: `${EMBEDDING} ${provider.key}`,
    seed: String(seed),
    steps: String(steps),
  }, texts.map(({ text }) => text));
  const { facts: { sha256 } } = await readWeights(repoPath(WEIGHTS));
  console.log(`${WEIGHTS}: ${parameters.count} weights, sha256 ${sha256}`);
}

/** Rows of the texts by topic, of topics by area. */
function areasOf(texts: readonly TopicText[]): Texts["areas"] {
  const areas = Map.groupBy(texts.keys(), (i) => texts[i].area).values();
  return [...areas].map((rows) => [...Map.groupBy(rows, (i) => texts[i].topic).values()]);
}

if (import.meta.main) await runMain(main);
