import assert from "node:assert/strict";
import { matrix } from "../../../src/linalg/matrix.ts";
import { DecisionStates, headLogits } from "../../../src/icl/variants/decision_store.ts";
import { tableNetwork } from "../../../src/icl/network.ts";
import { Reader } from "../../../src/icl/reader.ts";
import { coins, normalMatrix, tinyShape, tinyWeights } from "../toy.ts";

const shape = tinyShape(),
  weights = tinyWeights(shape),
  reader = new Reader(tableNetwork(weights, shape));
const states = new DecisionStates(reader);
const queries = normalMatrix(70, shape.input, 1); // more than one block

Deno.test("the head makes of a decision state the logit that the router predicts with", async () => {
  for (const [K, seed] of [[5, 2], [5, 3], [9, 4]]) {
    const record = await reader.encode({
      vectors: normalMatrix(K, shape.input, seed).data,
      labels: coins(K, seed),
    });
    const h = await states.of(queries, record);
    assert.deepEqual([h.rows, h.width], [70, shape.width]);
    const logits = await reader.answer(queries, [record]);
    headLogits(weights, h).forEach((logit, i) => assert.ok(Math.abs(logit - logits[i]) < 1e-5));
  }
});

Deno.test("a state depends on its query and the record, not on the queries beside it", async () => {
  const record = await reader.encode({
    vectors: normalMatrix(5, shape.input, 2).data,
    labels: coins(5, 2),
  });
  const all = await states.of(queries, record);
  const last = matrix(1, shape.input, queries.data.slice(-shape.input));
  const alone = await states.of(last, record);
  alone.data.forEach((x, j) => assert.ok(Math.abs(x - all.data[69 * shape.width + j]) < 1e-6));
  assert.equal((await states.of(matrix(0, shape.input), record)).rows, 0);
  await assert.rejects(states.of(matrix(1, 3), record), /width 3; .* width 6/);
});
