/**
 * Holds an operator of the engine against its definition: values against a float64 implementation, and
 * gradients against central differences of that implementation.
 * @module
 */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { Graph, sizeOf, type Tensor } from "../../src/nn/graph.ts";
import { gradients, mul, sumAll } from "../../src/nn/ops.ts";
import { Program } from "../../src/nn/program.ts";
import { drawn, type Nd } from "./naive.ts";

/** An operator applied to inputs of given shapes. */
export interface Case {
  /** Name of the operator, as exported. */
  readonly of: string;
  /** What is special about this case. */
  readonly note?: string;
  /** Shapes of the inputs. */
  readonly shapes: readonly (readonly number[])[];
  /** Whether the inputs are drawn between ½ and 1½, where logarithm, root and quotient are at home. */
  readonly positive?: boolean;
  /** The operator as the engine computes it. */
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** The operator as it is defined. */
  readonly naive: (...inputs: Nd[]) => Nd;
}

/** Largest error allowed, relative to the largest number of the tensor: float32 and a few operations. */
const TOLERANCE = 1e-4;

/** Name of a case in messages. */
export function title({ of, note, shapes }: Case): string {
  return `${of}${note ? ` (${note})` : ""} of ${shapes.map((s) => `[${s}]`).join(" ")}`;
}

/**
 * Compares one case. L = Σ y · (random weights), so that every element of y counts differently.
 * @param wanted inputs that are differentiable; gradients are asked for and compared for these only
 */
export async function compare(it: Case, fused: boolean, wanted: readonly number[]): Promise<void> {
  const stream = random(7, title(it));
  const values = it.shapes.map((shape) => drawn(shape, stream, it.positive));
  const graph = new Graph({ fused });
  const inputs = it.shapes.map((shape, i) =>
    graph.input(`x${i}`, shape, { differentiable: wanted.includes(i) })
  );
  const y = it.build(...inputs), weights = drawn(y.shape, stream);
  const loss = sumAll(mul(y, graph.input("weights", y.shape)));
  graph.output("y", y);
  gradients(loss, wanted.map((i) => inputs[i])).forEach((g, k) => {
    assert.deepEqual(g.shape, inputs[wanted[k]].shape, `${title(it)}: shape of a gradient`);
    graph.output(`gradient ${wanted[k]}`, g);
  });
  const program = await Program.compile(graph);
  const feeds = { weights: Float32Array.from(weights.data) };
  values.forEach(({ data }, i) => Object.assign(feeds, { [`x${i}`]: Float32Array.from(data) }));
  const made = await program.run(feeds);

  const expected = it.naive(...values);
  assert.deepEqual(y.shape, expected.shape, `${title(it)}: shape`);
  near(made.y, expected.data, `${title(it)}: value`);
  const lossAt = (): number =>
    it.naive(...values).data.reduce((sum, value, i) => sum + value * weights.data[i], 0);
  for (const i of wanted) {
    const slopes = Float64Array.from(values[i].data, (value, k) => {
      const step = 1e-5, { data } = values[i];
      data[k] = value + step;
      const above = lossAt();
      data[k] = value - step;
      const below = lossAt();
      data[k] = value;
      return (above - below) / (2 * step);
    });
    near(made[`gradient ${i}`], slopes, `${title(it)}: gradient of input ${i}`);
  }
  await program.release();
}

/** Asserts that two arrays agree up to float32 noise. */
export function near(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  where: string,
  tolerance = TOLERANCE,
): void {
  assert.equal(actual.length, expected.length, `${where}: length`);
  const largest = Array.from(expected).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    assert.ok(
      error <= tolerance * Math.max(largest, 0.1),
      `${where}: at ${i} got ${actual[i]}, expected ${expected[i]}`,
    );
  }
}

/** Class numbers or row numbers as a constant of the graph. */
export function numbers(graph: Graph, shape: readonly number[], of: readonly number[]): Tensor {
  assert.equal(of.length, sizeOf(shape));
  return graph.constant(
    `test numbers ${shape} of ${of}`,
    shape,
    () => BigInt64Array.from(of, BigInt),
  );
}
