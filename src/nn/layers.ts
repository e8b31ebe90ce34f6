/**
 * What networks are made of beyond plain operators: nonlinearities, attention, normalisation, rotary positions,
 * dropout, losses. Each has a backward rule of its own beside it where that is cheaper than its parts' rules.
 * Below, g = ∂L/∂y.
 * @module
 */
import { constantOf, type Graph, sizeOf, type Tensor } from "./graph.ts";
import {
  add,
  concat,
  constantOnes,
  div,
  exp,
  expand,
  integers,
  matmul,
  mean,
  mul,
  negate,
  reshape,
  scalar,
  scale,
  shift,
  slice,
  split,
  sqrt,
  square,
  sub,
  sum,
  sumAll,
  sumTo,
} from "./ops.ts";
import type { Random } from "../base/random.ts";

/** y = max(x, 0).  ∂x = g where y > 0. */
export function relu(x: Tensor): Tensor {
  const { graph, shape } = x;
  const y = graph.node("Relu", [x], shape);
  return graph.record([y], [x], (g) => [() => {
    // As a comparison: the runtime's Sign takes six times as long.
    const positive = graph.node("Greater", [x, scalar(graph, 0)], shape, {
      type: "bool",
    });
    return mul(g, graph.node("Cast", [positive], shape, { attributes: { to: { int: 1 } } }));
  }])[0];
}

/** y = σ(x) = 1 / (1 + exp(−x)).  ∂x = g · y · (1 − y). */
export function sigmoid(x: Tensor): Tensor {
  const y = x.graph.node("Sigmoid", [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => mul(g, sub(y, mul(y, y)))])[0];
}

/** y = tanh(x).  ∂x = g · (1 − y²). */
export function tanh(x: Tensor): Tensor {
  const y = x.graph.node("Tanh", [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => sub(g, mul(g, mul(y, y)))])[0];
}

/** y = ln(1 + exp(x)), without overflow.  ∂x = g · σ(x). */
export function softplus(x: Tensor): Tensor {
  const y = x.graph.node("Softplus", [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => mul(g, sigmoid(x))])[0];
}

/** y = x · σ(x), also called swish.  With s = σ(x): ∂x = g · s · (1 + x − y). */
export function silu(x: Tensor): Tensor {
  const s = x.graph.node("Sigmoid", [x], x.shape);
  const y = x.graph.node("Mul", [x, s], x.shape);
  return x.graph.record([y], [x], (g) => [() => mul(g, mul(s, shift(sub(x, y), 1)))])[0];
}

/**
 * y = GELU in its tanh form, written with σ: u = √(2/π)(x + 0.044715 x³), y = x · s, s = σ(2u).
 * ∂x = g · (s + (x − y) · s · 2u′), u′ = √(2/π)(1 + 0.134145 x²).
 */
export function gelu(x: Tensor): Tensor {
  const { graph, shape } = x, k = Math.sqrt(2 / Math.PI), c = 0.044715;
  const node = (op: string, ...inputs: Tensor[]): Tensor => graph.node(op, inputs, shape);
  const x2 = node("Mul", x, x);
  const s = graph.node("Sigmoid", [mul(x, shift(scale(x2, 2 * k * c), 2 * k))], shape);
  const y = node("Mul", x, s);
  return graph.record([y], [x], (g) => [() => {
    const slope = shift(scale(x2, 6 * k * c), 2 * k);
    return mul(g, add(s, mul(mul(sub(x, y), s), slope)));
  }])[0];
}

/**
 * y = x · Φ(x), GELU as it is defined (BERT), with Φ(x) = (1 + erf(x / √2)) / 2.
 * ∂x = g · (Φ(x) + x · φ(x)), φ(x) = exp(−x² / 2) / √(2π).
 */
