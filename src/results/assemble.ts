/**
 * From a plan and its finished jobs to a result with its files. Needs every job; the order in which they
 * ended leaves no trace.
 * @module
 */
import { METRICS_VERSION } from "../metrics/mod.ts";
import { repoPath, whole, writeAtomic, writeJson } from "../base/files.ts";
import { shellQuote } from "../base/shell.ts";
import { canonicalJson, hashJson, sha256 } from "../base/hash.ts";
import { defaultSeeds, type PlannedRouter, type RunPlan, type RunSettings } from "../run/plan.ts";
import { packSplits } from "../splits/pack.ts";
import type { FinishedJob } from "../run/job_store.ts";
import { failedJob } from "../run/work.ts";
import type { Speed } from "../run/speed.ts";
import { AT_THIS_SIZE } from "../router/size_notes.ts";
import type { AnyRouter } from "../router/sequential.ts";
import { environment, VERSION } from "../base/version.ts";
import { type DecisionEntry, encodeDecisions } from "./decision_file.ts";
import { encodePredictions } from "./prediction_file.ts";
import { checkEntries } from "./check_entries.ts";
import { seedRows } from "../evaluate/decisions.ts";
import { evaluate } from "../evaluate/evaluate.ts";
import { evaluateNewModel } from "../evaluate/evaluate_new_model.ts";
import { chosenFor, datasetFacts, splitFacts } from "./facts.ts";
import { type Result, rounded, type RouterEntry, seal } from "./result.ts";

/** A result with the bytes of the files beside it. */
export interface AssembledResult {
  /** The result itself. */
  readonly result: Result;
  /** File name → content, beside the result. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Decisions, as the decision file holds them. */
  readonly entries: readonly DecisionEntry[];
  /** Measured speeds by router id; outside the result, because clocks differ. */
  readonly speed: Readonly<Record<string, Speed>>;
  /** Folder and file stem, `reasoning-gym-easy@1/id.static`. */
  readonly stem: string;
  /** Routers that threw or broke the contract; their rows carry the reason. */
  readonly failed: readonly FailedRouter[];
}

/** A router without a row, and why. */
export interface FailedRouter {
  /** Router id. */
  readonly router: string;
  /** What happened on which split. */
  readonly reason: string;
  /** Line of source, where it is known. */
  readonly at?: string;
  /** Exit code of what was thrown, where it has one. */
  readonly exitCode?: number;
}

/** Assembles a result from all jobs of a plan. */
export function assemble(plan: RunPlan, jobs: readonly FinishedJob[]): AssembledResult {
  const { table, settings, splits } = plan;
  const byRouter = new Map(
    Map.groupBy(jobs, (_, at) => plan.routers[at % plan.routers.length].id).entries()
      .map(([id, own]) => [id, withoutMisfits(plan, own)]),
  );
  // A router has a row only if it could decide on every split.
  const able = [...byRouter].filter(([, own]) =>
    own.every(({ outcome }) => outcome.status === "decided")
  );
  const entries = able.flatMap(([, own]) => own.flatMap((job) => entryOfJob(job)));
  const stem = stemOf(plan);
  const name = stem.slice(stem.indexOf("/") + 1);
  const decisions = encodeDecisions(entries);
  const predictions = settings.keep &&
    encodePredictions(
      able.flatMap(([, own]) =>
        own.map(({ outcome }) => outcome.status === "decided" ? outcome.predicted : undefined)
      ),
    );
  const parts = splitFacts(splits);
  const result = seal({
    format: "icl-router-bench/result",
    formatVersion: 1,
    metricsVersion: METRICS_VERSION,
    command: commandOf(settings),
    harness: { version: VERSION, sha256: plan.harnessSha256 },
    environment: environment(),
    dataset: datasetFacts(table),
    audit: plan.dataset.report,
    ...(plan.repliesSha256 && { replies: { sha256: plan.repliesSha256 } }),
    embedding: { name: plan.provider.name, key: plan.provider.key, facts: plan.provider.facts },
    protocol: {
      name: settings.protocol,
      seeds: settings.seeds,
      validation: settings.validation,
      control: settings.control ?? "none",
      budgets: plan.setup.budgets,
      ...(settings.arms && { arms: settings.arms }),
      subsets: settings.subsets ?? null,
      selection: settings.selection ?? null,
      device: settings.device,
      testOpened: 1,
    },
    splits: {
      file: `${name}.splits.json`,
      sha256: hashJson(parts.map((part) => part.sha256)),
      parts,
    },
    decisions: { file: `${name}.decisions.gz`, sha256: decisions.sha256 },
    ...(predictions && {
      predictions: { file: `${name}.predictions.gz`, sha256: predictions.sha256 },
    }),
    routers: plan.routers.map((router) => entryOf(router, byRouter.get(router.id)!, entries)),
    evaluation: rounded(evaluateEntries(plan, entries)),
  });
  return {
    result,
    files: new Map([
      [result.splits.file, new TextEncoder().encode(canonicalJson(packSplits(splits)) + "\n")],
      [result.decisions.file, decisions.bytes],
      ...(predictions ? [[result.predictions!.file, predictions.bytes] as const] : []),
    ]),
    entries,
    speed: Object.fromEntries(
      jobs.flatMap(({ router, speed }) => speed ? [[router, rounded(speed)]] : []),
    ),
    stem,
    failed: [...byRouter].flatMap(([router, own]) => {
      const first = own.find(({ outcome }) => outcome.status !== "decided")?.outcome;
      return first?.status === "failed" ? [{ ...first, router }] : [];
    }),
  };
}

