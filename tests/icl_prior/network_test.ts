/** The network: a record that is read once for all targets says what it says when it is read with them. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import {
  answerLogits,
  initialise,
  listen,
  logitsHearing,
  OWN,
  type ReadingShape,
  TOKEN,
} from "../../src/icl_prior/network.ts";
import { copied, Programs } from "../../src/nn/programs.ts";

const G = 3, K = 8, B = 4, WIDTHS = [16, 5, 6] as const;
const SHAPE: ReadingShape = { models: G, items: K, targets: B, widths: WIDTHS };
const numbers = (name: string, length: number): Float32Array => {
  const draw = random(1, name);
  return Float32Array.from({ length }, () => draw.normal());
};
const rows = { tokens: TOKEN, vectors: WIDTHS[0], behaviour: WIDTHS[1], votes: WIDTHS[2] };
const whole = Object.fromEntries(
  Object.entries(rows).map(([name, width]) => [name, numbers(name, (K + B) * width)]),
);
const own = numbers("own", G * (K + B) * OWN);
/** Own numbers of items (`from` 0) or of targets, model by model. */
const ownOf = (from: number, to: number): Float32Array =>
  Float32Array.from(
    Array.from(
      { length: G },
      (_, g) => [...own.subarray((g * (K + B) + from) * OWN, (g * (K + B) + to) * OWN)],
    ).flat(),
  );
const record = {
  labels: numbers("labels", G * K),
  known: numbers("known", G * K).map((x) => +(x > 0)),
  scale: Float32Array.of(0.1, 2),
};

Deno.test("a record read before its targets, and with them: the same numbers", async () => {
  const programs = new Programs(initialise(random(2)));
  const { together } = copied(
    await programs.run("together", (graph, parameter) => {
      graph.output("together", answerLogits(graph, parameter, SHAPE));
    }, { ...whole, ...record, own }),
  );
  const items: Record<string, Float32Array> = {}, targets: Record<string, Float32Array> = {};
  for (const [name, width] of Object.entries(rows)) {
    items[name] = whole[name].slice(0, K * width);
    targets[name] = whole[name].slice(K * width);
    targets[`item ${name}`] = items[name];
  }
  const heard = copied(
    await programs.run("items", (graph, parameter) => listen(graph, parameter, SHAPE), {
      ...{ ...items, ...record, own: ownOf(0, K) },
    }),
  );
  const { apart } = await programs.run("targets", (graph, parameter) => {
    graph.output("apart", logitsHearing(graph, parameter, SHAPE));
  }, { ...targets, ...record, ...heard, own: ownOf(K, K + B) });
  assert.deepEqual(apart, together);
  assert.equal(new Set(together).size, G * B);
  await programs.release();
});
