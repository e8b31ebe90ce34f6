import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError } from "../../src/base/errors.ts";
import { type Random, random } from "../../src/base/random.ts";
import { takeRows } from "../../src/linalg/matrix.ts";
import type { LoopOptions } from "../../src/nn/trainer.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { trainBpe } from "../../src/icl/bpe.ts";
import {
  pick,
  reconstruct,
  reconstructionLoss,
  type ReconstructionOptions,
  tableWriter,
  trainReconstruction,
} from "../../src/icl/stage1.ts";
import { bits, sentences, tinyShape, tinyWeights } from "./toy.ts";

const train = sentences(300, 1), held = sentences(50, 2);
const bpe = trainBpe(train.texts, 300);
const shape = tinyShape({ input: 12, width: 16, vocabulary: bpe.size });
const OPTIONS: ReconstructionOptions = {
  tokens: 5,
  batch: 16,
  epochs: 100,
  mostSteps: 250,
  rate: 0.01,
  dropout: 0,
};
const SHORT = { ...OPTIONS, mostSteps: 7, dropout: 0.2 };
const ignored: Omit<LoopOptions, "steps"> = {};

async function trained(
  options: ReconstructionOptions,
  { seed = 1, watch = ignored }: { seed?: number; watch?: typeof ignored } = {},
): Promise<{ weights: Parameters; loss: number; steps: number }> {
  const weights = tinyWeights(shape, seed), stream: Random = random(seed, "stage 1");
  const report = await trainReconstruction(
    tableWriter(weights, shape, bpe),
    train,
    options,
    stream,
    watch,
  );
  return { weights, ...report };
}

Deno.test("the loss falls, and on unseen texts it is the vectors that make it fall", async () => {
  const lossOf = (weights: Parameters, vectors = held.vectors): Promise<number> =>
    reconstructionLoss(tableWriter(weights, shape, bpe), { texts: held.texts, vectors }, OPTIONS);
  const before = await lossOf(tinyWeights(shape));
  const { weights, loss, steps } = await trained(OPTIONS);
  assert.equal(steps, OPTIONS.mostSteps);
  const after = await lossOf(weights);
  // Three words, each one of four: without the vector, no less than ln 4 for each.
  const least = 3 * Math.log(4) / 4;
  assert.ok(before > 1.5, `before ${before}`);
  assert.ok(after < 0.3, `after ${after}`);
  assert.ok(Math.abs(loss - after) < 0.2, `training ${loss}, unseen ${after}`);
  const others = takeRows(held.vectors, held.texts.map((_, i) => (i + 1) % held.texts.length));
  const shuffled = await lossOf(weights, others);
  assert.ok(shuffled > Math.max(least, after + 1), `shuffled ${shuffled}, true ${after}`);
  const written = await reconstruct(
    tableWriter(weights, shape, bpe),
    takeRows(held.vectors, [0, 1, 2, 3]),
    5,
  );
  const right = written.filter((text, i) => text === held.texts[i]).length;
  assert.ok(right >= 3, written.join(" | "));
});

Deno.test("the reported loss is the mean over tokens, padding left out, whatever the batch", async () => {
  const weights = tinyWeights(shape),
    short = { texts: ["red"], vectors: takeRows(held.vectors, [0]) };
  const long = { texts: held.texts.slice(1, 6), vectors: takeRows(held.vectors, [1, 2, 3, 4, 5]) };
  const both = {
    texts: [...short.texts, ...long.texts],
    vectors: takeRows(held.vectors, [0, 1, 2, 3, 4, 5]),
  };
  const loss = (of: typeof both, batch: number, tokens = 5): Promise<number> =>
    reconstructionLoss(tableWriter(weights, shape, bpe), of, { tokens, batch });
  const tokensOf = ({ texts }: typeof both): number =>
    texts.reduce((n, text) => n + Math.min(5, bpe.encode(text).length + 1), 0);
  const [a, b] = [await loss(short, 1), await loss(long, 2)];
  const mean = (a * tokensOf(short) + b * tokensOf(long)) / (tokensOf(short) + tokensOf(long));
  for (const batch of [1, 4, 8]) {
    const got = await loss(both, batch);
    assert.ok(Math.abs(got - mean) < 1e-5, `batch ${batch}: ${got}, expected ${mean}`);
  }
});

Deno.test("the same seed gives the same weights, bit for bit; another seed or dropout others", async () => {
  const { weights } = await trained(SHORT), again = await trained(SHORT);
  assert.deepEqual(bits(again.weights), bits(weights));
  assert.notDeepEqual(bits((await trained(SHORT, { seed: 2 })).weights), bits(weights));
  assert.notDeepEqual(bits((await trained({ ...SHORT, dropout: 0 })).weights), bits(weights));
});

Deno.test("aborted after any step and resumed, stage 1 ends with the same weights and loss", async () => {
  const folder = await Deno.makeTempDir(), straight = await trained(SHORT);
  for (const every of [1, 3]) {
    for (const stop of every === 1 ? [1, 2, 5, 6] : [2, 5]) {
      const checkpoint = { path: join(folder, `${stop}-${every}.safetensors`), every };
      const controller = new AbortController(), reason = new Error("enough");
      let heard = 0;
      const progress = (): void => {
        if (++heard === stop) controller.abort(reason);
      };
      const watch = { signal: controller.signal, progress, checkpoint };
      await assert.rejects(trained(SHORT, { watch }), reason);
      const resumed = await trained(SHORT, { watch: { checkpoint } });
      assert.deepEqual(bits(resumed.weights), bits(straight.weights), `stopped after ${stop}`);
      assert.equal(resumed.loss, straight.loss, `loss, stopped after ${stop}`);
    }
  }
  const foreign = join(folder, "foreign.safetensors");
  const watch = { checkpoint: { path: foreign, every: 1 } };
  await trained(SHORT, { watch });
  const other = tinyShape({ ...shape, width: 8 });
  await assert.rejects(
    trainReconstruction(
      tableWriter(tinyWeights(other), other, bpe),
      train,
      SHORT,
      random(1),
      watch,
    ),
    DataError,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("steps run over seeded permutations: every text once an epoch, in another order each time", () => {
  const stream = random(3),
    epoch = (e: number): number[] =>
      Array.from({ length: 20 }, (_, i) => pick(stream, 20, 20 * e + i));
  const [first, second] = [epoch(0), epoch(1)];
  for (const order of [first, second]) {
    assert.deepEqual(order.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
  }
  assert.notDeepEqual(second, first);
  assert.deepEqual(epoch(0), first, "asked for again after a later epoch");
  assert.notDeepEqual(Array.from({ length: 20 }, (_, i) => pick(random(4), 20, i)), first);
});

Deno.test("few texts, fewer steps: epochs end training before the most steps do", async () => {
  const few = { texts: train.texts.slice(0, 5), vectors: takeRows(train.vectors, [0, 1, 2, 3, 4]) };
  const options = { ...SHORT, batch: 2, epochs: 1 };
  const report = await trainReconstruction(
    tableWriter(tinyWeights(shape), shape, bpe),
    few,
    options,
    random(1),
    {},
  );
  assert.equal(report.steps, 3);
  assert.ok(Number.isFinite(report.loss));
});
