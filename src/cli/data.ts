/**
 * `deno task data`: what datasets there are, making them from the public originals, checking them, and
 * pricing them again. Of its verbs only `pull` may use the network.
 * @module
 */
import { dirname } from "node:path";
import { UsageError } from "../base/errors.ts";
import { pack, repoPath, writeAtomic } from "../base/files.ts";
import { didYouMean } from "../base/suggest.ts";
import { checkDataset, formatReport } from "../../datasets/check.ts";
import { checkManifest, formatManifestReport } from "../../datasets/check_manifest.ts";
import { encodeRecords, formatLog, importerNamed, IMPORTERS } from "../outcomes/importers/index.ts";
import { listDatasets, openDataset } from "../../datasets/load.ts";
import { GAP_RULES, type GapRule } from "../outcomes/gaps.ts";
import { type Manifest, readManifest, readPriceList } from "../outcomes/manifest.ts";
import { reprice } from "../outcomes/pricing.ts";
import { queriesPath, recordsPath } from "../outcomes/places.ts";
import { importFolder, outcomesPath, pull } from "../outcomes/pull.ts";
import { expectWritable } from "./writable.ts";
import { parseFlags, runMain, runVerb, type Verbs } from "./args.ts";

const COMMAND = "deno task data";

const VERBS: Verbs = {
  list: { does: "datasets known by name, and which are on this machine", run: list },
  pull: { does: "download the originals of a dataset and make its records", run: pullAll },
  import: { does: "make records from a folder of native files", run: importNative },
  check: { does: "look a dataset over: gaps, faults, reference rows", run: check },
  reprice: {
    does: "recompute the costs of a dataset with another price list",
    run: repriceRecords,
  },
};

const EXAMPLES = ["list", "pull llmrouter", "check reasoning-gym"];

/** Runs the command on its arguments. */
export async function main(argv: string[]): Promise<void> {
  await runVerb(COMMAND, VERBS, EXAMPLES, argv);
}

async function list(argv: string[]): Promise<void> {
  const { flags } = parseFlags(argv, {
    name: `${COMMAND} list`,
    summary: "Lists the datasets known by name: whether their records are here, and their views.",
    flags: { json: { type: "boolean", help: "machine-readable" } },
    examples: [`${COMMAND} list`],
  });
  const entries = await listDatasets();
  if (flags.json) return console.log(JSON.stringify(entries, null, 2));
  const width = Math.max(...entries.map(({ name }) => name.length));
  for (const { name, title, views, queriesAlone, present } of entries) {
    console.log(`${name.padEnd(width)}  ${present ? "here  " : "absent"}  ${title}`);
    const what = queriesAlone
      ? "queries alone: no model has answered them"
      : `views: ${views.join(", ")}`;
    console.log(`${"".padEnd(width)}          ${what}`);
  }
  if (entries.some(({ present }) => !present)) {
    console.log(`\nAbsent ones: ${COMMAND} pull <name>`);
  }
}

async function pullAll(argv: string[]): Promise<void> {
  const { args, flags } = parseFlags(argv, {
    name: `${COMMAND} pull`,
    summary:
      "Downloads the original files of datasets (interrupted downloads are continued), unpacks archives,\n" +
      "makes their records and checks them against the manifest's hash.",
    args: { usage: "<dataset>...", min: 1 },
    flags: {
      attempts: { type: "number", default: 5, integer: true, min: 1, help: "tries per file" },
      "accept-unpinned": {
        type: "boolean",
        help: "take files of which no hash is known, and hold later pulls to what came",
      },
    },
    examples: [`${COMMAND} pull llmrouter routellm`],
  });
  for (const name of args) {
    const manifest = await manifestOf(name), { passOn } = manifest.licence;
    console.log(`${name}:${passOn ? `\n  may its records be passed on? ${passOn}` : ""}`);
    const report = await pull(manifest, {
      attempts: flags.attempts,
      acceptUnpinned: flags["accept-unpinned"],
      say: (line) => console.log(`  ${line}`),
    });
    console.log(report);
  }
}

