/**
 * Rotary position encoding (RoFormer, arXiv 2104.09864). Below, g = ∂L/∂y.
 * @module
 */
import type { Graph, Tensor } from "./graph.ts";
import { add, integers, mul, sub } from "./arithmetic.ts";
import { concat, slice } from "./shapes.ts";

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
