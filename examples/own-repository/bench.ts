/** Benches this repository's router beside others: `deno run -A bench.ts [records or dataset]`. */
import { bench, compare, conformance, openPool } from "icl-router-bench";

const kept = await conformance("./my_router.ts");
if (kept.failed.length > 0) throw new Error(String(kept));

const pool = await openPool(Deno.args[0] ?? "demo");
const run = await bench(pool, { routers: ["./my_router.ts", "knn", "ridge"], seeds: 3 });
console.log(run.leaderboard);
console.log(compare(run, "my_router", "knn"));
const { path } = await run.save("runs");
console.log(`wrote ${path}`);
