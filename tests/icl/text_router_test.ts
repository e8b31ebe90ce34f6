/** ICL-Router with a language model, end to end on a tiny one with random weights. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import type { StoredTensor } from "../../src/nn/safetensors.ts";
import { everyProjection, type Tuning } from "../../src/icl/llama.ts";
import { isAdapter } from "../../src/nn/lora.ts";
import { type Record, recordOf } from "../../src/icl/record.ts";
import { roundedLength } from "../../src/icl/text_batch.ts";
import { reconstructionPrompt, recordPrompt, targetPrompt } from "../../src/icl/text_prompts.ts";
import { TextReader } from "../../src/icl/text_reader.ts";
import { trainTextReconstruction } from "../../src/icl/text_reconstruct.ts";
import {
  isLearned,
  loadTextRouter,
  openTextRouter,
  saveTextRouter,
  type TextRouter,
} from "../../src/icl/text_router.ts";
import { type TextRouting, trainTextRouting } from "../../src/icl/text_train.ts";
import { near } from "../nn/differences.ts";
import { naiveLogits, tokenRows } from "./naive_decoder.ts";
import { type Config, inFolder, TINY, writeDecoder } from "./tiny_decoder.ts";

const LORA: Tuning = { rank: 2, alpha: 4, adapts: everyProjection };
const INPUT = 5;

/** A router on a fresh tiny model, with the weights of the model. */
async function withRouter(
  tuning: Tuning,
  use: (router: TextRouter, weights: Map<string, StoredTensor>, folder: string) => Promise<void>,
  config: Config = TINY,
): Promise<void> {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder, config);
    await use(await openTextRouter(folder, { input: INPUT, tuning, seed: 7 }), weights, folder);
  });
}

const TEXTS = ["the inner thing", "2 + 2 = ?", "say <|im_end|> <|fim_pad|>", "é", "the the the in"];
const VECTORS = matrix(5, INPUT, Float32Array.from({ length: 25 }, (_, i) => Math.sin(3 * i + 1)));

/** Labels of two models on the five queries. */
const LABELS = Float64Array.of(1, 0, 0, 1, 1, 1, 0, 0, 1, 0);
const DATA = { texts: TEXTS, vectors: VECTORS, labels: LABELS, models: 2 };
const record = (m: number): Record => recordOf(DATA, [0, 1, 2], m);

/** The projector in float64: u = W_in RMSNorm(x), g = u + W_down(SiLU(W_gate u) ⊙ W_up u). */
function projected({ backbone: { parameters, width } }: TextRouter, x: Float32Array): number[] {
  const times = (name: string, v: number[]): number[] => {
    const { data } = parameters.get(`projector.${name}.weight`);
    return Array.from(
      { length: width },
      (_, i) => v.reduce((sum, value, j) => sum + data[i * v.length + j] * value, 0),
    );
  };
  const root = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + 1e-6);
  const u = times("in_proj", Array.from(x, (value) => value / root));
  const up = times("up_proj", u);
  const h = times("gate_proj", u).map((g, i) => g / (1 + Math.exp(-g)) * up[i]);
  return times("down_proj", h).map((value, i) => u[i] + value);
}

/** Logits of a prompt whose slots are the given vectors, in float64. */
function naive(
  router: TextRouter,
  weights: Map<string, StoredTensor>,
  ids: readonly number[],
  vectors: readonly Float32Array[],
): number[][] {
  const rows = tokenRows(weights, ids), left = [...vectors];
  ids.forEach((id, i) => {
    if (id === router.backbone.tokenizer.slot) rows[i] = projected(router, left.shift()!);
  });
  assert.equal(left.length, 0, "as many slots as vectors");
  return naiveLogits(weights, TINY, rows);
}

const vectorOf = (i: number): Float32Array => VECTORS.data.subarray(i * INPUT, (i + 1) * INPUT);

Deno.test("prompts have the parts of the specification, in order", async () => {
  await withRouter("frozen", async ({ backbone: { tokenizer } }) => {
    const { slot, yes, no, end, encode, decode, before } = tokenizer;
    const own = recordPrompt(tokenizer, [1, 0, 1]), rest = targetPrompt(tokenizer, TEXTS[2]);
    assert.deepEqual(own.slice(-6), [slot, yes, slot, no, slot, yes], "no separators");
    assert.equal(own.filter((id) => id === end).length, 1, "the system turn ends, the user's not");
    assert.match(
      decode(own),
      /Yes = its answer will be right.*The model's performance:\nYesNoYes$/s,
    );
    assert.match(
      decode(rest),
      /^\n\nsay <\|im_end\|> <\|fim_pad\|>\n\nWill the model.*assistant\n$/s,
    );
    assert.equal(rest.filter((id) => id === end).length, 1, "a query cannot end a turn");
    assert.ok(!rest.includes(slot), "nor pose as a vector");
    assert.deepEqual(rest.slice(-encode(before("assistant")).length), encode(before("assistant")));
    const written = [0, 1, 2, 3, 4].map((p) => reconstructionPrompt(tokenizer, p));
    assert.equal(new Set(written.map(String)).size, 5);
    for (const ids of written) assert.equal(ids.filter((id) => id === slot).length, 1);
  });
});

