/**
 * Variants and controls of ICL-Router (table): each changes one thing of it. By name: `--routers
 * baselines/variants/icl_router.ts#icl_k100`.
 * @module
 */
import type { Router } from "../../src/router/mod.ts";
import type { Variant } from "../../src/icl/fit.ts";
import { DEEP } from "../../src/icl/presets.ts";
import { iclRouter } from "../../src/icl/router.ts";

/** ICL-Router (table) without stage 1: what reconstruction is worth. */
export const icl_no_stage1: Router<Variant> = iclRouter(
  "ICL-Router, no stage 1",
  "trained on records alone, from random weights",
  { withoutStage1: true },
);

/** ICL-Router (table) with one linear layer as projector. */
export const icl_linear_projector: Router<Variant> = iclRouter(
  "ICL-Router, linear proj.",
  "one bias-free layer from vector to token",
  { linearProjector: true },
);

/** ICL-Router (table) with three blocks. */
export const icl_deep: Router<Variant> = iclRouter(
  "ICL-Router, deep",
  "three blocks in place of one",
  { preset: DEEP },
);

/** ICL-Router (table) in the layout of its specification, with three blocks: a label can reach its query no sooner. */
export const icl_two_tokens: Router<Variant> = iclRouter(
  "ICL-Router, two tokens",
  "query and label are two tokens on positions that count, read by three blocks that start from random weights",
  { preset: DEEP, twoTokens: true },
);

/** ICL-Router (table) with a profile of 100 queries. */
export const icl_k100: Router<Variant> = iclRouter(
  "ICL-Router, K = 100",
  "records of 100 queries",
  { profile: 100 },
);

/** ICL-Router (table) with a profile of 300 queries. */
export const icl_k300: Router<Variant> = iclRouter(
  "ICL-Router, K = 300",
  "records of 300 queries",
  { profile: 300 },
);

/** ICL-Router (table) with a profile of 1000 queries. */
export const icl_k1000: Router<Variant> = iclRouter(
  "ICL-Router, K = 1000",
  "records of 1000 queries",
  { profile: 1000 },
);

/** ICL-Router (table) that is shown records of many lengths and orders. */
export const icl_varied_k: Router<Variant> = iclRouter(
  "ICL-Router, varied K",
  "record length and order drawn again at each step",
  { variedLength: true },
);

/** ICL-Router (table) with graded scores as labels of stage 2. */
export const icl_soft_labels: Router<Variant> = iclRouter(
  "ICL-Router, soft labels",
  "graded scores in the loss",
  { softLabels: true },
);

/** ICL-Router (table) with more models to learn from than there are. */
export const icl_pseudo_models: Router<Variant> = iclRouter(
  "ICL-Router, pseudo-models",
  "ten made-up models for every real one: per benchmark, the outcomes of a random real model",
  { pseudoModels: 10 },
);

/**
 * Control: does ICL-Router read which queries a model solved? The labels of every record are shuffled when it counts.
 */
export const icl_shuffled_record: Router<Variant> = iclRouter(
  "ICL-Router, shuffled",
  "control: the network of ICL-Router (table), shown records with permuted labels",
  {},
  "shuffled",
);

/**
 * Control: does ICL-Router read whose record it is shown? Every model is presented with the next model's.
 */
export const icl_another_record: Router<Variant> = iclRouter(
  "ICL-Router, swapped",
  "control: the network of ICL-Router (table), each model with the next one's record",
  {},
  "another",
);

/**
 * Control: a learned embedding per model in place of its record. As good in-distribution: the record is but a name.
 */
export const icl_identity: Router<Variant> = iclRouter(
  "ICL-Router, by name",
  "control: one learned token per model in place of its record",
  { identity: true },
);
