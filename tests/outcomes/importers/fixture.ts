/**
 * Fixtures of the importers: `native.json` maps each path to what the file holds, so that one readable
 * file stands for a whole invented repository; `expected.jsonl` is what must come out, byte for byte.
 */
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
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

export const fixturePath = (...parts: string[]): string =>
  repoPath("tests/fixtures/importers", ...parts);

/** The files of a fixture. `$lines`: JSON lines; `$text`: lines of text; `$zip`: members by name. */
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
  const { $lines, $text, $zip } = Object(value);
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
