import assert from "node:assert/strict";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel, type Graph, type ModelOptions } from "../../src/onnx/onnx.ts";

type Values = Float32Array | Float64Array | BigInt64Array;

/** Loads an encoded graph and runs it on inputs given as [values, shape]. */
async function run(
  graph: Partial<Graph> & Pick<Graph, "nodes" | "outputs">,
  feeds: Record<string, [Values, number[]]> = {},
  options?: ModelOptions,
): Promise<Record<string, { data: unknown[]; dims: readonly number[]; type: string }>> {
  const bytes = encodeModel({ name: "test", inputs: [], ...graph }, options);
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const tensors = Object.entries(feeds).map(([name, [data, dims]]) => {
    const tensor = data instanceof Float32Array
      ? new Tensor("float32", data, dims)
      : data instanceof Float64Array
      ? new Tensor("float64", data, dims)
      : new Tensor("int64", data, dims);
    return [name, tensor];
  });
  const results = await session.run(Object.fromEntries(tensors));
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims, type }]) => [
      name,
      { data: [...data as Iterable<unknown>], dims, type },
    ]),
  );
}

Deno.test("the smallest model, byte by byte", () => {
  const bytes = encodeModel({
    name: "g",
    inputs: [{ name: "x", type: "float32", shape: ["n", 3] }],
    outputs: [],
    nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }],
  }, { irVersion: 8, opsets: { "": 300 } });
  const text = (s: string): number[] => [...new TextEncoder().encode(s)];
  const part = (key: number, ...content: number[]): number[] => [key, content.length, ...content];
  const shape = [...part(0x0a, ...part(0x12, ...text("n"))), ...part(0x0a, 0x08, 3)];
  const graph = [
    ...part(
      0x0a, // node: input, output, operator
      ...part(0x0a, ...text("x")),
      ...part(0x12, ...text("y")),
      ...part(0x22, ...text("Neg")),
    ),
    ...part(0x12, ...text("g")), // name
    ...part(
      0x5a, // input: name; type → tensor type → float32 (1) and shape
      ...part(0x0a, ...text("x")),
      ...part(0x12, ...part(0x0a, 0x08, 1, ...part(0x12, ...shape))),
    ),
  ];
  assert.deepEqual([...bytes], [
    ...[0x08, 8], // version of the format
    ...part(0x12, ...text("icl-router-bench")),
    ...part(0x3a, ...graph),
    ...[0x42, 5, 0x0a, 0, 0x10, 0xac, 0x02], // operator set "", version 300 = 0b10_0101100
  ]);
});

Deno.test("dynamic shapes, a stored weight, float and integer attributes", async () => {
  // y = 0.5 · x · Wᵀ
  const graph = {
    inputs: [{ name: "x", type: "float32", shape: ["n", 2] }],
    outputs: [{ name: "y", type: "float32", shape: ["n", 3] }],
    initializers: [
      { name: "w", type: "float32", shape: [3, 2], data: Float32Array.of(1, 0, 0, 1, 2, 2) },
    ],
    nodes: [{
      op: "Gemm",
      inputs: ["x", "w"],
      outputs: ["y"],
      attributes: { alpha: { float: 0.5 }, transB: { int: 1 } },
    }],
  } as const;
  for (const n of [1, 2]) {
    const { y } = await run(graph, { x: [Float32Array.of(2, 4, 6, 8).subarray(0, 2 * n), [n, 2]] });
    assert.deepEqual(y.dims, [n, 3]);
    assert.deepEqual(y.data, [1, 2, 6, 3, 4, 14].slice(0, 3 * n));
  }
});

Deno.test("float64 and int64 tensors, scalars, negative integers, lists of integers", async () => {
  const { sum, moved } = await run({
    inputs: [{ name: "x", type: "float64", shape: [1, 2, 3] }],
    outputs: [
      { name: "sum", type: "float64", shape: [1, 2] },
      { name: "moved", type: "float64", shape: [3, 1, 2] },
    ],
    initializers: [
      { name: "axes", type: "int64", shape: [1], data: BigInt64Array.of(-1n) },
      { name: "third", type: "float64", shape: [], data: Float64Array.of(1 / 3) },
    ],
    nodes: [
      {
        op: "ReduceSum",
        inputs: ["x", "axes"],
        outputs: ["s"],
        attributes: { keepdims: { int: 0 } },
      },
      { op: "Mul", inputs: ["s", "third"], outputs: ["sum"] },
      {
        op: "Transpose",
        inputs: ["x"],
        outputs: ["moved"],
        attributes: { perm: { ints: [2, 0, 1] } },
      },
    ],
  }, { x: [Float64Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3]] });
  assert.deepEqual(sum.data, [6 * (1 / 3), 15 * (1 / 3)]);
  assert.deepEqual(moved.data, [1, 4, 2, 5, 3, 6]);
  assert.deepEqual(moved.dims, [3, 1, 2]);

  const { p } = await run({
    inputs: [{ name: "x", type: "float32", shape: [2, 2] }],
    outputs: [{ name: "p", type: "float32", shape: [2, 2] }],
    nodes: [{ op: "Softmax", inputs: ["x"], outputs: ["p"], attributes: { axis: { int: -2 } } }],
  }, { x: [Float32Array.of(0, 5, 0, 5), [2, 2]] });
  assert.deepEqual(p.data, [0.5, 0.5, 0.5, 0.5]);
});

