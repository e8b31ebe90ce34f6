/**
 * Writes ONNX models: a graph described by plain objects becomes the protobuf bytes that a runtime loads.
 *
 * Only the messages and fields a computation graph needs are written. Field numbers are those of
 * `onnx.proto` (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto); they are
 * frozen by the format, so nothing here ages with a runtime's version.
 * @module
 */

/** Element type of a tensor. */
export type ElementType =
  | "float32"
  | "uint8"
  | "int8"
  | "int32"
  | "int64"
  | "bool"
  | "float16"
  | "float64";

/** Their numbers in TensorProto.DataType. */
const DATA_TYPE: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

/** The values of a tensor, in the memory layout of its element type. */
export type ElementArray =
  | Float32Array
  | Uint8Array
  | Int8Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Float64Array;

/** A constant stored in the model: a weight, an index list, a shape. */
export interface TensorValue {
  /** By which nodes read it. */
  readonly name: string;
  /** Type of every element. */
  readonly type: ElementType;
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** Row-major; `bool` as Uint8Array, `float16` as the bit patterns in a Uint16Array. */
  readonly data: ElementArray;
}

/** A graph input or output; a string in the shape is a dimension known only when the graph runs. */
export interface ValueInfo {
  /** By which nodes read or make it. */
  readonly name: string;
  /** Type of every element. */
  readonly type: ElementType;
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly (number | string)[];
}

/** An operator's parameter. The kind is spelled out because 1 may mean an int or a float. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly tensor: TensorValue };

/** One application of an operator. */
export interface Node {
  /** Operator, such as `MatMul`. */
  readonly op: string;
  /** Names of the values it reads; `""` leaves an optional input out. */
  readonly inputs: readonly string[];
  /** Names of the values it makes. */
  readonly outputs: readonly string[];
  /** The operator's parameters. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Operator set; the standard one when absent. */
  readonly domain?: string;
  /** Shown in a runtime's messages and profiles. */
  readonly name?: string;
}

/** A computation: nodes in an order in which every value is made before it is read. */
export interface Graph {
  /** Shown in a runtime's messages. */
  readonly name: string;
  /** What a run has to provide. */
  readonly inputs: readonly ValueInfo[];
  /** What a run hands back. */
  readonly outputs: readonly ValueInfo[];
  /** The operators, each after those whose outputs it reads. */
  readonly nodes: readonly Node[];
  /** Constants. */
  readonly initializers?: readonly TensorValue[];
}

/** Which versions of the format a model declares. */
export interface ModelOptions {
  /** Version of the file format. Default 9. */
  readonly irVersion?: number;
  /** Version of every operator set used; `""` is the standard one. Default `{ "": 18 }`. */
  readonly opsets?: Readonly<Record<string, number>>;
}

/**
 * Encodes a graph as an ONNX model.
 * @throws {RangeError} when a constant's data do not fill its shape
 */
export function encodeModel(graph: Graph, options: ModelOptions = {}): Uint8Array<ArrayBuffer> {
  const opsets = Object.entries(options.opsets ?? { "": 18 });
  return join([
    ...integer(1, options.irVersion ?? 9),
    ...text(2, "icl-router-bench"),
    ...message(7, graphMessage(graph)),
    ...opsets.flatMap(([domain, version]) =>
      message(8, [...text(1, domain), ...integer(2, version)])
    ),
  ]);
}

// One message is a list of byte runs. They are joined once, at the very end, so that a large weight is
// copied once however deeply it is nested.
type Bytes = Uint8Array<ArrayBufferLike>[];

function graphMessage(graph: Graph): Bytes {
  const out: Bytes = [];
  for (const node of graph.nodes) out.push(...message(1, nodeMessage(node)));
  out.push(...text(2, graph.name));
  for (const value of graph.initializers ?? []) out.push(...message(5, tensorMessage(value)));
  for (const value of graph.inputs) out.push(...message(11, valueMessage(value)));
  for (const value of graph.outputs) out.push(...message(12, valueMessage(value)));
  return out;
}

function nodeMessage(node: Node): Bytes {
  return [
    ...node.inputs.flatMap((name) => text(1, name)),
    ...node.outputs.flatMap((name) => text(2, name)),
    ...(node.name ? text(3, node.name) : []),
    ...text(4, node.op),
    ...Object.entries(node.attributes ?? {}).flatMap(([name, value]) =>
      message(5, attributeMessage(name, value))
    ),
    ...(node.domain ? text(7, node.domain) : []),
  ];
}

/** Field 20 names the kind (AttributeProto.AttributeType), the value stands in a field of its own. */
function attributeMessage(name: string, value: Attribute): Bytes {
  const head = text(1, name);
  if ("float" in value) return [...head, ...float(2, value.float), ...integer(20, 1)];
  if ("int" in value) return [...head, ...integer(3, value.int), ...integer(20, 2)];
  if ("string" in value) return [...head, ...text(4, value.string), ...integer(20, 3)];
  if ("tensor" in value) {
    return [...head, ...message(5, tensorMessage(value.tensor)), ...integer(20, 4)];
  }
  if ("floats" in value) {
    return [...head, ...value.floats.flatMap((v) => float(7, v)), ...integer(20, 6)];
  }
  return [...head, ...value.ints.flatMap((v) => integer(8, v)), ...integer(20, 7)];
}

function tensorMessage({ name, type, shape, data }: TensorValue): Bytes {
  const size = shape.reduce((product, n) => product * n, 1);
  if (data.length !== size) {
    throw new RangeError(
      `tensor ${name} [${shape.join(" × ")}] needs ${size} values, got ${data.length}`,
    );
  }
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [
    ...shape.flatMap((n) => integer(1, n)),
    ...integer(2, DATA_TYPE[type]),
    ...text(8, name),
    ...message(9, [raw]),
  ];
}

function valueMessage({ name, type, shape }: ValueInfo): Bytes {
  const dimensions = shape.flatMap((n) =>
    message(1, typeof n === "number" ? integer(1, n) : text(2, n))
  );
  const tensorType = [...integer(1, DATA_TYPE[type]), ...message(2, dimensions)];
  return [...text(1, name), ...message(2, message(1, tensorType))];
}

// Protobuf's wire format: a key (field number and wire type), then the value.

const utf8 = new TextEncoder();

function integer(field: number, value: number): Bytes {
  return [varint(field << 3), varint(value)];
}

function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [varint(field << 3 | 5), bytes];
}

function text(field: number, value: string): Bytes {
  return message(field, [utf8.encode(value)]);
}

function message(field: number, parts: Bytes): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  return [varint(field << 3 | 2), varint(length), ...parts];
}

/** What nearly all keys, lengths and dimensions are. */
const ONE_BYTE = Array.from({ length: 128 }, (_, value) => Uint8Array.of(value));

/** Seven bits a byte, lowest first; a negative number as its 64-bit two's complement. */
function varint(value: number): Uint8Array {
  if (value in ONE_BYTE) return ONE_BYTE[value];
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function join(parts: Bytes): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
