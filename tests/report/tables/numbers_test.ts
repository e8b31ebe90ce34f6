import assert from "node:assert/strict";
import {
  digits,
  money,
  percent,
  signed,
  signedFinely,
  withSpread,
} from "../../../src/report/tables/numbers.ts";

Deno.test("digits: three, no leading zero, a true minus, a dash for nothing", () => {
  const cases: [value: number | null | undefined, text: string][] = [
    [0.7126, ".713"],
    [0, ".000"],
    [1, "1.000"],
    [12.3456, "12.346"],
    [-0.0456, "−.046"],
    [-1.5, "−1.500"],
    [-0.0001, ".000"],
    [0.9999, "1.000"],
    [null, "–"],
    [undefined, "–"],
    [NaN, "–"],
  ];
  for (const [value, text] of cases) assert.equal(digits(value), text, String(value));
});

Deno.test("signedFinely: a fourth digit where three say nothing", () => {
  assert.deepEqual([0.0123, 0.0003, -0.0001].map((v) => signedFinely(v)), [
    "+.012",
    "+.0003",
    "−.0001",
  ]);
});

Deno.test("signed: always a sign, none but plus for nothing", () => {
  assert.deepEqual([0.063, -0.015, 0, -0.0001, null].map(signed), [
    "+.063",
    "−.015",
    "+.000",
    "+.000",
    "–",
  ]);
});

Deno.test("withSpread: the deviation where there is one, also a zero one", () => {
  assert.equal(withSpread(0.75, 0.0123), ".750±.012");
  assert.equal(withSpread(0.75, 0), ".750±.000");
  assert.equal(withSpread(0.75, null), ".750");
  assert.equal(withSpread(null, null), "–");
});

Deno.test("percent: rounded, with the minus of other numbers", () => {
  assert.deepEqual([0.245, -0.75, -0.004, 1, 0, null].map((v) => percent(v)), [
    "25%",
    "−75%",
    "0%",
    "100%",
    "0%",
    "–",
  ]);
  assert.equal(percent(-1.2346, 1), "−123.5%");
});

Deno.test("money: dollars per 1,000 queries, three significant digits kept", () => {
  const cases: [perQuery: number | null, text: string][] = [
    [0.00021, "0.210"],
    [0.000029, "0.0290"],
    [0.0021567, "2.16"],
    [0.1234, "123"],
    [0.9996, "1000"],
    [4.75, "4750"],
    [123.4567, "123457"],
    [0, "0"],
    [null, "–"],
    [NaN, "–"],
  ];
  for (const [perQuery, text] of cases) assert.equal(money(perQuery), text, String(perQuery));
});