Deno.test("tensor and list-of-float attributes, and other element types", async () => {
  const constant = (name: string, attributes: Record<string, never> | object) => ({
    op: "Constant",
    inputs: [],
    outputs: [name],
    attributes: attributes as never,
  });
  const { a, b, c, d } = await run({
    outputs: [
      { name: "a", type: "int32", shape: [2] },
      { name: "b", type: "float32", shape: [2] },
      { name: "c", type: "bool", shape: [2] },
      { name: "d", type: "float32", shape: [1] },
    ],
    initializers: [{ name: "half", type: "float16", shape: [1], data: Uint16Array.of(0x3800) }],
    nodes: [
      constant("a", {
        value: { tensor: { name: "t", type: "int32", shape: [2], data: Int32Array.of(-7, 7) } },
      }),
      constant("b", { value_floats: { floats: [0.5, -2] } }),
      constant("c", {
        value: { tensor: { name: "t", type: "bool", shape: [2], data: Uint8Array.of(1, 0) } },
      }),
      { op: "Cast", inputs: ["half"], outputs: ["d"], attributes: { to: { int: 1 } } },
    ],
  });
  assert.deepEqual([a.data, b.data, c.data, d.data], [[-7, 7], [0.5, -2], [1, 0], [0.5]]);
});

Deno.test("string attributes and inputs left out", async () => {
  // Resize with sizes: roi and scales stay out; "nearest" with "floor" repeats the pixels
  const { y } = await run({
    inputs: [{ name: "x", type: "float32", shape: [1, 1, 1, 2] }],
    outputs: [{ name: "y", type: "float32", shape: [1, 1, 1, 4] }],
    initializers: [
      { name: "sizes", type: "int64", shape: [4], data: BigInt64Array.of(1n, 1n, 1n, 4n) },
    ],
    nodes: [{
      op: "Resize",
      inputs: ["x", "", "", "sizes"],
      outputs: ["y"],
      attributes: {
        mode: { string: "nearest" },
        coordinate_transformation_mode: { string: "asymmetric" },
        nearest_mode: { string: "floor" },
      },
      name: "stretch",
    }],
  }, { x: [Float32Array.of(1, 2), [1, 1, 1, 2]] });
  assert.deepEqual(y.data, [1, 1, 2, 2]);
});

Deno.test("operators of another domain", async () => {
  const { y } = await run(
    {
      inputs: [
        { name: "a", type: "float32", shape: [2, "k"] },
        { name: "b", type: "float32", shape: [2, "k"] },
      ],
      outputs: [{ name: "y", type: "float32", shape: [2, 2] }],
      nodes: [{
        op: "FusedMatMul",
        domain: "com.microsoft",
        inputs: ["a", "b"],
        outputs: ["y"],
        attributes: { transB: { int: 1 }, alpha: { float: 2 } },
      }],
    },
    { a: [Float32Array.of(1, 2), [2, 1]], b: [Float32Array.of(3, 5), [2, 1]] },
    { opsets: { "": 18, "com.microsoft": 1 } },
  );
  assert.deepEqual(y.data, [6, 10, 12, 20]);
});

Deno.test("data that do not fill their shape are refused", () => {
  const model = (data: Float32Array): Uint8Array =>
    encodeModel({
      name: "g",
      inputs: [],
      outputs: [],
      nodes: [],
      initializers: [{ name: "w", type: "float32", shape: [2, 3], data }],
    });
  assert.throws(() => model(new Float32Array(5)), /tensor w \[2 × 3\] needs 6 values, got 5/);
});

Deno.test("a view into a larger array is stored alone", async () => {
  const { y } = await run({
    outputs: [{ name: "y", type: "float32", shape: [2] }],
    initializers: [
      { name: "w", type: "float32", shape: [2], data: Float32Array.of(9, 1, 2, 9).subarray(1, 3) },
    ],
    nodes: [{ op: "Neg", inputs: ["w"], outputs: ["y"] }],
  });
  assert.deepEqual(y.data, [-1, -2]);
});
