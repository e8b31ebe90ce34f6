/**
 * What do pre-training, record, blocks and made-up models contribute to the reader of ICL-Router on a language model?
 * Its network is trained without the prior on the training rows of one in-distribution split, three models left out,
 * and judged on validation rows. Appends a JSON line for each arm and way of showing the record; arms that have theirs
 * are passed over. Prints the table.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-write=runs,.cache --allow-env --allow-ffi --allow-sys \
 *       tests/bench/icl_lm_ablation.ts reasoning-gym/hard runs/reader.jsonl 42 ["as it is" "by name" …]
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { random } from "../../src/base/random.ts";
import { takeRows } from "../../src/linalg/matrix.ts";
import { chooseShape, kernelPrior } from "../../src/icl/kernel_prior.ts";
import { firstRows, readPool } from "../../src/icl/lm/fused_pool.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { meansOf, validationRows } from "../../src/icl/lm/fused_training.ts";
import { Reader } from "../../src/icl/reader.ts";
import { byId, type Labelled, labelled, scoresOf } from "../../src/icl/record.ts";
import type { Reading } from "../../src/icl/router.ts";
import { pickJudged } from "../../src/icl/stage2.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { planRun } from "../../src/run/plan.ts";
import { DASH } from "../../src/report/tables/numbers.ts";
import { columnsOf, markdownTable } from "../../src/report/tables/text_table.ts";
import { ARMS, madeUp, trainArm } from "./icl_lm_arms.ts";
import { figures, withinModels, withModels } from "./icl_lm_figures.ts";

/** Models that are left out of training, and validation rows looked at. */
const HELD = 3, JUDGED = 400;

interface Line {
  readonly data: string;
  readonly seed: number;
  readonly arm: string;
  readonly shown: string;
  readonly [figure: string]: string | number | null;
}

async function linesOf(path: string): Promise<Line[]> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Where a table's lines go, and what is there already. */
class Lines {
  constructor(
    private readonly path: string,
    private readonly data: string,
    private readonly seed: number,
  ) {}

  async has(arm: string): Promise<boolean> {
    return (await linesOf(this.path)).some((line) =>
      line.data === this.data && line.seed === this.seed && line.arm === arm
    );
  }

  async add(arm: string, shown: string, made: object): Promise<void> {
    const line = JSON.stringify({ data: this.data, seed: this.seed, arm, shown, ...made });
    console.error(line);
    await Deno.writeTextFile(this.path, line + "\n", { append: true });
  }
}

/** A pool, its training rows and the validation rows that readers are judged on. */
interface Judged {
  readonly seed: number;
  /** All models' columns. */
  readonly rows: Labelled;
  readonly ids: readonly string[];
  /** Columns that readers learn from. */
  readonly known: readonly number[];
  readonly judged: Uint32Array;
}

async function openJudged(data: string, seed: number): Promise<Judged> {
  const { setup, splits } = await planRun({
    ...{
      data,
      protocol: "id",
      seeds: [seed],
      embedding: `lm:${SMOLLM2.model}:${SMOLLM2.blocks[0]}`,
    },
    ...{ validation: "benchmarks", device: "cpu", routers: ["knn"] },
  });
  const { train, validation } = openSplit(setup.data, splits[0]), order = byId(train.models);
  const rows = labelled({ ...train, validation }, order), ids = order.map((m) => train.models[m]);
  const stream = random(seed, "reader");
  const keyed = [...ids.keys()].map((m) => ({ m, at: stream.fork("held", ids[m]).next() }));
  const known = keyed.sort((a, b) => a.at - b.at).slice(HELD).map(({ m }) => m).sort((a, b) =>
    a - b
  );
  const judged = pickJudged(rows, validationRows(rows), JUDGED, stream);
  return { seed, rows, ids, known, judged };
}

