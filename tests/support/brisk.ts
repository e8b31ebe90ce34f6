/**
 * Routers whose fits take long, on a small scale, for tests that fit every router again and again.
 */
import type { AnyRouter } from "../../src/router/sequential.ts";

const GRIDS: Readonly<Record<string, readonly unknown[]>> = {
  iro_plans: [{ hops: 3, beta: 0.1, rounds: 2, keep: "earned most", learns: "plans" }],
  lookahead: [{ lambda: 0.2, epochs: 3 }, { lambda: 1, epochs: 3 }],
  rag_router: [{ passes: 2, leastSteps: 8 }],
};

/** A router with a grid of short trainings, where there is one: the same code reads the same data. */
export function brisk<R extends AnyRouter>(id: string, router: R): R {
  return id in GRIDS ? { ...router, grid: GRIDS[id] } : router;
}
