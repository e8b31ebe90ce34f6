/**
 * Dropout in the training of a router's network.
 * @module
 */
import { type Bound, Dropout, type Graph, type Tensor, type TrainOptions } from "../src/nn/mod.ts";
import type { Batch } from "../src/nn/mod.ts";

/** Drops from a layer, by its name; outside of training nothing is dropped. */
export type Drop = (x: Tensor, name: string) => Tensor;

/** Nothing is dropped. */
export const keep: Drop = (x: Tensor): Tensor => x;

/** A loss in which a share of some layers is dropped, anew at every step, as `trainNetwork` takes it. */
export function withDropout(
  share: number,
  loss: (drop: Drop, parameter: Bound, batch: Batch, graph: Graph) => Tensor,
): Required<Pick<TrainOptions, "loss" | "feed">> {
  const masks: Record<string, Uint8Array> = {};
  let sites: Dropout;
  return {
    loss: (graph, parameter, batch) => {
      sites = new Dropout(graph, share);
      return loss((x, name) => sites.apply(x, name), parameter, batch, graph);
    },
    feed: (_, draw) => {
      sites.draw(draw, masks);
      return masks;
    },
  };
}
