/**
 * The plan of the ICL-Router experiments: datasets, protocols, and the rows by what they are for.
 * @module
 */

/** The method as specified; variants and controls are measured against it. */
export const BASE: string = "icl_router";
/** Its improved form. */
export const PLUS: string = "icl_router_plus";
/** Datasets of the plan, in printing order. */
export const DATASETS: readonly string[] = [
  "reasoning-gym/easy",
  "reasoning-gym/hard",
  "mmlu-pro",
  "lookahead",
  "llmrouter",
];
/** Protocols in printing order; those of the plan and the finer form of OOD. */
export const PROTOCOLS: readonly string[] = ["id", "ood:k", "ood", "task", "new-model"];
/** Routers the method is measured against everywhere. */
export const RIVALS: readonly string[] = ["knn", "ridge", "uniroute"];

/** Controls by id: what each does to the record. */
export const CONTROLS: Readonly<Record<string, string>> = {
  icl_shuffled_record: "shuffled record",
  icl_another_record: "another's record",
  icl_identity: "name for record",
  profile_knn: "kNN over the profile",
};
/** Variants by id: what each changes. */
export const VARIANTS: Readonly<Record<string, string>> = {
  icl_no_stage1: "no stage 1",
  icl_varied_k: "varied K",
  icl_soft_labels: "soft labels",
  icl_pseudo_models: "pseudo-models",
  icl_linear_projector: "linear projector",
  icl_pair_tokens: "pair tokens",
  icl_wide: "wide",
};
/** Variants of the improved form by id, measured against it. */
export const PLUS_VARIANTS: Readonly<Record<string, string>> = {
  icl_plus_clusters: "clusters for task labels",
};
/** Profile sizes by id; the method's own is 500. */
export const SWEEP: Readonly<Record<string, number>> = {
  icl_k100: 100,
  icl_k300: 300,
  [BASE]: 500,
  icl_k1000: 1000,
};

/** Whether a row belongs in the main tables: no control, no variant, no step of the sweep. */
export function isMain(id: string): boolean {
  return id === BASE || !(id in CONTROLS || id in VARIANTS || id in SWEEP);
}