export function geluErf(x: Tensor): Tensor {
  const { graph, shape } = x, X = constantOf(x);
  const erf = graph.node("Erf", [scale(X, Math.SQRT1_2)], shape);
  const share = scale(shift(erf, 1), 0.5), y = graph.node("Mul", [x, share], shape);
  return graph.record([y], [x], (g) => [() => {
    const density = scale(exp(scale(square(X), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(share, mul(X, density)));
  }])[0];
}

// Softmax, and attention as one operator.

/** Keys or values [… × kvHeads × length × width], each repeated for the query heads that share it. */
export function repeatHeads(x: Tensor, heads: number): Tensor {
  const own = x.shape.at(-3)!, length = x.shape.at(-2)!, width = x.shape.at(-1)!;
  if (own === heads) return x;
  const before = x.shape.slice(0, -3);
  const apart = reshape(x, [...before, own, 1, length, width]);
  const repeated = expand(apart, [...before, own, heads / own, length, width]);
  return reshape(repeated, [...before, heads, length, width]);
}

/** Keys and values, one for every query head where there are heads. */
function forHeads(q: Tensor, keysValues: readonly Tensor[]): Tensor[] {
  const heads = q.shape.at(-3);
  return keysValues.map((x) => heads === undefined ? x : repeatHeads(x, heads));
}

/** y = softmax of the last axis.  ∂x = y · (g − Σ g y). */
export function softmax(x: Tensor): Tensor {
  const y = x.graph.node("Softmax", [x], x.shape, { attributes: { axis: { int: -1 } } });
  return x.graph.record([y], [x], (g) => [() => mul(y, sub(g, sum(mul(g, y), [-1])))])[0];
}

/** y = ln softmax of the last axis.  ∂x = g − softmax(x) · Σ g. */
export function logSoftmax(x: Tensor): Tensor {
  const y = x.graph.node("LogSoftmax", [x], x.shape, { attributes: { axis: { int: -1 } } });
  return x.graph.record([y], [x], (g) => [() => sub(g, mul(exp(y), sum(g, [-1])))])[0];
}

/**
 * Attention: y = P v with P = softmax(q kᵀ / √width + mask).
 *
 * Backward, as FlashAttention arranges it: with d = Σ g·y over the width (one number a row, where softmax's
 * own rule would need a pass over P), ∂v = Pᵀ g, ∂S = P · (g vᵀ − d), ∂q = ∂S k / √width,
 * ∂k = ∂Sᵀ q / √width.
 *
 * @param q queries [… × heads × rows × width], or without heads
 * @param k keys [… × kvHeads × columns × width]: as many heads, or fewer, each shared by heads / kvHeads of them
 * @param v values [… × kvHeads × columns × width]
 * @param mask added to the scores, broadcasts to [… × rows × columns]; 0 = seen, −10⁹ = hidden
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor {
  const { graph, shape } = q, factor = 1 / Math.sqrt(shape.at(-1)!);
  const [keys, values] = forHeads(q, [k, v]);
  const [Q, K, V] = [q, keys, values].map(constantOf); // one rule for the whole, none for its parts
  const scores = matmul(Q, K, { transposeB: true, factor });
  const p = softmax(mask ? add(scores, mask) : scores);
  const y = matmul(p, V);
  return graph.record([y], [q, keys, values], (g) => {
    let made: Tensor | undefined;
    const dS = (): Tensor => made ??= mul(p, productLess(g, V, sum(mul(g, y), [-1])));
    return [
      () => matmul(dS(), K, { factor }),
      () => matmul(dS(), Q, { transposeA: true, factor }),
      () => matmul(p, g, { transposeA: true }),
    ];
  })[0];
}

/** a bᵀ − d, d one number a row; as [a, −d] [b, 1]ᵀ where an uneven width is no harm: a pass less. */
function productLess(a: Tensor, b: Tensor, d: Tensor): Tensor {
  if (!a.graph.fused) return sub(matmul(a, b, { transposeB: true }), d);
  const one = constantOnes(a.graph, b.shape.with(-1, 1));
  return matmul(concat([a, negate(d)], -1), concat([b, one], -1), { transposeB: true });
}

/**
 * Attention in which row i sees columns 0…i only. Computed in blocks of rows, each with just the columns
 * it can see, so that nearly half of the work of a masked square is never done.
 *
 * @param q queries [… × length × width]; k and v likewise, perhaps with fewer heads as in {@link attention}
 * @param block rows a block: small ones save work, large ones save copies of the columns
 */
export function causalAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  block = q.shape.at(-2)! > 512 ? 128 : 64,
): Tensor {
  const rows = q.shape.at(-2)!, sizes: number[] = [];
  for (let start = 0; start < rows; start += block) sizes.push(Math.min(block, rows - start));
  let [keys, values] = forHeads(q, [k, v]), end = rows;
  // From the last block to the first, so that each cuts its columns out of those of the one before.
  const parts = split(q, sizes, -2).toReversed().map((queries) => {
    keys = slice(keys, -2, 0, end);
    values = slice(values, -2, 0, end);
    const mask = causalMask(q, queries.shape.at(-2)!, end);
    end -= queries.shape.at(-2)!;
    return attention(queries, keys, values, mask);
  });
  return concat(parts.reverse(), -2);
}

/** The last `rows` rows of a causal mask of `columns` columns: 0 where column ≤ row, else −10⁹. */
export function causalMask({ graph }: Tensor, rows: number, columns: number): Tensor {
  return graph.constant(`causal ${rows} ${columns}`, [rows, columns], () => {
    const mask = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      mask.fill(-1e9, i * columns + columns - rows + i + 1, (i + 1) * columns);
    }
    return mask;
  });
}

