/** How networks start: whoever starts alike has the same network. */
import assert from "node:assert/strict";
import { readTexts, startNetwork, trained } from "../../src/icl/fit.ts";
import { labelled } from "../../src/icl/record.ts";
import { context, old, TINY, training, VARIANT } from "./tiny_router.ts";
import { bits } from "./toy.ts";

const rows = labelled(training(old), [0, 1, 2]);
const texts = { texts: rows.texts.slice(0, rows.training), vectors: rows.vectors };
const start = (seed: number): ReturnType<typeof startNetwork> =>
  startNetwork(texts.texts, rows.vectors.width, TINY, seed);

Deno.test("fresh weights: the same at every call, others with another seed", () => {
  const { weights } = start(7);
  assert.deepEqual(bits(weights()), bits(weights()));
  assert.deepEqual(bits(start(7).weights()), bits(weights()));
  assert.notDeepEqual(bits(start(8).weights()), bits(weights()));
});

Deno.test("stage 1 by itself is the stage 1 of a fit", async () => {
  const network = start(7), parameters = network.weights();
  const { loss } = await readTexts(network, parameters, texts, {});
  const usual = await trained(training(old), VARIANT, context({ seed: 7 }));
  assert.equal(loss, usual.reconstructionLoss);
  assert.deepEqual(network.bpe, usual.bpe);
  assert.notDeepEqual(bits(parameters), bits(network.weights()), "it has learned something");
});
