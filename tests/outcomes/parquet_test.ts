import assert from "node:assert/strict";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { sha256 } from "../../src/base/hash.ts";
import { readAllRecords } from "../../src/outcomes/read.ts";
import { SMALL, withFolder } from "./small.ts";

type Options = Parameters<typeof parquetWriteBuffer>[0];
type Columns = Options["columnData"];

const records = SMALL.trim().split("\n").map((line) => JSON.parse(line));
const strings = (name: string): Columns[0] => ({
  name,
  data: records.map((record) => record[name] ?? null),
  type: "STRING",
  nullable: true,
});
const labels = ["id", "benchmark", "task", "level", "query", "split"].map(strings);
const options: Columns[0] = {
  name: "options",
  data: records.map((record) => record.options === undefined ? null : BigInt(record.options)),
  type: "INT64",
  nullable: true,
};

const write = (columnData: Columns, more: Partial<Options> = {}): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...more }));

async function read(bytes: Uint8Array): Promise<unknown[]> {
  return await withFolder({ "records.parquet": bytes }, async (folder) => {
    const found = await readAllRecords(folder);
    assert.equal(found.sha256, sha256(bytes), "the hash of a parquet file is that of its bytes");
    return found.list;
  });
}

/** As the records without the fields a layout leaves out. */
const without = (...fields: string[]): unknown[] =>
  records.map((record) =>
    Object.fromEntries(Object.entries(record).filter(([field]) => !fields.includes(field)))
  );

Deno.test("parquet with JSON columns, over several row groups", async () => {
  for (const type of ["JSON", "STRING"] as const) {
    const nested = ["scores", "tokens", "costs", "repeats"].map((name) => ({
      name,
      data: records.map((record) => {
        if (record[name] === undefined) return null;
        return type === "JSON" ? record[name] : JSON.stringify(record[name]);
      }),
      type,
      nullable: true,
    }));
    const bytes = write([...labels, options, ...nested], { rowGroupSize: 4 });
    assert.deepEqual(await read(bytes), records);
  }
});

Deno.test("parquet with one column for each model and number; null is absent", async () => {
  const column = (name: string, pick: (record: typeof records[0]) => number | undefined) => ({
    name,
    data: records.map((record) => pick(record) ?? null),
    type: "DOUBLE" as const,
    nullable: true,
  });
  const models = ["ash", "birch", "cedar/v1.5"];
  const wide = models.flatMap((model) => [
    column(`scores:${model}`, (record) => record.scores[model]),
    column(`tokens_in:${model}`, (record) => record.tokens?.[model]?.[0]),
    column(`tokens_out:${model}`, (record) => record.tokens?.[model]?.[1]),
    column(`costs:${model}`, (record) => record.costs?.[model]),
  ]);
  assert.deepEqual(plain(await read(write([...labels, options, ...wide]))), without("repeats"));
});

/** Columns of models come in objects without a prototype, which deepEqual tells apart. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

Deno.test("parquet with a struct column", async () => {
  const models = ["ash", "birch", "cedar/v1.5"];
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const;
  const schema: Options["schema"] = [
    { name: "root", num_children: 4 },
    ...["id", "benchmark", "query"].map((name) => ({ ...text, name })),
    { name: "scores", num_children: 3, repetition_type: "REQUIRED" },
    ...models.map((name) => ({ name, type: "DOUBLE", repetition_type: "OPTIONAL" } as const)),
  ];
  const columnData = ["id", "benchmark", "query", "scores"].map((name) => ({
    name,
    data: records.map((record) => record[name]),
  }));
  const bytes = write(columnData, { schema });
  const expected = without("task", "level", "split", "tokens", "costs", "options", "repeats");
  assert.deepEqual(await read(bytes), expected);
});

Deno.test("parquet with a map column", async () => {
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const;
  const schema: Options["schema"] = [
    { name: "root", num_children: 4 },
    ...["id", "benchmark", "query"].map((name) => ({ ...text, name })),
    { name: "scores", num_children: 1, repetition_type: "OPTIONAL", converted_type: "MAP" },
    { name: "key_value", num_children: 2, repetition_type: "REPEATED" },
    { ...text, name: "key" },
    { name: "value", type: "DOUBLE", repetition_type: "OPTIONAL" },
  ];
  const columnData = ["id", "benchmark", "query", "scores"].map((name) => ({
    name,
    data: records.map((record) => record[name]),
  }));
  const expected = without("task", "level", "split", "tokens", "costs", "options", "repeats");
  assert.deepEqual(await read(write(columnData, { schema })), expected);
});

Deno.test("parquet rows are checked as strictly as lines", async () => {
  const scores = (data: unknown[]): Columns[0] => ({ name: "scores:m", data, type: "DOUBLE" });
  const base = [strings("id"), strings("benchmark"), strings("query")];
  const cases: [Columns, RegExp][] = [
    [[...base, scores([0, 0, 0, NaN, 0, 0])], /\.parquet:4: scores\["m"\]: expected .+ got NaN$/],
    [[...base, scores([0, 0, 0, 0, 0, 2])], /\.parquet:6: scores\["m"\]: expected .+ got 2$/],
    [base, /\.parquet:1: scores: expected a value, got nothing$/],
    [
      [...base, { name: "scores", data: records.map(() => "{"), type: "STRING" }],
      /:1: scores: expected JSON/,
    ],
    [
      [...base, scores([1, 1, 1, 1, 1, 1]), { name: "note", data: records.map(() => "x") }],
      /\.parquet:1: note: expected one of the fields/,
    ],
    [
      [...base, scores([1, 1, 1, 1, 1, 1]), {
        name: "scores",
        data: records.map(() => ({ m: 1 })),
        type: "JSON",
      }],
      /\.parquet:1: scores: expected one column or one a model, got both/,
    ],
    [
      [...base, scores([1, 1, 1, 1, 1, 1]), {
        name: "tokens_in:m",
        data: records.map(() => 1),
        type: "DOUBLE",
      }],
      /\.parquet:1: tokens\["m"\]: expected \[input, output\]/,
    ],
  ];
  for (const [columns, message] of cases) {
    await assert.rejects(read(write(columns)), { name: "DataError", message });
  }
});

Deno.test("damaged parquet is a DataError that names the file", async () => {
  const bytes = write([...labels, {
    name: "scores",
    data: records.map((r) => r.scores),
    type: "JSON",
  }]);
  for (const torn of [bytes.slice(0, 100), bytes.slice(0, -9), new Uint8Array(0)]) {
    await withFolder({ "a.parquet": torn }, async (folder) => {
      const file = join(folder, "a.parquet");
      const message = new RegExp(`^${file}: damaged parquet data after row 0: `);
      await assert.rejects(readAllRecords(file), { name: "DataError", message });
    });
  }
});