/** What needs no network: the models' means, and the prior. */
async function framing({ rows, known, judged }: Judged, lines: Lines): Promise<void> {
  const { training, models: M } = rows,
    means = meansOf(rows, training),
    scores = scoresOf(rows, judged);
  const labels = {
    ...{ vectors: firstRows(rows.vectors, training), means },
    scores: rows.scores.subarray(0, training * M),
  };
  const constant = scores.map((_, at) => Math.log(means[at % M] / (1 - means[at % M])));
  await lines.add("means", "–", figures(constant, scores, M, known));
  const queries = takeRows(rows.vectors, judged),
    kernel = await chooseShape(labels, { vectors: queries, scores });
  await lines.add(
    "prior",
    "–",
    figures(await kernelPrior(queries, labels, kernel), scores, M, known),
  );
}

/** Ways to show a network what models did: whose labels, and how long a record. */
const SHOWN: readonly (readonly [whose: Reading, record: number])[] = [
  ["own", 128],
  ["shuffled", 128],
  ["own", 32],
  ["own", 512],
];

/** Trains an arm; shows its network the records of the models, and those of made-up models that it has not met. */
async function judgeArm(
  name: string,
  { seed, rows, ids, known, judged }: Judged,
  lines: Lines,
): Promise<void> {
  const arm = ARMS[name], start = cpuUsage(), stream = random(seed, "reader");
  const learnt = withModels(rows, known);
  const { network, report, stage1 } = await trainArm(arm, learnt, stream.fork("arm"));
  const { user, system } = cpuUsage(start), cpu = (user + system) / 1e6;
  const reader = new Reader(network, { threads: 1 }), queries = takeRows(rows.vectors, judged);
  const everyone = arm.byName ? known : [...ids.keys()], M = everyone.length;
  /** ℓ of columns of some rows, one record a model. */
  const heard = async (
    told: Labelled,
    columns: readonly number[],
    [whose, record]: typeof SHOWN[number],
  ): Promise<Float64Array> => {
    const { records } = await readPool(
      withModels(told, columns),
      rows.training,
      columns.map((m) => ids[m] ?? `made up ${m}`),
      [], // means are the prior's
      reader,
      { decided: { record, records: 1 }, byName: arm.byName },
      { whose, seed },
    );
    return await reader.answer(queries, records.flat());
  };
  const made = madeUp(rows, "functions", stream.fork("unmet"));
  const invented: Labelled = { ...made.solved, scores: made.scores };
  const unmet = [0, 1, 2, 3].map((m) => rows.models + m), whole = [...unmet.keys()];
  const truth = scoresOf(withModels(invented, unmet), judged);
  for (const shown of arm.byName ? SHOWN.slice(0, 1) : SHOWN) {
    const logits = await heard(rows, everyone, shown);
    const isKnown = everyone.flatMap((m, c) => known.includes(m) ? [c] : []);
    await lines.add(name, arm.byName ? "name" : shown.join(" "), {
      ...figures(logits, scoresOf(withModels(rows, everyone), judged), M, isKnown),
      ...(arm.byName ? {} : {
        "made up": withinModels(await heard(invented, unmet, shown), truth, unmet.length, whole),
      }),
      ...{ "training loss": report.loss, cpu },
      ...stage1,
    });
  }
  await reader.release();
}

const FIGURES = [
  ...["loss", "within models", "within queries", "…, left out", "routed", "…, all models"],
  ...["made up", "cpu"],
];

/** The table of all lines. */
function table(lines: readonly Line[]): string {
  return markdownTable(
    columnsOf(["data", "seed", "arm", "shown", ...FIGURES], 4),
    lines.map((line) => [
      ...[line.data, `${line.seed}`, line.arm, line.shown],
      ...FIGURES.map((name) => {
        const x = line[name];
        return typeof x === "number" ? x.toFixed(3) : DASH;
      }),
    ]),
  );
}

if (import.meta.main) {
  const [data, out, seed, ...names] = Deno.args;
  const lines = new Lines(out, data, Number(seed)), judged = await openJudged(data, Number(seed));
  if (!await lines.has("means")) await framing(judged, lines);
  for (const name of names.length ? names : Object.keys(ARMS)) {
    if (!await lines.has(name)) await judgeArm(name, judged, lines);
  }
  console.log(table(await linesOf(out)));
}
