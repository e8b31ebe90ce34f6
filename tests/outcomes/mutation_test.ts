/**
 * A thousand damaged copies of a small records file, from a seed. Each must be refused with a message
 * that leads to the damage, or be shown to be harmless; with the manifest's SHA-256, only a copy with
 * the same unpacked bytes may pass.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { type Random, random } from "../../src/base/random.ts";
import { buildTable } from "../../src/outcomes/build.ts";
import { loadDataset } from "../../datasets/load.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { SMALL, smallManifest, withFolder } from "./small.ts";

const COPIES = 1000;
const records: OutcomeRecord[] = SMALL.trim().split("\n").map((line) => JSON.parse(line));
const bytes = new TextEncoder().encode(SMALL);
const packed = new Uint8Array(gzipSync(bytes));

/** One kind of damage. `caught`: the form alone must give every such copy away. */
interface Mutation {
  readonly gzip?: boolean;
  readonly caught?: boolean;
  readonly apply: (draw: Random) => Uint8Array;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const pick = <T>(draw: Random, items: readonly T[]): T => items[draw.integer(items.length)];
const written = (list: readonly unknown[]): Uint8Array =>
  encode(list.map((record) => JSON.stringify(record) + "\n").join(""));

function flipBit(draw: Random, source: Uint8Array): Uint8Array {
  const copy = source.slice();
  copy[draw.integer(copy.length)] ^= 1 << draw.integer(8);
  return copy;
}

function deleteByte(draw: Random, source: Uint8Array): Uint8Array {
  const at = draw.integer(source.length);
  return Buffer.concat([source.subarray(0, at), source.subarray(at + 1)]);
}

/** A copy of the records with one of them changed. */
function withChange(draw: Random, change: (record: Record<string, unknown>) => void): Uint8Array {
  const copy = structuredClone(records) as unknown as Record<string, unknown>[];
  change(pick(draw, copy));
  return written(copy);
}

/** A copy of the text with one of its numbers written otherwise. */
function withNumber(draw: Random, replacements: readonly string[]): Uint8Array {
  const line = draw.integer(records.length);
  const lines = SMALL.trimEnd().split("\n");
  const found = [...lines[line].matchAll(/(?<=[:[,])[\d.]+(?=[,\]}])/g)];
  const { index, 0: old } = pick(draw, found);
  lines[line] = lines[line].slice(0, index) + pick(draw, replacements) +
    lines[line].slice(index + old.length);
  return encode(lines.join("\n") + "\n");
}

const MUTATIONS: Record<string, Mutation> = {
  "truncated": { apply: (draw) => bytes.slice(0, draw.integer(bytes.length)) },
  "one bit flipped": { apply: (draw) => flipBit(draw, bytes) },
  "one byte deleted": { apply: (draw) => deleteByte(draw, bytes) },
  "one byte replaced": {
    apply: (draw) => {
      const copy = bytes.slice();
      copy[draw.integer(copy.length)] = draw.integer(256);
      return copy;
    },
  },
  "wrong type": {
    caught: true,
    apply: (draw) =>
      withChange(draw, (record) => {
        record[pick(draw, Object.keys(record))] = pick(draw, [null, true, -7, [[]], { x: {} }]);
      }),
  },
  "wrong type inside": {
    caught: true,
    apply: (draw) =>
      withChange(draw, (record) => {
        const fields = Object.keys(record).filter((field) => typeof record[field] === "object");
        const cells = record[pick(draw, fields)] as Record<string, unknown>;
        cells[pick(draw, Object.keys(cells))] = pick(draw, [null, true, "1", [], [[0, 1]], {}, -1]);
      }),
  },
  "a field lost": {
    caught: true,
    apply: (draw) =>
      withChange(draw, (record) => {
        delete record[pick(draw, ["id", "benchmark", "query", "scores"])];
      }),
  },
  "a field misspelt": {
    caught: true,
    apply: (draw) =>
      withChange(draw, (record) => {
        const field = pick(draw, Object.keys(record));
        record[`${field}_`] = record[field];
        delete record[field];
      }),
  },
  "not a number": {
    caught: true,
    apply: (draw) => withNumber(draw, ["NaN", "Infinity", "-Infinity"]),
  },
  "a number out of range": {
    caught: true,
    apply: (draw) => withNumber(draw, ["1e999", "-0.5", "-3"]),
  },
  "an id twice": {
    caught: true,
    apply: (draw) => {
      const copy = structuredClone(records);
      const [from, to] = draw.shuffle([...copy.keys()]);
      copy[to].id = copy[from].id;
      return written(copy);
    },
  },
  "a line twice": {
    caught: true,
    apply: (draw) => written([...records, pick(draw, records)]),
  },
  "a blank line inside": {
    caught: true,
    apply: (draw) => {
      const lines = SMALL.trimEnd().split("\n");
      lines.splice(draw.integer(lines.length), 0, pick(draw, ["", " ", "\r"]));
      return encode(lines.join("\n"));
    },
  },
  "a byte-order mark": { caught: true, apply: () => encode(`\ufeff${SMALL}`) },
  "lines in another order": { apply: (draw) => written(draw.shuffle([...records])) },
  "gzip torn": {
    gzip: true,
    caught: true,
    apply: (draw) => packed.slice(0, draw.integer(packed.length)),
  },
  "gzip with a bit flipped": { gzip: true, apply: (draw) => flipBit(draw, packed) },
  "gzip with a byte deleted": { gzip: true, apply: (draw) => deleteByte(draw, packed) },
};