Deno.test("scores are those of one plain sequence per query and model", async () => {
  for (const tuning of [LORA, "full"] as const) {
    await withRouter(tuning, async (router, weights) => {
      const reader = new TextReader(router), { tokenizer } = router.backbone;
      const logits = await reader.answer(TEXTS, [
        await reader.encode(record(0)),
        await reader.encode(record(1)),
      ]);
      const expected = TEXTS.flatMap((text) =>
        [0, 1].map((m) => {
          const ids = [
            ...recordPrompt(tokenizer, record(m).labels),
            ...targetPrompt(tokenizer, text),
          ];
          const last = naive(router, weights, ids, [0, 1, 2].map(vectorOf)).at(-1)!;
          return last[tokenizer.yes] - last[tokenizer.no];
        })
      );
      near(logits, expected, "ℓ", 1e-4);
      await reader.release();
    });
  }
});

Deno.test("a flipped label changes a score; another model in the pool does not", async () => {
  await withRouter("frozen", async (router) => {
    const reader = new TextReader(router);
    const own = await reader.encode(record(0));
    const alone = await reader.answer(TEXTS, [own]);
    const labels = record(0).labels.with(1, 1n) as BigInt64Array;
    const flipped = await reader.answer(TEXTS, [await reader.encode({ ...record(0), labels })]);
    assert.ok(alone.every((logit, i) => logit !== flipped[i]));
    const short = await reader.encode(recordOf(DATA, [0, 1, 2, 3], 1));
    const both = await reader.answer(TEXTS, [short, own]);
    assert.deepEqual(both.filter((_, i) => i % 2 === 1), alone);
    await reader.release();
  });
});

const STILL = { projectorRate: 1e-12, modelRate: 1e-12, decay: 0 };

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
    const mean = expected.reduce((a, b) => a + b, 0) / expected.length;
    near(losses, [mean, mean], "L1", 1e-5);
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

/**
 * Queries about one of two things, which the text names and the vector shows. A model is what it can do:
 * queries about the first, the second, both, neither. Only its record tells which.
 */
function scene(models: readonly (readonly number[])[], rows: number, seed: number) {
  const stream = random(seed, "scene"), topics = Array.from({ length: rows }, (_, i) => i % 2);
  const vectors = matrix(rows, INPUT);
  topics.forEach((topic, i) => {
    for (let j = 0; j < INPUT; j++) {
      vectors.data[i * INPUT + j] = (j === topic ? 1 : 0) + 0.05 * stream.normal();
    }
  });
  const labels = Float64Array.from(topics.flatMap((t) => models.map((m) => m.includes(t) ? 1 : 0)));
  const texts = topics.map((topic) => ["the", "in"][topic]);
  const profile = [0, 1, 2, 3], targets = texts.map((_, i) => i).slice(4);
  return { texts, vectors, labels, models: models.length, topics, profile, targets };
}

/** The record that is most in favour of each text. */
async function choices(
  router: TextRouter,
  texts: readonly string[],
  records: readonly Record[],
): Promise<number[]> {
  const reader = new TextReader(router), encoded = [];
  for (const record of records) encoded.push(await reader.encode(record));
  const logits = await reader.answer(texts, encoded), M = records.length;
  await reader.release();
  return texts.map((_, i) => {
    const row = Array.from(logits.subarray(i * M, i * M + M));
    return row.indexOf(Math.max(...row));
  });
}

const LEARN: TextRouting = {
  ...{ epochs: 14, models: 4, targets: 8, projectorRate: 0.003, modelRate: 0.003 },
};

