/**
 * xRouteBench's general text part (Hugging Face ulab-ai/xRouteBench, `llmrouter_generic`): parquet with a row a
 * query and model: performance, true counts of tokens, and response time, taken as seconds. Prices stand in
 * `llm_candidates`; costs are tokens × these.
 *
 * Rows of a split are joined on `embedding_id`; another query text under the same one is an error.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { parquetValues } from "../parquet.ts";
import { significant } from "../pricing.ts";
import type { OutcomeRecord } from "../record.ts";
import { drop, dropRepeated, type Importer, type ImportLog } from "./importer.ts";
import { type Fields, label, matching, type NativeFiles, number, text } from "./native.ts";
import { round4 } from "./python.ts";

const PRICES = "llm_candidates/train.parquet", LAYOUT = "llmrouter_generic/<train|test>.parquet";
const COLUMNS = [
  ...["embedding_id", "task_name", "query", "model_name", "performance"],
  ...["input_tokens", "output_tokens", "response_time"],
];

/** Reads both splits. */
export const xroutebench: Importer = {
  name: "xroutebench",
  about: "xRouteBench's general part with latencies and prices (parquet)",
  layout: [LAYOUT, PRICES],
  options: {},
  async read(files, _options, log) {
    const prices = await readPrices(files);
    const records: OutcomeRecord[] = [];
    const pattern = /^llmrouter_generic\/(train|test)\.parquet$/;
    for (const { path, parts } of matching(files, pattern, LAYOUT).reverse()) {
      for (
        const record of await readSplit(files, path, parts[0] as "train" | "test", prices, log)
      ) {
        records.push(record);
      }
    }
    log.steps.push({ what: "queries", rows: records.length });
    return dropRepeated(records, log);
  },
};

/** Model → dollars per million tokens, in and out. */
async function readPrices(files: NativeFiles): Promise<Map<string, [number, number]>> {
  const prices = new Map<string, [number, number]>();
  for await (const rows of parquetValues(await files.read(PRICES), PRICES)) {
    for (const row of rows) {
      const model = label(row.model_name, `${PRICES}: model_name`), where = `${PRICES}: ${model}`;
      prices.set(model, [
        number(row.input_price_per_1m, `${where}: input_price_per_1m`),
        number(row.output_price_per_1m, `${where}: output_price_per_1m`),
      ]);
    }
  }
  return prices;
}

async function readSplit(
  files: NativeFiles,
  path: string,
  split: "train" | "test",
  prices: ReadonlyMap<string, [number, number]>,
  log: ImportLog,
): Promise<OutcomeRecord[]> {
  const records = new Map<string, OutcomeRecord>();
  let line = 0;
  for await (const rows of parquetValues(await files.read(path), path, COLUMNS)) {
    for (const row of rows) {
      const where = `${path}: row ${++line}`;
      const id = label(row.embedding_id, `${where}: embedding_id`);
      const query = text(row.query, `${where}: query`);
      let record = records.get(id);
      if (!record) {
        const benchmark = label(row.task_name, `${where}: task_name`).replaceAll("_", "-");
        record = { id: `xroutebench-${split}-${id}`, benchmark, split, query, scores: {} };
        records.set(id, record);
      } else if (record.query !== query) {
        throw new DataError(
          `${where}: expected the text embedding_id ${id} had before, got another`,
        );
      }
      addCell(record, row, prices, where, log);
    }
  }
  log.steps.push({ what: `rows of ${path}`, rows: line });
  return [...records.values()].filter(({ scores }) => Object.keys(scores).length > 0);
}

function addCell(
  record: OutcomeRecord,
  row: Fields,
  prices: ReadonlyMap<string, [number, number]>,
  where: string,
  log: ImportLog,
): void {
  const model = label(row.model_name, `${where}: model_name`);
  if (Object.hasOwn(record.scores, model)) return drop(log, "the same query and model again");
  if (row.performance === undefined || Number.isNaN(row.performance)) {
    return drop(log, "row without a performance");
  }
  record.scores[model] = round4(number(row.performance, `${where}: performance`));
  const time = row.response_time;
  if (time !== undefined && !Number.isNaN(time)) {
    const seconds = number(time, `${where}: response_time`);
    (record.latency_ms ??= {})[model] = Math.round(seconds * 1e6) / 1e3;
  }
  if (row.input_tokens === undefined || row.output_tokens === undefined) {
    return drop(log, "token counts of a cell, unknown");
  }
  const tokens: [number, number] = [
    number(row.input_tokens, `${where}: input_tokens`),
    number(row.output_tokens, `${where}: output_tokens`),
  ];
  (record.tokens ??= {})[model] = tokens;
  const price = prices.get(model);
  if (!price) return drop(log, "price of a cell, unknown");
  const cost = (tokens[0] * price[0] + tokens[1] * price[1]) / 1e6;
  (record.costs ??= {})[model] = significant(cost);
}
