/**
 * A computation with its derivatives, as one ONNX graph.
 *
 * Operators (the other files of this room) append nodes to a {@link Graph} and note, beside each forward
 * rule, the backward rule: given ∂L/∂y, the gradients of the inputs, built from the same operators. Reverse
 * mode is then a walk over those notes from the last to the first ({@link gradients}). Shapes are static
 * and known while building, so every mistake shows at the line that makes it.
 * @module
 */
import {
  type Attribute,
  encodeModel,
  type Node,
  type TensorValue,
  type ValueInfo,
} from "../onnx/onnx.ts";

/** Element types an input may have. */
export type InputType = "float32" | "int64" | "uint8";

/** Element types a tensor of the engine may have. */
export type TensorType = InputType | "bool";

/** A value inside a graph: known shape, unknown numbers. */
export interface Tensor {
  /** The graph it belongs to. */
  readonly graph: Graph;
  /** Its name in the ONNX file. */
  readonly name: string;
  /** Dimensions, row-major; empty for a scalar. */
  readonly shape: readonly number[];
  /** Type of every element. */
  readonly type: TensorType;
  /** Whether a gradient may be asked for, or flows through it to a tensor of which one may be. */
  readonly differentiable: boolean;
}

/** What a session has to be fed for an input of the graph. */
export interface GraphInput {
  /** Its name. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** Its type. */
  readonly type: InputType;
}

/**
 * The backward rule of an operator: from ∂L/∂(its outputs), one maker of a gradient an input (null where
 * there is none to give, as for indices). Makers are called only for inputs that need a gradient.
 */
export type BackwardRule = (...outputs: Tensor[]) => readonly ((() => Tensor) | null)[];

interface TapeEntry {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly backward: BackwardRule;
}

/** How a node is written. */
export interface NodeOptions {
  /** The operator's parameters. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Type of the outputs; float32 by default. */
  readonly type?: TensorType;
  /** Operator set; `com.microsoft` for ONNX Runtime's own operators. */
  readonly domain?: string;
}

/** Options of a graph. */
export interface GraphOptions {
  /**
   * Whether ONNX Runtime's fused operators may be used (FusedMatMul, SimplifiedLayerNormalization). True
   * for its CPU kernels; the WebGPU ones are fed standard operators only.
   */
  readonly fused?: boolean;
}

/** Nodes, constants, inputs and outputs of a computation under construction. */
export class Graph {
  /** Whether ONNX Runtime's fused operators may be used. */
  readonly fused: boolean;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, { tensor: Tensor; value: TensorValue }>();
  readonly #inputs: GraphInput[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #tape: TapeEntry[] = [];
  #recording = true;
  #names = 0;

  /** An empty graph. */
  constructor({ fused = true }: GraphOptions = {}) {
    this.fused = fused;
  }

  /** What a run has to be fed, in the order of declaration. */
  get inputs(): readonly GraphInput[] {
    return this.#inputs;
  }

  /** Names of the outputs, in the order of declaration. */
  get outputs(): readonly string[] {
    return this.#outputs.map(({ name }) => name);
  }

