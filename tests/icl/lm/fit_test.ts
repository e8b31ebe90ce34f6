/** ICL-Router (small LM) behind the contract of routers. */
import assert from "node:assert/strict";
import { random } from "../../../src/base/random.ts";
import { textIclRouter, type TextMethod } from "../../../src/icl/lm/fit.ts";
import type { FitContext, TrainingData } from "../../../src/router/contract.ts";
import { CONTEXT, profiles, qualities, rowsOf, training } from "../../router/hand.ts";
import { TINY } from "../../lm/tiny_decoder.ts";
import { inFolder } from "../../support/folder.ts";
import { withStore } from "./toy.ts";

/** Queries about two things; m0 and m1 solve one each, m2 both, m3 none. */
function data(rows: number, name = "q"): TrainingData {
  const stream = random(1), topics = Array.from({ length: rows }, (_, i) => i % 2);
  const noise = (): number => 0.05 * stream.normal();
  const vectors = topics.map((t) => [1 - t + noise(), t + noise(), noise()]);
  const ids = topics.map((_, i) => `${name}${i}`);
  const train = training(vectors, topics.map((t) => [1 - t, t, 1, 0]), { ids });
  const texts = topics.map((t) => ["the", "in"][t]);
  return { ...train, queries: { ...train.queries, texts } };
}

/** The same rows the other way round. */
function reversed(train: TrainingData): TrainingData {
  const { queries, models: { length: M }, scores } = train,
    order = [...queries.ids.keys()].reverse();
  const cell = (i: number): number[] => [...scores.subarray(i * M, i * M + M)];
  const turned = training(
    order.map((i) => [...queries.vectors.data.subarray(3 * i, 3 * i + 3)]),
    order.map(cell),
    { ids: order.map((i) => queries.ids[i]) },
  );
  return { ...turned, queries: { ...turned.queries, texts: order.map((i) => queries.texts[i]) } };
}

const QUICK: Omit<TextMethod, "root"> = {
  model: "tiny",
  rank: 2,
  profile: 4,
  stage1: {
    ...{ projectorEpochs: 1, jointEpochs: 1, batch: 8, projectorRate: 0.01, modelRate: 0.01 },
  },
  stage2: { epochs: 1, models: 4, targets: 8, projectorRate: 0.01, modelRate: 0.01 },
};

Deno.test("fitted on rows, it routes by text and takes in a model without training", async () => {
  await withStore(async (root) => {
    const stage2 = { epochs: 14, models: 4, targets: 8, projectorRate: 0.006, modelRate: 0.006 };
    const method: TextMethod = { ...QUICK, root, rank: undefined, stage1: null, stage2 };
    const train = data(60), list = ["q0", "q1", "q2", "q3"], shares: number[] = [];
    const context: FitContext = {
      ...CONTEXT,
      profile: list,
      progress: (share) => void shares.push(share),
    };
    const fitted = await textIclRouter("test", "a test", method).fit(train, method, context);
    const test = data(6).queries, made = await qualities(fitted, test);
    const expected = [[1, 0, 1, 0], [0, 1, 1, 0]];
    made.forEach((row, i) =>
      assert.deepEqual(row.map((p) => p > 0.5 ? 1 : 0), expected[i % 2], `query ${i}: ${row}`)
    );
    assert.equal(shares.at(-1), 1);
    assert.match(fitted.describe().notes!.join("\n"), /qwen2, 2 layers of width 32.*full fine-tun/);
    assert.match(
      fitted.describe().notes!.join("\n"),
      /4 profile queries.*; 56 target queries\nno stage 1/s,
    );

    const vectors = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]];
    const wider = await fitted.withModels!(profiles(["m10"], vectors, [[0], [1], [0], [1]]));
    assert.deepEqual(wider.models, ["m0", "m1", "m10", "m2", "m3"]);
    const after = await qualities(wider, test);
    assert.deepEqual(after.map((row) => row.toSpliced(2, 1)), made, "old models, to the bit");
    after.forEach((row, i) => assert.equal(row[2] > 0.5, i % 2 === 1, `m10 on query ${i}`));
    const nothing = profiles(["m11"], vectors, vectors.map(() => [undefined]));
    await assert.rejects(
      async () => await fitted.withModels!(nothing),
      { name: "CapabilityError", message: "m11: 0 labelled queries, a record needs at least 4" },
    );
  }, { ...TINY, hidden_size: 32, intermediate_size: 64 });
});

