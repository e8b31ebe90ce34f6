/**
 * What a router is made of: the contract, and arithmetic on training data that many methods share.
 *
 * A router is one file with one default export; `deno task conformance ./mine.ts` says whether it keeps the
 * contract, and `deno task bench --routers ./mine.ts,knn` runs it beside others. The file may lie anywhere: the
 * name `icl-router-bench/router` is known to all that these commands load.
 *
 * @example The best model on average answers everything
 * ```ts
 * import { columnMeans, type Router } from "icl-router-bench/router";
 *
 * const router: Router = {
 *   name: "mean score",
 *   summary: "every model's mean training score, whatever the query",
 *   source: "folklore",
 *   grid: [{}],
 *   fit: ({ models, scores }) => {
 *     const M = models.length, means = columnMeans(scores, M);
 *     return {
 *       models,
 *       predict: ({ ids }) => ({
 *         quality: new Float64Array(ids.length * M).map((_, at) => means[at % M]),
 *       }),
 *       describe: () => ({ parameters: M }),
 *     };
 *   },
 * };
 * export default router;
 * ```
 * @module
 */
export type {
  Dial,
  FitContext,
  FittedRouter,
  Memo,
  MixturePolicy,
  ModelProfiles,
  Need,
  PointPredictions,
  Predictions,
  QueryBatch,
  Router,
  RouterCard,
  TrainingData,
  UnseenArm,
} from "./contract.ts";
export {
  type Action,
  blanked,
  type FittedSequential,
  type Observation,
  type SequentialContext,
  type SequentialRouter,
} from "./sequential.ts";
export { Episodes } from "./episodes.ts";
export type { Reply } from "../base/reply.ts";
export { decide, lambdaGrid, type Pool, TIE, tieOrder } from "./decide.ts";
export { type RowKeys, stratified } from "./stratify.ts";
export * from "./training.ts";
export * from "./new_models.ts";
export { neighbours } from "./neighbours.ts";
export { AT_THIS_SIZE } from "./size_notes.ts";
export { type Matrix, row } from "../linalg/matrix.ts";
export type { Neighbours } from "../linalg/nearest.ts";
export type { Assignment, Clusters } from "../linalg/kmeans.ts";
export { CapabilityError, DataError, UsageError } from "../base/errors.ts";
export { type Random, random, seededOrder } from "../base/random.ts";
