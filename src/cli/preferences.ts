/**
 * `deno task preferences`: route matching and routing between retrieval experts on labelled requests.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { basename } from "node:path";
import { exists, readBytes, readJson, repoPath, writeAtomic, writeJson } from "../base/files.ts";
import { hashJson, sha256 } from "../base/hash.ts";
import { codeHash, environment, harnessHash, VERSION } from "../base/version.ts";
import { type EmbeddingProvider, openProvider } from "../embed/mod.ts";
import { encode } from "../preferences/encoded.ts";
import { match } from "../preferences/matching.ts";
import { type Preferences, readClinc150 } from "../preferences/read.ts";
import {
  type PreferenceReport,
  type PreferenceSpeed,
  readReports,
  reportOf,
  SET_VERSION,
  verifyReport,
} from "../preferences/report.ts";
import { frozenHits, type RetrievalRun, retrieve } from "../preferences/retrieval.ts";
import { preferencesPage } from "../report/pages/preferences_page.ts";
import { CACHE } from "../run/plan.ts";
import { SEEDS } from "../splits/split.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { expectWritable } from "./writable.ts";

const FLAGS = {
  embedding: { type: "string", default: "static", value: "name", help: "as for deno task bench" },
  seeds: { type: "list", default: SEEDS.map(String), help: "of examples and experts" },
  out: { type: "string", value: "folder", help: "instead of results/" },
  verify: { type: "boolean", help: "compute the stored numbers again, decide nothing" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task preferences",
  summary:
    "Matches the requests of clinc150 (below $ICLR_DATA) to routes in words, and routes them between retrieval " +
    "experts by RouterRetriever's rule. Writes clinc150@1/preferences.<embedding>.json with all decisions, and " +
    "preferences.md. Stop it any time: the same command continues where it stopped.",
  flags: FLAGS,
  examples: ["deno task preferences", "deno task preferences --verify"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, COMMAND);
  const data = Deno.env.get("ICLR_DATA"), root = flags.out ?? repoPath("results");
  if (!data) throw new UsageError("ICLR_DATA must name the folder with clinc150");
  const seeds = flags.seeds.map((text) => {
    if (/^\d+$/.test(text)) return Number(text);
    throw new UsageError(`--seeds: "${text}" is not a whole number`);
  });
  const preferences = await readClinc150(data);
  if (flags.verify) return await verify(root, preferences);
  await expectWritable("--out", root);
  const provider = await openProvider(flags.embedding);
  const { report, speed } = await measured(preferences, provider, seeds);
  const name = flags.embedding.replace(/[^\w-]+/g, "-");
  const path = `${root}/${preferences.name}@${SET_VERSION}/preferences.${name}.json`;
  await writeAtomic(path, JSON.stringify(report, null, 1) + "\n");
  await writeJson(path.replace(/json$/, "speed.json"), speed);
  await writeAtomic(`${root}/preferences.md`, preferencesPage(await readReports(root))!);
  console.log(`wrote ${path} and preferences.md`);
}

async function verify(root: string, preferences: Preferences): Promise<void> {
  const files = await readReports(root);
  if (files.length === 0) throw new UsageError(`no preferences.….json below ${root}`);
  for (const { path, report } of files) {
    console.log(`ok    ${path}: ${verifyReport(report, preferences, path)} numbers recomputed`);
  }
}

/** Decides and retrieves everything; what is done already is not done again. */
async function measured(
  preferences: Preferences,
  provider: EmbeddingProvider,
  seeds: readonly number[],
): Promise<{ report: PreferenceReport; speed: PreferenceSpeed }> {
  const harness = { version: VERSION, sha256: await harnessHash(), code: await ownCode() };
  const embedding = { name: provider.name, key: provider.key };
  const set = [preferences.sha256, preferences.routesSha256];
  const store = `${CACHE}/preferences/${hashJson({ harness, embedding, set }).slice(0, 16)}`;
  const encoded = await encode(preferences, provider, `${CACHE}/embeddings`);
  const matching = await kept(`${store}/matching-${seeds}.json`, () => match(encoded, seeds));
  const runs: RetrievalRun[] = [];
  for (const seed of seeds) {
    const name = `${store}/experts-${seeds[0]}-${seed}.json`;
    runs.push(await kept(name, () => retrieve(encoded, seed, runs[0])));
  }
  const head = {
    command: `deno task preferences --embedding ${provider.name} --seeds ${seeds}`,
    ...{ harness, environment: environment(), embedding, seeds },
  };
  const retrieved = { frozen: await frozenHits(encoded), runs };
  const encodeMicroseconds = await timeToEncode(provider, preferences.test.texts);
  return {
    report: reportOf(head, preferences, matching.matched, retrieved),
    speed: { encodeMicroseconds, matching: matching.speed },
  };
}

/** A JSON value from its file, or made and stored. */
async function kept<T>(path: string, make: () => Promise<T>): Promise<T> {
  if (await exists(path)) return await readJson(path) as T;
  const made = await make();
  await writeJson(path, made);
  console.error(`${basename(path, ".json")} done`);
  return made;
}

/** Hash of the code that decides here and is in no room of a bench. */
async function ownCode(): Promise<string> {
  const router = sha256(await readBytes(repoPath("baselines/router_retriever.ts")));
  return sha256(router + await codeHash([["src/preferences", repoPath("src/preferences")]]));
}

/** Microseconds of single texts, median. */
async function timeToEncode(
  provider: EmbeddingProvider,
  texts: readonly string[],
): Promise<number> {
  const times: number[] = [];
  for (const text of texts.slice(0, 100)) {
    const start = performance.now();
    await provider.embed([text]);
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

if (import.meta.main) await runMain(main);
