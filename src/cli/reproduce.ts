/**
 * `deno task reproduce`: a paper's own files, its protocol, our rows, and both numbers side by side.
 * @module
 */
import { join } from "node:path";
import { bench } from "../api/run.ts";
import { openPool, type Pool } from "../api/pool.ts";
import { fileHash, hashLike } from "../base/download.ts";
import { CapabilityError, DataError, UsageError } from "../base/errors.ts";
import { exists, repoPath, writeJson } from "../base/files.ts";
import { didYouMean } from "../base/suggest.ts";
import { type Manifest, readManifest } from "../outcomes/manifest.ts";
import { bytesText } from "../outcomes/disk.ts";
import { originalsOf, pinOf } from "../outcomes/originals.ts";
import { importFolder, pull, pullCache } from "../outcomes/pull.ts";
import {
  hindsight,
  inPercent,
  type OurRow,
  type Paper,
  PAPERS,
  reproductionTable,
} from "../report/tables/reproduction.ts";
import { SEEDS } from "../splits/split.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { expectWritable } from "./writable.ts";

const FLAGS = {
  from: { type: "string", value: "folder", help: "the paper's files, where they are here already" },
  "dry-run": { type: "boolean", help: "only say what would be fetched and run" },
  "accept-unpinned": {
    type: "boolean",
    help: "take files of which no hash is known, as data pull",
  },
  seeds: {
    type: "list",
    value: "n",
    default: SEEDS.slice(0, 3).map(String),
    help: "one split and fit each",
  },
  routers: { type: "list", value: "id", help: "instead of the paper's rows and ours beside them" },
  workers: { type: "number", default: 2, integer: true, min: 1, help: "parallel jobs" },
  out: { type: "string", value: "folder", default: "runs/reproduce", help: "records and results" },
  jobs: { type: "string", value: "folder", help: "finished jobs, instead of .cache/jobs" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task reproduce",
  summary:
    "Runs a paper's protocol on the paper's own files, and prints what it said beside what we got. Files are\n" +
    "fetched as by data pull; on a machine without a network it says which, and reads them with --from.\n" +
    `Papers: ${Object.values(PAPERS).map(({ name, title }) => `${name} (${title})`).join(", ")}`,
  args: { usage: "<paper>", min: 1, max: 1 },
  flags: FLAGS,
  examples: [
    "deno task reproduce routerdc --dry-run",
    "deno task reproduce routerdc",
    "deno task reproduce icl-router --accept-unpinned --seeds 42",
    "deno task reproduce icl-router --from ./ICL-Router --routers knn,icl_router_plus",
  ],
};

/** What a reproduction is told. */
export interface Choices {
  /** Folder of the paper's files; fetched where absent. */
  readonly from?: string;
  /** Of its dataset. */
  readonly manifest: Manifest;
  /** Routers by id or path; the paper's rows and ours beside them where absent. */
  readonly routers?: readonly string[];
  /** One split and fit each. */
  readonly seeds: readonly number[];
  /** Parallel jobs. */
  readonly workers: number;
  /** Records and results. */
  readonly out: string;
  /** Finished jobs. */
  readonly jobs?: string;
  /** Take files of which no hash is known. */
  readonly acceptUnpinned?: boolean;
  /** Called with lines for a person. */
  readonly say: (line: string) => void;
}

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args: [name] } = parseFlags(argv, COMMAND);
  const names = Object.keys(PAPERS);
  if (!Object.hasOwn(PAPERS, name)) {
    throw new UsageError(
      `no paper "${name}"${didYouMean(name, names)} (papers: ${names.join(", ")})`,
    );
  }
  const paper = PAPERS[name];
  const manifest = await readManifest(repoPath("datasets", name, "manifest.json"));
  if (flags["dry-run"]) return console.log(await plan(paper, manifest));
  const seeds = flags.seeds.map((seed) => {
    if (/^\d+$/.test(seed)) return Number(seed);
    throw new UsageError(`--seeds: expected whole numbers, got "${seed}"`);
  });
  await expectWritable("--out", flags.out);
  console.log(
    await reproduce(paper, {
      ...{ manifest, seeds, from: flags.from, workers: flags.workers, jobs: flags.jobs },
      out: join(flags.out, name),
      acceptUnpinned: flags["accept-unpinned"],
      say: (line) => console.error(line),
      ...(flags.routers.length > 0 && { routers: flags.routers }),
    }),
  );
}