async function importNative(argv: string[]): Promise<void> {
  if (argv[0] === "table") return await importTable(argv.slice(1));
  const { args: [importer, folder], flags } = parseFlags(argv, {
    name: `${COMMAND} import`,
    summary: "Makes records from a folder of native files. Importers:\n" + importerHelp() +
      `\nA table with a row a query and a column a model: ${COMMAND} import table --help`,
    args: { usage: "<importer> <folder>", min: 2, max: 2 },
    flags: {
      out: { type: "string", value: "file", help: "records to write, ….jsonl.gz" },
      dataset: {
        type: "string",
        value: "name",
        help: "take prices from this dataset's manifest and check the records against its hash",
      },
      prices: { type: "string", value: "file", help: "compute costs from tokens by this list" },
      option: { type: "list", value: "key=value", help: "options of the importer" },
    },
    examples: [
      `${COMMAND} import reasoning-gym ./reasoning-gym-eval --dataset reasoning-gym`,
      `${COMMAND} import routerdc ./RouterDC --out routerdc.jsonl.gz`,
      `${COMMAND} import icl-router ./ICL-Router --option label=direct --out icl.jsonl.gz`,
    ],
  });
  if (flags.out !== undefined) await expectWritable("--out", dirname(flags.out));
  const manifest = flags.dataset === undefined ? undefined : await manifestOf(flags.dataset);
  if (manifest && manifest.importer !== importer) {
    throw new UsageError(
      `${manifest.name} is made by importer ${manifest.importer}, not ${importer}`,
    );
  }
  const place = manifest?.pool === "none" ? queriesPath : recordsPath;
  const out = flags.out ?? (manifest && place(manifest.name));
  if (out === undefined) throw new UsageError("import needs --out <file> or --dataset <name>");
  const options: Record<string, string[]> = {};
  for (const pair of flags.option) {
    const [, key, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    if (key === undefined) throw new UsageError(`--option: expected key=value, got "${pair}"`);
    (options[key] ??= []).push(value);
  }
  const report = await importFolder({
    importer: importerNamed(importer).name,
    folder,
    out,
    options,
    prices: flags.prices === undefined ? manifest?.prices : await readPriceList(flags.prices),
    outcomes: manifest && outcomesPath(manifest),
    expected: flags.prices === undefined ? manifest?.records : undefined,
  });
  console.log(report);
}

async function importTable(argv: string[]): Promise<void> {
  const { args: [file], flags } = parseFlags(argv, {
    name: `${COMMAND} import table`,
    summary:
      "Makes records from a table with a row a query and a column a model: CSV, TSV (also .gz) or\n" +
      "parquet. What no flag says is guessed from names and values, and said. Columns of models are\n" +
      "written as names, PREFIX*, *SUFFIX or MODEL=COLUMN. A score is 0 to 1, true or false; an empty\n" +
      "cell is a model that was not asked.",
    args: { usage: "<file>", min: 1, max: 1 },
    flags: {
      query: { type: "string", value: "column", help: "the query texts" },
      scores: { type: "list", value: "columns", help: "the models' scores" },
      costs: { type: "list", value: "columns", help: "what the answers cost, US dollars" },
      benchmark: { type: "string", value: "column", help: "where a query comes from" },
      task: { type: "string", value: "column", help: "a finer label" },
      id: { type: "string", value: "column", help: "the query's id; rows are numbered without" },
      percent: { type: "boolean", help: "scores are 0 to 100" },
      out: { type: "string", value: "file", help: "records to write, ….jsonl or ….jsonl.gz" },
    },
    examples: [
      `${COMMAND} import table answers.csv --out records.jsonl`,
      `${COMMAND} import table answers.csv --query prompt --scores 'score_*' --costs '*_cost' --out records.jsonl`,
      `${COMMAND} import table answers.parquet --query text --scores small=s1,large=s2 --percent --out records.jsonl.gz`,
    ],
  });
  const { out, scores, costs, percent, ...names } = flags;
  if (out === undefined || !/\.jsonl(\.gz)?$/.test(out)) {
    throw new UsageError("import table needs --out <file>, ….jsonl or ….jsonl.gz");
  }
  const { readTable } = await import("../outcomes/table_file.ts");
  const table = await readTable(file, {
    ...names,
    ...(scores.length > 0 && { scores }),
    ...(costs.length > 0 && { costs }),
    ...(percent && { percent }),
  });
  const bytes = encodeRecords(table.list);
  await writeAtomic(out, out.endsWith(".gz") ? pack(bytes) : bytes);
  console.log(`${table.how}\n${formatLog(table.log)}\n  wrote ${out}\n  sha256 ${table.sha256}`);
}

async function check(argv: string[]): Promise<void> {
  const { args, flags } = parseFlags(argv, {
    name: `${COMMAND} check`,
    summary:
      "Looks datasets over: what is there, missing or suspicious, and hindsight reference rows\n" +
      "(best single, best per benchmark, oracle) of every view. With --manifest only what the manifests\n" +
      "say, of all datasets unless some are named: that needs no records.",
    args: { usage: "<dataset or path>...", min: 0 },
    flags: {
      manifest: {
        type: "boolean",
        help: "the manifest alone: form, importer, pinned files, licence",
      },
      gaps: {
        type: "string",
        choices: GAP_RULES,
        help: "missing scores of data without a manifest; default: what keeps more scores",
      },
      json: { type: "boolean", help: "machine-readable" },
    },
    examples: [
      `${COMMAND} check reasoning-gym`,
      `${COMMAND} check ./my-records.jsonl`,
      `${COMMAND} check --manifest`,
    ],
  });
  if (flags.manifest) return await checkManifests(args, flags.json);
  if (args.length === 0) throw new UsageError("check needs a dataset or path, or --manifest");
  const reports = [];
  for (const spec of args) {
    const report = await checkDataset(spec, { gaps: flags.gaps as GapRule });
    reports.push(report);
    if (!flags.json) console.log(formatReport(report));
  }
  if (flags.json) console.log(JSON.stringify(reports, null, 2));
}

async function checkManifests(names: readonly string[], json: boolean): Promise<void> {
  const known = (await listDatasets()).map(({ name }) => name);
  for (const name of names) await manifestOf(name);
  const reports = [];
  for (const name of names.length > 0 ? names : known) reports.push(await checkManifest(name));
  console.log(
    json ? JSON.stringify(reports, null, 2) : reports.map(formatManifestReport).join("\n"),
  );
}

async function repriceRecords(argv: string[]): Promise<void> {
  const { args: [spec], flags } = parseFlags(argv, {
    name: `${COMMAND} reprice`,
    summary:
      "Writes a dataset's records with costs computed from tokens by another price list (form:\n" +
      "`prices` of datasets/manifest.schema.json). What the list cannot price loses its cost.",
    args: { usage: "<dataset or path>", min: 1, max: 1 },
    flags: {
      prices: { type: "string", value: "file", help: "the price list, JSON" },
      out: { type: "string", value: "file", help: "records to write, ….jsonl.gz" },
    },
    examples: [`${COMMAND} reprice mmlu-pro --prices prices.json --out mmlu-pro-new.jsonl.gz`],
  });
  if (!flags.prices || !flags.out) {
    throw new UsageError("reprice needs --prices <file> --out <file>");
  }
  await expectWritable("--out", dirname(flags.out));
  const { records } = await openDataset(spec);
  const priced = reprice(records.list, await readPriceList(flags.prices));
  await writeAtomic(flags.out, pack(encodeRecords(priced)));
  const cells = (list: typeof priced): number =>
    list.reduce((sum, { costs }) => sum + Object.keys(costs ?? {}).length, 0);
  console.log(`wrote ${flags.out}: ${priced.length} records, ${cells(priced)} costs`);
  console.log(`(${cells(records.list)} costs before)`);
}

/** A manifest of this repository by name. */
async function manifestOf(name: string): Promise<Manifest> {
  const names = (await listDatasets()).map((entry) => entry.name);
  if (names.includes(name)) return await readManifest(repoPath("datasets", name, "manifest.json"));
  throw new UsageError(
    `no dataset "${name}"${didYouMean(name, names)} (datasets: ${names.join(", ")})`,
  );
}

function importerHelp(): string {
  return IMPORTERS.flatMap(({ name, about, layout, options }) => [
    `  ${name.padEnd(16)} ${about}`,
    ...layout.map((path) => `  ${"".padEnd(18)} ${path}`),
    ...Object.entries(options).map(([key, help]) => `  ${"".padEnd(18)} --option ${key}=… ${help}`),
  ]).join("\n");
}

if (import.meta.main) await runMain(main);
