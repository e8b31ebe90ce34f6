/** ICL-Router with a language model: prompts, scores, what it learns, what is kept in a file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../../src/base/random.ts";
import { matrix } from "../../../src/linalg/matrix.ts";
import { type Record, recordOf } from "../../../src/icl/record.ts";
import {
  reconstructionPrompt,
  recordPrompt,
  targetPrompt,
  WORDING,
} from "../../../src/icl/lm/prompts.ts";
import { TextReader } from "../../../src/icl/lm/reader.ts";
import { trainTextReconstruction } from "../../../src/icl/lm/stage1.ts";
import {
  loadTextRouter,
  openTextRouter,
  saveTextRouter,
  type TextRouter,
} from "../../../src/icl/lm/model.ts";
import { type TextRouting, trainTextRouting } from "../../../src/icl/lm/stage2.ts";
import { near } from "../../nn/differences.ts";
import { DATA, INPUT, LORA, naive, record, STILL, TEXTS, vectorOf, withRouter } from "./toy.ts";
import { TINY, WHOLE_WORDS, writeDecoder } from "../../lm/tiny_decoder.ts";

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

Deno.test("a target's text is cut at a number of tokens, its question is not", async () => {
  await withRouter("frozen", ({ backbone: { tokenizer } }) => {
    const whole = targetPrompt(tokenizer, "the in the in"),
      cut = (most: number) => tokenizer.decode(targetPrompt(tokenizer, "the in the in", most));
    assert.deepEqual(targetPrompt(tokenizer, "the in the in", 99), whole);
    const question = `\n\n${WORDING.question}`;
    assert.ok(cut(2).includes(question) && !cut(2).includes("the in the in"), cut(2));
    const some = targetPrompt(tokenizer, "the ".repeat(1000), 7).length;
    assert.equal(targetPrompt(tokenizer, "the ".repeat(100_000), 7).length, some);
    assert.equal(targetPrompt(tokenizer, "the ".repeat(1000), 9).length, some + 2);
    return Promise.resolve();
  });
});

Deno.test("what does not fit the model even so is refused", async () => {
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
  ...{ epochs: 14, models: 4, targets: 8, projectorRate: 0.006, modelRate: 0.006 },
};

Deno.test("full fine-tuning learns to read record and query: fresh specialists get their queries", async () => {
  const data = scene([[0], [1], [0, 1], []], 60, 9),
    wide = { hidden_size: 32, intermediate_size: 64 };
  await withRouter(
    "full",
    async (router, _, folder) => {
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
    },
    { ...TINY, ...wide },
    WHOLE_WORDS,
  );
});

Deno.test("LoRA learns to read records; the file holds what was learned, and gives equal scores", async () => {
  const data = scene([[0, 1], []], 24, 9), plan = { ...LEARN, epochs: 20, projectorRate: 0.01 };
  await withRouter(
    LORA,
    async (router, weights, folder) => {
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
      await refuse(
        await openTextRouter(folder, { ...options, input: 6 }),
        /input is 5, expected 6/,
      );
      const alpha = await openTextRouter(folder, { ...options, tuning: { ...LORA, alpha: 8 } });
      await refuse(alpha, /alpha is 4, expected 8/);
      const linear = await openTextRouter(folder, { ...options, linearProjector: true });
      await refuse(linear, /"projector\.down_proj\.weight" is no parameter that is trained here/);
      await writeDecoder(
        folder,
        TINY,
        (w) => w.get("model.norm.weight")!.data[0] += 1,
        undefined,
        WHOLE_WORDS,
      );
      await refuse(await openTextRouter(folder, options), /backbone is [0-9a-f]{64}, expected/);
    },
    TINY,
    WHOLE_WORDS,
  );
});
