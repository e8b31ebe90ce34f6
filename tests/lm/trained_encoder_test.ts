/** An encoder that is trained whole: what is kept of texts, its vectors, its gradients, its training. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { openEncoder } from "../../src/lm/encoder.ts";
import { importModel } from "../../src/lm/import.ts";
import { findModel } from "../../src/lm/store.ts";
import { TrainedEncoder } from "../../src/lm/trained_encoder.ts";
import {
  gradients,
  Graph,
  mul,
  Program,
  reshape,
  scale,
  sumAll,
  type Tensor,
  Trainer,
  trainNetwork,
} from "../../src/nn/mod.ts";
import { bind } from "../../src/nn/parameters.ts";
import { inFolder } from "../support/folder.ts";
import { near } from "../nn/differences.ts";
import { writeDecoder } from "./tiny_decoder.ts";
import { withTinyEncoder } from "./tiny_encoder.ts";

const WORDS = "embeddings.word_embeddings.weight";
const TEXTS = ["alpha beta", "the question of alpha and the query", "", "x1?"];
const open = (root: string, keep: "first" | "last" = "first", tokens = 16) =>
  TrainedEncoder.open("tiny", { root, keep, tokens });

Deno.test("the first or the last tokens of a text are kept, between those around it", () =>
  withTinyEncoder(async (root) => {
    const { tokenizer } = await openEncoder((await findModel("tiny", root)).folder);
    const id = (word: string): number => tokenizer.encode(word)[0];
    const [cls, sep] = ["[CLS]", "[SEP]"].map((name) => tokenizer.special(name));
    const text = "alpha beta query of question";
    const first = await open(root, "first", 4), last = await open(root, "last", 4);
    assert.deepEqual(first.cut([text, "of", ""]), [
      [cls, id("alpha"), id("beta"), sep],
      [cls, id("of"), sep],
      [cls, sep],
    ]);
    assert.deepEqual(last.cut([text])[0], [cls, id("of"), id("question"), sep]);
    // A text far longer than any encoder takes: 20,000 words.
    const long = `${"alpha ".repeat(20_000)}beta`;
    assert.deepEqual(last.cut([long])[0].slice(1, 3), [id("alpha"), id("beta")]);
    assert.equal((await open(root, "first", 1000)).cut([long])[0].length, 64, "the most it takes");
  }));

Deno.test("a vector is the mean of the encoder's states, whatever is beside the text", () =>
  withTinyEncoder(async (root) => {
    const encoder = await open(root), read = encoder.reader((_, x) => x);
    const all = await read(TEXTS), { folder } = await findModel("tiny", root);
    const plain = await openEncoder(folder), W = plain.width;
    for (const [i, text] of TEXTS.entries()) {
      const own = all.slice(i * W, (i + 1) * W);
      near([...(await read([text]))], [...own], "alone", 1e-6);
      const ids = plain.tokenizer.surrounded(text), graph = new Graph();
      const parameter = bind(graph, plain.parameters, () => true);
      const rows = graph.input("rows", [1, ids.length, W]);
      graph.output("states", plain.states(parameter, rows));
      const program = await Program.compile(graph);
      const { states } = await program.run({ ...parameter.feeds, rows: plain.embed(ids) });
      const mean = Array.from(
        { length: W },
        (_, d) => ids.reduce((sum, _, t) => sum + states[t * W + d], 0) / ids.length,
      );
      near([...own], mean, text, 1e-5);
      await program.release();
    }
    const turned = await read(TEXTS.toReversed());
    assert.deepEqual(turned.slice(0, W), all.slice(-W));
  }));

/** Σ of squares of a vector's first coordinates. */
function lossOf(vectors: Tensor): Tensor {
  return scale(sumAll(mul(vectors, vectors)), 1 / vectors.shape[0]);
}

