/**
 * Variants and controls of ICL-Router on a language model: each changes one thing of it. By name: `--routers
 * baselines/variants/icl_router_lm.ts#icl_lm_random`.
 * @module
 */
import type { Router } from "../../src/router/mod.ts";
import { ONE_RECORD, SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { fusedRouter } from "../../src/icl/lm/fused_router.ts";
import type { FusedMethod } from "../../src/icl/lm/fused_training.ts";

/** Control: what is the network worth? Only the mean from which its answers are counted. */
export const icl_lm_prior: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), prior only",
  "control: the mean of the nearest labelled queries, weighed by nearness, without a network",
  { ...SMOLLM2, priorOnly: true },
);

/** Control: what is pre-training worth? Random numbers of the same size stand in the place of every matrix. */
export const icl_lm_random: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), random",
  "control: blocks of random numbers in place of pre-trained ones",
  { ...SMOLLM2, randomBlocks: true },
);

/** Control: does it read which queries a model solved? The labels of every record are shuffled when it counts. */
export const icl_lm_shuffled: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), shuffled",
  "control: shown records with permuted labels",
  SMOLLM2,
  "shuffled",
);

/** Control: does it read whose record it is shown? Every model is presented with the next model's. */
export const icl_lm_another: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), swapped",
  "control: each model with the next one's record",
  SMOLLM2,
  "another",
);

/** Control: a learned token per model in place of its record. As good in-distribution: the record is but a name. */
export const icl_lm_name: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), by name",
  "control: one learned token per model in place of its record",
  { ...SMOLLM2, byName: true },
);

/** ICL-Router on a language model that answers from one record as long as those it was trained with. */
export const icl_lm_one: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), one record",
  "answers from one record of 128 queries",
  ONE_RECORD,
);

/** ICL-Router on a language model that answers from one record of 32 queries. */
export const icl_lm_k32: Router<FusedMethod> = answersFrom(32, 1);

/** ICL-Router on a language model that answers from one record of 512 queries. */
export const icl_lm_k512: Router<FusedMethod> = answersFrom(512, 1);

/** ICL-Router on a language model that answers from eight records of 256 queries. */
export const icl_lm_eight: Router<FusedMethod> = answersFrom(256, 8);

function answersFrom(record: number, records: number): Router<FusedMethod> {
  const count = records === 1 ? "one record" : `${records} records`;
  return fusedRouter(
    `ICL-Router (SmolLM2), ${records} × ${record}`,
    `answers from ${count} of ${record} queries`,
    { ...SMOLLM2, decided: { record, records } },
  );
}

/** ICL-Router on a language model that reads with ten blocks, trained for twice as many steps. */
export const icl_lm_ten: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), ten blocks",
  "ten blocks read in place of four, trained for 120 steps in place of 60",
  { ...SMOLLM2, blocks: [10, 20], answer: { ...SMOLLM2.answer, mostSteps: 120 } },
);

/** ICL-Router on a language model with stage 1: the blocks first learn to write queries from their vectors. */
export const icl_lm_stage1: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2), stage 1",
  "its blocks first learn to write a query back from its vector",
  { ...SMOLLM2, stage1Steps: 60 },
);
