/**
 * From a pool to a router that routes: fitted, saved, opened again.
 * @module
 */
import { CapabilityError, DataError, UsageError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { openProvider } from "../embed/mod.ts";
import { takeRows } from "../linalg/matrix.ts";
import { blamed } from "../route/blamed.ts";
import { takeQueries } from "../route/rows.ts";
import { PoolRouter } from "../route/pool_router.ts";
import { readSaved } from "../route/saved.ts";
import type { Router } from "../router/contract.ts";
import { loadRouter, loadRouters } from "../router/discover.ts";
import { type AnyRouter, isSequential } from "../router/sequential.ts";
import { fitContext, whyNot } from "../run/job.ts";
import { tune } from "../run/tune.ts";
import type { Pool } from "./pool.ts";
import { idOf } from "./run.ts";
import { openSplit } from "./split.ts";

/** How a router is fitted to be used. */
export interface FitOptions {
  /** Names the draw of training and validation rows, and of the fit. Default: 42. */
  readonly seed?: number;
  /** How texts become vectors. Default: `static`. */
  readonly embedding?: string;
  /**
   * Fit at the end on every row, also on those that the bench of this seed tests on: more data, but no number of the
   * bench is of this fit. Default: false.
   */
  readonly everyRow?: boolean;
  /** Told how far it is, 0…1. */
  readonly progress?: (share: number) => void;
}

/**
 * Fits a router to be used: chooses its configuration on validation rows and fits it on training and validation rows,
 * both as {@link bench} does under `id` with the same seed, so that the bench's numbers are of this very router.
 *
 * @param router an id, a path, or a router in memory (which cannot be saved)
 * @throws {CapabilityError} for a router that cannot be used or saved: its fit takes minutes, or it needs to be told
 * more than a text; or when the pool lacks what it needs
 *
 * @example
 * ```ts
 * import { fitRouter, openPool } from "icl-router-bench";
 * const router = await fitRouter(await openPool("demo"), "ridge");
 * const [{ model, models }] = await router.route(["What is 17 · 23?"], { lambda: 0.2 });
 * console.log(model, models[0].score);
 * await router.save("runs/ridge.router");
 * ```
 */
export async function fitRouter(
  pool: Pool,
  router: string | Router,
  { seed = 42, embedding = "static", everyRow = false, progress = () => {} }: FitOptions = {},
): Promise<PoolRouter> {
  const found = typeof router === "string"
    ? { ...await loadRouter(router), file: router }
    : { id: idOf(router), router, sha256: "in memory" };
  const method = found.router, reason = whyNotSaved(method);
  if (reason || isSequential(method)) {
    const others = (await savableRouters()).join(", ");
    throw new CapabilityError(`${found.id} cannot be saved: ${reason}; these can: ${others}`);
  }
  const { provider, raw } = await pool.vectors(embedding);
  if (provider.vectorsOf) {
    throw new UsageError(`${provider.name}: vectors by query id say nothing of texts to come`);
  }
  const { opened, table } = await openSplit(pool, { seed, embedding });
  const missing = whyNot(method, opened.all, opened);
  if (missing) throw new CapabilityError(`${found.id} on ${pool.name}: ${missing}`);
  const signal = new AbortController().signal;
  const options = { device: "cpu", signal, progress } as const;
  const { score, area = score } = await tune(
    blamed(method, found.id, "file" in found ? found.file : undefined),
    opened,
    () => fitContext("tune", found.id, opened, options),
  );
  const { split } = opened, roles = everyRow ? split.roles.replaceAll("e", "t") : split.roles;
  const rows = [...roles].flatMap((role, row) => "tv".includes(role) ? [row] : []);
  return new PoolRouter(
    {
      router: { id: found.id, sha256: found.sha256, ...("file" in found && { file: found.file }) },
      harness: VERSION,
      embedding: { name: provider.name, key: provider.key, preparation: provider.preparation },
      seed,
      fold: split.fold,
      roles: rows.map((row) => roles[row]).join(""),
      configs: { score: method.grid[score], area: method.grid[area] },
      table: takeQueries(table, rows),
      raw: takeRows(raw, rows),
    },
    method,
    provider,
  );
}

/** What {@link openRouter} counts on. */
export interface OpenRouterOptions {
  /** The pool that it must have been fitted on. */
  readonly pool?: Pool;
}

/**
 * Opens the file of a fitted router. The fit is made again when the first text is routed, in about a second at most on
 * ten thousand recorded queries, and must predict what the saved one did.
 *
 * @throws {DataError} when the file is damaged, was fitted on other data than `pool`, or its embedding is another now
 * @throws {UsageError} when its router is not there any more
 *
 * @example
 * ```ts ignore
 * const router = await openRouter("runs/ridge.router");
 * for (const { model } of await router.route(["What is 17 · 23?", "Translate: good morning"])) console.log(model);
 * ```
 */
export async function openRouter(
  path: string,
  { pool }: OpenRouterOptions = {},
): Promise<PoolRouter> {
  const saved = await readSaved(path), { dataset } = saved.table;
  if (pool && pool.table.dataset.sha256 !== dataset.sha256) {
    throw new DataError(`${path}: fitted on other data than ${pool.source} (on ${dataset.name})`);
  }
  const { id, router } = await loadRouter(saved.router.file!);
  if (isSequential(router)) {
    throw new DataError(`${path}: ${id} has become a router that asks models`);
  }
  return new PoolRouter(saved, router, await openProvider(saved.embedding.name));
}

/** Ids of the routers of the repository that can be saved. */
export async function savableRouters(): Promise<string[]> {
  return (await loadRouters()).filter(({ router }) => !whyNotSaved(router)).map(({ id }) => id);
}

/** Why a router cannot be fitted again in a moment, or routes by more than a text; undefined if neither. */
function whyNotSaved(router: AnyRouter): string | undefined {
  if (isSequential(router)) return "it asks models and reads what they say before it answers";
  const { effort, needs = [] } = router;
  if (effort === "minutes") {
    return "its fit takes minutes, and a file is fitted again when it is opened";
  }
  if (needs.includes("replies")) return "it learns from replies, which its file would not hold";
  const told = needs.find((need) => need !== "cost");
  return told && `it must be told the ${told} of a query`;
}
