/** Both stages with a language model: losses to the definition, what moves, what is refused. */
import assert from "node:assert/strict";
import { random } from "../../../src/base/random.ts";
import { isAdapter } from "../../../src/nn/lora.ts";
import { roundedLength } from "../../../src/icl/lm/batch.ts";
import { reconstructionPrompt } from "../../../src/icl/lm/prompts.ts";
import { TextReader } from "../../../src/icl/lm/reader.ts";
import { trainTextReconstruction } from "../../../src/icl/lm/stage1.ts";
import { isLearned } from "../../../src/icl/lm/model.ts";
import { trainTextRouting } from "../../../src/icl/lm/stage2.ts";
import { near } from "../../nn/differences.ts";
import {
  DATA,
  LABELS,
  LORA,
  naive,
  record,
  STILL,
  TEXTS,
  vectorOf,
  VECTORS,
  withRouter,
} from "./toy.ts";

Deno.test("the loss of stage 1 is the mean over queries of the mean over their tokens", async () => {
  await withRouter("full", async (router, weights) => {
    const { tokenizer } = router.backbone, stream = random(2, "stage 1");
    const plan = { ...STILL, projectorEpochs: 1, jointEpochs: 1, batch: 5 };
    const losses = await trainTextReconstruction(router, TEXTS, VECTORS, plan, stream);
    const expected = TEXTS.map((text, i) => {
      const prompt = reconstructionPrompt(tokenizer, stream.fork("paraphrase", i).integer(5));
      const target = [...tokenizer.encode(text), tokenizer.end];
      const logits = naive(router, weights, [...prompt, ...target.slice(0, -1)], [vectorOf(i)]);
      const each = target.map((id, t) => {
        const row = logits[prompt.length - 1 + t];
        return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[id];
      });
      return each.reduce((a, b) => a + b, 0) / each.length;
    });
    const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
    near(losses, [mean(expected), mean(expected)], "L1", 1e-5);
    // Batches of two, in parts of one: an epoch meets every text once.
    const split = { ...plan, batch: 2, micro: 1 }, four = TEXTS.slice(0, 4);
    const parts = await trainTextReconstruction(router, four, VECTORS, split, stream);
    near(parts, [mean(expected.slice(0, 4)), mean(expected.slice(0, 4))], "L1 in parts", 1e-5);
    const uneven = trainTextReconstruction(
      router,
      four,
      VECTORS,
      { ...split, batch: 3, micro: 2 },
      stream,
    );
    await assert.rejects(uneven, /RangeError: micro-batches of 2 do not fill a batch of 3/);
  });
});

Deno.test("the loss of stage 2 is the binary cross-entropy of the scores", async () => {
  await withRouter(LORA, async (router) => {
    const plan = { ...STILL, epochs: 2, models: 2, targets: 2 };
    const data = { ...DATA, profile: [0, 1, 2], targets: [3, 4] };
    const losses = await trainTextRouting(router, data, plan, random(2));
    const reader = new TextReader(router);
    const records = [await reader.encode(record(0)), await reader.encode(record(1))];
    const logits = await reader.answer(TEXTS.slice(3), records);
    const each = logits.map((l, i) => Math.log1p(Math.exp(l)) - LABELS[6 + i] * l);
    const mean = each.reduce((a, b) => a + b, 0) / each.length;
    near(losses, [mean, mean], "L2", 1e-5);
    // One model and one target a step: an epoch meets every pair once.
    const single = { ...plan, models: 1, targets: 1 };
    near(
      await trainTextRouting(router, data, single, random(2)),
      [mean, mean],
      "L2 in parts",
      1e-5,
    );
    await reader.release();
  });
});

Deno.test("stage 1 trains the projector, then what is to be trained of the model", async () => {
  const plan = { projectorRate: 0.02, modelRate: 0.02, batch: 4, micro: 2 };
  for (const tuning of [LORA, "full"] as const) {
    await withRouter(tuning, async (router) => {
      const { parameters } = router.backbone, start = parameters.snapshot();
      const changed = (): string[] =>
        [...parameters].filter(([name, { data }]) =>
          data.some((value, i) => value !== start.get(name)![i])
        ).map(([name]) => name);
      const run = (projectorEpochs: number, jointEpochs: number): Promise<number[]> => {
        const options = { ...plan, projectorEpochs, jointEpochs };
        return trainTextReconstruction(router, TEXTS, VECTORS, options, random(4));
      };
      await run(1, 0);
      const projector = changed();
      assert.ok(projector.length > 3 && projector.every((name) => name.startsWith("projector.")));
      const losses = await run(0, 12);
      assert.ok(losses.at(-1)! < 0.75 * losses[0], `${losses}`);
      const learned = [...parameters].map(([name]) => name).filter((n) => isLearned(router, n));
      assert.deepEqual(changed(), learned);
      assert.equal(learned.some(isAdapter), tuning === LORA);
    });
  }
});

Deno.test("missing outcomes: not on the profile, and left out of the targets", async () => {
  await withRouter("frozen", async (router) => {
    const plan = { ...STILL, epochs: 1, models: 2, targets: 1 };
    const train = (labels: Float64Array): Promise<number[]> => {
      const data = { ...DATA, labels, profile: [0, 1, 2], targets: [3, 4] };
      return trainTextRouting(router, data, plan, random(1));
    };
    await assert.rejects(
      train(LABELS.with(3, NaN)),
      /DataError: model 1: no outcome on 1 of 3 profile queries/,
    );
    await assert.rejects(
      train(LABELS.with(6, NaN).with(8, NaN)),
      /CapabilityError: model 0: no target query with an outcome/,
    );
    assert.ok((await train(LABELS.with(8, NaN))).every(Number.isFinite));
  });
});

Deno.test("training can be watched and ended", async () => {
  await withRouter("frozen", async (router) => {
    const shares: number[] = [], aborted = new AbortController();
    const data = { ...DATA, profile: [0, 1, 2], targets: [3, 4] };
    const plan = { ...STILL, epochs: 4, models: 2, targets: 2 };
    const progress = (share: number): void => {
      if (shares.push(share) === 2) aborted.abort(new Error("enough"));
    };
    const watch = { signal: aborted.signal, progress };
    await assert.rejects(trainTextRouting(router, data, plan, random(1), watch), /enough/);
    assert.deepEqual(shares, [0.25, 0.5]);
  });
});

Deno.test("lengths are rounded up to few values", () => {
  assert.deepEqual([1, 32, 33, 64, 65, 700].map(roundedLength), [32, 32, 64, 64, 128, 1024]);
});
