/**
 * RouterRetriever as its text reads: the expert whose prototypes are closest to the query on average,
 *
 *   ŝ(x,m) = mean_D sim(φ(x), c_{D,m})
 *
 * over the datasets where m is best at something, a small dataset counting as much as a large one. The
 * prototypes are those of `router_retriever.ts`, which takes the closest one, as the released code does.
 */
import type { Router } from "../src/router/mod.ts";
import { type Config, routerRetriever } from "./router_retriever.ts";

/** The router. */
const router: Router<Config> = routerRetriever("mean");
export default router;
