/** Controls of Router-R1 (table). */
import router, { type Config } from "../router_r1.ts";
import { blanked, type SequentialRouter } from "../../src/router/mod.ts";

/** The same policies, to which every reply is empty: what they earn more than this, they read. */
export const router_r1_blanked: SequentialRouter<Config> = blanked(router);

/** The same networks and training with one search: routers that see the query alone. */
export const router_r1_one_hop: SequentialRouter<Config> = {
  ...router,
  name: `${router.name}, one hop`,
  summary: "control: PPO learns which one model to ask",
  grid: router.grid.map((config) => ({ ...config, turns: 1 })),
};
