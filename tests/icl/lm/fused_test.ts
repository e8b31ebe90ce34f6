/** The middle of a tiny language model that reads records, beside loops; and as a router, from fit to new models. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { random } from "../../../src/base/random.ts";
import { matrix, row } from "../../../src/linalg/matrix.ts";
import { type FusedNetwork, isAdded, openFused } from "../../../src/icl/lm/fused.ts";
import { fusedRouter } from "../../../src/icl/lm/fused_router.ts";
import type { FusedMethod } from "../../../src/icl/lm/fused_training.ts";
import { Reader } from "../../../src/icl/reader.ts";
import type { Record } from "../../../src/icl/record.ts";
import { isAdapter } from "../../../src/nn/lora.ts";
import { readSafetensors, type StoredTensor } from "../../../src/nn/safetensors.ts";
import type { FitContext } from "../../../src/router/contract.ts";
import { naiveStates } from "../../lm/naive_decoder.ts";
import { writeDecoder } from "../../lm/tiny_decoder.ts";
import { inFolder } from "../../support/folder.ts";
import { CONFIG, FROM, INPUT, TO, withMethod } from "./tiny_fused.ts";
import { context, fresh, old, profilesOf, queries, training } from "../tiny_router.ts";

type Weights = ReadonlyMap<string, StoredTensor>;

async function withNetwork(
  use: (network: FusedNetwork, weights: Weights) => Promise<void> | void,
  identities?: number,
): Promise<void> {
  await inFolder(async (folder) => {
    const weights = await writeDecoder(folder, CONFIG);
    const network = await openFused({
      ...{ folder, from: FROM, to: TO, rank: 2, input: INPUT, identities },
      random: random(7),
    });
    await use(network, weights);
  });
}

/** ℓ of a target behind a record, in float64 loops over one sequence. */
function naiveAnswer(
  { parameters }: FusedNetwork,
  weights: Weights,
  { vectors, labels }: Record,
  target: Float32Array,
): number {
  const numbers = (name: string): Float32Array => parameters.get(name).data;
  const width = numbers("projector.bias").length, K = labels.length;
  const token = (v: Float32Array): number[] => {
    const root = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0) / v.length + 1e-6);
    return Array.from(
      numbers("projector.bias"),
      (b, i) =>
        v.reduce((sum, x, j) => sum + x / root * numbers("projector.weight")[i * v.length + j], b),
    );
  };
  const told = (label: number): Float32Array =>
    numbers("label_table").subarray(label * width, (label + 1) * width);
  const rows = Array.from({ length: K }, (_, k) => {
    const v = vectors.subarray(k * INPUT, (k + 1) * INPUT);
    return token(v).map((x, i) => x + told(Number(labels[k]))[i]);
  });
  const states = naiveStates(weights, CONFIG, [...rows, token(target)], TO, FROM);
  const x = states.at(-1)!, gain = weights.get("model.norm.weight")!.data;
  const root = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / width + CONFIG_EPSILON);
  return x.reduce(
    (sum, v, i) => sum + v / root * gain[i] * numbers("answer_head")[i],
    numbers("answer_bias")[0],
  );
}

const CONFIG_EPSILON = 1e-5;

function made(rows: number, seed: number): Float32Array {
  const stream = random(seed, "vectors");
  return Float32Array.from({ length: rows * INPUT }, () => stream.normal());
}

const RECORD: Record = { vectors: made(5, 1), labels: BigInt64Array.of(1n, 0n, 0n, 1n, 1n) };

Deno.test("the middle of a language model answers as one sequence of its blocks does", async () => {
  await withNetwork(async (network, weights) => {
    const reader = new Reader(network), targets = matrix(3, INPUT, made(3, 2));
    const logits = await reader.answer(targets, [await reader.encode(RECORD)]);
    const expected = [0, 1, 2].map((i) => naiveAnswer(network, weights, RECORD, row(targets, i)));
    logits.forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < 1e-4, `${x} ${expected[i]}`));
    assert.ok(new Set(expected.map((x) => x.toFixed(4))).size === 3, `${expected}`);
    await reader.release();
  });
});

Deno.test("keys and values are kept for the key-value heads, two of four", async () => {
  await withNetwork(async (network) => {
    const reader = new Reader(network), { memory } = await reader.encode(RECORD);
    assert.deepEqual(network.memoryShape(5), [1, 2, 5, 6]);
    assert.deepEqual(Object.values(memory).map((x) => (x as Float32Array).length), [
      60,
      60,
      60,
      60,
    ]);
    await reader.release();
  });
});

Deno.test("only the blocks between are loaded; adapters and the router's own numbers are trained", async () => {
  await withNetwork(({ parameters, group }) => {
    const names = [...parameters].map(([name]) => name);
    assert.ok(!names.some((name) => /layers\.(0|3)\./.test(name)));
    assert.ok(!names.includes("model.embed_tokens.weight"));
    for (const [name, { shape }] of parameters) {
      assert.equal(group(name, shape, 0) !== null, isAdapter(name) || isAdded(name), name);
    }
    assert.ok(names.some((name) => name.startsWith("model.layers.1.self_attn.q_proj.lora")));
  });
});

const pool = training(old);

Deno.test("as a router: probabilities, one seed the same bytes, another seed others", async () => {
  await withMethod(async (method) => {
    const router = fusedRouter("tiny", "a test", method);
    const quality = async (seed: number): Promise<Float64Array> => {
      const made = await router.fit(training(old), method, context({ seed }));
      const predicted = await made.predict(queries());
      assert.ok("quality" in predicted);
      return predicted.quality;
    };
    const once = await quality(7);
    assert.ok(once.every((p) => p > 0 && p < 1));
    assert.deepEqual(await quality(7), once);
    assert.notDeepEqual(await quality(8), once);
  });
});