/** What would be fetched, and what would be run on it. */
export async function plan(paper: Paper, manifest: Manifest): Promise<string> {
  const { newModels } = paper;
  return [
    `${paper.title}:`,
    await fetched(manifest),
    `imports them with ${manifest.importer} (${
      Object.entries(paper.options).map(([key, values]) => `${key}=${values.join()}`).join(", ")
    })`,
    `runs id:published: ${rowsOf(paper).filter((id) => !id.startsWith("hindsight")).join(", ")}`,
    ...(newModels
      ? [`runs new models: ${newModels.models.join(", ")}, where the files have them`]
      : []),
    "prints each row: the paper said, we got",
  ].join("\n");
}

/** The files, each with address, hash and size, as far as known. */
async function fetched(manifest: Manifest): Promise<string> {
  const files = await originalsOf(manifest);
  const lines = files.map(({ url, sha256, gitBlob, bytes }) => {
    const pin = sha256 ? `sha256 ${sha256}` : gitBlob ? `git blob ${gitBlob}` : "hash not known";
    return `  ${url}  ${pin}${bytes ? `  ${bytesText(bytes)}` : ""}`;
  });
  return [`fetches ${files.length} files of ${manifest.source.repository}:`, ...lines].join("\n");
}

/**
 * Fetches, imports, runs, and gives the tables of both.
 * @throws {CapabilityError} when files cannot be fetched, with what to bring by hand
 * @throws {DataError} files that are missing, or not those that the manifest pins
 */
export async function reproduce(paper: Paper, choices: Choices): Promise<string> {
  const { manifest, out, say } = choices;
  const folder = choices.from ?? await fetchAll(paper, choices);
  if (choices.from !== undefined) await checkFiles(choices.from, manifest);
  const records = join(out, "records.jsonl.gz");
  say(
    await importFolder({
      importer: manifest.importer!,
      folder,
      out: records,
      options: paper.options,
    }),
  );
  // Options change the records, so the pinned hash is not theirs.
  const own = { ...manifest, records: {} };
  await writeJson(join(out, "manifest.json"), own);
  const whole = await openPool(paper.view ? join(out, paper.view) : out);
  const added = namesakes(paper, whole);
  let pool = whole;
  if (added.length > 0) {
    const models = whole.models.filter((model) => !added.includes(model));
    await writeJson(join(out, "manifest.json"), {
      ...own,
      views: { ...own.views, known: { models } },
    });
    pool = await openPool(join(out, "known"));
  }
  const table = reproductionTable(paper, pool.table, await ours(paper, pool, choices));
  return [table, ...await newModelLines(paper, whole, added.length, choices)].join("\n");
}

/** Models of the files that the paper took in after training. */
function namesakes({ newModels }: Paper, pool: Pool): string[] {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const wanted = (newModels?.models ?? []).map(plain);
  return pool.models.filter((model) => wanted.some((name) => plain(model).includes(name)));
}

async function fetchAll(paper: Paper, { manifest, acceptUnpinned, say }: Choices): Promise<string> {
  const cache = pullCache(manifest);
  say(await fetched(manifest));
  try {
    say(await pull(manifest, { acceptUnpinned, say, cache, attempts: 3 }));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new CapabilityError(
      `${error.message}\n  without a network: bring the files above below one folder, under their paths ` +
        `(${
          (await originalsOf(manifest))[0].path
        }, …), then: deno task reproduce ${paper.name} --from FOLDER`,
    );
  }
  return cache;
}

/** All there, and those that the manifest pins. */
async function checkFiles(folder: string, manifest: Manifest): Promise<void> {
  const faults: string[] = [];
  for (const file of await originalsOf(manifest)) {
    const path = join(folder, file.path), pin = pinOf(file);
    if (!await exists(path)) faults.push(`${file.path}: missing`);
    else if (pin !== undefined && await hashLike(pin, path) !== pin) {
      faults.push(`${file.path}: expected ${pin}, got sha256 ${await fileHash(path)}`);
    }
  }
  if (faults.length === 0) return;
  throw new DataError(
    `${folder}: expected the files of ${manifest.name}\n  ${faults.join("\n  ")}\n` +
      await fetched(manifest),
  );
}