Deno.test("the gradient reaches every weight, the table of tokens too, and is that of central differences", () =>
  withTinyEncoder(async (root) => {
    const encoder = await open(root), { parameters } = encoder, graph = new Graph();
    const parameter = bind(graph, parameters), cut = encoder.cut(TEXTS.slice(0, 2));
    const loss = lossOf(encoder.vectors(graph, parameter, 2));
    const names = [...parameter.used.keys()];
    gradients(loss, [...parameter.used.values()])
      .forEach((made, i) => graph.output(`d ${names[i]}`, made));
    graph.output("loss", loss);
    const program = await Program.compile(graph);
    const run = () => program.run({ ...parameter.feeds, ...encoder.feed(cut) });
    const made = Object.fromEntries(
      Object.entries(await run()).map(([name, data]) => [name.slice(2), data.slice()]),
    );
    assert.deepEqual(names.toSorted(), [...parameters].map(([name]) => name).toSorted());
    for (const name of names) {
      // A key's bias adds the same to all scores of a query, which changes nothing.
      if (name.endsWith("key.bias")) continue;
      assert.ok(made[name].some((value) => Math.abs(value) > 1e-6), `${name} has no gradient`);
    }
    const W = encoder.width, used = new Set(cut.flat());
    for (let id = 0; id < made[WORDS].length / W; id++) {
      const moved = made[WORDS].slice(id * W, (id + 1) * W).some((value) => value !== 0);
      assert.equal(moved, used.has(id), `token ${id}`);
    }
    for (const name of [WORDS, "encoder.layer.0.attention.self.query.weight"]) {
      const { data } = parameters.get(name), step = 1e-2;
      const at = made[name].reduce(
        (best, value, i) => Math.abs(value) > Math.abs(made[name][best]) ? i : best,
        0,
      );
      const before = data[at], sides: number[] = [];
      for (const sign of [1, -1]) {
        data[at] = before + sign * step;
        sides.push((await run()).loss[0]);
      }
      data[at] = before;
      const difference = (sides[0] - sides[1]) / (2 * step);
      assert.ok(
        Math.abs(difference - made[name][at]) < 0.02 * Math.abs(difference) + 1e-3,
        `${name}: ${difference}, ${made[name][at]}`,
      );
    }
    await program.release();
  }));

Deno.test("training: the loss falls, the same seed gives the same bytes, what no text has stays", () =>
  withTinyEncoder(async (root) => {
    const texts = Array.from(
      { length: 32 },
      (_, i) => `question ${i} of ${i % 3 ? "alpha" : "beta"}`,
    );
    const train = async (seed: number) => {
      const encoder = await open(root), losses: number[] = [];
      const { loss } = await trainNetwork({
        parameters: encoder.parameters,
        ...{ batch: 8, epochs: 10, rate: 5e-3, random: random(seed, "test") },
        examples: texts.keys().toArray(),
        loss: (graph, parameter, { size }) => lossOf(encoder.vectors(graph, parameter, size)),
        feed: (rows) => {
          const cut = encoder.cut(Array.from(rows, (i) => texts[i]));
          losses.push(cut.length);
          return encoder.feed(cut);
        },
      });
      return { loss, steps: losses.length, weights: encoder.parameters.snapshot() };
    };
    const start = await open(root), before = start.parameters.snapshot();
    const first = await train(1), again = await train(1), other = await train(2);
    const [squares] = await start.reader((_, x) => reshape(lossOf(x), [1, 1]))(texts.slice(0, 1));
    assert.equal(first.steps, 40);
    assert.ok(first.loss < 0.5 * squares, `${first.loss}, ${squares} before`);
    assert.deepEqual(again.weights, first.weights);
    assert.notDeepEqual(other.weights.get(WORDS), first.weights.get(WORDS));
    const W = start.width,
      row = (
        weights: Map<string, Float32Array>,
        id: number,
      ) => [...weights.get(WORDS)!.slice(id * W, (id + 1) * W)];
    assert.deepEqual(row(first.weights, 0), row(before, 0), "[PAD]");
    assert.notDeepEqual(row(first.weights, 2), row(before, 2), "[CLS]");
  }));

Deno.test("training that is stopped and resumed ends with the same bytes", () =>
  withTinyEncoder((root) =>
    inFolder(async (folder) => {
      const steps = async (count: number, from?: string, to?: string) => {
        const encoder = await open(root);
        const trainer = new Trainer(encoder.parameters, { schedule: () => 1e-3 });
        if (from) await trainer.load(from);
        const build = (graph: Graph, parameter: ReturnType<typeof bind>) =>
          lossOf(encoder.vectors(graph, parameter, 2));
        while (trainer.step < count) {
          const text = `alpha ${trainer.step}`;
          await trainer.update("", build, [encoder.feed(encoder.cut([text, "beta"]))]);
        }
        if (to) await trainer.save(to);
        await trainer.release();
        return encoder.parameters.snapshot();
      };
      const whole = await steps(4), file = `${folder}/half.safetensors`;
      await steps(2, undefined, file);
      assert.deepEqual(await steps(4, file), whole);
    })
  ));

Deno.test("without weights, or with those of a decoder, opening is refused", () =>
  inFolder(async (root) => {
    const opened = (id: string) => TrainedEncoder.open(id, { root, keep: "first", tokens: 8 });
    await assert.rejects(opened("minilm"), {
      name: "CapabilityError",
      message: /no weights of "minilm".*deno task lm pull minilm, or with deno task lm import FILE/,
    });
    await Deno.mkdir(`${root}/published`);
    await writeDecoder(`${root}/published`);
    await importModel(`${root}/published`, { id: "decoder", root });
    await assert.rejects(opened("decoder"), {
      name: "CapabilityError",
      message: /decoder is a qwen2 model, expected an encoder \(bert\)/,
    });
  }));
