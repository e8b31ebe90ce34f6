/**
 * Rotary position encoding (RoFormer, arXiv 2104.09864). Below, g = ∂L/∂y.
 * @module
 */
import type { Graph, Tensor } from "./graph.ts";
import { add, mul, negate } from "./arithmetic.ts";
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
 * rot(a, b) = (−b, a); the layout of Llama and Qwen2.  ∂x = g · cos + rotᵀ(g · sin), rotᵀ(a, b) = (b, −a).
 *
 * @param x [… × rows × width], width even
 */
export function rotary(x: Tensor, { positions, base = 10_000 }: RotaryOptions = {}): Tensor {
  const { graph, shape } = x, width = shape.at(-1)!, half = width / 2;
  const at = positions ?? Array.from({ length: shape.at(-2)! }, (_, t) => t);
  if (at.length !== shape.at(-2) || !Number.isInteger(half)) {
    throw new RangeError(`rotary: ${at.length} positions for shape [${shape}], width must be even`);
  }
  const [cos, sin] = [Math.cos, Math.sin].map((f) => angles(graph, f, at, width, base));
  const parts = (z: Tensor): [Tensor, Tensor] => [slice(z, -1, 0, half), slice(z, -1, half, width)];
  const turned = (z: Tensor): Tensor => {
    const [a, b] = parts(z);
    return concat([negate(b), a], -1);
  };
  const turnedBack = (z: Tensor): Tensor => {
    const [a, b] = parts(z);
    return concat([b, negate(a)], -1);
  };
  const X = { ...x, differentiable: false };
  const y = add(mul(X, cos), mul(turned(X), sin));
  return graph.record([y], [x], (g) => [() => add(mul(g, cos), turnedBack(mul(g, sin)))])[0];
}

/** cos or sin of every row's angles, both halves alike: [rows × width]. */
function angles(
  graph: Graph,
  f: (angle: number) => number,
  positions: readonly number[],
  width: number,
  base: number,
): Tensor {
  const key = `${f.name} ${base} ${width} ${positions}`;
  return graph.constant(key, [positions.length, width], () => {
    const out = new Float32Array(positions.length * width);
    positions.forEach((t, i) => {
      for (let j = 0; j < width; j++) {
        out[i * width + j] = f(t * base ** (-2 * (j % (width / 2)) / width));
      }
    });
    return out;
  });
}