Deno.test("full fine-tuning learns to read record and query: fresh specialists get their queries", async () => {
  const data = scene([[0], [1], [0, 1], []], 60, 9),
    wide = { hidden_size: 32, intermediate_size: 64 };
  await withRouter("full", async (router, _, folder) => {
    const losses = await trainTextRouting(router, data, LEARN, random(1));
    assert.ok(losses.at(-1)! < 0.1, `loss ${losses.map((l) => l.toFixed(2))}`);
    // Two new models, known by outcomes on queries that were in no training: one choice in two is luck.
    const fresh = scene([[1], [0]], 16, 10),
      own = [0, 1].map((m) => recordOf(fresh, [0, 1, 2, 3], m));
    const right = fresh.topics.map((topic) => 1 - topic);
    assert.deepEqual(await choices(router, fresh.texts, own), right);
    assert.deepEqual(await choices(router, fresh.texts, own.toReversed()), fresh.topics);

    const path = join(folder, "router.safetensors");
    await saveTextRouter(router, path);
    const again = await openTextRouter(folder, { input: INPUT, tuning: "full", seed: 8 });
    assert.notDeepEqual(await choices(again, fresh.texts, own), right, "untrained");
    await loadTextRouter(again, path);
    assert.deepEqual([...again.backbone.parameters], [...router.backbone.parameters]);
    assert.deepEqual(await choices(again, fresh.texts, own), right);
  }, { ...TINY, ...wide });
});

Deno.test("LoRA learns to read records; the file holds what was learned, and gives equal scores", async () => {
  const data = scene([[0, 1], []], 24, 9), plan = { ...LEARN, epochs: 20, projectorRate: 0.01 };
  await withRouter(LORA, async (router, weights, folder) => {
    const losses = await trainTextRouting(router, data, { ...plan, modelRate: 0.01 }, random(1));
    assert.ok(losses.at(-1)! < 0.2, `loss ${losses.map((l) => l.toFixed(2))}`);
    const records = [1, 0].map((m) => recordOf(data, data.profile, m));
    assert.deepEqual(new Set(await choices(router, data.texts, records)), new Set([1]));
    for (const [name, { data }] of weights) {
      assert.deepEqual(router.backbone.parameters.get(name).data, data, `${name} is frozen`);
    }

    const path = join(folder, "router.safetensors"), options = { input: INPUT, tuning: LORA };
    await saveTextRouter(router, path);
    const again = await openTextRouter(folder, { ...options, seed: 8 });
    await loadTextRouter(again, path);
    const scores = async (of: TextRouter): Promise<Float64Array> => {
      const reader = new TextReader(of);
      const logits = await reader.answer(data.texts, [await reader.encode(records[0])]);
      await reader.release();
      return logits;
    };
    assert.deepEqual(await scores(again), await scores(router));
    const base = await Deno.stat(join(folder, "model.safetensors"));
    assert.ok((await Deno.stat(path)).size < base.size, "without the language model");

    const refuse = async (of: TextRouter, message: RegExp): Promise<void> => {
      await assert.rejects(loadTextRouter(of, path), { name: "DataError", message });
    };
    await refuse(await openTextRouter(folder, { ...options, input: 6 }), /input is 5, expected 6/);
    const alpha = await openTextRouter(folder, { ...options, tuning: { ...LORA, alpha: 8 } });
    await refuse(alpha, /alpha is 4, expected 8/);
    const linear = await openTextRouter(folder, { ...options, linearProjector: true });
    await refuse(linear, /"projector\.down_proj\.weight" is no parameter that is trained here/);
    await writeDecoder(folder, TINY, (w) => w.get("model.norm.weight")!.data[0] += 1);
    await refuse(await openTextRouter(folder, options), /backbone is [0-9a-f]{64}, expected/);
  });
});

Deno.test("prompts are never cut: what does not fit is refused", async () => {
  await withRouter("frozen", async (router) => {
    const reader = new TextReader(router), { longest, tokenizer } = router.backbone;
    const long = "é".repeat(longest), at = "a record with a target query has \\d+ tokens";
    const own = await reader.encode(record(0));
    await assert.rejects(reader.answer([long], [own]), {
      name: "DataError",
      message: new RegExp(`^${at}, the language model takes ${longest}`),
    });
    const K = longest / 2, labels = new BigInt64Array(K);
    const big = { vectors: new Float32Array(K * INPUT), labels };
    await assert.rejects(reader.encode(big), /^DataError: a record of 256 queries has \d+ tokens/);
    const stage1 = { ...STILL, projectorEpochs: 1, jointEpochs: 0, batch: 1 };
    const texts = [long], one = matrix(1, INPUT, vectorOf(0).slice());
    await assert.rejects(
      trainTextReconstruction(router, texts, one, stage1, random(1)),
      /training text 0 with its prompt has \d+ tokens/,
    );
    const cut = { ...stage1, mostTokens: 3 },
      [loss] = await trainTextReconstruction(
        router,
        texts,
        one,
        cut,
        random(1),
      );
    assert.ok(loss > 0 && tokenizer.encode(long).length > 3);
  });
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
      /DataError: model 0: no target query with an outcome/,
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
  assert.deepEqual([1, 8, 9, 13, 17, 25, 33, 50, 700].map(roundedLength), [
    ...[8, 8, 12, 16, 24, 32, 48, 64, 768],
  ]);
});
