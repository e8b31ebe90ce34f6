import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { type Matrix, takeRows } from "../../src/linalg/matrix.ts";
import type { LoopOptions } from "../../src/nn/trainer.ts";
import { expand } from "../../src/nn/ops.ts";
import { Parameters, values } from "../../src/nn/parameters.ts";
import type { AnswerNetwork } from "../../src/icl/answer_network.ts";
import {
  type AnswerData,
  type AnswerOptions,
  type AnswerReport,
  stepsOf,
  trainAnswer,
} from "../../src/icl/stage2.ts";
import { tableNetwork } from "../../src/icl/network.ts";
import { Reader } from "../../src/icl/reader.ts";
import { recordOf } from "../../src/icl/record.ts";
import { bits, circle, halves, normalMatrix, tinyShape, tinyWeights } from "./toy.ts";

const WIDTH = 4, shape = tinyShape({ input: WIDTH, width: 16 });

/** Material of stage 2: the first K rows are the profile, the rest may be targets. */
function material(vectors: Matrix, labels: Float64Array, K: number, rows: number): AnswerData {
  const models = labels.length / vectors.rows;
  return {
    solved: { vectors, labels, models, benchmarks: Array(vectors.rows).fill("b") },
    scores: labels,
    profile: Uint32Array.from({ length: K }, (_, k) => k),
    targets: Uint32Array.from({ length: rows - K }, (_, i) => K + i),
  };
}

const OPTIONS: AnswerOptions = {
  models: 8,
  targets: 32,
  passes: 1e9,
  mostSteps: 400,
  rate: 0.005,
  dropout: 0,
  inputDropout: 0,
  decay: 0.01,
};

interface Settings {
  readonly seed?: number;
  readonly judge?: () => Promise<number>;
  readonly watch?: Omit<LoopOptions, "steps">;
}

async function trained(
  data: AnswerData,
  changes: Partial<AnswerOptions>,
  { seed = 1, judge, watch = {} }: Settings = {},
): Promise<{ weights: Parameters; report: AnswerReport }> {
  const weights = tinyWeights(shape, seed), options = { ...OPTIONS, ...changes };
  const stream = random(seed, "stage 2");
  const report = await trainAnswer(
    tableNetwork(weights, shape),
    data,
    options,
    stream,
    judge,
    watch,
  );
  return { weights, report };
}

/** ℓ of some rows for all models, each known by its record on the profile. */
async function logitsOf(
  weights: Parameters,
  { solved, profile }: AnswerData,
  rows: readonly number[],
): Promise<Float64Array> {
  const reader = new Reader(tableNetwork(weights, shape));
  const records = [];
  for (let m = 0; m < solved.models; m++) {
    records.push(await reader.encode(recordOf(solved, profile, m)));
  }
  const logits = await reader.answer(takeRows(solved.vectors, rows), records);
  await reader.release();
  return logits;
}

const turn = (m: number, of: number): number => 2 * Math.PI * m / of;
const heldRows = Array.from({ length: 126 }, (_, i) => 274 + i);

Deno.test("it learns to read records: a rule that only the record tells, for models never seen", async () => {
  const vectors = circle(400, WIDTH, 3), K = 24;
  const seen = Array.from({ length: 16 }, (_, m) => turn(m, 16));
  const data = material(vectors, halves(vectors, seen), K, 274);
  const { weights } = await trained(data, {});
  const angles = Array.from({ length: 8 }, (_, m) => turn(m + 0.5, 8) + 0.07);
  const accuracy = async (records: Float64Array, truth: Float64Array): Promise<number> => {
    const unseen = material(vectors, records, K, 274);
    const logits = await logitsOf(weights, unseen, heldRows);
    const right = heldRows.flatMap((row, i) =>
      angles.map((_, m) => +((logits[i * 8 + m] > 0) === (truth[row * 8 + m] === 1)))
    );
    return right.reduce((a, b) => a + b) / right.length;
  };
  const truth = halves(vectors, angles);
  const own = await accuracy(truth, truth);
  assert.ok(own > 0.9, `own record: ${own}`);
  // The record is all that tells: with the opposite model's record, everything is the wrong way round.
  const opposite = await accuracy(halves(vectors, angles.map((a) => a + Math.PI)), truth);
  assert.ok(opposite < 0.1, `opposite record: ${opposite}`);
  const quarter = await accuracy(halves(vectors, angles.map((a) => a + Math.PI / 2)), truth);
  assert.ok(Math.abs(quarter - 0.5) < 0.1, `record of a model at right angles: ${quarter}`);
});

