import assert from "node:assert/strict";
import { exponent, growthFigure, growthOf, growthTable } from "./scale_page.ts";

const line = (queries: number, models: number, stage: string, seconds: number) => ({
  ...{ queries, models, stage, seconds },
  peakMiB: 100 * seconds,
  bytesACell: 1,
});

Deno.test("exponent: the power that a stage grows with", () => {
  assert.equal(exponent([[10, 7], [1000, 70_000]]), 2);
  const noisy = exponent([[1, 1], [2, 2.2], [4, 3.8], [8, 8]]);
  assert.ok(Math.abs(noisy - 0.98) < 0.02, `${noisy}`);
});

Deno.test("growth: one size fixed, the other ascending, the last measurement counts", () => {
  const lines = [
    line(100, 36, "load", 9),
    line(1000, 36, "load", 10),
    line(100, 36, "load", 1),
    line(100, 72, "load", 5),
    line(100, 36, "fit and decide: knn", 4),
  ];
  const growth = growthOf(lines, "queries", 36);
  assert.deepEqual(growth, [{
    stage: "load",
    points: [{ size: 100, seconds: 1, mib: 100 }, { size: 1000, seconds: 10, mib: 1000 }],
  }]);
  assert.equal(
    growthTable(growth, "queries"),
    "| queries | 100 | 1,000 | exponent |\n| --- | ---: | ---: | ---: |\n" +
      "| load | 1.0 s, 100 MiB | 10.0 s, 1,000 MiB | 1.00 |",
  );
  assert.equal(growthOf(lines, "models", 100)[0].points.length, 2);
  const figure = growthFigure([{ title: "a", growth }]);
  assert.match(figure, /load 1\.00/);
  assert.ok(!figure.includes("NaN"));
});