// Normalisation of the last axis. h = g · gain, and bars are means over the axis.

/**
 * y = gain · n + bias with n = (x − x̄) / √(variance + ε).
 * ∂x = (h − h̄ − n · mean(h·n)) / √(variance + ε), ∂gain = Σ g·n, ∂bias = Σ g.
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  const { graph, shape } = x, one = shape.with(-1, 1);
  const [y, centre, inverse] = graph.nodes("LayerNormalization", [x, gain, bias], [
    shape,
    one,
    one,
  ], { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } });
  return graph.record([y], [x, gain, bias], (g) => {
    const n = mul(sub(constantOf(x), centre), inverse), gn = mul(g, n);
    return [
      () => {
        const across = add(mul(n, weightedMean(gn, gain)), weightedMean(g, gain));
        return mul(inverse, sub(mul(g, gain), across));
      },
      () => sumTo(gn, gain.shape),
      () => sumTo(g, bias.shape),
    ];
  })[0];
}

/**
 * y = gain · n with n = x / √(mean(x²) + ε).
 * ∂x = (h − n · mean(h·n)) / √(mean(x²) + ε), ∂gain = Σ g·n.
 */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon = 1e-6): Tensor {
  const { y, inverse } = rms(constantOf(x), constantOf(gain), epsilon);
  return x.graph.record([y], [x, gain], (g) => {
    const n = mul(x, inverse), gn = mul(g, n);
    return [
      () => mul(inverse, sub(mul(g, gain), mul(n, weightedMean(gn, gain)))),
      () => sumTo(gn, gain.shape),
    ];
  })[0];
}

/** The forward half of {@link rmsNorm}: its output, and 1 / √(mean(x²) + ε) of every row. */
function rms(x: Tensor, gain: Tensor, epsilon: number): { y: Tensor; inverse: Tensor } {
  const { graph, shape } = x;
  if (graph.fused) {
    const [y, inverse] = graph.nodes("SimplifiedLayerNormalization", [x, gain], [
      shape,
      shape.with(-1, 1),
    ], { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } });
    return { y, inverse };
  }
  const inverse = div(scalar(graph, 1), sqrt(shift(mean(square(x), [-1]), epsilon)));
  return { y: mul(mul(x, inverse), gain), inverse };
}

/** y = x / √(Σ x² + ε), so that inner products are cosines.  ∂x = (g − y · Σ g·y) / √(Σ x² + ε). */
export function unitLength(x: Tensor, epsilon = 1e-12): Tensor {
  const X = constantOf(x), root = sqrt(shift(sum(square(X), [-1]), epsilon)), y = div(X, root);
  return x.graph.record(
    [y],
    [x],
    (g) => [() => div(sub(g, mul(y, sum(mul(g, y), [-1]))), root)],
  )[0];
}

/** Mean of x · weights over the last axis; as a product it never writes x · weights down. */
function weightedMean(x: Tensor, weights: Tensor): Tensor {
  const width = x.shape.at(-1)!;
  if (!x.graph.fused) return mean(mul(x, weights), [-1]);
  const column = reshape(scale(weights, 1 / width), [width, 1]);
  return x.graph.node("MatMul", [x, column], x.shape.with(-1, 1));
}

// Rotary position encoding (RoFormer, arXiv 2104.09864).

/** Where the rows of a sequence stand, and how fast the angles turn. */
export interface RotaryOptions {
  /** Position of every row; 0, 1, 2 … if absent. */
  readonly positions?: readonly number[];
  /** Angle of pair j at position t: t · base^(−2j / width). */
  readonly base?: number;
}

/**
 * Turns every pair (x_j, x_{j + width/2}) of row t by its angle: y = x · cos + rot(x) · sin with
 * rot(a, b) = (−b, a); the layout of Llama and Qwen2.  ∂x = g turned back, by the opposite angles.
 *
 * @param x [… × rows × width], width even
 */
