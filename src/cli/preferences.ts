/**
 * `deno task preferences`: route matching and routing between retrieval experts on labelled requests.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { basename, dirname } from "node:path";
import { exists, readBytes, readJson, repoPath, writeAtomic, writeJson } from "../base/files.ts";
import { hashJson, sha256 } from "../base/hash.ts";
import { random } from "../base/random.ts";
import { codeHash, environment, harnessHash, VERSION } from "../base/version.ts";
import { type EmbeddingProvider, openProvider } from "../embed/mod.ts";
import { openDecoder } from "../lm/decoder.ts";
import { findModel } from "../lm/store.ts";
import { encode } from "../preferences/encoded.ts";
import { ask } from "../preferences/language_matcher.ts";
import { type LevelName, match, type Matched } from "../preferences/matching.ts";
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
import { TASK } from "../preferences/route_prompt.ts";
import {
  decideSampled,
  type Sample,
  sampledPreferences,
  sampledReportOf,
  type SampledSpeed,
  verifySampled,
} from "../preferences/sampled.ts";
import { preferencesPage } from "../report/pages/preferences_page.ts";
import { CACHE } from "../run/plan.ts";
import { SEEDS } from "../splits/split.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { expectWritable } from "./writable.ts";

const FLAGS = {
  embedding: { type: "string", default: "static", value: "name", help: "as for deno task bench" },
  seeds: { type: "list", default: SEEDS.map(String), help: "of examples and experts" },
  lm: { type: "string", value: "model", help: "a language model reads the routes, on a sample" },
  out: { type: "string", value: "folder", help: "instead of results/" },
  verify: { type: "boolean", help: "compute the stored numbers again, decide nothing" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task preferences",
  summary:
    "Matches the requests of clinc150 (below $ICLR_DATA) to routes in words, and routes them between retrieval " +
    "experts by RouterRetriever's rule. Writes clinc150@1/preferences.<embedding>.json with all decisions, and " +
    "preferences.md. Stop it any time: the same command continues where it stopped. With --lm a language model is " +
    "asked as well, beside what is stored already: see deno task lm.",
  flags: FLAGS,
  examples: [
    "deno task preferences",
    "deno task preferences --lm smollm2-q4_1",
    "deno task preferences --verify",
  ],
};

/** Requests that a language model is asked about: it takes seconds for each. */
const SAMPLE = { validation: [25, 25], test: [140, 60] } as const;

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
  if (flags.lm) return await sample(root, preferences, flags.lm, flags.embedding, seeds[0]);
  const provider = await openProvider(flags.embedding);
  const { report, speed } = await measured(preferences, provider, seeds);
  const path = `${root}/${pathOf(preferences, flags.embedding)}`;
  await writeAtomic(path, JSON.stringify(report, null, 1) + "\n");
  await writeJson(path.replace(/json$/, "speed.json"), speed);
  await writeAtomic(`${root}/preferences.md`, preferencesPage(await readReports(root))!);
  console.log(`wrote ${path} and preferences.md`);
}

async function verify(root: string, preferences: Preferences): Promise<void> {
  const files = await readReports(root);
  if (files.length === 0) throw new UsageError(`no preferences.….json below ${root}`);
  const ok = (path: string, numbers: number): void =>
    console.log(`ok    ${path}: ${numbers} numbers recomputed`);
  for (const { path, report, sampled } of files) {
    ok(path, verifyReport(report, preferences, path));
    for (const { name, report: own } of sampled) {
      const where = `${dirname(path)}/${name}`;
      ok(where, verifySampled(own, preferences, report.matching.matched, where));
    }
  }
}

/** Where a report lies below the results. */
function pathOf({ name }: Preferences, embedding: string): string {
  return `${name}@${SET_VERSION}/preferences.${embedding.replace(/[^\w-]+/g, "-")}.json`;
}

/** Asks a language model about a sample, beside the stored report of the other matchers. */
async function sample(
  root: string,
  preferences: Preferences,
  id: string,
  embedding: string,
  seed: number,
): Promise<void> {
  const path = pathOf(preferences, embedding);
  const stored = (await readReports(root)).find((file) => file.path === path);
  if (!stored) throw new UsageError(`no ${path} below ${root}: first without --lm`);
  const { folder, sha256 } = await findModel(id), harness = await harnessOf();
  const drawn: Sample = { ...SAMPLE, seed }, own = sampledPreferences(preferences, drawn);
  const texts = [...own.validation.texts, ...own.test.texts];
  const set = [preferences.sha256, preferences.routesSha256, drawn] as never;
  const store = `${CACHE}/preferences/${hashJson({ harness, sha256, set }).slice(0, 16)}`;
  const matched: Matched[] = [], speed: Partial<Record<LevelName, SampledSpeed["actions"]>> = {};
  for (const level of ["domains", "actions"] as const) {
    const heard = await kept(`${store}/${id}-${level}.json`, async () => {
      const model = await openDecoder(folder, { tuning: "frozen", random: random(0) });
      return await ask(
        model,
        own[level],
        texts,
        (done) => done % 20 || console.error(`${level}: ${done} of ${texts.length}`),
      );
    });
    const { logs: _, ...took } = heard;
    matched.unshift(decideSampled(own, level, heard, "language model", seed));
    speed[level] = took;
  }
  const report = sampledReportOf(
    {
      command: `deno task preferences --embedding ${embedding} --lm ${id} --seeds ${seed}`,
      ...{ harness, environment: environment(), model: { id, sha256 }, prompt: TASK },
      sample: drawn,
      beside: { name: basename(path), sha256: stored.report.sha256 },
    },
    preferences,
    matched,
    stored.report.matching.matched,
  );
  const file = `${root}/${dirname(path)}/sampled.${id}.json`;
  await writeJson(file.replace(/json$/, "speed.json"), speed);
  await writeAtomic(file, JSON.stringify(report, null, 1) + "\n");
  await writeAtomic(`${root}/preferences.md`, preferencesPage(await readReports(root))!);
  console.log(`wrote ${file} and preferences.md`);
}

/** Decides and retrieves everything; what is done already is not done again. */
async function measured(
  preferences: Preferences,
  provider: EmbeddingProvider,
  seeds: readonly number[],
): Promise<{ report: PreferenceReport; speed: PreferenceSpeed }> {
  const harness = await harnessOf();
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

/** Version and code. */
async function harnessOf(): Promise<PreferenceReport["harness"]> {
  return { version: VERSION, sha256: await harnessHash(), code: await ownCode() };
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
