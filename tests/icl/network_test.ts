import assert from "node:assert/strict";
import { Graph, type Tensor } from "../../src/nn/graph.ts";
import {
  add,
  concat,
  expand,
  gradients,
  linear,
  lookup,
  reshape,
  slice,
  sub,
} from "../../src/nn/ops.ts";
import { binaryCrossEntropy, causalAttention } from "../../src/nn/layers.ts";
import { bind, type Bound, type Parameters } from "../../src/nn/parameters.ts";
import { type Feeds, Program } from "../../src/nn/program.ts";
import { block, normalise } from "../../src/nn/transformer.ts";
import { random } from "../../src/base/random.ts";
import {
  answerLogits,
  blockOf,
  encodeIdentities,
  encodeRecords,
  initialise,
  type NetworkShape,
  project,
  reconstructionLogits,
} from "../../src/icl/network.ts";
import { sharedPrefixAttention } from "../../src/icl/shared_prefix.ts";
import { attention, joined, nd, range } from "../nn/naive.ts";
import { type Case, compare, near } from "../nn/differences.ts";
import { bits, coins, normalMatrix, tinyShape, tinyWeights } from "./toy.ts";

const G = 2, B = 3;

/** What a step is fed: records of K queries of G models, B targets, their outcomes. */
function step(shape: NetworkShape, K: number): Record<string, Float32Array | BigInt64Array> {
  return {
    record: normalMatrix(K, shape.input, 1).data,
    labels: coins(G * K, 2),
    targets: normalMatrix(B, shape.input, 3).data,
    outcomes: Float32Array.from(coins(G * B, 4), Number),
  };
}

/** Logits [G × B] of targets behind records. */
type Build = (parameter: Bound, record: Tensor, labels: Tensor, targets: Tensor) => Tensor;

/** Logits of a network, their loss, and its gradients. */
async function run(
  weights: Parameters,
  shape: NetworkShape,
  K: number,
  feeds: Feeds,
  build: Build,
): Promise<Map<string, Float32Array>> {
  const graph = new Graph(), parameter = bind(graph, weights);
  const record = graph.input("record", [K, shape.input]);
  const labels = graph.input("labels", [G, K], { type: "int64" });
  const targets = graph.input("targets", [B, shape.input]);
  const logits = build(parameter, record, labels, targets);
  const loss = binaryCrossEntropy(logits, graph.input("outcomes", [G, B]));
  const wanted = [...parameter.used];
  graph.output("logits", logits);
  graph.output("loss", loss);
  gradients(loss, wanted.map(([, tensor]) => tensor)).forEach((gradient, i) =>
    graph.output(`gradient of ${wanted[i][0]}`, gradient)
  );
  const program = await Program.compile(graph);
  const made = await program.run({ ...feeds, ...parameter.feeds });
  const copies = new Map(Object.entries(made).map(([name, data]) => [name, data.slice()]));
  await program.release();
  return copies;
}

function batched(shape: NetworkShape): Build {
  return (parameter, record, labels, targets) =>
    answerLogits(parameter, shape, targets, encodeRecords(parameter, shape, record, labels));
}

/** G·B sequences [record][target] one beside the other, every row of every block computed. */
function separate(shape: NetworkShape): Build {
  const { width, layers, twoTokens } = shape;
  return (parameter, record, labels, targets) => {
    const K = record.shape[0], all = [G, B, K, 1, width];
    const slots = reshape(project(parameter, "projector", record), [1, 1, K, 1, width]);
    const table = reshape(lookup(parameter("label_table"), labels), [G, 1, K, 1, width]);
    const pairs = twoTokens
      ? concat([expand(slots, all), expand(table, all)], 3)
      : add(expand(slots, all), expand(table, all));
    const length = twoTokens ? 2 * K : K;
    const marker = (name: string): Tensor =>
      expand(reshape(parameter(name), [1, 1, 1, width]), [G, B, 1, width]);
    const asked = reshape(project(parameter, "projector", targets), [1, B, 1, width]);
    const tokens = concat([
      reshape(pairs, [G, B, length, width]),
      marker("query_marker"),
      expand(asked, [G, B, 1, width]),
      add(marker("answer_marker"), asked),
    ], 2);
    let x = reshape(tokens, [G * B, length + 3, width]);
    for (let i = 0; i < layers; i++) {
      x = block(
        x,
        parameter,
        `layers.${i}`,
        blockOf(shape),
        (q, { keys, values }) => causalAttention(q, keys, values),
      );
    }
    const last = reshape(slice(x, 1, length + 2, length + 3), [G * B, width]);
    const h = normalise(last, parameter, "norm", blockOf(shape));
    const logits = linear(h, parameter("answer_head"), undefined, { transposeWeight: true });
    return reshape(sub(slice(logits, 1, 1, 2), slice(logits, 1, 0, 1)), [G, B]);
  };
}

