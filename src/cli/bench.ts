/**
 * `deno task bench`: runs routers on datasets under protocols and writes verified results.
 * @module
 */
import { dirname, isAbsolute } from "node:path";
import { CapabilityError, DataError, shownPath, UsageError } from "../base/errors.ts";
import { type Device, DEVICES } from "../base/device.ts";
import { repoPath, settled } from "../base/files.ts";
import { shellQuote } from "../base/shell.ts";
import { GAP_RULES, type GapRule } from "../outcomes/gaps.ts";
import { loadRouters } from "../router/discover.ts";
import { expectWritable, shown } from "./writable.ts";
import { probeDevice } from "../onnx/device.ts";
import { CONTROLS } from "../run/open_split.ts";
import { type ArmKind, ARMS } from "../run/new_model_job.ts";
import { openPool, type Pool } from "../api/pool.ts";
import { type BenchOptions, checkBench, planBench, type Run, runOf } from "../api/run.ts";
import { DEMO_SEEDS } from "../run/plan.ts";
import { SEEDS } from "../splits/split.ts";
import { terminalReport } from "../report/tables/terminal.ts";
import { benchShard, readShard, writePlan } from "./parts.ts";
import { type Command, type Flags, parseFlags, runMain, type Values } from "./args.ts";

const FLAGS = {
  data: {
    type: "list",
    default: ["demo"],
    value: "dataset",
    help: "dataset, dataset/view, or path of records",
  },
  routers: {
    type: "list",
    value: "id",
    help: "ids, files or file.ts#name; all of baselines/ if absent",
  },
  protocol: {
    type: "list",
    value: "name",
    help: "id, id:published, ood, ood:K, task, new-model, new-model:K; default id,ood",
  },
  preset: {
    type: "string",
    choices: ["quick"],
    help: "quick: one seed, id, routers that fit at once; flags given besides it win",
  },
  limit: {
    type: "number",
    integer: true,
    min: 1,
    value: "n",
    help: "a first look: n queries, each benchmark in proportion",
  },
  gaps: {
    type: "string",
    choices: GAP_RULES,
    help: "missing scores of data without a manifest; default: what keeps more scores",
  },
  seeds: {
    type: "list",
    value: "n",
    help: `one split and fit each; default ${SEEDS.join(",")}, of the demo ${DEMO_SEEDS.join(",")}`,
  },
  embedding: {
    type: "string",
    default: "static",
    value: "name",
    help: "see deno task embed --list",
  },
  validation: {
    type: "string",
    default: "benchmarks",
    choices: ["benchmarks", "id"],
    help: "validation rows of ood: whole benchmarks, or rows of all",
  },
  control: { type: "string", choices: CONTROLS, help: "negative control" },
  budgets: { type: "list", value: "n", help: "profile sizes of new-model" },
  arms: {
    type: "list",
    default: ARMS,
    choices: ARMS,
    value: "name",
    help: "how new-model takes in models",
  },
  subsets: {
    type: "number",
    integer: true,
    min: 1,
    help: "sets of held-out models a seed, new-model",
  },
  selection: {
    type: "string",
    choices: ["random", "discriminative"],
    help: "profile rows, new-model",
  },
  device: {
    type: "string",
    default: "cpu",
    choices: DEVICES,
    help: "for heavy inference",
  },
  workers: { type: "number", default: 2, integer: true, min: 1, help: "parallel jobs" },
  shard: {
    type: "string",
    value: "i/n",
    help: "do the i-th of n parts, or, of a Slurm array, slurm; join them with deno task merge",
  },
  plan: { type: "string", value: "file", help: "write the jobs, with hashes, and do none" },
  out: { type: "string", value: "folder", help: "instead of results/, or runs/ for your own data" },
  jobs: { type: "string", value: "folder", help: "finished jobs, instead of .cache/jobs" },
  keep: {
    type: "string",
    choices: ["predictions"],
    help: "write predicted scores too, so that calibration can be verified; the report shows them",
  },
  statements: {
    type: "boolean",
    help: "print how methods depart from their papers, and what to know of the data",
  },
  json: { type: "boolean", help: "print the result files' content instead of tables" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task bench",
  summary:
    "Runs routers on datasets under protocols. Stop it any time: the same command continues where it " +
    "stopped. Every result is verified before it is printed.",
  flags: FLAGS,
  examples: [
    "deno task bench",
    "deno task bench --data reasoning-gym/easy,mmlu-pro --protocol id,ood",
    "deno task bench --data demo --routers knn,./my_router.ts --seeds 1,2,3",
    "deno task bench --data mmlu-pro --protocol new-model --embedding hashed-384",
    "deno task bench --data demo --protocol new-model --arms own,ignore",
    "deno task bench --data mmlu-pro --plan runs/plan.json",
    "deno task bench --data mmlu-pro --shard 1/4",
    "deno task bench --data ./records.jsonl --preset quick --limit 500",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  using interrupt = onInterrupt();
  const { out, jobs } = flags;
  const planFolder = flags.plan && dirname(flags.plan);
  for (
    const [flag, folder] of [["--out", out], ["--jobs", jobs], ["--plan", planFolder]] as const
  ) {
    if (folder !== undefined) await expectWritable(flag, folder);
  }
  if (flags.plan && flags.shard) {
    throw new UsageError("--plan: writes the jobs of all parts; leave out --shard");
  }
  const shard = flags.shard === undefined ? undefined : readShard(flags.shard);
  const workers = await workersFor(flags.device as Device, flags.workers);
  const asked = flags.protocol.length > 0;
  const protocols = asked ? flags.protocol : flags.preset ? ["id"] : ["id", "ood"];
  if (someArms(flags.arms) && !protocols.some((name) => name.startsWith("new-model"))) {
    throw new UsageError(`--arms: only new-model has arms, not ${protocols.join(" or ")}`);
  }
  if (flags.keep && protocols.every((name) => name.startsWith("new-model"))) {
    throw new UsageError(
      "--keep: new-model fits a router again and again, and keeps no predictions",
    );
  }
  // The command in a result shall hold in another copy of the repository.
  const named = flags.routers.map((name) => isAbsolute(name) ? shownPath(name) : name);
  const routers = named.length > 0 ? named : flags.preset ? await quickRouters() : undefined;
  // What is wrong with the command or a file is said before data are read, which may take a while.
  const asOptions = protocols.map((protocol): BenchOptions => {
    const options = { ...optionsOf(flags, protocol), routers, workers, jobs };
    return flags.preset ? { ...options, seeds: options.seeds ?? 1 } : options;
  });
  await loadRouters(routers);
  const runs: { pool: Pool; options: BenchOptions }[] = [];
  for (const data of flags.data) {
    const pool = await openPool(data, { gaps: flags.gaps as GapRule, limit: flags.limit });
    const notes = pool.notes.filter((note) => pool.own || note.startsWith("a first look"));
    for (const note of notes) console.error(`${pool.name}: ${note}`);
    for (const options of asOptions) {
      const why = cannotRun(pool, options);
      if (why === undefined) runs.push({ pool, options });
      else if (asked) throw why;
      else console.error(`${why.message}: skipped`);
    }
  }
  if (runs.length === 0) {
    throw new CapabilityError(`no protocol fits the data (${protocols.join(", ")}), as said above`);
  }
  if (flags.plan) return await writePlan(flags.plan, runs, jobs);
  const hints = new Map<string, string>();
  const failures: string[] = [];
  for (const { pool, options } of runs) {
    const root = rootOf(out, pool);
    const watch = { aside: true, kept: interrupt.kept };
    if (shard) {
      console.log(await benchShard(pool, options, shard, root, watch, failures));
      continue;
    }
    const { plan, run } = await planBench(pool, options, watch);
    const ran = runOf(plan, await run(), pool);
    failures.push(...failuresOf(ran));
    const folder = dirname(shown(await conclude(ran, root, flags)));
    hints.set(folder, pool.own ? ` --data ${shellQuote(pool.source)}` : "");
  }
  if (hints.size > 0 && !flags.json) console.log(`\n${lastLines(hints, out)}`);
  throwFailures(failures);
}

/** What to do with the results; those of your own data are told apart. */
function lastLines(hints: ReadonlyMap<string, string>, out: string | undefined): string {
  const what = "figures, and the queries behind every number: deno task report";
  const known = [...hints].filter(([, data]) => data === "").map(([folder]) => shellQuote(folder));
  const own = [...hints].filter(([, data]) => data !== "");
  return [
    ...(own.length > 0 && out === undefined
      ? ["results of your own data are in runs/, which git ignores (--out puts them elsewhere)"]
      : []),
    ...(known.length > 0 ? [`${what} ${known.join(" ")}`] : []),
    ...own.map(([folder, data]) => `${what} ${shellQuote(folder)}${data}`),
    ...own.map(([folder, data]) =>
      `to compute every number again: deno task verify ${shellQuote(folder)}${data}`
    ),
  ].join("\n");
}

/** Where results go: those of the repository's datasets to `results/`, of your own data to `runs/`. */
export function rootOf(out: string | undefined, pool: Pool): string {
  return out ?? repoPath(pool.own ? "runs" : "results");
}

/** Why a protocol does not fit a pool. */
function cannotRun(
  pool: Pool,
  options: BenchOptions,
): CapabilityError | undefined {
  try {
    checkBench(pool, options);
  } catch (error) {
    if (error instanceof CapabilityError) return error;
    throw error;
  }
}

/** One line a router of a run that failed. */
export function failuresOf({ failed, result: { dataset, protocol } }: Run): string[] {
  return failed.map(({ router, reason }) =>
    `${router} has no row in ${dataset.name} ${protocol.name}: ${reason}`
  );
}

/**
 * Ends a command whose routers did not all come through, a line each.
 * @throws {DataError} of the last
 */
export function throwFailures(failures: string[]): void {
  const last = failures.at(-1);
  if (last === undefined) return;
  for (const line of failures.slice(0, -1)) console.error(`error: ${line}`);
  throw new DataError(last);
}

/** Ends the process when a person stops it: says what is kept, and leaves no half of a file. */
function onInterrupt(): Disposable & { kept(done: number, of: number): void } {
  let jobs = "";
  const stop = async (): Promise<void> => {
    await settled();
    const fresh = Deno.stderr.isTerminal() ? "\r\x1b[2K" : "";
    console.error(`${fresh}stopped; the same command goes on where it was${jobs}`);
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", stop);
  return {
    kept: (done, of) => jobs = ` (${done} of ${of} jobs kept)`,
    [Symbol.dispose]: () => Deno.removeSignalListener("SIGINT", stop),
  };
}

/** Routers that fit at once. */
async function quickRouters(): Promise<string[]> {
  const found = await loadRouters();
  return found.filter(({ router }) => router.effort === undefined).map(({ id }) => id);
}

/** Makes sure of the device, which is printed with what is known of it; the WebGPU runtime serves one worker. */
async function workersFor(device: Device, wanted: number): Promise<number> {
  if (device === "cpu") return wanted;
  const { adapter = "unnamed" } = await probeDevice(device);
  console.error(`device ${device}: ${adapter}; one worker, since two would disturb each other`);
  return 1;
}

/** Writes, verifies and prints a complete run; returns the result's path. */
export async function conclude(
  run: Run,
  root: string,
  { json, statements = false }: { readonly json: boolean; readonly statements?: boolean },
): Promise<string> {
  const { path, replaced, verified: { depth, numbers } } = await run.save(root);
  if (replaced !== undefined) {
    const [old, now] = [replaced, path].map((each) => shellQuote(shown(each)));
    console.error(
      `${now}: was there with other content, which is kept; compare: deno task diff ${old} ${now}`,
    );
  }
  if (json) {
    console.log(JSON.stringify(run.result));
    return path;
  }
  console.log(terminalReport(run.result, run.speed, { statements }));
  console.log(
    `\n${shown(path)}: verified (${depth}), ${numbers} numbers recomputed from the decisions`,
  );
  return path;
}

function optionsOf(flags: Values<typeof FLAGS>, protocol: string): BenchOptions {
  return {
    protocol,
    seeds: flags.seeds.length > 0 ? integers("seeds", flags.seeds) : undefined,
    embedding: flags.embedding,
    validation: flags.validation as BenchOptions["validation"],
    control: flags.control as BenchOptions["control"],
    budgets: flags.budgets.length > 0 ? integers("budgets", flags.budgets) : undefined,
    arms: protocol.startsWith("new-model") ? someArms(flags.arms) : undefined,
    subsets: flags.subsets,
    selection: flags.selection as BenchOptions["selection"],
    // Predictions are of one fit a split.
    keep: protocol.startsWith("new-model") ? undefined : flags.keep as BenchOptions["keep"],
    device: flags.device as BenchOptions["device"],
  };
}

/** Arms in their own order; undefined when all are asked for, as if nothing had been said. */
function someArms(asked: readonly string[]): ArmKind[] | undefined {
  const arms = ARMS.filter((arm) => asked.includes(arm));
  return arms.length < ARMS.length ? arms : undefined;
}

function integers(flag: string, texts: readonly string[]): number[] {
  const numbers = texts.map((text) => {
    const n = Number(text);
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new UsageError(`--${flag}: "${text}" is not a whole number`);
    }
    return n;
  });
  if (new Set(numbers).size < numbers.length) {
    throw new UsageError(`--${flag}: a number is given twice`);
  }
  return numbers;
}

if (import.meta.main) await runMain(main);