/** The decisions of a job as the decision file holds them; none where there are none. */
function entryOfJob(
  { router, outcome, seed, fold, decisionsSha256, predictions }: FinishedJob,
): DecisionEntry[] {
  if (outcome.status !== "decided") return [];
  const { columns, models, choice, paths, mixtures, tuning, card } = outcome;
  return [{
    router,
    seed,
    fold,
    columns,
    models,
    choice,
    ...(paths && { paths }),
    mixtures,
    tuning: rounded(tuning),
    card,
    decisionsSha256,
    predictions: rounded(predictions),
  }];
}

/** A router's jobs; failed where it decided on every split, but not in the same way (a dial of other lengths). */
function withoutMisfits(plan: RunPlan, jobs: readonly FinishedJob[]): readonly FinishedJob[] {
  const isOurs = plan.routers.some((r) => r.id === jobs[0].router && r.sha256 === "reference");
  if (isOurs || jobs.some(({ outcome }) => outcome.status !== "decided")) return jobs;
  try {
    checkEntries(jobs.flatMap(entryOfJob), plan.splits, plan.table.models, "");
    return jobs;
  } catch (error) {
    return jobs.map((job) => failedJob(plan.setup, { ...job, split: 0, timed: false }, error));
  }
}

/**
 * Recomputes every number of a result from decisions: the core of `bench` and of `verify`.
 * @throws {DataError} when decisions do not fit their splits or the models of the table
 */
export function evaluateEntries(
  { table, splits, units, routers }: Pick<RunPlan, "table" | "splits" | "units"> & {
    readonly routers: readonly {
      readonly id: string;
      readonly router: { readonly reference?: boolean };
    }[];
  },
  entries: readonly DecisionEntry[],
): Result["evaluation"] {
  checkEntries(entries, splits, table.models, table.dataset.name);
  if (splits[0].heldOutModels.length > 0) return evaluateNewModel(table, splits, entries, units);
  const judged = entries.map((e) => ({ ...e, operating: e.tuning.operating }));
  const competing = routers.filter((r) => !r.router.reference).map((r) => r.id);
  const present = competing.filter((id) => entries.some((e) => e.router === id));
  return evaluate(table, seedRows(table, splits), judged, units, present);
}

/** Where a result was written. */
export interface WrittenResult {
  /** The result file. */
  readonly path: string;
  /** Where the result of other content went that stood there before, if one did. */
  readonly replaced?: string;
}

/**
 * Writes a result: the files it refers to first, itself last. Where a result of the same name but other
 * content stands, its files are copied to `.cache/replaced/` first, below a hash of it.
 */
export function writeResult(assembled: AssembledResult, folder: string): Promise<WrittenResult> {
  return whole(writeFiles(assembled, folder));
}

async function writeFiles(assembled: AssembledResult, root: string): Promise<WrittenResult> {
  const path = `${root}/${assembled.stem}.json`;
  const directory = path.slice(0, path.lastIndexOf("/"));
  const content = new TextEncoder().encode(JSON.stringify(assembled.result, null, 1) + "\n");
  const replaced = await keepReplaced(
    assembled.stem,
    directory,
    new Map([...assembled.files, [`${path.slice(directory.length + 1)}`, content]]),
  );
  for (const [name, bytes] of assembled.files) await writeAtomic(`${directory}/${name}`, bytes);
  if (Object.keys(assembled.speed).length > 0) {
    await writeJson(`${root}/${assembled.stem}.speed.json`, assembled.speed);
  }
  await writeAtomic(path, content);
  return { path, replaced };
}