Deno.test("a fit that was stopped goes on where it kept its state, and ends with the same bytes", async () => {
  await withMethod(async (method) => {
    await inFolder(async (unfinished) => {
      const router = fusedRouter("tiny", "a test", method);
      const fit = async (changes: Partial<FitContext>): Promise<Float64Array> => {
        const fitted = await router.fit(training(old), method, context(changes));
        const predicted = await fitted.predict(queries());
        assert.ok("quality" in predicted);
        return predicted.quality;
      };
      const straight = await fit({}),
        controller = new AbortController(),
        reason = new Error("enough");
      let heard = 0;
      const progress = (): void => {
        if (++heard === 11) controller.abort(reason);
      };
      await assert.rejects(fit({ unfinished, progress, signal: controller.signal }), reason);
      const left = [...Deno.readDirSync(unfinished)].map(({ name }) => name);
      assert.equal(left.length, 1);
      const { tensors } = await readSafetensors(join(unfinished, left[0]));
      assert.ok(
        ![...tensors.keys()].some((name) => name.endsWith("q_proj.weight")),
        "frozen ones are not kept",
      );
      const shares: number[] = [];
      assert.deepEqual(
        await fit({ unfinished, progress: (share) => shares.push(share) }),
        straight,
      );
      assert.deepEqual(shares, [11 / 12, 1], "ten of twelve steps were kept");
      // Another fit in the same folder starts from the beginning.
      const other: number[] = [];
      await fit({ unfinished, seed: 8, progress: (share) => other.push(share) });
      assert.equal(other.length, 12);
    });
  });
});

Deno.test("stage 1 before: said on the card, in answers, and resumed with the same bytes", async () => {
  await withMethod(async (plain) => {
    await inFolder(async (unfinished) => {
      const method = { ...plain, stage1Steps: 12 }, router = fusedRouter("tiny", "a test", method);
      const fit = async (config: FusedMethod, changes: Partial<FitContext> = {}) => {
        const fitted = await router.fit(training(old), config, context(changes));
        const predicted = await fitted.predict(queries());
        assert.ok("quality" in predicted);
        return { quality: predicted.quality, notes: fitted.describe().notes ?? [] };
      };
      const straight = await fit(method);
      assert.match(straight.notes.join("\n"), /stage 1: 12 steps, \d\.\d+ nats a token/);
      assert.notDeepEqual(straight.quality, (await fit(plain)).quality);
      await assert.rejects(
        fit({ ...method, randomBlocks: true }),
        /stage 1 needs the pre-trained blocks/,
      );
      await fit(method, { unfinished }); // leaves both stages' states
      assert.deepEqual(await fit(method, { unfinished }), straight);
    });
  });
});

Deno.test("new models join by their records; a record too short is refused; one of one class is read", async () => {
  await withMethod(async (method) => {
    const router = fusedRouter("tiny", "a test", method);
    const known = await router.fit(pool, method, context());
    const profiles = profilesOf(fresh, 40), larger = await known.withModels!(profiles);
    assert.deepEqual(larger.models, [...old.models, ...fresh.models].sort());
    const before = await known.predict(queries()), after = await larger.predict(queries());
    assert.ok("quality" in before && "quality" in after);
    const M = old.models.length, N = larger.models.length;
    for (const [m, model] of old.models.entries()) {
      assert.equal(after.quality[larger.models.indexOf(model)], before.quality[m], model);
    }
    assert.equal(after.quality.length / N, before.quality.length / M);
    await assert.rejects(
      async () => await known.withModels!(profilesOf(fresh, 1)),
      /1 labelled queries, a record needs at least/,
    );
    const solved = { ...profiles, scores: profiles.scores.map(() => 1) };
    const always = await (await known.withModels!(solved)).predict(queries());
    assert.ok("quality" in always && always.quality.every((p) => p > 0 && p < 1));
  });
});

Deno.test("routers that read one network differently share it: shuffled labels change answers, not weights", async () => {
  await withMethod(async (method) => {
    const answers: Float64Array[] = [], parts = training(old);
    for (const reading of ["own", "shuffled", "another"] as const) {
      const fitted = await fusedRouter("tiny", "a test", method, reading)
        .fit(parts, method, context());
      const predicted = await fitted.predict(queries());
      assert.ok("quality" in predicted);
      answers.push(predicted.quality);
    }
    const [own, shuffled, another] = answers;
    assert.notDeepEqual(shuffled, own);
    assert.notDeepEqual(another, own);
  });
});

Deno.test("a control that knows models by name takes in no new ones", async () => {
  await withMethod(async (method) => {
    const named = { ...method, byName: true }, router = fusedRouter("tiny", "a test", named);
    const fitted = await router.fit(training(old), named, context());
    assert.equal(fitted.withModels, undefined);
    const predicted = await fitted.predict(queries());
    assert.ok("quality" in predicted && predicted.quality.every((p) => p > 0 && p < 1));
  });
});

Deno.test("a model that is not on this machine is named with the commands that bring it", async () => {
  await withMethod(async (method) => {
    const absent = { ...method, model: "smollm2-q4_1" };
    const router = fusedRouter("absent", "a test", absent);
    await assert.rejects(
      async () => await router.fit(training(old), absent, context()),
      /no weights of "smollm2-q4_1" on this machine .* deno task lm import/,
    );
  });
});