for (
  const [what, K, changes] of [
    ["a short record", 3, {}],
    ["a record longer than one block of attention, three layers", 70, { layers: 3 }],
    ["a linear projector, one layer", 3, { layers: 1, linearProjector: true }],
    ["two tokens a labelled query, on positions", 35, { layers: 3, twoTokens: true }],
  ] as const
) {
  Deno.test(`targets behind a shared record are separate sequences, values and gradients (${what})`, async () => {
    const shape = tinyShape(changes), weights = tinyWeights(shape), feeds = step(shape, K);
    const one = await run(weights, shape, K, feeds, batched(shape));
    const many = await run(weights, shape, K, feeds, separate(shape));
    assert.deepEqual([...one.keys()].toSorted(), [...many.keys()].toSorted());
    const spread = Math.max(...one.get("logits")!) - Math.min(...one.get("logits")!);
    assert.ok(spread > 0.01, `logits differ by ${spread} only: nothing would be compared`);
    const error = one.get("logits")!.reduce(
      (worst, l, i) => Math.max(worst, Math.abs(l - many.get("logits")![i])),
      0,
    );
    assert.ok(error <= 1e-5, `logits differ by ${error}`);
    for (const [name, values] of many) {
      assert.ok(name === "logits" || values.some((v) => v !== 0), `${name} is all zero`);
      near(one.get(name)!, values, name, 1e-4);
    }
  });
}

Deno.test("targets of a step do not see each other: permuted, they keep their logits and the gradients", async () => {
  const shape = tinyShape(), weights = tinyWeights(shape), K = 5, feeds = step(shape, K);
  const order = [2, 0, 1], { input } = shape;
  const targets = new Float32Array(B * input), outcomes = new Float32Array(G * B);
  order.forEach((from, to) => {
    targets.set(
      (feeds.targets as Float32Array).subarray(from * input, (from + 1) * input),
      to * input,
    );
    for (let g = 0; g < G; g++) outcomes[g * B + to] = Number(feeds.outcomes[g * B + from]);
  });
  const usual = await run(weights, shape, K, feeds, batched(shape));
  const moved = await run(weights, shape, K, { ...feeds, targets, outcomes }, batched(shape));
  const expected = Float32Array.from(
    { length: G * B },
    (_, at) => usual.get("logits")![at - at % B + order[at % B]],
  );
  near(moved.get("logits")!, expected, "logits", 1e-6);
  for (const [name, values] of usual) {
    if (name !== "logits") near(moved.get(name)!, values, name, 1e-5);
  }
  // And a target that is another query altogether leaves the others alone.
  const other = (feeds.targets as Float32Array).slice();
  other.fill(3, input, 2 * input);
  const changed = await run(weights, shape, K, { ...feeds, targets: other }, batched(shape));
  for (let at = 0; at < G * B; at++) {
    const same = changed.get("logits")![at] === usual.get("logits")![at];
    assert.equal(same, at % B !== 1, `target ${at % B}`);
  }
});

Deno.test("one flipped label of a record changes that model's logits and no other's", async () => {
  const shape = tinyShape(), weights = tinyWeights(shape), K = 5, feeds = step(shape, K);
  const usual = (await run(weights, shape, K, feeds, batched(shape))).get("logits")!;
  for (let at = 0; at < G * K; at++) {
    const labels = (feeds.labels as BigInt64Array).slice();
    labels[at] = 1n - labels[at];
    const made = (await run(weights, shape, K, { ...feeds, labels }, batched(shape))).get(
      "logits",
    )!;
    const model = Math.floor(at / K);
    for (let i = 0; i < G * B; i++) {
      const difference = Math.abs(made[i] - usual[i]);
      if (Math.floor(i / B) === model) assert.ok(difference > 1e-5, `label ${at}, logit ${i}`);
      else assert.equal(difference, 0, `label ${at}, logit ${i}`);
    }
  }
});

Deno.test("models known by a name of their own: the record is not looked at, the name is", async () => {
  const shape = tinyShape({ identities: 4 }), weights = tinyWeights(shape), feeds = step(shape, 1);
  const graph = new Graph(), parameter = bind(graph, weights, () => true);
  const models = graph.input("models", [3, 1], { type: "int64" });
  const targets = graph.input("targets", [B, shape.input]);
  const prefixes = encodeIdentities(parameter, shape, models);
  assert.deepEqual(prefixes.map(({ keys }) => keys.shape), [[3, 2, 1, 4], [3, 2, 1, 4]]);
  graph.output("logits", answerLogits(parameter, shape, targets, prefixes));
  const program = await Program.compile(graph);
  const names = BigInt64Array.of(3n, 0n, 3n), { targets: queries } = feeds;
  const { logits } = await program.run({ models: names, targets: queries, ...parameter.feeds });
  assert.deepEqual(logits.slice(0, B), logits.slice(2 * B));
  assert.notDeepEqual(logits.slice(0, B), logits.slice(B, 2 * B));
  await program.release();
});