Deno.test("with coin tosses for labels the validation loss stays near ln 2", async () => {
  const rows = 400, models = 6, stream = random(9, "tosses");
  const vectors = normalMatrix(rows, WIDTH, 9);
  const labels = new Float64Array(rows * models);
  for (let m = 0; m < models; m++) { // exactly half of each model's labels are 1
    const own = stream.shuffle(Array.from({ length: rows }, (_, i) => i % 2));
    own.forEach((label, i) => labels[i * models + m] = label);
  }
  const data = material(vectors, labels, 24, 274);
  const { weights, report } = await trained(data, { mostSteps: 120 });
  const logits = await logitsOf(weights, data, heldRows);
  let loss = 0;
  heldRows.forEach((row, i) => {
    for (let m = 0; m < models; m++) {
      const l = logits[i * models + m];
      loss += Math.log1p(Math.exp(-Math.abs(l))) + Math.max(l, 0) - labels[row * models + m] * l;
    }
  });
  loss /= logits.length;
  assert.equal(report.steps, 120);
  assert.ok(Math.abs(loss - Math.LN2) < 0.05, `validation loss ${loss}`);
});

Deno.test("loss of a step by hand: counted from a prior, and models beside each other on every target", async () => {
  // ℓ of a model is a number of its own plus the prior: the network looks at nothing.
  const own = [0.3, -0.2], prior = [[1, 0, -1, 2], [0, 0.5, -1, 1]];
  const labels = [[1, 0], [0.5, 0.25], [0, 1], [1, NaN]];
  const parameters = new Parameters(random(1));
  parameters.add("own", [2, 1], values(own));
  const stub: AnswerNetwork = {
    ...{ parameters, input: WIDTH, layers: 0, width: 1, byName: true },
    recordLength: () => 1,
    memoryShape: () => [],
    group: () => ({ decay: 0 }),
    read: () => [],
    readNames: () => [],
    answer: (parameter, vectors) => expand(parameter("own"), [2, vectors.shape[0]]),
    states: (parameter) => parameter("own"),
    head: (_, states) => states,
  };
  const data: AnswerData = {
    ...material(normalMatrix(4, WIDTH, 1), Float64Array.from(labels.flat()), 0, 4),
    prior: (targets, labelled, models) => {
      assert.deepEqual([...targets].sort(), [0, 1, 2, 3]);
      assert.equal(labelled.length, 0, "no target is among the labelled");
      const all = models.flatMap((m) => targets.map((i) => prior[m][i]));
      return Promise.resolve(Float32Array.from(all));
    },
  };
  const options = { ...OPTIONS, models: 2, targets: 4, mostSteps: 1, soft: true, contrast: 0.5 };
  const { loss } = await trainAnswer(stub, data, options, random(1), undefined, {});
  const softplus = (x: number): number => Math.log1p(Math.exp(x));
  const l = (i: number, m: number): number => own[m] + prior[m][i];
  let cross = 0, cells = 0, pairs = 0, weight = 0;
  labels.forEach((row, i) => {
    row.forEach((label, m) => {
      if (!Number.isNaN(label)) cross += softplus(l(i, m)) - label * l(i, m), cells++;
    });
    const [a, b] = row[0] > row[1] ? [0, 1] : [1, 0], by = row[a] - row[b];
    if (!Number.isNaN(by)) pairs += by * softplus(l(i, b) - l(i, a)), weight += by;
  });
  assert.ok(Math.abs(loss - (cross / cells + 0.5 * pairs / weight)) < 1e-5, `${loss}`);
});

