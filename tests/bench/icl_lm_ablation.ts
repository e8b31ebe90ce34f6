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
import { chooseShape, crossEntropyOf, kernelPrior } from "../../src/icl/kernel_prior.ts";
import { firstRows, readPool } from "../../src/icl/lm/fused_pool.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { meansOf } from "../../src/icl/lm/fused_training.ts";
import { Reader } from "../../src/icl/reader.ts";
import { byId, type Labelled, labelled } from "../../src/icl/record.ts";
import type { Reading } from "../../src/icl/router.ts";
import { pickJudged } from "../../src/icl/stage2.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { planRun } from "../../src/run/plan.ts";
import { type Arm, ARMS, trainArm } from "./icl_lm_arms.ts";

/** Models that are left out of training, and validation rows looked at. */
const HELD = 3, JUDGED = 400;

interface Line {
  readonly data: string;
  readonly seed: number;
  readonly arm: string;
  readonly shown: string;
  readonly [figure: string]: string | number | null;
}

/** Everything with some of its columns. */
function withModels(rows: Labelled, columns: readonly number[]): Labelled {
  const some = (cells: Float64Array): Float64Array =>
    Float64Array.from(
      { length: rows.ids.length * columns.length },
      (_, at) =>
        cells[Math.floor(at / columns.length) * rows.models + columns[at % columns.length]],
    );
  return { ...rows, labels: some(rows.labels), scores: some(rows.scores), models: columns.length };
}

/** Share of ordered pairs that ℓ orders alike, ties half; null without pairs. */
function concordance(pairs: Iterable<readonly [better: number, worse: number]>): number | null {
  let right = 0, all = 0;
  for (const [better, worse] of pairs) {
    right += better > worse ? 1 : better === worse ? 0.5 : 0, all++;
  }
  return all ? right / all : null;
}

/** Of one model: which queries does it solve? Mean over models. */
function withinModels(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  models: readonly number[],
): number {
  const own = models.map((m) =>
    concordance(function* () {
      for (let a = m; a < scores.length; a += M) {
        for (let b = m; b < scores.length; b += M) {
          if (scores[a] > scores[b]) yield [logits[a], logits[b]] as const;
        }
      }
    }())!
  );
  return own.reduce((a, b) => a + b, 0) / own.length;
}

/** On one query: which of two models scores more? Over all queries; of pairs with at least one of `models`. */
function withinQueries(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  has: (m: number, n: number) => boolean,
) {
  return concordance(function* () {
    for (let at = 0; at < scores.length; at += M) {
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < M; n++) {
          if (scores[at + m] > scores[at + n] && has(m, n)) {
            yield [logits[at + m], logits[at + n]] as const;
          }
        }
      }
    }
  }());
}

/** Mean score where each query goes to the first of the models with the largest ℓ. */
function routed(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  models: readonly number[],
): number {
  let sum = 0;
  for (let at = 0; at < scores.length; at += M) {
    sum += scores[at + models.reduce((best, m) => logits[at + m] > logits[at + best] ? m : best)];
  }
  return sum / (scores.length / M);
}

function figures(
  logits: Float64Array,
  scores: Float64Array,
  M: number,
  known: readonly number[],
  all = true,
) {
  const is = new Set(known), every = Array.from({ length: M }, (_, m) => m);
  const loss = crossEntropyOf(logits, scores.map((s, at) => is.has(at % M) ? s : NaN));
  return {
    loss,
    "within models": withinModels(logits, scores, M, known),
    "within queries": withinQueries(logits, scores, M, (m, n) => is.has(m) && is.has(n)),
    "…, left out": all
      ? withinQueries(logits, scores, M, (m, n) => !is.has(m) || !is.has(n))
      : null,
    routed: routed(logits, scores, M, known),
    "…, all models": all ? routed(logits, scores, M, every) : null,
  };
}

async function linesOf(path: string): Promise<Line[]> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

