/**
 * Plans a run: loads the data, audits it, freezes the splits, embeds the texts, names every job.
 * @module
 */
import type { Device } from "../base/device.ts";
import type { GapRule } from "../outcomes/gaps.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import {
  type EmbeddingProvider,
  embedQueries,
  openProvider,
  type Preparation,
} from "../embed/mod.ts";
import { type Matrix, normaliseToGrid } from "../linalg/matrix.ts";
import { checkRouter, type FoundRouter, loadRouter, loadRouters } from "../router/discover.ts";
import { REFERENCES } from "../router/references.ts";
import type { Router } from "../router/contract.ts";
import { type AnyRouter, isSequential } from "../router/sequential.ts";
import { loadReplies } from "../../datasets/load.ts";
import { CapabilityError, UsageError } from "../base/errors.ts";
import { hashJson } from "../base/hash.ts";
import { progress } from "../base/progress.ts";
import { repoPath } from "../base/files.ts";
import { harnessHash } from "../base/version.ts";
import { type AuditedDataset, auditedDataset, underProtocol } from "../audit/audited.ts";
import type { DistinctTable } from "../audit/drop_duplicates.ts";
import { type Split, splitHash } from "../splits/split.ts";
import { makeSplits } from "../splits/make.ts";
import { type ArmKind, BUDGETS } from "./new_model_job.ts";
import { expectRoles } from "./expect_roles.ts";
import type { Control, EmbeddedTable } from "./open_split.ts";
import { jobId } from "./job_store.ts";
import type { Job, WorkSetup } from "./work.ts";
import { SEEDS } from "../splits/split.ts";

/** What a run is. Everything that can change a decision is here. */
export interface RunSettings {
  /** Dataset name, `name/view`, or path of records. */
  readonly data: string;
  /** Routers as `loadRouter` takes them; absent = all in `baselines/`. */
  readonly routers?: readonly string[];
  /** `id`, `id:published`, `ood`, `ood:k`, `task`, `new-model` or `new-model:k`. */
  readonly protocol: string;
  /** One split and fit each. */
  readonly seeds: readonly number[];
  /** Embedding provider. */
  readonly embedding: string;
  /** Validation rows of an OOD run: whole benchmarks, or rows of all of them. */
  readonly validation: "benchmarks" | "id";
  /** Negative control, if this is one. */
  readonly control?: Control;
  /** Profile sizes of the new-model protocol. */
  readonly budgets?: readonly number[];
  /** Random sets of held-out models a seed, new-model protocol. */
  readonly subsets?: number;
  /** Arms of the new-model protocol; absent = all of `ARMS`. */
  readonly arms?: readonly ArmKind[];
  /** How profile rows are chosen, new-model protocol. */
  readonly selection?: "random" | "discriminative";
  /** Where heavy inference runs. */
  readonly device: Device;
  /** What is left out of data without a manifest for missing scores, where it was chosen. */
  readonly gaps?: GapRule;
  /** How many queries of the data; absent = all. */
  readonly limit?: number;
  /** What is kept beside the decisions: the predicted qualities they were made from. */
  readonly keep?: "predictions";
}

/** One row of the tables to come. */
export interface PlannedRouter {
  /** Id in tables and results. */
  readonly id: string;
  /** The method. */
  readonly router: AnyRouter;
  /** Hash of its file; `reference` for reference rows. */
  readonly sha256: string;
  /** What `--routers` takes: id, path or `path#name`; absent for reference rows and routers in memory. */
  readonly file?: string;
}

/** A router that has no file: it runs in this thread, and its finished jobs are not kept. */
export interface RouterInMemory {
  /** Id in tables and results, as {@link RunSettings.routers} names it. */
  readonly id: string;
  /** The method. */
  readonly router: AnyRouter;
}

/** What a plan may be given besides its settings; none of it can change a decision. */
export interface PlanOptions {
  /** The dataset, where it has been loaded and audited already. */
  readonly dataset?: AuditedDataset;
  /** Routers without a file, among those that the settings name. */
  readonly inMemory?: readonly RouterInMemory[];
}