const points = circle(120, WIDTH, 5);
const small = material(points, halves(points, [0, 1, 2, 3, 4]), 10, 120);
const SHORT = { models: 3, targets: 8, mostSteps: 17, dropout: 0.2, inputDropout: 0.1 };

Deno.test("the same seed gives the same weights, bit for bit; seed, dropout and lengths matter", async () => {
  const { weights, report } = await trained(small, SHORT), again = await trained(small, SHORT);
  assert.deepEqual(bits(again.weights), bits(weights));
  assert.deepEqual(again.report, report);
  assert.deepEqual([report.steps, report.looks, report.kept], [17, [], -1]);
  for (
    const [what, changes, seed] of [
      ["seed", {}, 2],
      ["dropout", { dropout: 0 }, 1],
      ["input dropout", { inputDropout: 0 }, 1],
      ["lengths", { lengths: [4, 10] }, 1],
      ["decay", { decay: 1 }, 1],
      ["fresh records", { fresh: 10 }, 1],
      ["contrast", { contrast: 1 }, 1],
    ] as const
  ) {
    const other = await trained(small, { ...SHORT, ...changes }, { seed });
    assert.notDeepEqual(bits(other.weights), bits(weights), what);
  }
});

/** A judge whose verdicts are given beforehand; it goes on where the looks so far end. */
function judge(scores: readonly number[], from = 0): () => Promise<number> {
  let at = from;
  return () => Promise.resolve(scores[at++]);
}

Deno.test("the weights of the best look are kept, the first of equals", async () => {
  const seen: Map<string, Uint32Array>[] = [];
  const weights = tinyWeights(shape), scores = [0.1, 0.5, 0.2, 0.5, 0.3, 0.4, 0.2, 0.3];
  const judged = (): Promise<number> => {
    seen.push(bits(weights));
    return Promise.resolve(scores[seen.length - 1]);
  };
  const options = { ...OPTIONS, ...SHORT, mostSteps: 64 }; // a look every 8 steps
  const report = await trainAnswer(
    tableNetwork(weights, shape),
    small,
    options,
    random(1),
    judged,
    {},
  );
  assert.deepEqual(report.looks, scores);
  assert.deepEqual([report.steps, report.kept], [64, 1]);
  assert.deepEqual(bits(weights), seen[1]);
  assert.notDeepEqual(seen[1], seen[3]);
});