  /** Shapes of the outputs, by name. */
  get outputShapes(): ReadonlyMap<string, readonly number[]> {
    return new Map(this.#outputs.map(({ name, shape }) => [name, shape as readonly number[]]));
  }

  /** Number of nodes so far. */
  get size(): number {
    return this.#nodes.length;
  }

  /**
   * Declares an input.
   * @param differentiable whether its gradient will be asked for
   * @throws {RangeError} when the name is taken or a dimension is not a positive whole number
   */
  input(
    name: string,
    shape: readonly number[],
    { type = "float32", differentiable = false }: {
      readonly type?: InputType;
      readonly differentiable?: boolean;
    } = {},
  ): Tensor {
    if (this.#inputs.some((input) => input.name === name)) {
      throw new RangeError(`input "${name}" is declared twice`);
    }
    if (!shape.every((n) => Number.isInteger(n) && n > 0)) {
      throw new RangeError(`input "${name}": shape [${shape}], expected positive whole numbers`);
    }
    this.#inputs.push({ name, shape, type });
    return { graph: this, name, shape, type, differentiable };
  }

  /**
   * Makes a value an output of the graph, under a name of its own.
   * @throws {RangeError} when the name is taken
   */
  output(name: string, value: Tensor): void {
    if ([...this.#inputs, ...this.#outputs].some((known) => known.name === name)) {
      throw new RangeError(`output "${name}" is declared twice or is an input too`);
    }
    this.#nodes.push({ op: "Identity", inputs: [value.name], outputs: [name] });
    this.#outputs.push({ name, type: value.type, shape: value.shape });
  }

  /** A constant; equal keys share one. */
  constant(key: string, shape: readonly number[], make: () => TensorValue["data"]): Tensor {
    const known = this.#constants.get(key);
    if (known) return known.tensor;
    const data = make();
    const type = data instanceof BigInt64Array ? "int64" : "float32";
    const tensor = this.#tensor(shape, type, false);
    this.#constants.set(key, { tensor, value: { name: tensor.name, type, shape, data } });
    return tensor;
  }

  /** Appends a node with one output; no backward rule. `null` leaves an optional input out. */
  node(
    op: string,
    inputs: readonly (Tensor | null)[],
    shape: readonly number[],
    options: NodeOptions = {},
  ): Tensor {
    return this.nodes(op, inputs, [shape], options)[0];
  }

  /** Appends a node with several outputs; no backward rule. */
  nodes(
    op: string,
    inputs: readonly (Tensor | null)[],
    shapes: readonly (readonly number[])[],
    { attributes, type = "float32", domain }: NodeOptions = {},
  ): Tensor[] {
    if (inputs.some((input) => input !== null && input.graph !== this)) {
      throw new RangeError(`${op}: a tensor of another graph`);
    }
    const outputs = shapes.map((shape) => this.#tensor(shape, type, false));
    this.#nodes.push({
      op,
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs: outputs.map(({ name }) => name),
      attributes,
      domain,
    });
    return outputs;
  }

  /** Notes the backward rule of an operator and returns its outputs, now differentiable. */
  record(
    outputs: readonly Tensor[],
    inputs: readonly Tensor[],
    backward: BackwardRule,
  ): readonly Tensor[] {
    if (!this.#recording || !inputs.some((input) => input.differentiable)) return outputs;
    const noted = outputs.map((output) => ({ ...output, differentiable: true }));
    this.#tape.push({ outputs: noted, inputs, backward });
    return noted;
  }

  /**
   * Appends the nodes that compute ∂loss/∂w for each w.
   * @param start makes ∂loss/∂loss, a scalar one
   * @throws {RangeError} when the loss does not depend on one of them
   */
  backward(loss: Tensor, wanted: readonly Tensor[], tools: BackwardTools): Tensor[] {
    this.#recording = false; // backward rules use the same operators, and must not be recorded themselves
    try {
      const known = this.#walkBack(loss, tools);
      return wanted.map((tensor) => {
        const gradient = known.get(tensor.name);
        if (!gradient) throw new RangeError(`the loss does not depend on "${tensor.name}"`);
        return gradient;
      });
    } finally {
      this.#recording = true;
    }
  }

  /** Gradients of all tensors that the loss depends on, by name. */
  #walkBack(loss: Tensor, tools: BackwardTools): ReadonlyMap<string, Tensor> {
    const known = new Map<string, Tensor>([[loss.name, tools.one(this)]]);
    for (const { outputs, inputs, backward } of this.#tape.toReversed()) {
      if (!outputs.some(({ name }) => known.has(name))) continue;
      const makers = backward(
        ...outputs.map((output) => known.get(output.name) ?? tools.zeros(output)),
      );
      inputs.forEach((input, i) => {
        const make = makers[i];
        if (!input.differentiable || !make) return;
        const share = make(), sum = known.get(input.name);
        if (share.shape.join() !== input.shape.join()) {
          throw new RangeError(`gradient [${share.shape}] of a tensor [${input.shape}]`);
        }
        known.set(input.name, sum ? tools.add(sum, share) : share);
      });
    }
    return known;
  }

  /** The graph as an ONNX model. */
  encode(): Uint8Array<ArrayBuffer> {
    return encodeModel({
      name: "graph",
      inputs: this.#inputs,
      outputs: this.#outputs,
      nodes: this.#nodes,
      initializers: [...this.#constants.values()].map(({ value }) => value),
    }, { opsets: { "": 18, "com.microsoft": 1 } });
  }

  #tensor(shape: readonly number[], type: TensorType, differentiable: boolean): Tensor {
    return { graph: this, name: `t${this.#names++}`, shape, type, differentiable };
  }
}

/** The three operators reverse mode itself needs; given by `gradients`, which knows them. */
export interface BackwardTools {
  /** The scalar 1. */
  one(graph: Graph): Tensor;
  /** Zeros like a tensor. */
  zeros(like: Tensor): Tensor;
  /** Sum of two tensors of one shape. */
  add(a: Tensor, b: Tensor): Tensor;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** The same value, taken as a constant: no gradient flows through it. */
export function constantOf(tensor: Tensor): Tensor {
  return tensor.differentiable ? { ...tensor, differentiable: false } : tensor;
}
