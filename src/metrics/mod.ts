/**
 * Every metric of the harness: pure functions on outcomes and decisions.
 *
 * ↑ marks metrics where higher is better, ↓ where lower is. Undefined values are null and missing outcomes
 * an error; neither is ever 0.
 * @module
 */

/** Version of the definitions in this room; results of different versions are not merged. */
export const METRICS_VERSION = "3";

export * from "./aiq.ts";
export * from "./arena.ts";
export * from "./bootstrap.ts";
export * from "./calibration.ts";
export * from "./cost_points.ts";
export * from "./curve.ts";
export * from "./deferral.ts";
export * from "./distribution.ts";
export * from "./earned.ts";
export * from "./gains.ts";
export * from "./guessing.ts";
export * from "./hull.ts";
export * from "./oracle.ts";
export * from "./paths.ts";
export * from "./quality.ts";
export * from "./regret.ts";
export * from "./router_eval.ts";
export * from "./shapes.ts";
export * from "./significance.ts";
export * from "./student.ts";
export * from "./two_model.ts";
export * from "./units.ts";
