/**
 * Fixtures of the importers: `native.json` maps each path to what the file holds, so that one readable
 * file stands for a whole invented repository; `expected.jsonl` is what must come out, byte for byte.
 */
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { repoPath } from "../../../src/base/files.ts";
import type { NativeFiles } from "../../../src/outcomes/importers/native.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import {
  encodeRecords,
  importerNamed,
  runImporter,
} from "../../../src/outcomes/importers/index.ts";
import type { ImportLog, ImportOptions } from "../../../src/outcomes/importers/importer.ts";
import { readManifest } from "../../../src/outcomes/manifest.ts";

const encoder = new TextEncoder();
type SchemaElement = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]>[number];

export const fixturePath = (...parts: string[]): string =>
  repoPath("tests/fixtures/importers", ...parts);

/** Pickles that Python wrote, base64, by name. */
export const PICKLES: Record<string, string> = JSON.parse(
  await Deno.readTextFile(fixturePath("pickles.json")),
);

/**
 * The files of a fixture. `$lines`: JSON lines; `$text`: lines of text; `$zip`: members by name; `$pickle`: one of
 * pickles.json; `$parquet`: rows, where whole numbers are 64 bits wide and null is absent.
 */
export async function nativeBytes(name: string): Promise<Map<string, Uint8Array>> {
  const native = JSON.parse(await Deno.readTextFile(fixturePath(name, "native.json")));
  return new Map(
    Object.entries(native).map(([path, value]) => {
      const bytes = bytesOf(value);
      return [path, path.endsWith(".gz") ? gzipSync(bytes) : bytes];
    }),
  );
}

export async function nativeFixture(name: string): Promise<NativeFiles> {
  return memoryFiles(await nativeBytes(name));
}

function bytesOf(value: unknown): Uint8Array {
  const { $lines, $text, $zip, $pickle, $parquet } = Object(value);
  if ($pickle) return Uint8Array.fromBase64(PICKLES[$pickle]);
  if ($parquet) return makeParquet($parquet);
  if ($text) return encoder.encode($text.join("\n") + "\n");
  if ($lines) {
    return encoder.encode($lines.map((line: unknown) => JSON.stringify(line) + "\n").join(""));
  }
  if ($zip) {
    return makeZip(
      Object.entries($zip).map(([name, member]) => [
        name,
        encoder.encode(typeof member === "string" ? member : JSON.stringify(member)),
      ]),
    );
  }
  return encoder.encode(JSON.stringify(value));
}

type Row = Record<string, unknown>;

/** A column, or a field of a struct: its part of the schema, and how its values are written. */
interface Column {
  schema: SchemaElement[];
  write(value: unknown): unknown;
}

function columnOf(name: string, values: unknown[]): Column {
  const known = values.filter((value) => value !== null && value !== undefined);
  const common = { name, repetition_type: "OPTIONAL" as const };
  const column = (type: object, write: (value: unknown) => unknown): Column => ({
    schema: [{ ...common, ...type }],
    write: (value) => value === null || value === undefined ? null : write(value),
  });
  if (typeof known[0] === "object") {
    const keys = [...new Set(known.flatMap((value) => Object.keys(value as Row)))];
    const inner = keys.map((key) => columnOf(key, known.map((value) => (value as Row)[key])));
    const { schema, write } = column(
      { num_children: keys.length },
      (value) =>
        Object.fromEntries(keys.map((key, i) => [key, inner[i].write((value as Row)[key])])),
    );
    return { schema: [...schema, ...inner.flatMap((each) => each.schema)], write };
  }
  if (typeof known[0] === "string") {
    return column({ type: "BYTE_ARRAY", converted_type: "UTF8" }, (value) => value);
  }
  if (typeof known[0] === "boolean") return column({ type: "BOOLEAN" }, (value) => value);
  return known.every(Number.isInteger)
    ? column({ type: "INT64" }, (value) => BigInt(value as number))
    : column({ type: "DOUBLE" }, (value) => value);
}

/** A parquet file of rows; types are those of the values. */
export function makeParquet(rows: Row[]): Uint8Array {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name) => columnOf(name, rows.map((row) => row[name])));
  const columnData = names.map((name, i) => ({
    name,
    data: rows.map((row) => columns[i].write(row[name])),
  }));
  const schema = [
    { name: "root", num_children: names.length },
    ...columns.flatMap((column) => column.schema),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

/** A zip archive; members are deflated, the first one stored. */
export function makeZip(members: [string, Uint8Array][]): Uint8Array {
  const local: number[] = [], central: number[] = [];
  const u16 = (...values: number[]): number[] => values.flatMap((v) => [v & 255, v >> 8 & 255]);
  const u32 = (...values: number[]): number[] =>
    values.flatMap((v) => [v & 255, v >>> 8 & 255, v >>> 16 & 255, v >>> 24]);
  members.forEach(([name, data], i) => {
    const body = i === 0 ? data : deflateRawSync(data);
    const label = encoder.encode(name);
    const common = [
      ...u16(0x800, i === 0 ? 0 : 8, 0, 0),
      ...u32(crc32(data), body.length, data.length),
      ...u16(label.length, 0),
    ];
    const at = local.length;
    local.push(...u32(0x04034b50), ...u16(20), ...common, ...label, ...body);
    central.push(...u32(0x02014b50), ...u16(20, 20), ...common);
    central.push(...u16(0, 0, 0), ...u32(0, at), ...label);
  });
  const end = [...u16(0, 0, members.length, members.length), ...u32(central.length, local.length)];
  return Uint8Array.from([...local, ...central, ...u32(0x06054b50), ...end, ...u16(0)]);
}

/** Runs an importer on its fixture, with the prices of a manifest of this repository if named. */
export async function importFixture(
  name: string,
  { options = {}, prices }: { options?: ImportOptions; prices?: string } = {},
): Promise<{ lines: string; log: ImportLog }> {
  const manifest = prices
    ? await readManifest(repoPath("datasets", prices, "manifest.json"))
    : undefined;
  const files = await nativeFixture(name);
  const { records, log } = await runImporter(importerNamed(name), files, options, manifest?.prices);
  return { lines: new TextDecoder().decode(encodeRecords(records)), log };
}

export function golden(name: string, file = "expected.jsonl"): Promise<string> {
  return Deno.readTextFile(fixturePath(name, file));
}
