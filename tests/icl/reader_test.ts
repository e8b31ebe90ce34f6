import assert from "node:assert/strict";
import { matrix, takeRows } from "../../src/linalg/matrix.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind, type Parameters } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import {
  answerLogits,
  encodeRecords,
  type NetworkShape,
  tableNetwork,
} from "../../src/icl/network.ts";
import { BATCH, type EncodedRecord, Reader } from "../../src/icl/reader.ts";
import type { Record } from "../../src/icl/record.ts";
import { coins, normalMatrix, tinyShape, tinyWeights } from "./toy.ts";

const shape = tinyShape({ layers: 3 });

function recordOf(K: number, seed: number): Record {
  return { vectors: normalMatrix(K, shape.input, seed).data, labels: coins(K, seed) };
}

/** ℓ of every query, each with the record before it in a graph of its own, as training computes it. */
async function recomputed(
  weights: Parameters,
  shape: NetworkShape,
  { vectors, labels }: Record,
  queries: Float32Array,
): Promise<number[]> {
  const graph = new Graph(), parameter = bind(graph, weights), K = labels.length;
  const record = graph.input("record", [K, shape.input]);
  const given = graph.input("labels", [1, K], { type: "int64" });
  const target = graph.input("target", [1, shape.input]);
  const prefixes = encodeRecords(parameter, shape, record, given);
  graph.output("logits", answerLogits(parameter, shape, target, prefixes));
  const program = await Program.compile(graph), made: number[] = [];
  for (let start = 0; start < queries.length; start += shape.input) {
    const target = queries.slice(start, start + shape.input);
    const { logits } = await program.run({ record: vectors, labels, target, ...parameter.feeds });
    made.push(logits[0]);
  }
  await program.release();
  return made;
}

function column(logits: Float64Array, m: number, M: number): number[] {
  return [...logits].filter((_, at) => at % M === m);
}

Deno.test("cached keys and values answer as training does, however full the last batch is", async () => {
  const weights = tinyWeights(shape), reader = new Reader(tableNetwork(weights, shape));
  const records = [recordOf(7, 1), recordOf(70, 2), recordOf(7, 3)]; // of different lengths too
  const encoded: EncodedRecord[] = [];
  for (const record of records) encoded.push(await reader.encode(record));
  assert.deepEqual(encoded.map(({ length }) => length), [7, 70, 7]);
  const all = normalMatrix(2 * BATCH + 3, shape.input, 5);
  const expected: number[][] = [];
  for (const record of records) {
    expected.push(await recomputed(weights, shape, record, all.data));
  }
  assert.ok(Math.max(...expected[0]) - Math.min(...expected[0]) > 0.5, "queries differ");
  for (const Q of [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 3]) {
    const queries = takeRows(all, Array.from({ length: Q }, (_, i) => i));
    const logits = await reader.answer(queries, encoded);
    assert.equal(logits.length, Q * records.length);
    for (const [m, own] of expected.entries()) {
      const error = column(logits, m, records.length)
        .reduce((worst, l, i) => Math.max(worst, Math.abs(l - own[i])), 0);
      assert.ok(error <= 1e-5, `${Q} queries, model ${m}: ${error}`);
    }
  }
  await reader.release();
});

Deno.test("a program that could not be compiled is compiled again the next time", async () => {
  const reader = new Reader(tableNetwork(tinyWeights(shape), shape)), compile = Program.compile;
  Program.compile = () => Promise.reject(new Error("busy"));
  try {
    await assert.rejects(reader.encode(recordOf(7, 1)), /busy/);
  } finally {
    Program.compile = compile;
  }
  assert.equal((await reader.encode(recordOf(7, 1))).length, 7);
  await reader.release();
});

Deno.test("a further model leaves the others' logits as they were, byte for byte", async () => {
  const reader = new Reader(tableNetwork(tinyWeights(shape), shape)),
    queries = normalMatrix(70, shape.input, 6);
  const few = [await reader.encode(recordOf(9, 1)), await reader.encode(recordOf(9, 2))];
  const before = await reader.answer(queries, few);
  const more = [few[0], await reader.encode(recordOf(9, 3)), await reader.encode(recordOf(5, 4))];
  const after = await reader.answer(queries, [...more, few[1]]);
  assert.deepEqual(column(after, 0, 4), column(before, 0, 2));
  assert.deepEqual(column(after, 3, 4), column(before, 1, 2));
  assert.notDeepEqual(column(after, 1, 4), column(before, 1, 2));
  // And what was encoded is no view of something that later records overwrite.
  assert.deepEqual(await reader.answer(queries, few), before);
  await reader.release();
});

Deno.test("a query's logit does not depend on its neighbours in the batch", async () => {
  const reader = new Reader(tableNetwork(tinyWeights(shape), shape)),
    queries = normalMatrix(70, shape.input, 6);
  const records = [await reader.encode(recordOf(9, 1))];
  const all = await reader.answer(queries, records);
  for (const i of [0, 1, 63, 64, 69]) {
    const [alone] = await reader.answer(takeRows(queries, [i]), records);
    assert.ok(Math.abs(alone - all[i]) <= 1e-6, `query ${i}: ${alone} and ${all[i]}`);
  }
  assert.equal((await reader.answer(matrix(0, shape.input), records)).length, 0);
  await reader.release();
});

Deno.test("weights are read where they stand: after a change, new encodings and answers follow", async () => {
  const weights = tinyWeights(shape), reader = new Reader(tableNetwork(weights, shape));
  const queries = normalMatrix(3, shape.input, 6), record = recordOf(9, 1);
  const before = await reader.answer(queries, [await reader.encode(record)]);
  const other = tinyWeights(shape, 2);
  weights.restore(other.snapshot());
  const after = await reader.answer(queries, [await reader.encode(record)]);
  assert.notDeepEqual(after, before);
  await reader.release(); // and a released reader compiles again
  const fresh = new Reader(tableNetwork(other, shape));
  assert.deepEqual(after, await fresh.answer(queries, [await fresh.encode(record)]));
  assert.deepEqual(after, await reader.answer(queries, [await reader.encode(record)]));
  await fresh.release();
  await reader.release();
});

Deno.test("identities are prefixes of one token", async () => {
  const named = tinyShape({ identities: 3 }),
    reader = new Reader(tableNetwork(tinyWeights(named), named));
  const queries = normalMatrix(3, named.input, 6);
  const encoded = [await reader.encodeIdentity(0), await reader.encodeIdentity(2)];
  assert.deepEqual(encoded.map(({ length }) => length), [1, 1]);
  const logits = await reader.answer(queries, encoded);
  assert.notDeepEqual(column(logits, 0, 2), column(logits, 1, 2));
  await reader.release();
});
