/**
 * Numbers to a device's memory and back. Both ways are a program of copies: the runtime moves inputs and
 * outputs itself, and reading a tensor in place on the device would end the process.
 * @module
 */
import { Graph, type GraphInput } from "../graph.ts";
import { type Feeds, Program, type Resident } from "../program.ts";
import type { SessionOptions } from "../../onnx/session.ts";

/**
 * Copies those inputs of a graph that `feeds` has arrays for, so that many runs can be fed them without
 * moving them again: the weights, as `toDevice(graph.inputs, bound.feeds, options)`.
 */
export async function toDevice(
  inputs: readonly GraphInput[],
  feeds: Feeds,
  options: SessionOptions,
): Promise<Readonly<Record<string, Resident>>> {
  const wanted = inputs.filter(({ name }) => Object.hasOwn(feeds, name));
  if (wanted.length === 0) return {};
  const graph = copies(wanted);
  const program = await Program.compile(graph, { ...options, keep: graph.outputs });
  const { kept } = await program.keep(feeds);
  await program.release(); // it ends with the last of them
  return Object.fromEntries(wanted.map(({ name }) => [name, kept[`copy of ${name}`]]));
}

/** Copies residents into new arrays. */
export async function fromDevice(
  residents: Readonly<Record<string, Resident>>,
  options: SessionOptions,
): Promise<Readonly<Record<string, Float32Array>>> {
  const inputs = Object.entries(residents)
    .map(([name, { shape }]): GraphInput => ({ name, shape, type: "float32" }));
  if (inputs.length === 0) return {};
  const program = await Program.compile(copies(inputs), options);
  const fetched = await program.run(residents);
  await program.release();
  return Object.fromEntries(inputs.map(({ name }) => [name, fetched[`copy of ${name}`]]));
}

function copies(inputs: readonly GraphInput[]): Graph {
  const graph = new Graph({ fused: false });
  for (const { name, shape, type } of inputs) {
    if (type !== "float32") throw new RangeError(`"${name}": only float32 moves, got ${type}`);
    graph.output(`copy of ${name}`, graph.input(name, shape));
  }
  return graph;
}