/** A run ready to start. */
export interface RunPlan {
  /** What the run is. */
  readonly settings: RunSettings;
  /** Outcomes, strict duplicates merged. */
  readonly table: OutcomeTable;
  /** The dataset with its audit, for another plan of the same data. */
  readonly dataset: AuditedDataset;
  /** Resampling unit of every row. */
  readonly units: Uint32Array;
  /** Frozen splits, seed by seed, fold by fold. */
  readonly splits: readonly Split[];
  /** The embedding. */
  readonly provider: EmbeddingProvider;
  /** References first, then competitors. */
  readonly routers: readonly PlannedRouter[];
  /** Ids of routers that were not named and do not run, by the reason. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>;
  /** Hash of the harness code that can change a decision. */
  readonly harnessSha256: string;
  /** Hash of the replies file, where a router reads one. */
  readonly repliesSha256?: string;
  /** What workers start from. */
  readonly setup: WorkSetup;
  /** Split by split, routers in order. */
  readonly jobs: readonly Job[];
  /** Names the run: hash of all job ids. */
  readonly key: string;
}

/** Where embeddings and finished jobs are kept. */
export const CACHE: string = repoPath(".cache");

/** Why a router that was not named is too much for this run, if it is. */
function tooMuch(
  { router }: PlannedRouter,
  { truth }: OutcomeTable,
  { protocol }: RunSettings,
): string | undefined {
  if (reads(router)) return "since reading replies takes long";
  if (weightsOf(router) !== undefined) return "since their weights have to be brought first";
  const { effort } = router;
  if (effort === undefined || protocol === "id" && truth !== undefined) return undefined;
  return effort === "minutes" || truth !== undefined ? "since their fits take long" : undefined;
}

function weightsOf(router: AnyRouter): string | undefined {
  return isSequential(router) ? undefined : router.weights;
}

function reads({ needs = [] }: AnyRouter): boolean {
  return needs.includes("replies");
}

/**
 * Plans a run.
 *
 * @throws {UsageError} for unknown names
 * @throws {DataError} for bad data
 * @throws {CapabilityError} when the protocol does not fit the dataset
 */
export async function planRun(
  settings: RunSettings,
  { dataset: known, inMemory = [] }: PlanOptions = {},
): Promise<RunPlan> {
  const isNewModel = settings.protocol.startsWith("new-model");
  if (settings.arms && !isNewModel) {
    throw new UsageError(`only new-model has arms, not ${settings.protocol}`);
  }
  if (settings.keep && isNewModel) {
    throw new UsageError(`predictions are kept of one fit a split; ${settings.protocol} has many`);
  }
  const found = [...referenceRows(), ...await competitors(settings.routers, inMemory)];
  const clash = found.find((r, i) => found.findIndex((o) => o.id === r.id) !== i);
  if (clash) throw new UsageError(`two routers are called "${clash.id}"`);
  const dataset = underProtocol(
    known ?? await auditedDataset(settings.data, settings),
    settings.protocol,
  );
  const { table, templates } = dataset;
  const whyNot = (each: PlannedRouter): string | undefined =>
    settings.routers ? undefined : tooMuch(each, table, settings);
  // Without documents in the view their row could only be a dash.
  const possible = found.filter(({ router }) =>
    settings.routers || table.documents || !router.needs?.includes("documents")
  );
  const leftOut = Map.groupBy(possible.filter(whyNot), (each) => whyNot(each)!);
  const routers = possible.filter((each) => !whyNot(each));
  const splits = splitsFor(settings, dataset);
  const provider = await openProvider(settings.embedding, { device: settings.device });
  const line = progress(`embedding ${table.dataset.name} (${provider.name})`, table.texts.length);
  const raw = await embedQueries(
    provider,
    table,
    `${CACHE}/embeddings`,
    (done) => line.update(done),
  );
  line.end();
  const documents = routers.some(({ router }) => router.needs?.includes("documents")) &&
    table.documents && await embedDocuments(provider, table.ids, table.documents);
  const harnessSha256 = await harnessHash();
  const budgets = isNewModel ? settings.budgets ?? BUDGETS : [];
  const hashes = splits.map(splitHash);
  const replies = routers.some(({ router }) => reads(router))
    ? await loadReplies(settings.data, table)
    : undefined;
  const setup: WorkSetup = {
    data: {
      table,
      ...prepared(raw, provider.preparation),
      ...(documents && { documents: prepared(documents, provider.preparation).raw }),
      ...(replies && { replies: replies.cells }),
    },
    splits,
    control: settings.control,
    budgets,
    ...(settings.arms && { arms: settings.arms }),
    ...(settings.keep && { keep: settings.keep }),
    device: settings.device,
  };
  const jobs = splits.flatMap((_, at) =>
    routers.map(({ id, file, sha256, router }): Job => ({
      id: jobId({
        dataSha256: table.dataset.sha256,
        splitSha256: hashes[at],
        embedding: provider.key,
        router: id,
        routerSha256: sha256,
        harnessSha256,
        control: settings.control ?? "none",
        budgets,
        arms: settings.arms,
        keep: settings.keep,
        ...(reads(router) && { repliesSha256: replies?.sha256 }),
        device: settings.device,
      }),
      router: id,
      file,
      split: at,
      timed: at === 0,
    }))
  );
  return {
    settings,
    table,
    dataset,
    units: templates,
    splits,
    provider,
    routers,
    leftOut: new Map(leftOut.entries().map(([why, them]) => [why, them.map(({ id }) => id)])),
    harnessSha256,
    ...(replies && { repliesSha256: replies.sha256 }),
    setup,
    jobs,
    key: hashJson(jobs.map((j) => j.id)).slice(0, 16),
  };
}

