import assert from "node:assert/strict";
import { matrix } from "../../../src/linalg/matrix.ts";
import { decisionStates } from "../../../src/icl/variants/decision_store.ts";
import { tableNetwork } from "../../../src/icl/network.ts";
import { Reader } from "../../../src/icl/reader.ts";
import { coins, normalMatrix, tinyShape, tinyWeights } from "../toy.ts";

const shape = tinyShape(),
  weights = tinyWeights(shape),
  reader = new Reader(tableNetwork(weights, shape));
const queries = normalMatrix(70, shape.input, 1); // more than one block
const record = (K: number, seed: number): ReturnType<typeof reader.encode> =>
  reader.encode({ vectors: normalMatrix(K, shape.input, seed).data, labels: coins(K, seed) });

Deno.test("the head makes of a decision state the logit that the router predicts with", async () => {
  for (const [K, seed] of [[5, 2], [5, 3], [9, 4]]) {
    const records = [await record(K, seed)], h = await decisionStates(reader, queries, records);
    assert.deepEqual([h.rows, h.width], [70, shape.width]);
    const logits = await reader.answer(queries, records);
    (await reader.head(h)).forEach((logit, i) => assert.ok(Math.abs(logit - logits[i]) < 1e-5));
  }
});

Deno.test("of several records the state is the mean, of which the head makes the mean of their logits", async () => {
  const records = [await record(5, 2), await record(9, 4)];
  const logits = await reader.answer(queries, records),
    h = await decisionStates(reader, queries, records);
  (await reader.head(h)).forEach((logit, i) =>
    assert.ok(Math.abs(logit - (logits[2 * i] + logits[2 * i + 1]) / 2) < 1e-5)
  );
  assert.ok(logits.some((logit, at) => at % 2 === 0 && Math.abs(logit - logits[at + 1]) > 1e-2));
});

Deno.test("a state depends on its query and the record, not on the queries beside it", async () => {
  const records = [await record(5, 2)], all = await decisionStates(reader, queries, records);
  const last = matrix(1, shape.input, queries.data.slice(-shape.input));
  const alone = await decisionStates(reader, last, records);
  alone.data.forEach((x, j) => assert.ok(Math.abs(x - all.data[69 * shape.width + j]) < 1e-6));
  assert.equal((await decisionStates(reader, matrix(0, shape.input), records)).rows, 0);
  await assert.rejects(decisionStates(reader, matrix(1, 3), records), /width 3; .* width 6/);
});