Deno.test("with stage 1 and LoRA: the same fit twice, in whatever order rows come", async () => {
  await withStore(async (root) => {
    const router = textIclRouter("test", "a test", { ...QUICK, root }), queries = data(4).queries;
    const run = async (train: TrainingData): Promise<number[][]> => {
      const fitted = await router.fit(train, router.grid[0], CONTEXT);
      assert.match(fitted.describe().notes!.join("\n"), /LoRA of rank 2.*stage 1, nats a token/s);
      const quality = await fitted.predict(queries);
      return rowsOf(quality as { quality: Float64Array }, 4);
    };
    const once = await run(data(24));
    assert.ok(once.flat().every((p) => p > 0 && p < 1));
    assert.deepEqual(await run(reversed(data(24))), once);
  });
});

Deno.test("records of a given list: validation rows stand in them once nothing is chosen by them, never are they targets", async () => {
  await withStore(async (root) => {
    const router = textIclRouter("test", "a test", { ...QUICK, root, profile: 6, stage1: null });
    const train = { ...data(24), validation: data(8, "v") };
    train.validation.scores[4 * 1 + 2] = NaN; // v1 cannot be used
    const profile = ["v0", "v1", "v2", "q0", "q1", "q2", "q3", "v3"];
    const notes = async (stage: FitContext["stage"]): Promise<string> => {
      const fitted = await router.fit(train, router.grid[0], { ...CONTEXT, stage, profile });
      return fitted.describe().notes!.join("\n");
    };
    assert.match(await notes("tune"), /^4 of 6 profile queries.*; 20 target queries$/m);
    assert.match(await notes("final"), /^6 profile queries.*; 20 target queries$/m);
  });
});

Deno.test("a fit that was stopped, in either stage, goes on where it kept its state and ends with the same bytes", async () => {
  await withStore(async (root) => {
    const stage1 = { ...QUICK.stage1!, mostSteps: 6 }, queries = data(4).queries;
    const stage2 = { ...QUICK.stage2!, epochs: 4, mostSteps: 9 };
    const router = textIclRouter("test", "a test", { ...QUICK, root, stage1, stage2 });
    const fit = async (changes: Partial<FitContext> = {}): Promise<number[][]> => {
      const fitted = await router.fit(data(60), router.grid[0], { ...CONTEXT, ...changes });
      assert.match(fitted.describe().notes!.join("\n"), /^stage 2, loss by epoch: 0\.\d+ 0\.\d+$/m);
      return await qualities(fitted, queries);
    };
    const straight = await fit();
    for (const stop of [8, 18]) { // of 6 + 6 + 9 steps
      await inFolder(async (unfinished) => {
        const controller = new AbortController(), reason = new Error("enough");
        let heard = 0;
        const progress = (): void => {
          if (++heard === stop) controller.abort(reason);
        };
        await assert.rejects(fit({ unfinished, progress, signal: controller.signal }), reason);
        const shares: number[] = [];
        const again = await fit({ unfinished, progress: (share) => void shares.push(share) });
        assert.deepEqual(again, straight);
        assert.equal(
          shares.length,
          stop === 8 ? 15 : 4,
          "steps that were kept are not made again",
        );
      });
    }
  });
});

Deno.test("validation rows calibrate: the answers of a pool in which half is solved are about a half on average", async () => {
  await withStore(async (root) => {
    const train = data(60);
    const router = textIclRouter("test", "a test", { ...QUICK, root, stage1: null });
    const calibrated = { ...train, validation: data(40, "v") };
    const fitted = await router.fit(calibrated, router.grid[0], CONTEXT);
    assert.match(fitted.describe().notes!.join("\n"), /on 160 validation cells/);
    const all = (await qualities(fitted, data(20).queries)).flat();
    const mean = all.reduce((a, b) => a + b, 0) / all.length;
    assert.ok(Math.abs(mean - 0.5) < 0.02, `${mean}`);
  });
});