async function embedDocuments(
  provider: EmbeddingProvider,
  ids: readonly string[],
  texts: readonly string[],
): Promise<Matrix> {
  if (provider.vectorsOf) {
    throw new CapabilityError(`${provider.name}: vectors by query id say nothing of documents`);
  }
  const line = progress(`embedding documents (${provider.name})`, texts.length);
  const made = await embedQueries(
    provider,
    { ids, texts },
    `${CACHE}/embeddings`,
    (done) => line.update(done),
  );
  line.end();
  return made;
}

/**
 * The splits of a run.
 * @throws {CapabilityError} when the protocol does not fit the dataset, or a split has no row for one of
 *   its roles
 */
export function splitsFor(
  { protocol, seeds, validation, subsets, selection }: RunSettings,
  { table, groups }: DistinctTable,
): Split[] {
  const splits = makeSplits(table, groups, protocol, seeds, { validation, subsets, selection });
  for (const split of splits) expectRoles(split, table);
  return splits;
}

function referenceRows(): PlannedRouter[] {
  return REFERENCES.map(({ id, router }) => ({
    id,
    router: router as Router,
    sha256: "reference", // their code is part of the harness hash
  }));
}

async function competitors(
  wanted: readonly string[] = [],
  inMemory: readonly RouterInMemory[],
): Promise<PlannedRouter[]> {
  if (wanted.length === 0) return (await loadRouters()).map((found) => planned(found, found.id));
  return await Promise.all(wanted.map(async (name) => {
    const own = inMemory.find(({ id }) => id === name);
    if (own) checkRouter(own.router, "router", own.id);
    return own ? { ...own, sha256: "in memory" } : planned(await loadRouter(name), name);
  }));
}

function planned({ id, router, sha256 }: FoundRouter, file: string): PlannedRouter {
  return { id, router, sha256, file };
}

/** Vectors in memory that workers share; those that no split has to be fitted on are scaled here, once for all splits. */
function prepared(
  { data, ...shape }: Matrix,
  preparation: Preparation,
): Pick<EmbeddedTable, "raw" | "preparation"> {
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
  shared.set(data);
  const raw = { ...shape, data: shared };
  return preparation === "none"
    ? { raw: normaliseToGrid(raw), preparation: "done" }
    : { raw, preparation };
}

/** Seeds of the demo: few, so that it ends within three minutes on two cores, installation included. */
export const DEMO_SEEDS: readonly number[] = SEEDS.slice(0, 3);

/** The seeds of a dataset, named as on the command line. */
export function defaultSeeds(data: string): readonly number[] {
  return data.split("/")[0] === "demo" ? DEMO_SEEDS : SEEDS;
}
