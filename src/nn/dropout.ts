/**
 * Dropout (Srivastava et al., 2014) with masks that are fed: drawn outside the graph from a stream named by
 * the step, so that training can stop and resume with the same bits.
 * @module
 */
import { type Graph, sizeOf, type Tensor } from "./graph.ts";
import { mul, scale } from "./arithmetic.ts";
import type { Random } from "../base/random.ts";

/** The dropout sites of a graph: one input a site, declared when the site is reached. */
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
      const mask = masks[name] ??= new Uint8Array(size);
      const stream = random.fork(name), dropped = this.#dropped;
      for (let i = 0; i < size; i += 4) {
        const bits = stream.integer(4294967296);
        mask[i] = (bits & 255) < dropped ? 0 : 1;
        mask[i + 1] = (bits >>> 8 & 255) < dropped ? 0 : 1;
        mask[i + 2] = (bits >>> 16 & 255) < dropped ? 0 : 1;
        mask[i + 3] = (bits >>> 24) < dropped ? 0 : 1;
      }
    }
  }
}
