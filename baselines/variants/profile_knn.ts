/** The router of `baselines/profile_knn.ts`, by the path under which recorded commands name it. */
export { default } from "../profile_knn.ts";
