/** Controls of the HierRouter-style policy. */
import router, { type Config } from "../hier_router.ts";
import { blanked, type SequentialRouter } from "../../src/router/mod.ts";

/** The same policy, to which every reply is empty: what it earns more than this, it reads. */
export const hier_router_blanked: SequentialRouter<Config> = blanked(router);

/** The same network and training with one visit: a router that sees the query alone. */
export const hier_router_one_hop: SequentialRouter<Config> = {
  ...router,
  name: `${router.name}, one hop`,
  summary: "control: PPO learns which one model to ask",
  grid: router.grid.map((config) => ({ ...config, hops: 1 })),
};