if (import.meta.main) {
  const [data, out, seedText, ...names] = Deno.args, seed = Number(seedText);
  const { setup, splits } = await planRun({
    ...{
      data,
      protocol: "id",
      seeds: [seed],
      embedding: `lm:${SMOLLM2.model}:${SMOLLM2.blocks[0]}`,
    },
    ...{ validation: "benchmarks", device: "cpu", routers: ["knn"] },
  });
  const split = openSplit(setup.data, splits[0]), { models } = split.train, M = models.length;
  const order = byId(models), ids = order.map((m) => models[m]);
  const rows = labelled({ ...split.train, validation: split.validation }, order),
    { training } = rows;
  const stream = random(seed, "reader"), every = [...ids.keys()];
  const keyed = every.map((m) => ({ m, at: stream.fork("held", ids[m]).next() })).sort((a, b) =>
    a.at - b.at
  );
  const known = keyed.slice(HELD).map(({ m }) => m).sort((a, b) => a - b),
    part = withModels(rows, known);
  const judged = pickJudged(
    rows,
    every.length ? Array.from(rows.ids.keys()).slice(training) : [],
    JUDGED,
    stream,
  );
  const queries = takeRows(rows.vectors, judged);
  const scores = Float64Array.from(
    { length: judged.length * M },
    (_, at) => rows.scores[judged[Math.floor(at / M)] * M + at % M],
  );
  const means = meansOf(rows, training);
  const write = async (
    arm: string,
    shown: string,
    made: Omit<Line, "data" | "seed" | "arm" | "shown">,
  ): Promise<void> => {
    const line = { data, seed, arm, shown, ...made };
    console.error(JSON.stringify(line));
    await Deno.writeTextFile(out, JSON.stringify(line) + "\n", { append: true });
  };
  const isDone = async (arm: string): Promise<boolean> =>
    (await linesOf(out)).some((line) =>
      line.data === data && line.seed === seed && line.arm === arm
    );
  if (!await isDone("means")) {
    console.error(
      `${data}: ${training} training rows, ${judged.length} judged; left out: ${
        every.filter((m) => !known.includes(m)).map((m) => ids[m])
      }`,
    );
    const labels = {
      vectors: firstRows(rows.vectors, training),
      scores: rows.scores.subarray(0, training * M),
      means,
    };
    const constant = Float64Array.from(
      scores,
      (_, at) => Math.log(means[at % M] / (1 - means[at % M])),
    );
    await write("means", "–", figures(constant, scores, M, known));
    const kernel = await chooseShape(labels, { vectors: queries, scores });
    await write(
      "prior",
      "–",
      figures(await kernelPrior(queries, labels, kernel), scores, M, known),
    );
  }
  for (const name of names.length ? names : Object.keys(ARMS)) {
    if (await isDone(name)) continue;
    const arm: Arm = ARMS[name], start = cpuUsage();
    const { network, report, stage1 } = await trainArm(arm, part, stream.fork("arm"));
    const { user, system } = cpuUsage(start), cpu = (user + system) / 1e6;
    const reader = new Reader(network, { threads: 1 }), K = arm.record ?? SMOLLM2.record;
    const show = async (
      shown: string,
      whose: Reading,
      record: number,
      records: number,
    ): Promise<void> => {
      const told = arm.byName ? part : rows, columns = arm.byName ? known : every;
      const pool = await readPool(
        told,
        training,
        columns.map((m) => ids[m]),
        columns.map((m) => means[m]),
        reader,
        { decided: { record, records }, byName: arm.byName },
        { whose, seed },
      );
      const heard = await reader.answer(queries, pool.records.flat()), C = columns.length;
      const logits = new Float64Array(scores.length).fill(NaN);
      for (let i = 0, at = 0; i < judged.length; i++) {
        for (let c = 0; c < C; c++) {
          const own = pool.records[c].length, all = heard.subarray(at, at += own);
          logits[i * M + columns[c]] = all.reduce((a, b) => a + b, 0) / own;
        }
      }
      await write(name, shown, {
        ...figures(logits, scores, M, known, !arm.byName),
        "training loss": report.loss,
        ...stage1,
        cpu,
      });
    };
    await show("own", "own", K, 1);
    if (!arm.byName) await show("shuffled", "shuffled", K, 1);
    await reader.release();
  }
}
