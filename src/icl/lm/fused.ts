/**
 * The middle of a pre-trained language model as a network that reads records (icl-router.md §2–3): a query's vector is
 * the mean of its tokens' states behind the lower blocks, records of such vectors enter there, and the blocks above,
 * with low-rank adapters, answer.
 *
 * A record is one token a labelled query, [v_1 + label_1] [v_2 + label_2] …; a target is one more token [v] behind it,
 * at which the network says whether the record's model solves the query.
 * @module
 */
import type { Random } from "../../base/random.ts";
import type { Backbone } from "../../lm/backbone.ts";
import { openDecoder } from "../../lm/decoder.ts";
import { rmsNorm } from "../../nn/layers.ts";
import type { Tensor } from "../../nn/graph.ts";
import { isAdapter, type LoraOptions } from "../../nn/lora.ts";
import { add, expand, linear, lookup, reshape } from "../../nn/ops.ts";
import { type Bound, normal, ones, zeros } from "../../nn/parameters.ts";
import { type AnswerNetwork, NOT_TOLD } from "../answer_network.ts";
import { sharedPrefixAttention } from "../shared_prefix.ts";

/** A language model's middle with what the router adds. */
export interface FusedNetwork extends AnswerNetwork {
  /** The blocks. */
  readonly backbone: Backbone;
}

/** Where and how records enter a language model. */
export interface FusedOptions {
  /** Folder of the language model. */
  readonly folder: string;
  /** Blocks that a query's text went through: records enter behind them. */
  readonly from: number;
  /** The last block that is used. */
  readonly to: number;
  /** Rank of the adapters of their attention. */
  readonly rank: number;
  /** Width of the query vectors. */
  readonly input: number;
  /** Share of the learning rate that the projector and the markers take, in those of the adapters. Default 1. */
  readonly projectorRate?: number;
  /** Models known by name in place of their record (a control): how many. */
  readonly identities?: number;
  /** Names the streams that new parameters start from. */
  readonly random: Random;
}

/** Opens the middle of a language model. @throws as `openDecoder` does */
export async function openFused(options: FusedOptions): Promise<FusedNetwork> {
  const { folder, from, to, rank, random } = options;
  return fusedOn(
    await openDecoder(folder, { tuning: adaptersOf(rank), blocks: to, from, random }),
    options,
  );
}

/** The middle of a language model that is open from block `from` on, with {@link adaptersOf} it. */
export function fusedOn(
  backbone: Backbone,
  options: Pick<FusedOptions, "from" | "input" | "identities" | "projectorRate">,
): FusedNetwork {
  const { parameters, width } = backbone, { from, input, identities } = options;
  parameters.add("projector.norm.weight", [input], ones);
  parameters.add(
    "projector.weight",
    [width, input],
    // States of this model stay where they are, but for their scale.
    input === width ? identity : normal(1 / Math.sqrt(input)),
  );
  parameters.add("projector.bias", [width], zeros);
  parameters.add("label_table", [NOT_TOLD + 1, width], normal(1));
  parameters.add("answer_head", [1, width], normal(0.1 / Math.sqrt(width)));
  parameters.add("answer_bias", [1], zeros);
  if (identities) parameters.add("identity_table", [identities, width], normal(1));
  return { ...network(backbone, from, options), backbone };
}

function network(
  backbone: Backbone,
  from: number,
  { input, identities, projectorRate = 1 }: Pick<
    FusedOptions,
    "input" | "identities" | "projectorRate"
  >,
): AnswerNetwork {
  const { parameters, width, layers } = backbone;
  const head: AnswerNetwork["head"] = (parameter, states) =>
    linear(states, parameter("answer_head"), parameter("answer_bias"), { transposeWeight: true });
  const states: AnswerNetwork["states"] = (parameter, vectors, memory) => {
    const [models, , length] = memory[0].keys.shape, B = vectors.shape[0];
    const rows = expand(reshape(slots(parameter, vectors), [1, B, width]), [models, B, width]);
    const made = backbone.decode(parameter, rows, {
      positions: Array.from({ length: B }, () => length),
      attend: (layer, q, own) => sharedPrefixAttention(q, memory[layer - from], own, B),
    });
    return reshape(made, [models * B, width]);
  };
  return {
    ...{ parameters, input, layers: layers - from, width, states, head },
    byName: identities !== undefined,
    recordLength: (K) => K,
    memoryShape: backbone.memoryShape,
    group: (name, { length }, decay) =>
      isAdapter(name)
        ? { decay: length > 1 ? decay : 0 }
        : isAdded(name)
        ? { decay: 0, rate: projectorRate }
        : null,
    read: (parameter, vectors, labels) => {
      const K = labels.shape[1], told = lookup(parameter("label_table"), labels);
      return backbone.remember(
        parameter,
        add(reshape(slots(parameter, vectors), [1, K, width]), told),
      );
    },
    readNames: (parameter, models) =>
      backbone.remember(parameter, lookup(parameter("identity_table"), models)),
    answer: (parameter, vectors, memory) =>
      reshape(head(parameter, states(parameter, vectors, memory)), [
        memory[0].keys.shape[0],
        vectors.shape[0],
      ]),
  };
}

/** The tokens that query vectors [rows × input] become, [rows × width]. */
export function slots(parameter: Bound, vectors: Tensor): Tensor {
  return linear(
    rmsNorm(vectors, parameter("projector.norm.weight")),
    parameter("projector.weight"),
    parameter("projector.bias"),
    { transposeWeight: true },
  );
}

/** Adapters of a rank on attention: on the feed-forward part too they cost a third more time a step. */
export function adaptersOf(rank: number): LoraOptions {
  return { rank, alpha: 2 * rank, adapts: (name) => /self_attn\.[qkvo]_proj$/.test(name) };
}

/** What the router adds to a language model. */
export function isAdded(name: string): boolean {
  return /^(projector\.|label_table$|answer_|identity_table$)/.test(name);
}

function identity(data: Float32Array): void {
  const n = Math.sqrt(data.length);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
}