export function rotary(x: Tensor, { positions, base = 10_000 }: RotaryOptions = {}): Tensor {
  const { graph, shape } = x, width = shape.at(-1)!;
  const at = positions ?? Array.from({ length: shape.at(-2)! }, (_, t) => t);
  if (at.length !== shape.at(-2) || width % 2 !== 0) {
    throw new RangeError(`rotary: ${at.length} positions for shape [${shape}], width must be even`);
  }
  const turned = (z: Tensor, direction: 1 | -1): Tensor =>
    turn(
      z,
      angles(graph, "cos", at, width / 2, base),
      angles(graph, "sin", at.map((t) => direction * t), width / 2, base),
    );
  return graph.record([turned({ ...x, differentiable: false }, 1)], [x], (g) => [
    () => turned(g, -1),
  ])[0];
}

/** The pairs of z turned by angles of which cosines and sines are given, [rows × width / 2]. */
function turn(z: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const { graph, shape } = z, width = shape.at(-1)!;
  if (graph.fused && shape.length === 4) {
    const first = integers(graph, [0]); // row t takes row 0 + t of the angles
    return graph.node("RotaryEmbedding", [z, first, cos, sin], shape, { domain: "com.microsoft" });
  }
  const a = slice(z, -1, 0, width / 2), b = slice(z, -1, width / 2, width);
  return concat([
    sub(mul(a, cos), mul(b, sin)),
    add(mul(b, cos), mul(a, sin)),
  ], -1);
}

/** cos or sin of every row's angles. */
function angles(
  graph: Graph,
  f: "cos" | "sin",
  positions: readonly number[],
  half: number,
  base: number,
): Tensor {
  return graph.constant(`${f} ${base} ${half} ${positions}`, [positions.length, half], () => {
    const out = new Float32Array(positions.length * half);
    positions.forEach((t, i) => {
      for (let j = 0; j < half; j++) out[i * half + j] = Math[f](t * base ** (-j / half));
    });
    return out;
  });
}

/**
 * The dropout sites of a graph (Srivastava et al., 2014): one input a site, declared when the site is reached.
 * Masks are fed, drawn outside the graph from a stream named by the step, so that training can stop and
 * resume with the same bits.
 */
export class Dropout {
  readonly #sizes = new Map<string, number>();
  readonly #dropped: number;

  /**
   * No sites yet.
   * @param share dropped share, rounded to 1/256; 0 = no dropout and no inputs
   */
  constructor(private readonly graph: Graph, share: number) {
    this.#dropped = Math.round(share * 256);
  }

