/**
 * Opens the network of ICL-Router on a language model as its method says, before it learns.
 * @module
 */
import { CapabilityError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { findModel } from "../../lm/store.ts";
import { type FusedNetwork, type FusedOptions, openFused } from "./fused.ts";
import type { Decided } from "./fused_pool.ts";

/** Which blocks of which language model read, and what of them is learned. */
export interface FusedDesign extends Pick<Decided, "byName"> {
  /** Id of the language model, see `deno task lm list`. */
  readonly model: string;
  /** The store of language models, unless it is that of this machine. */
  readonly root?: string;
  /** Blocks that a query's text went through, and the last block that reads records. */
  readonly blocks: readonly [from: number, to: number];
  /** Rank of the adapters. */
  readonly rank: number;
  /** Share of the learning rate that the projector and the label tokens take. */
  readonly projectorRate: number;
  /** Steps of stage 1 before, in which the blocks learn to write queries from their vectors; none if absent. */
  readonly stage1Steps?: number;
  /** The blocks' matrices are random ones of the same size (a control). */
  readonly randomBlocks?: boolean;
}

/**
 * Opens the network of a method, with what it learns as it is before training.
 * @throws {CapabilityError} when random blocks are to learn to write: the blocks around them know no such language
 */
export async function openNetwork(
  method: FusedDesign,
  input: number,
  models: number,
  stream: Random,
): Promise<FusedNetwork> {
  if (method.randomBlocks && method.stage1Steps) {
    throw new CapabilityError(
      "stage 1 needs the pre-trained blocks: leave out randomBlocks or stage1Steps",
    );
  }
  const network = await openFused(await optionsOf(method, input, models, stream));
  if (method.randomBlocks) scramble(network, stream.fork("random blocks"));
  return network;
}

/** What the network of a method is opened with. */
export async function optionsOf(
  { model, root, blocks: [from, to], rank, projectorRate, byName }: FusedDesign,
  input: number,
  models: number,
  stream: Random,
): Promise<FusedOptions> {
  const { folder } = await findModel(model, root);
  return {
    ...{ folder, from, to, rank, input, projectorRate },
    ...(byName ? { identities: models } : {}),
    random: stream.fork("weights"),
  };
}

/** Random numbers of the same size in the place of every matrix of the blocks. */
export function scramble({ parameters, group }: FusedNetwork, random: Random): void {
  for (const [name, { shape, data }] of parameters) {
    if (shape.length < 2 || group(name, shape, 0) !== null) continue;
    const deviation = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    const own = random.fork(name);
    for (let i = 0; i < data.length; i++) data[i] = deviation * own.normal();
  }
}
