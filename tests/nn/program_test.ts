import assert from "node:assert/strict";
import { add, lookup, scale } from "../../src/nn/ops.ts";
import { Graph } from "../../src/nn/graph.ts";
import { type Feeds, Program } from "../../src/nn/program.ts";

/** y = 2x + b and the rows of a table. */
function build(): Graph {
  const graph = new Graph();
  const x = graph.input("x", [2, 2]), b = graph.input("b", [2], { type: "uint8" });
  const cast = graph.node("Cast", [b], [2], { attributes: { to: { int: 1 } } });
  graph.output("y", add(scale(x, 2), cast));
  graph.output("row", lookup(x, graph.input("rows", [1], { type: "int64" })));
  return graph;
}

const feeds = {
  x: Float32Array.of(1, 2, 3, 4),
  b: Uint8Array.of(10, 20),
  rows: BigInt64Array.of(1n),
};

Deno.test("a program computes from inputs of all types", async () => {
  const program = await Program.compile(build());
  const { y, row } = await program.run(feeds);
  assert.deepEqual([[...y], [...row]], [[12, 24, 16, 28], [3, 4]]);
  await program.release();
});

Deno.test("an input that is missing, of another length or of another type is named", async () => {
  const program = await Program.compile(build());
  const refused: [Feeds, RegExp][] = [
    [{ ...feeds, b: undefined } as unknown as Feeds, /"b": expected uint8 \[2\], got nothing/],
    [
      { ...feeds, x: new Float32Array(3) },
      /"x": expected float32 \[2 × 2\], got Float32Array of 3/,
    ],
    [{ ...feeds, x: new Uint8Array(4) }, /"x": expected float32 \[2 × 2\], got Uint8Array of 4/],
    [
      { ...feeds, rows: new Float32Array(1) },
      /"rows": expected int64 \[1\], got Float32Array of 1/,
    ],
  ];
  for (const [given, message] of refused) {
    await assert.rejects(program.run(given), { name: "RangeError", message });
  }
  assert.deepEqual([...(await program.run(feeds)).row], [3, 4]); // and works on
  await program.release();
});

Deno.test("arrays are read at every run: changed in place, exchanged, or shared between workers", async () => {
  const program = await Program.compile(build());
  const x = Float32Array.of(1, 2, 3, 4);
  const row = async (x: Float32Array): Promise<number[]> => [
    ...(await program.run({ ...feeds, x })).row,
  ];
  assert.deepEqual(await row(x), [3, 4]);
  x[2] = 7;
  assert.deepEqual(await row(x), [7, 4]);
  assert.deepEqual(await row(Float32Array.of(0, 0, 5, 6)), [5, 6]);
  assert.deepEqual(await row(x), [7, 4]);
  const shared = new Float32Array(new SharedArrayBuffer(16));
  shared.set([1, 1, 8, 9]);
  assert.deepEqual(await row(shared), [8, 9]);
  shared[3] = -9;
  assert.deepEqual(await row(shared), [8, -9]);
  await program.release();
});

Deno.test("a view into a larger buffer is read from where it starts", async () => {
  const program = await Program.compile(build());
  const x = Float32Array.of(9, 9, 1, 2, 3, 4).subarray(2);
  assert.deepEqual([...(await program.run({ ...feeds, x })).row], [3, 4]);
  await program.release();
});

Deno.test("the next run overwrites what the last one returned, in buffers that may be given", async () => {
  const row = new Float32Array(2);
  const program = await Program.compile(build(), {}, { row });
  const first = await program.run(feeds), y = [...first.y];
  assert.equal(first.row, row);
  const second = await program.run({ ...feeds, x: Float32Array.of(5, 6, 7, 8) });
  assert.equal(second.y, first.y);
  assert.notDeepEqual([...first.y], y);
  assert.deepEqual([...row], [7, 8]);
  await program.release();
});
