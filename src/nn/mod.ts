/**
 * The training engine as a router uses it: build the loss of a batch from operators and layers on named
 * parameters, {@link trainNetwork} it, apply the network to any number of rows with {@link Blocks}. Nothing
 * is loaded or compiled before the first run.
 * @module
 */
export { Graph, type Tensor } from "./graph.ts";
export * from "./ops.ts";
export * from "./layers.ts";
export {
  bind,
  type Bound,
  type GivenValues,
  type Initialiser,
  normal,
  ones,
  type Parameter,
  Parameters,
  values,
  zeros,
} from "./parameters.ts";
export { type Batch, trainNetwork, type TrainOptions, type TrainReport } from "./minibatch.ts";
export { Trainer } from "./trainer.ts";
export { Blocks, type RowNetwork } from "./blocks.ts";
export { type GraphBuilder, Programs } from "./programs.ts";
export { type Feeds, type Fetches, Program } from "./program.ts";
