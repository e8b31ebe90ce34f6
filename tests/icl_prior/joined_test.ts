/** Neighbours among joined rows: what is put together from the parts is what a search among all of them finds. */
import assert from "node:assert/strict";
import { joined, neighboursAcross, partsOf } from "../../src/icl_prior/joined.ts";
import { matrix, normaliseToGrid } from "../../src/linalg/matrix.ts";
import type { QueryBatch, TrainingData } from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { neighbours } from "../../src/router/neighbours.ts";

/** Queries of which many are alike, so that ties are common; ids of both parts lie between one another. */
function part(name: string, count: number): TrainingData {
  const ids = Array.from({ length: count }, (_, i) => `${(i * 7) % count}${name}`);
  const data = Float32Array.from({ length: 3 * count }, (_, at) => 1 + (at * at) % 5);
  const queries = { ids, texts: ids, vectors: normaliseToGrid(matrix(count, 3, data)) };
  const none = new Float64Array(count);
  return {
    queries: { ...queries, memo: createMemo(name) },
    models: ["m"],
    ...{ scores: none, costs: none, meanCosts: none, solvedFrom: none, tasks: ids },
  };
}

const { queries: all } = joined(part("a", 40), part("b", 15));
const { parts: _, ...rest } = all as QueryBatch & { parts: unknown };
const plain: QueryBatch = { ...rest, memo: createMemo("all") };

for (const k of [1, 21, 50, 100]) {
  Deno.test(`the ${k} nearest among parts are those among the whole`, async () => {
    const other = part("c", 9).queries;
    for (const [asked, same] of [[all, plain], [other, other]]) {
      await neighbours(asked, partsOf(all)[0], 30); // somebody looked for more
      assert.deepEqual(await neighboursAcross(asked, all, k), await neighbours(same, plain, k));
    }
  });
}