/** Copies the files of a result that would be lost; returns where its result file is then. */
async function keepReplaced(
  stem: string,
  directory: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<string | undefined> {
  const old = new Map<string, Uint8Array>();
  for (const name of files.keys()) {
    const bytes = await Deno.readFile(`${directory}/${name}`).catch(() => undefined);
    if (bytes) old.set(name, bytes);
  }
  if ([...old].every(([name, bytes]) => sha256(bytes) === sha256(files.get(name)!))) {
    return undefined;
  }
  const hash = hashJson([...old].map(([name, bytes]) => [name, sha256(bytes)])).slice(0, 12);
  const [set, name] = stem.split("/");
  const kept = repoPath(".cache/replaced", `${set}.${hash}`);
  const speed = await Deno.readFile(`${directory}/${name}.speed.json`).catch(() => undefined);
  if (speed) old.set(`${name}.speed.json`, speed);
  for (const [file, bytes] of old) await writeAtomic(`${kept}/${file}`, bytes);
  return `${kept}/${name}.json`;
}

/**
 * `reasoning-gym-easy@1/ood.static`: dataset view and version, protocol, embedding, whatever differs
 * from the defaults, and a short hash where seeds or routers were chosen by hand.
 */
export function stemOf({ settings, table }: Pick<RunPlan, "settings" | "table">): string {
  const plain = (text: string): string => text.replace(/[^\w.-]+/g, "-");
  const { seeds, routers, budgets, arms, subsets, selection } = settings;
  const custom = hashJson(seeds) !== hashJson(defaultSeeds(settings.data)) || routers || budgets ||
    arms || subsets;
  return plain(table.dataset.name.replace(/\/all$/, "")) + "@" + plain(table.dataset.version) +
    "/" + [
    plain(settings.protocol),
    plain(settings.embedding),
    ...(settings.validation === "id" && settings.protocol.startsWith("ood")
      ? ["id-validation"]
      : []),
    ...(settings.control ? [settings.control] : []),
    ...(selection && selection !== "random" ? [selection] : []),
    ...(settings.device !== "cpu" ? [settings.device] : []),
    ...(settings.limit ? [`limit-${settings.limit}`] : []),
    ...(custom ? [hashJson({ seeds, routers, budgets, arms, subsets }).slice(0, 8)] : []),
  ].join(".");
}

/** The command line that makes a run again. */
export function commandOf(settings: RunSettings): string {
  const flag = (name: string, value: unknown): string =>
    value === undefined ? "" : ` --${name} ${shellQuote(String(value))}`;
  return "deno task bench" + flag("data", settings.data) + flag("protocol", settings.protocol) +
    flag("embedding", settings.embedding) + flag("seeds", settings.seeds.join(",")) +
    flag("routers", settings.routers?.join(",")) + flag("control", settings.control) +
    flag("validation", settings.validation === "id" ? "id" : undefined) +
    flag("budgets", settings.budgets?.join(",")) + flag("arms", settings.arms?.join(",")) +
    flag("subsets", settings.subsets) +
    flag("selection", settings.selection) +
    flag("device", settings.device === "cpu" ? undefined : settings.device) +
    flag("gaps", settings.gaps) + flag("limit", settings.limit) + flag("keep", settings.keep);
}

/** How a method departs from its source, and what it does otherwise on a pool as large as this one. */
function statementOf(
  { statement }: AnyRouter,
  entries: readonly DecisionEntry[],
): string | null {
  const bySize = entries.flatMap(({ card, seed, fold }) =>
    card.notes.filter((note) => note.startsWith(AT_THIS_SIZE))
      .map((note) => `seed ${seed}, fold ${fold}: ${note}`)
  );
  return [...(statement ? [statement] : []), ...bySize].join("; ") || null;
}

function entryOf(
  { id, router, sha256 }: PlannedRouter,
  jobs: readonly FinishedJob[],
  entries: readonly DecisionEntry[],
): RouterEntry {
  const refused = jobs.map(({ outcome }) => outcome).find(({ status }) => status !== "decided");
  return {
    id,
    name: router.name,
    summary: router.summary,
    source: router.source,
    statement: statementOf(router, entries.filter((entry) => entry.router === id)),
    needs: router.needs ?? [],
    reference: router.reference ?? false,
    unseen: router.unseen ?? null,
    sha256,
    grid: router.grid,
    ...(router.unseenGrid && { unseenGrid: router.unseenGrid }),
    notApplicable: refused && refused.status !== "decided" ? refused.reason : null,
    chosen: chosenFor(id, entries),
  };
}
