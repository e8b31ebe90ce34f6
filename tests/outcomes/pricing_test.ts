import assert from "node:assert/strict";
import {
  costOf,
  type PriceList,
  priceListHash,
  reprice,
  significant,
  tokenCost,
  tokenFaults,
} from "../../src/outcomes/pricing.ts";
import { columnsOf } from "../../src/outcomes/columns.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { SMALL, smallManifest } from "./small.ts";

const records: OutcomeRecord[] = SMALL.trim().split("\n").map((line) => JSON.parse(line));
const prices = smallManifest.prices!;

Deno.test("significant gives what Python's f'{v:.4g}' gives", () => {
  // Right-hand sides printed by CPython 3.
  const cases: [number, number][] = [
    [0, 0],
    [0.001944, 0.001944],
    [3.27684e-5, 3.277e-5],
    [9.87654321e-9, 9.877e-9],
    [0.99995, 1], // its double lies above the tie
    [0.12345, 0.1235], // so does this one
    [0.10005, 0.1001],
    [12.3449, 12.34],
    [123456789, 123500000],
    [1e-300, 1e-300],
    [5e-324, 5e-324],
    [1e21, 1e21],
  ];
  for (const [value, expected] of cases) {
    assert.ok(Object.is(significant(value), expected), `${value}: ${significant(value)}`);
  }
});

Deno.test("significant breaks exact ties to the even digit, as Python and unlike JavaScript", () => {
  const cases: [number, number][] = [
    [0.0078125, 0.007812],
    [0.0234375, 0.02344],
    [1000.5, 1000],
    [1001.5, 1002],
    [12345, 12340],
    [12335, 12340],
    [99985, 99980],
    [99995, 100000],
    [100050, 100000],
    [100150, 100200],
  ];
  for (const [value, expected] of cases) assert.equal(significant(value), expected, `${value}`);
  assert.equal(Number((0.0078125).toPrecision(4)), 0.007813, "why the tie rule is there");
});

Deno.test("tokenCost is tokens times dollars per million, by hand", () => {
  assert.equal(tokenCost([113, 107], [3, 15]), 0.001944);
  assert.equal(tokenCost([113, 15], [0.1, 0.2]), 1.43e-5);
  assert.equal(tokenCost([113, 113], [0.05, 0.24]), 3.277e-5);
  assert.equal(tokenCost([0, 0], [3, 15]), 0);
  assert.equal(tokenCost([6250, 0], [1.25, 5]), 0.007812, "a tie that real prices can reach");
});

Deno.test("costs come from one source, and unknown is NaN", () => {
  const [record] = records;
  assert.equal(costOf(record, "birch", prices), 0.00038);
  assert.equal(costOf(record, "cedar/v1.5", prices), NaN, "no price, no tokens");
  assert.equal(costOf(record, "constructor", prices), NaN);
  assert.equal(
    costOf({ ...record, costs: { ash: 9 } }, "ash", prices),
    0.00003,
    "list before record",
  );
  assert.equal(
    costOf({ ...record, costs: { ash: 9 } }, "ash"),
    9,
    "without a list the record's own",
  );
  assert.equal(costOf(record, "cedar/v1.5"), NaN);
  const recordedOnly = { ...record, tokens: undefined };
  assert.equal(costOf(recordedOnly, "ash", prices), NaN, "never mixed with recorded costs");
  const extra = { ...record, prompt_tokens_extra: 1000 };
  assert.equal(costOf(extra, "ash", prices), 0.00103, "(1,020 · 1 + 5 · 2) / 10⁶");
});

Deno.test("reprice replaces all costs and drops what the new list cannot price", () => {
  const list: PriceList = { ...prices, perMillionTokens: { birch: [1, 0], "cedar/v1.5": [1, 1] } };
  const again = reprice(records, list);
  assert.deepEqual(again.map((record) => record.costs), [
    { birch: 0.00002 },
    { birch: 0.000006 },
    { birch: 0.000007 },
    { birch: 0.000011 },
    undefined,
    { birch: 0.000009 },
  ]);
  assert.deepEqual(
    records[0].costs,
    { ash: 0.00003, birch: 0.00038 },
    "the originals are untouched",
  );
  const { costs: _, ...bare } = records[0];
  assert.deepEqual(reprice([records[0]], { ...list, perMillionTokens: {} }), [bare]);
  assert.deepEqual(reprice(records, prices), records, "the recorded costs follow the list");
});

Deno.test("a price list's hash does not depend on the order of its models, but on all else", () => {
  const { ash, birch } = prices.perMillionTokens;
  const hash = priceListHash(prices);
  assert.equal(priceListHash({ ...prices, perMillionTokens: { birch, ash } }), hash);
  assert.notEqual(priceListHash({ ...prices, date: "2026-01-03" }), hash);
  assert.notEqual(priceListHash({ ...prices, perMillionTokens: { ash, birch: [10, 21] } }), hash);
});

Deno.test("tokenFaults flags columns that are the same for every query", () => {
  const record = (id: string, tokens: Record<string, [number, number]>): OutcomeRecord => ({
    id,
    benchmark: "b",
    query: id,
    scores: {},
    tokens,
  });
  const rows = [
    record("1", { a: [10, 256], b: [10, 0], c: [1, 2], d: [1, 1], e: [8, 8] }),
    record("2", { a: [11, 256], b: [12, 0], c: [1, 3], d: [2, 2] }),
  ];
  assert.deepEqual(tokenFaults(columnsOf(rows), ["a", "b", "c", "d", "e", "f"]), [
    "a: output tokens are 256 in all 2 queries, so its costs do not tell queries apart",
    "b: output tokens are 0 in all 2 queries, so its costs do not tell queries apart",
    "c: input tokens are 1 in all 2 queries, so its costs do not tell queries apart",
  ]);
});
