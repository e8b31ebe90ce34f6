import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { decisionsHash } from "../../src/run/job_store.ts";
import {
  type DecisionEntry,
  decodeDecisions,
  encodeDecisions,
} from "../../src/results/decision_file.ts";
import { decisionBytes, headerOf } from "./forge.ts";
import { pack } from "../../src/base/files.ts";

function entry(
  models: readonly string[],
  choice: Uint16Array,
  more: Partial<DecisionEntry> = {},
): DecisionEntry {
  const plain = {
    columns: [{ kind: "headline" }, { kind: "curve", at: "Infinity" }] as const,
    models,
    choice,
    ...more,
  };
  return {
    router: "hand",
    seed: 42,
    fold: 0,
    tuning: { score: 0, trials: [{ score: 0.5 }] },
    card: { parameters: 3, notes: ["one"] },
    decisionsSha256: decisionsHash({
      status: "decided",
      tuning: { score: 0, trials: [] },
      card: { parameters: 0, notes: [] },
      ...plain,
    }),
    ...plain,
  };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, m) => `m${m}`);
const small = [
  entry(names(3), Uint16Array.of(0, 1, 2, 2)),
  entry(names(3), new Uint16Array(), {
    router: "coin",
    mixtures: [[0.5, 0.25, 0.25], [1, 0, 0]],
    predictions: { brier: 0.2, calibrationError: 0.1, entropy: 1, recall: [null, 1] },
  }),
];

function refused(bytes: Uint8Array, hash: string, message: RegExp): void {
  assert.throws(
    () => decodeDecisions(bytes, "x/y.decisions.gz", hash),
    (error) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, /^x\/y\.decisions\.gz: /);
      assert.match(error.message, message);
      return true;
    },
  );
}

Deno.test("decisions survive the round trip, choices and mixtures", () => {
  const { bytes, sha256 } = encodeDecisions(small);
  assert.deepEqual(decodeDecisions(bytes, "here", sha256), small);
});

Deno.test("equal columns and pools are stored once, a choice in a byte", () => {
  const { bytes } = encodeDecisions(small);
  const { header, body } = headerOf(bytes);
  assert.equal(header.columnSets.length, 1);
  assert.equal(header.modelSets.length, 1);
  assert.equal(header.bytesPerChoice, 1);
  assert.deepEqual([...body], [0, 1, 2, 2]);
});

Deno.test("more than 256 models take two bytes a choice, little endian", () => {
  const wide = [entry(names(300), Uint16Array.of(0, 255, 256, 299)), small[0]];
  const { bytes, sha256 } = encodeDecisions(wide);
  const { header, body } = headerOf(bytes);
  assert.equal(header.bytesPerChoice, 2);
  assert.deepEqual([...body], [0, 0, 255, 0, 0, 1, 43, 1, 0, 0, 1, 0, 2, 0, 2, 0]);
  assert.deepEqual(decodeDecisions(bytes, "here", sha256), wide);
});

Deno.test("exactly 256 models still fit a byte", () => {
  const full = [entry(names(256), Uint16Array.of(255, 0))];
  const { bytes, sha256 } = encodeDecisions(full);
  assert.equal(headerOf(bytes).header.bytesPerChoice, 1);
  assert.deepEqual(decodeDecisions(bytes, "here", sha256), full);
});

Deno.test("paths follow their choices, the number of models for no visit", () => {
  const paths = { visited: Uint16Array.of(0, 3, 2, 1, 2, 3, 1, 2), horizon: 2 };
  const mixed = [entry(names(3), Uint16Array.of(0, 1, 2, 2), { paths }), ...small];
  const { bytes, sha256 } = encodeDecisions(mixed);
  const { header, body } = headerOf(bytes);
  assert.deepEqual(header.entries.map((e: { horizon?: number }) => e.horizon), [
    2,
    undefined,
    undefined,
  ]);
  assert.deepEqual([...body], [0, 1, 2, 2, ...paths.visited, 0, 1, 2, 2]);
  assert.deepEqual(decodeDecisions(bytes, "here", sha256), mixed);
  // 256 models and "no visit" are one too many for a byte.
  const full = { visited: Uint16Array.of(255, 256, 0, 256), horizon: 2 };
  const wide = [entry(names(256), Uint16Array.of(255, 0), { paths: full })];
  const packed = encodeDecisions(wide);
  assert.equal(headerOf(packed.bytes).header.bytesPerChoice, 2);
  assert.deepEqual(decodeDecisions(packed.bytes, "here", packed.sha256), wide);
});

Deno.test("a visit altered under a corrected outer hash is found by its own hash", () => {
  const paths = { visited: Uint16Array.of(0, 3, 2, 1, 2, 3, 1, 2), horizon: 2 };
  const own = [entry(names(3), Uint16Array.of(0, 1, 2, 2), { paths })];
  const { header, body } = headerOf(encodeDecisions(own).bytes);
  body[6] = 0;
  const plain = decisionBytes(header, body);
  refused(pack(plain), sha256(plain), /decisions of hand, seed 42, fold 0 do not match their hash/);
});

Deno.test("same decisions, same bytes", () => {
  assert.deepEqual(encodeDecisions(small), encodeDecisions(structuredClone(small)));
});

Deno.test("content of another hash is refused", () => {
  const { bytes } = encodeDecisions(small);
  refused(bytes, "0".repeat(64), /its content has sha256 [0-9a-f]{64}, the result names 000/);
});

Deno.test("torn bytes are refused wherever they are torn", () => {
  const { bytes, sha256 } = encodeDecisions(small);
  for (let length = 0; length < bytes.length; length++) {
    refused(bytes.subarray(0, length), sha256, /damaged gzip data/);
  }
});

Deno.test("a choice altered under a corrected outer hash is found by its own hash", () => {
  const { header, body } = headerOf(encodeDecisions(small).bytes);
  body[0] = 1;
  const plain = decisionBytes(header, body);
  refused(pack(plain), sha256(plain), /decisions of hand, seed 42, fold 0 do not match their hash/);
});

Deno.test("hostile headers under a corrected outer hash are refused by name", () => {
  const { header, body } = headerOf(encodeDecisions(small).bytes);
  const seal = (changed: unknown, rest = body): [Uint8Array, string] => {
    const plain = decisionBytes(changed, rest);
    return [pack(plain), sha256(plain)];
  };
  refused(...seal({ ...header, format: 2 }), /\/format must be equal to constant/);
  refused(...seal({ ...header, bytesPerChoice: 3 }), /\/bytesPerChoice must be equal to one of/);
  refused(...seal({ ...header, more: 1 }), /must NOT have additional properties "more"/);
  refused(...seal({ ...header, columnSets: [] }), /\/columnSets\/0 is missing/);
  refused(...seal({ ...header, modelSets: [] }), /\/modelSets\/0 is missing/);
  refused(...seal(null), /\/ must be object/);
  refused(...seal(header, body.subarray(1)), /bytes, its header says/);
  refused(...seal(header, new Uint8Array(9)), /bytes, its header says/);
  const long = structuredClone(header);
  long.entries[0].length = 1e9;
  refused(...seal(long), /bytes, its header says/);
  for (const plain of [new Uint8Array(3), Uint8Array.of(255, 255, 255, 255, 123)]) {
    refused(pack(plain), sha256(plain), /no header of decisions/);
  }
});