/** Rows to run or compute: those beside the paper's, and the rest. */
function rowsOf({ said, more }: Paper): string[] {
  return [...new Set([...said.map((row) => row.ours), ...more])];
}

async function ours(
  paper: Paper,
  pool: Pool,
  { routers, seeds, workers, jobs, out, say }: Choices,
): Promise<Map<string, OurRow>> {
  const { table } = pool, wanted = rowsOf(paper);
  const toRun = routers ??
    wanted.filter((id) => !id.startsWith("hindsight:") && id !== "best-single");
  const run = await bench(pool, {
    protocol: "id:published",
    routers: toRun,
    seeds,
    workers,
    jobs,
    warn: say,
  });
  const { path } = await run.save(out);
  say(`  wrote ${path}`);
  for (const { router, reason } of run.failed) say(`  ${router} has no row: ${reason}`);
  const rows = new Map<string, OurRow>();
  const past = hindsight(table);
  for (const id of wanted.filter((id) => id.startsWith("hindsight:"))) {
    rows.set(id, { name: HINDSIGHT[id], benchmarks: past[id] });
  }
  const { evaluation, dataset, routers: known } = run.result;
  const references = ["best-single"];
  if (!("routers" in evaluation)) throw new DataError("expected a run with rows");
  for (const { router, seeds: reports } of evaluation.routers) {
    const { name, reference } = known.find(({ id }) => id === router)!;
    if (reference && !references.includes(router)) continue;
    const benchmarks = table.benchmarks.map((benchmark) => {
      const at = dataset.benchmarks.indexOf(benchmark);
      const values = reports.map((report) => report.benchmarks[at] ?? null);
      if (values.some((value) => value === null)) return null;
      return (values as number[]).reduce((sum, value) => sum + value, 0) / values.length;
    });
    rows.set(router, { name, benchmarks });
  }
  return rows;
}

const HINDSIGHT: Readonly<Record<string, string>> = {
  "hindsight:single": "best single (hindsight)",
  "hindsight:each": "best of each (hindsight)",
  "hindsight:oracle": "oracle (hindsight)",
};

/** Labels for each new model: the paper's profile, or a quarter of a small pool. */
const LABELS = 500;
const NEW = 5;

/** What taking new models in gained: the paper's five where the files have them, else as many of the pool. */
async function newModelLines(
  { newModels, said, more }: Paper,
  pool: Pool,
  here: number,
  { routers, seeds, workers, jobs, out, say }: Choices,
): Promise<string[]> {
  if (!newModels) return [];
  const head = [
    "",
    `${newModels.models.length} new models (${newModels.models.join(", ")}), the paper said: ` +
    `ID ${newModels.id.join(" → ")}, OOD ${newModels.ood.join(" → ")}`,
    `the files have ${here} of them${
      here === newModels.models.length ? "" : ", so this cannot be run again"
    }`,
  ];
  const held = Math.min(NEW, pool.models.length - 2);
  if (held < 1) return [...head, "too few models to hold any out"];
  const labels = Math.min(LABELS, Math.floor(pool.table.ids.length / 4));
  const chosen = routers ?? [...said.map((row) => row.ours), ...more];
  const run = await bench(pool, {
    protocol: `new-model:${held}`,
    routers: chosen.filter((id) => !id.startsWith("hindsight:") && id !== "best-single"),
    ...{ seeds: seeds.slice(0, 1), workers, jobs, warn: say },
    ...{ arms: ["own", "ignore"], budgets: [labels], subsets: 2 },
  });
  say(`  wrote ${(await run.save(out)).path}`);
  const names = new Map(run.result.routers.map(({ id, name }) => [id, name]));
  const lines = [...Map.groupBy(run.arms.filter((arm) => arm.pool === "all"), (arm) => arm.router)]
    .flatMap(([router, arms]) => {
      const ignoring = arms.find((arm) => arm.arm === "ignore");
      const taken = arms.find((arm) => arm.arm !== "ignore");
      if (!ignoring || !taken) return [];
      const gained = inPercent(ignoring.quality) + " → " + inPercent(taken.quality);
      return [`  ${names.get(router) ?? router}: ${gained}`];
    });
  return [
    ...head,
    `we got, with ${held} of the pool's ${pool.models.length} models held out in 2 random sets, ${labels} labels ` +
    "each, ID rows, mean over queries: without them → with them",
    ...lines,
  ];
}

if (import.meta.main) await runMain(main);
