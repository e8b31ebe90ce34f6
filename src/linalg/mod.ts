/**
 * Matrices and the closed-form methods on them that routers use.
 * @module
 */
export { type Matrix, matrix, normaliseToGrid, row, sideBySide } from "./matrix.ts";
export { squareNorms, takeRows } from "./matrix.ts";
export { product, productF64 } from "./gemm.ts";
export { solveSpd } from "./cholesky.ts";
export { nearest, type Neighbours } from "./nearest.ts";
export { assign, type Assignment, type Clusters, kmeans, type KMeansOptions } from "./kmeans.ts";
export { type RidgeFit, ridgePath, ridgePredict } from "./ridge.ts";
export {
  logisticDescent,
  logisticFit,
  type LogisticOptions,
  logisticPredict,
  type LogisticSettings,
} from "./logistic.ts";
export { rbfKernel, type SvrFit, svrFit, type SvrOptions, svrPredict } from "./svr.ts";