Deno.test("aborted after any step and resumed, stage 2 ends with the same weights and report", async () => {
  const folder = await Deno.makeTempDir();
  // 24 steps, a look every 3, the best one after 6.
  const scores = [0.3, 0.5, 0.2, 0.4, 0.5, 0.1, 0.4, 0.3];
  const options = { ...SHORT, mostSteps: 24, lengths: [4, 10] };
  const straight = await trained(small, options, { judge: judge(scores) });
  assert.deepEqual([straight.report.steps, straight.report.kept], [24, 1]);
  const every = 2;
  for (const stop of [1, 4, 6, 9, 23]) {
    const checkpoint = { path: join(folder, `${stop}.safetensors`), every };
    const controller = new AbortController(), reason = new Error("enough");
    let heard = 0;
    const progress = (): void => {
      if (++heard === stop) controller.abort(reason);
    };
    const watch = { signal: controller.signal, progress, checkpoint };
    await assert.rejects(trained(small, options, { judge: judge(scores), watch }), reason);
    const looked = Math.floor(every * Math.floor(stop / every) / 3);
    const again = { judge: judge(scores, looked), watch: { checkpoint } };
    const resumed = await trained(small, options, again);
    assert.deepEqual(resumed.report, straight.report, `stopped after ${stop}`);
    assert.deepEqual(bits(resumed.weights), bits(straight.weights), `stopped after ${stop}`);
  }
  // A run that is over is over: asked again, it takes no step and gives the same.
  const checkpoint = { path: join(folder, "over.safetensors"), every: 1 };
  await trained(small, options, { judge: judge(scores), watch: { checkpoint } });
  const over = { judge: () => assert.fail("a look"), watch: { checkpoint } };
  const { weights, report } = await trained(small, options, over);
  assert.deepEqual(report, straight.report);
  assert.deepEqual(bits(weights), bits(straight.weights));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a checkpoint of something else is refused", async () => {
  const folder = await Deno.makeTempDir(), path = join(folder, "state.safetensors");
  const { Trainer } = await import("../../src/nn/trainer.ts");
  await new Trainer(tinyWeights(shape), { schedule: () => 0 }).save(path);
  await assert.rejects(
    trained(small, SHORT, { watch: { checkpoint: { path, every: 1 } } }),
    (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /state\.safetensors: metadata\.losses is missing/);
      return true;
    },
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("missing outcomes of targets do not count, whatever stands in their place", async () => {
  const holes = small.solved.labels.map((label, at) => at >= 50 && at % 4 === 0 ? NaN : label);
  const withHoles = { ...small, solved: { ...small.solved, labels: holes }, scores: holes };
  const { weights, report } = await trained(withHoles, SHORT);
  assert.ok(Number.isFinite(report.loss));
  assert.notDeepEqual(bits(weights), bits((await trained(small, SHORT)).weights));
  // Had they counted as 0, training on zeros in their place would be the same.
  const zeros = holes.map((label) => Number.isNaN(label) ? 0 : label);
  const filled = { ...small, solved: { ...small.solved, labels: zeros }, scores: zeros };
  assert.notDeepEqual(bits(weights), bits((await trained(filled, SHORT)).weights));
});

Deno.test("a record does not tell the outcomes of the step's targets", async () => {
  const K = small.profile.length; // with K targets a step, each step asks for the whole record
  const asked = { ...small, targets: small.profile };
  const inverted = { ...small.solved, labels: small.solved.labels.map((label) => 1 - label) };
  const weightsOf = async (data: AnswerData, targets: number): Promise<ReturnType<typeof bits>> =>
    bits((await trained(data, { ...SHORT, targets, soft: true })).weights);
  // Soft labels: what is learned comes from the scores, and only records from the labels.
  const told = await weightsOf(asked, K);
  assert.deepEqual(await weightsOf({ ...asked, solved: inverted }, K), told);
  const some = await weightsOf(asked, K - 1);
  assert.notDeepEqual(await weightsOf({ ...asked, solved: inverted }, K - 1), some);
});

Deno.test("soft labels learn from scores, hard ones from solved or not", async () => {
  const graded = small.scores.map((s) => 0.2 + 0.5 * s), data = { ...small, scores: graded };
  const hard = await trained(data, SHORT), soft = await trained(data, { ...SHORT, soft: true });
  assert.deepEqual(bits(hard.weights), bits((await trained(small, SHORT)).weights));
  assert.notDeepEqual(bits(soft.weights), bits(hard.weights));
});

Deno.test("steps: passes over all pairs, G·B pairs a step, no more than the most", () => {
  const options = { ...OPTIONS, models: 4, targets: 128, passes: 5, mostSteps: 300 };
  assert.equal(stepsOf(options, 1000, 10), Math.ceil(5 * 1000 * 10 / 512));
  assert.equal(stepsOf(options, 1000, 2), Math.ceil(5 * 1000 * 2 / 256), "a pool of two");
  assert.equal(stepsOf(options, 100_000, 10), 300);
});

Deno.test("a draw of one's own says which models, targets and records steps are about", async () => {
  const vectors = circle(60, WIDTH, 5), angles = [0, 1, 2];
  const three = material(vectors, halves(vectors, angles), 0, 60);
  const two = material(vectors, halves(vectors, angles.slice(0, 2)), 0, 60);
  const changes = { models: 2, targets: 8, fresh: 12, mostSteps: 3 };
  const draw: AnswerData["draw"] = (stream) => {
    const rows = stream.shuffle(Uint32Array.from(three.targets));
    return Promise.resolve({
      models: [0, 1],
      targets: [...rows.subarray(0, 8)],
      others: rows.subarray(8),
    });
  };
  const drawn = await trained({ ...three, draw }, changes);
  // The third model is never looked at.
  assert.deepEqual(bits(drawn.weights), bits((await trained({ ...two, draw }, changes)).weights));
  assert.notDeepEqual(bits(drawn.weights), bits((await trained(two, changes)).weights));
});