/** [models, heads, of keys and values, targets, prefix, tokens of a target, of which ask, width of a head] */
const attentions = [
  [2, 2, 2, 3, 4, 3, 3, 2],
  [1, 2, 2, 2, 5, 3, 1, 3],
  [2, 1, 1, 1, 1, 1, 1, 2],
  [2, 4, 2, 2, 3, 2, 1, 2],
];
for (const [models, heads, kvHeads, targets, prefix, t, r, width] of attentions) {
  const shape = (length: number): number[] => [models, kvHeads, length, width];
  const it: Case = {
    of: "sharedPrefixAttention",
    note: `${targets} targets of ${t} tokens, the last ${r} ask, ${heads} heads share ${kvHeads}`,
    shapes: [
      [models, heads, targets * r, width],
      ...[prefix, prefix, targets * t, targets * t].map(shape),
    ],
    build: (q, keys, values, ownKeys, ownValues) =>
      sharedPrefixAttention(q, { keys, values }, { keys: ownKeys, values: ownValues }, targets),
    naive: (q, ...others) => {
      const [keys, values, ownKeys, ownValues] = others.map((x) =>
        nd(
          x.shape.with(1, heads),
          ([b, h, i, j]) =>
            x.data[
              ((b * kvHeads + Math.floor(h * kvHeads / heads)) * x.shape[2] + i) * width + j
            ],
        )
      );
      const mask = nd([r, prefix + t], ([i, j]) => j - prefix <= t - r + i ? 0 : -Infinity);
      const of = (b: number) => {
        const own = (x: typeof q) => range(x, 2, b * t, (b + 1) * t);
        return attention(
          range(q, 2, b * r, (b + 1) * r),
          joined(keys, own(ownKeys), 2),
          joined(values, own(ownValues), 2),
          mask,
        );
      };
      return Array.from({ length: targets }, (_, b) => of(b)).reduce((a, b) => joined(a, b, 2));
    },
  };
  Deno.test(`sharedPrefixAttention by its definition and central differences: ${it.note}`, async () => {
    for (const fused of [true, false]) await compare(it, fused, [0, 1, 2, 3, 4]);
    await compare(it, true, [1, 4]);
  });
}

Deno.test("a text is predicted from its own vector and the tokens before, nothing else", async () => {
  const shape = tinyShape(), weights = tinyWeights(shape), T = 4, V = shape.vocabulary;
  const graph = new Graph(), parameter = bind(graph, weights, () => true);
  const vectors = graph.input("vectors", [2, shape.input]);
  const tokens = graph.input("tokens", [2, T], { type: "int64" });
  const logits = reconstructionLogits(parameter, shape, vectors, tokens);
  assert.deepEqual(logits.shape, [2 * (T + 1), V]);
  graph.output("logits", logits);
  const program = await Program.compile(graph);
  const rowsOf = async (vectors: Float32Array, tokens: BigInt64Array): Promise<string[]> => {
    const made = (await program.run({ vectors, tokens, ...parameter.feeds })).logits;
    return Array.from({ length: 2 * (T + 1) }, (_, i) => made.slice(i * V, (i + 1) * V).join());
  };
  const queries = normalMatrix(2, shape.input, 1).data;
  const ids = BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n);
  const usual = await rowsOf(queries, ids);
  const changed = (rows: string[]): number[] =>
    [...rows.keys()].filter((i) => rows[i] !== usual[i]);
  assert.deepEqual(changed(await rowsOf(queries, ids.with(2, 9n))), [3, 4]);
  assert.deepEqual(changed(await rowsOf(queries, ids.with(4, 9n))), [6, 7, 8, 9]);
  const other = queries.slice();
  other.fill(1, shape.input);
  assert.deepEqual(changed(await rowsOf(other, ids)), [5, 6, 7, 8, 9]);
  await program.release();
});

Deno.test("initial weights depend on the seed and the names; sizes are as specified", () => {
  const shape = tinyShape({ identities: 3 });
  assert.deepEqual(bits(tinyWeights(shape)), bits(tinyWeights(shape)));
  assert.notDeepEqual(bits(tinyWeights(shape)), bits(tinyWeights(shape, 2)));
  const without = new Map([...bits(tinyWeights(shape))].filter(([n]) => n !== "identity_table"));
  assert.deepEqual(bits(tinyWeights(tinyShape())), without, "a control changes no other weight");
  // Tier T: d = 128, 4 layers, SwiGLU of 2d, vocabulary 4,000, on vectors of 384.
  const table = { input: 384, width: 128, layers: 4, heads: 4, vocabulary: 4000 };
  const block = 4 * 128 ** 2 + 3 * 128 * 256 + 2 * 128;
  const projector = 384 + 384 * 128 + 3 * 128 ** 2;
  const tables = (3 + 1 + 1 + 1 + 2 + 4000) * 128; // labels, two markers, norm, head, tokens
  assert.equal(initialise(table, random(1)).count, 4 * block + projector + tables);
});