  /** x with some numbers set to zero and the others scaled up.  ∂x = g, masked alike. */
  apply(x: Tensor, name: string): Tensor {
    if (this.#dropped === 0) return x;
    const mask = this.graph.input(`dropout ${name}`, x.shape, { type: "uint8" });
    this.#sizes.set(mask.name, sizeOf(x.shape));
    const kept = this.graph.node("Cast", [mask], x.shape, { attributes: { to: { int: 1 } } });
    return mul(x, scale(kept, 256 / (256 - this.#dropped)));
  }

  /** Draws the masks of one step into arrays that are made once and reused. */
  draw(random: Random, masks: Record<string, Uint8Array>): void {
    for (const [name, size] of this.#sizes) {
      const words = Math.ceil(size / 4), dropped = this.#dropped;
      const mask = masks[name] ??= new Uint8Array(4 * words).subarray(0, size);
      const bits = new Uint32Array(mask.buffer, mask.byteOffset, words);
      random.fork(name).fill(bits);
      keptBytes(bits, dropped);
    }
  }
}

/** Every byte to 1 if it is `least` or more, else 0: four at a time, in a loop over whole words. */
function keptBytes(words: Uint32Array, least: number): void {
  // Without its top bit, `least` can be taken from a byte that has its own set: nothing is borrowed from the next.
  const low = Math.imul(least & 127, 0x01010101), top = least >= 128;
  for (let i = 0; i < words.length; i++) {
    const bytes = words[i], enough = (bytes | 0x80808080) - low;
    words[i] = ((top ? bytes & enough : bytes | enough) >>> 7) & 0x01010101;
  }
}

// Losses, each a scalar: here g = ∂L/∂loss.

/**
 * Mean cross-entropy −Σ_r w_r ln softmax(logits_r)[target_r] / Σ_r w_r.
 * ∂logits_r = (softmax(logits_r) − onehot(target_r)) · w_r / Σ w.
 *
 * @param logits [rows × classes]
 * @param targets class numbers, int64 [rows × 1]
 * @param weights [rows × 1], 0 where a row does not count; all ones if absent
 * @throws {RangeError} when the shapes do not fit: broadcasting would make another mean of it
 */
export function crossEntropy(logits: Tensor, targets: Tensor, weights?: Tensor): Tensor {
  const { graph, shape: [rows] } = logits, column = [rows, 1];
  expectShape("targets", targets, column);
  if (weights) expectShape("weights", weights, column);
  const log = graph.node("LogSoftmax", [logits], logits.shape, {
    attributes: { axis: { int: -1 } },
  });
  const axis = { axis: { int: 1 } };
  const right = graph.node("GatherElements", [log, targets], column, { attributes: axis });
  const share = weights ? div(weights, sumAll(weights)) : scalar(graph, 1 / rows);
  const loss = negate(sumAll(mul(right, share)));
  return graph.record([loss], [logits], (g) => [() => {
    const minus = expand(scalar(graph, -1), column);
    const off = graph.node("ScatterElements", [exp(log), targets, minus], logits.shape, {
      attributes: { ...axis, reduction: { string: "add" } },
    });
    return mul(off, mul(share, g));
  }])[0];
}

/**
 * Mean binary cross-entropy Σ_i w_i (softplus(ℓ_i) − z_i ℓ_i) / Σ_i w_i, stable for any ℓ.
 * ∂ℓ_i = (σ(ℓ_i) − z_i) · w_i / Σ w, ∂z_i = −ℓ_i · w_i / Σ w.
 *
 * @param logits any shape
 * @param labels of the same shape, in [0, 1]; soft labels are allowed
 * @param weights of the same shape, 0 where an outcome is missing; all ones if absent
 * @throws {RangeError} when the shapes differ
 */
export function binaryCrossEntropy(logits: Tensor, labels: Tensor, weights?: Tensor): Tensor {
  const { graph, shape } = logits, size = shape.reduce((a, b) => a * b, 1);
  expectShape("labels", labels, shape);
  if (weights) expectShape("weights", weights, shape);
  const share = weights ? div(weights, sumAll(weights)) : scalar(graph, 1 / size);
  const each = sub(fastSoftplus(logits), graph.node("Mul", [labels, logits], shape));
  const loss = sumAll(mul(each, share));
  return graph.record(
    [loss],
    [logits, labels],
    (g) => [
      () => mul(sub(graph.node("Sigmoid", [logits], shape), labels), mul(share, g)),
      () => negate(mul(logits, mul(share, g))),
    ],
  )[0];
}

/**
 * Mean logistic loss Σ_i w_i softplus(x_i) / Σ_i w_i: binary cross-entropy with labels 0.
 * ∂x_i = σ(x_i) · w_i / Σ w.
 * @throws {RangeError} when the shapes differ
 */
export function logisticLoss(x: Tensor, weights: Tensor): Tensor {
  const { graph, shape } = x;
  expectShape("weights", weights, shape);
  const total = sumAll(weights), loss = div(sumAll(mul(fastSoftplus(x), weights)), total);
  return graph.record([loss], [x], (g) => [
    () => mul(graph.node("Sigmoid", [x], shape), mul(expand(div(g, total), shape), weights)),
  ])[0];
}

/** Mean squared difference of two tensors of one shape.  ∂x = 2 g (x − y) / n. */
export function meanSquaredError(x: Tensor, y: Tensor): Tensor {
  const size = x.shape.reduce((a, b) => a * b, 1), d = sub(reshape(x, y.shape), y);
  return mul(sumAll(mul(d, d)), scalar(x.graph, 1 / size));
}

/**
 * ln(1 + exp(x)) without overflow, right to 10⁻⁷: enough for a loss, whose gradient does not come from it,
 * and many times faster than the runtime's operator. Without a gradient of its own.
 */
function fastSoftplus(x: Tensor): Tensor {
  const { graph, shape } = x,
    node = (op: string, of: Tensor): Tensor => graph.node(op, [of], shape);
  return add(node("Relu", x), node("Log", shift(node("Exp", node("Neg", node("Abs", x))), 1)));
}

function expectShape(what: string, { shape }: Tensor, expected: readonly number[]): void {
  if (shape.join() !== expected.join()) {
    throw new RangeError(`${what} of shape [${shape}], expected [${expected}]`);
  }
}