type Verdict = "refused" | "harmless" | "only the query text differs" | "numbers or labels differ";

/** Refusals lead to the damage: file and line, damaged gzip, an empty file, or the record by its id. */
const LEADS = [
  /records\.jsonl(\.gz)?:\d+: /,
  /records\.jsonl\.gz: damaged gzip data after line \d+/,
  /: expected records, got none$/,
  /^small\/all: .+: expected a (benchmark of the manifest|query that lists its options)/s,
];

const original = buildTable(records, "all", smallManifest);

Deno.test(`${COPIES} damaged copies are refused or harmless`, async () => {
  const counts = new Map<string, Map<Verdict, number>>();
  let passedHash = 0;
  const names = Object.keys(MUTATIONS);
  const manifestWith = (hash?: string): string =>
    JSON.stringify({ ...smallManifest, records: hash ? { sha256: hash } : {} });
  const manifests = {
    "open/manifest.json": manifestWith(),
    "hashed/manifest.json": manifestWith(sha256(bytes)),
  };
  await withFolder(manifests, async (folder) => {
    for (let i = 0; i < COPIES; i++) {
      const name = names[i % names.length];
      const { gzip, caught, apply } = MUTATIONS[name];
      const copy = apply(random(2026, name, i));
      const file = `records.jsonl${gzip ? ".gz" : ""}`;
      for (const part of ["open", "hashed"]) await Deno.writeFile(join(folder, part, file), copy);

      const verdict = await judge(join(folder, "open"), `${name} ${i}`);
      if (caught) {
        assert.equal(verdict, "refused", `${name} ${i}: ${new TextDecoder().decode(copy)}`);
      }
      const row = counts.get(name) ?? counts.set(name, new Map()).get(name)!;
      row.set(verdict, (row.get(verdict) ?? 0) + 1);

      const hashed = await loadDataset(join(folder, "hashed")).catch((reason) => reason);
      if (hashed instanceof Error) {
        assert.ok(hashed instanceof DataError, `${name} ${i}: ${hashed}`);
      } else {
        // The view's identity includes the records' hash, so equal identity means equal bytes.
        assert.equal(
          gzip || Buffer.compare(copy, bytes) === 0,
          true,
          `${name} ${i} passed the hash`,
        );
        assert.deepEqual(hashed.scores, original.scores);
        assert.equal(verdict, "harmless");
        passedHash++;
      }
      for (const part of ["open", "hashed"]) await Deno.remove(join(folder, part, file));
    }
  });
  report(counts, passedHash);
});

async function judge(folder: string, name: string): Promise<Verdict> {
  let table: OutcomeTable;
  try {
    table = await loadDataset(folder);
  } catch (error) {
    assert.ok(error instanceof DataError, `${name}: ${error}`);
    assert.ok(LEADS.some((lead) => lead.test(error.message)), `${name}: ${error.message}`);
    return "refused";
  }
  // Without a hash in the manifest the identity follows the bytes; all else must speak for itself.
  const comparable = (t: OutcomeTable): unknown => ({
    ...t,
    texts: [],
    dataset: { ...t.dataset, sha256: "", version: "" },
  });
  try {
    assert.deepEqual(comparable(table), comparable(original));
  } catch {
    return "numbers or labels differ";
  }
  const sameTexts = table.texts.every((text, q) => text === original.texts[q]);
  return sameTexts ? "harmless" : "only the query text differs";
}

function report(counts: ReadonlyMap<string, ReadonlyMap<Verdict, number>>, passed: number): void {
  const total = new Map<Verdict, number>();
  for (const [name, row] of counts) {
    for (const [verdict, n] of row) total.set(verdict, (total.get(verdict) ?? 0) + n);
    const cells = [...row].map(([verdict, n]) => `${n} ${verdict}`).sort().join(", ");
    console.log(`  ${name.padEnd(26)} ${cells}`);
  }
  const cells = [...total].map(([verdict, n]) => `${n} ${verdict}`).join(", ");
  console.log(`  ${COPIES} copies: ${cells}`);
  console.log(
    `  with the manifest's SHA-256: ${COPIES - passed} refused, ${passed} the same bytes`,
  );
  assert.equal([...total.values()].reduce((a, b) => a + b), COPIES);
}
