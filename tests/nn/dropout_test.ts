import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { gradients, mul, sumAll } from "../../src/nn/ops.ts";
import { Dropout } from "../../src/nn/layers.ts";
import { Graph } from "../../src/nn/graph.ts";
import { Program } from "../../src/nn/program.ts";

Deno.test("dropped numbers are zero, the others are scaled up, and gradients alike", async () => {
  const graph = new Graph(), dropout = new Dropout(graph, 0.25);
  const x = graph.input("x", [1, 5], { differentiable: true }), y = dropout.apply(x, "here");
  graph.output("y", y);
  graph.output("slope", gradients(sumAll(mul(y, y)), [x])[0]); // 2 y · mask / ¾
  const program = await Program.compile(graph);
  const made = await program.run({
    x: Float32Array.of(3, 6, -9, 12, 15),
    "dropout here": Uint8Array.of(1, 0, 1, 1, 0),
  });
  const k = Math.fround(4 / 3), round = (x: number): number => Math.round(x * 1e4) / 1e4;
  assert.deepEqual([...made.y].map(round), [4, 0, -12, 16, 0]);
  assert.deepEqual([...made.slope].map(round), [4, 0, -12, 16, 0].map((y) => round(2 * y * k)));
  await program.release();
});

Deno.test("masks drop the share that was asked for, again for each site and step", () => {
  const graph = new Graph(), dropout = new Dropout(graph, 0.25);
  const x = graph.input("x", [101, 101]); // 101² is not a multiple of four
  dropout.apply(x, "a");
  dropout.apply(x, "b");
  const draw = (step: number): Record<string, Uint8Array> => {
    const masks: Record<string, Uint8Array> = {};
    dropout.draw(random(1, "dropout", step), masks);
    return masks;
  };
  const first = draw(0), kept = first["dropout a"].reduce((a, b) => a + b, 0) / 101 ** 2;
  assert.deepEqual(Object.keys(first), ["dropout a", "dropout b"]);
  assert.ok(Math.abs(kept - 0.75) < 0.02, `${kept}`);
  assert.deepEqual(draw(0), first);
  assert.notDeepEqual(first["dropout a"], first["dropout b"]);
  assert.notDeepEqual(draw(1)["dropout a"], first["dropout a"]);
});

Deno.test("masks are drawn into arrays that are there, and without dropout there are none", () => {
  const graph = new Graph(), x = graph.input("x", [8]);
  const none = new Dropout(graph, 0), some = new Dropout(graph, 0.5);
  assert.equal(none.apply(x, "none"), x);
  const masks: Record<string, Uint8Array> = {};
  none.draw(random(1), masks);
  assert.deepEqual([masks, graph.inputs.length], [{}, 1]);
  some.apply(x, "some");
  some.draw(random(1), masks);
  const mask = masks["dropout some"], before = [...mask];
  some.draw(random(2), masks);
  assert.equal(masks["dropout some"], mask);
  assert.notDeepEqual([...mask], before);
});

Deno.test("a number is kept if its byte of the stream, the lowest first, is not below the dropped share", () => {
  for (const dropped of [1, 26, 77, 127, 128, 129, 200, 255]) {
    const graph = new Graph(), dropout = new Dropout(graph, dropped / 256);
    dropout.apply(graph.input("x", [4099]), "here");
    const masks: Record<string, Uint8Array> = {}, stream = random(3).fork("dropout here");
    dropout.draw(random(3), masks);
    const words = Array.from({ length: 1025 }, () => stream.integer(2 ** 32));
    const expected = Array.from(
      { length: 4099 },
      (_, i) => +((words[i >> 2] >>> 8 * (i & 3) & 255) >= dropped),
    );
    assert.deepEqual([...masks["dropout here"]], expected, `${dropped} of 256`);
  }
});
