/**
 * Where the time of a run goes: CPU seconds by router and stage, of the chosen seeds, in one thread; and a hash of
 * each router's decisions, so that a faster version can be held against the one before.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-write=.cache --allow-env --allow-ffi --allow-sys \
 *       tests/bench/profile.ts mmlu-pro ood 42 [router,router]
 *
 * @module
 */
import { cpuUsage } from "node:process";
import type { FittedRouter, Router } from "../../src/router/contract.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { planRun } from "../../src/run/plan.ts";
import { hashJson } from "../../src/base/hash.ts";
import { worker } from "../../src/run/work.ts";

const STAGES = ["tune fit", "final fit", "predict", "withModels"] as const;
type Stage = typeof STAGES[number];
type Times = Record<Stage | "all", number> & { fits: number };

/** CPU seconds of this process, all its threads. */
function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

/** The same router; what it spends is added to `times`. */
function timed(router: Router, times: Times): Router {
  const clock = async <T>(stage: Stage, work: () => T | Promise<T>): Promise<T> => {
    const start = cpuSeconds();
    const result = await work();
    times[stage] += cpuSeconds() - start;
    return result;
  };
  const guarded = (fitted: FittedRouter): FittedRouter => ({
    models: fitted.models,
    predict: (queries) => clock("predict", () => fitted.predict(queries)),
    describe: () => fitted.describe(),
    ...(fitted.withModels && {
      withModels: async (profiles, way) =>
        guarded(await clock("withModels", () => fitted.withModels!(profiles, way))),
    }),
    ...(fitted.dial && {
      dial: {
        ...fitted.dial,
        predict: (queries, value) => clock("predict", () => fitted.dial!.predict(queries, value)),
      },
    }),
  });
  const fit: Router["fit"] = async (train, config, context) => {
    times.fits++;
    const stage = context.stage === "tune" ? "tune fit" : "final fit";
    return guarded(await clock(stage, () => router.fit(train, config, context)));
  };
  return Object.create(router, { fit: { value: fit } });
}

if (import.meta.main) {
  const [data, protocol, seeds = "42", routers] = Deno.args;
  const plan = await planRun({
    data,
    protocol,
    seeds: seeds.split(",").map(Number),
    embedding: "static",
    validation: "benchmarks",
    device: "cpu",
    ...(routers && { routers: routers.split(",") }),
    ...(protocol.startsWith("new-model") && { arms: ["own", "ignore"] }),
  });
  const times = new Map<string, Times>();
  const inMemory = new Map(plan.routers.map(({ id, router }) => {
    const mine: Times = {
      "tune fit": 0,
      "final fit": 0,
      predict: 0,
      withModels: 0,
      all: 0,
      fits: 0,
    };
    times.set(id, mine);
    if (isSequential(router)) throw new Error(`${id} visits models, which is not timed`);
    return [id, timed(router, mine)];
  }));
  const work = worker(plan.setup, inMemory);
  const hashes = new Map<string, string>(), start = cpuSeconds();
  for (const job of plan.jobs) {
    const before = cpuSeconds();
    const { decisionsSha256 } = await work({ ...job, timed: false });
    hashes.set(job.router, hashJson([hashes.get(job.router), decisionsSha256]));
    times.get(job.router)!.all += cpuSeconds() - before;
  }
  console.log(`${data} ${protocol}, seeds ${seeds}, ${plan.splits.length} splits: CPU seconds`);
  const cell = (text: string) => text.padStart(11);
  console.log(
    "router".padEnd(24) + [...STAGES, "rest", "all", "fits", "decisions"].map(cell).join(""),
  );
  const rows = [...times].sort(([, a], [, b]) => b.all - a.all);
  for (const [id, mine] of rows) {
    const rest = mine.all - STAGES.reduce((sum, stage) => sum + mine[stage], 0);
    const numbers = [...STAGES.map((stage) => mine[stage]), rest, mine.all];
    console.log(
      id.padEnd(24) + numbers.map((s) => cell(s.toFixed(2))).join("") + cell(`${mine.fits}`) +
        cell(hashes.get(id)!.slice(0, 8)),
    );
  }
  console.log(`all: ${(cpuSeconds() - start).toFixed(1)}`);
}
