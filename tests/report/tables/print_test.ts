/** Whole reports against golden files; `UPDATE_GOLDEN=1` writes them again, for the eye to judge. */
import assert from "node:assert/strict";
import { repoPath } from "../../../src/base/files.ts";
import { headline, markdownReport, terminalReport } from "../../../src/report/tables/print.ts";
import { widthOf } from "../../../src/report/tables/text_table.ts";
import { METRIC_GROUPS } from "../../../src/report/tables/metric_names.ts";
import { invented } from "../fixture.ts";

const speed = {
  keen: {
    fitSeconds: 1.25,
    batchMicroseconds: 12.5,
    p50Microseconds: 40,
    p95Microseconds: 90,
    parameters: 12345,
    heapBytes: 3 * 2 ** 20,
  },
};

async function golden(name: string, actual: string): Promise<void> {
  const path = repoPath("tests/golden", name);
  if (Deno.env.get("UPDATE_GOLDEN")) await Deno.writeTextFile(path, actual + "\n");
  assert.equal(actual + "\n", await Deno.readTextFile(path), `${name} differs`);
}

Deno.test("terminal report, priced: golden, within 100 columns", async () => {
  const text = terminalReport(await invented(true), speed);
  await golden("report-priced.txt", text);
  for (const line of text.split("\n")) assert.ok(widthOf(line) <= 100, line);
});

Deno.test("terminal report without prices: golden, within 100 columns, no cost column", async () => {
  const text = terminalReport(await invented(false));
  await golden("report-unpriced.txt", text);
  for (const line of text.split("\n")) assert.ok(widthOf(line) <= 100, line);
  assert.doesNotMatch(text, /\$|Area|QNC/);
  assert.doesNotMatch(text, /Bayes/, "nobody expects the truth on recorded data");
});

Deno.test("Markdown report: golden, and every table is rectangular", async () => {
  const result = await invented(true);
  const text = markdownReport(result, speed);
  await golden("report-priced.md", text.trimEnd());
  for (const block of text.split("\n\n").filter((b) => b.startsWith("| "))) {
    const cells = block.split("\n").map((line) => line.split(/(?<!\\)\|/).length);
    assert.equal(new Set(cells).size, 1, block);
  }
  for (const key of Object.keys(result.evaluation.routers[0].mean)) {
    const known = result.evaluation.routers.some((r) => r.mean[key] !== null);
    assert.equal(text.includes(`\`${key}\``), known, key);
  }
  assert.ok(METRIC_GROUPS.flatMap((group) => Object.keys(group.metrics)).length > 45);
});

Deno.test("seeds that agree have no spread, whatever the order their sums were rounded in", async () => {
  const { routers } = (await invented(true)).evaluation;
  for (const { router, mean, sd } of routers) {
    for (const [name, spread] of Object.entries(sd)) {
      const noise = spread !== null && spread !== 0 && spread < 1e-12 * Math.abs(mean[name]!);
      assert.equal(noise, false, `${router}: ${name} ${mean[name]} ± ${spread}`);
    }
  }
  assert.equal(routers.find((r) => r.router === "keen")!.sd.cost, 0);
});

Deno.test("headline: dataset, protocol, embedding, size, and loudly a control", async () => {
  const result = await invented(true);
  const line = "tiny/all@inferred · id · static · 60 queries × 4 models";
  assert.equal(headline(result), line);
  const { protocol, dataset } = result;
  const control = { ...result, protocol: { ...protocol, control: "shuffled-labels" } };
  assert.equal(headline(control), `${line} · CONTROL: shuffled-labels`);
  const synthetic = { ...result, dataset: { ...dataset, synthetic: true } };
  assert.match(headline(synthetic), /^tiny\/all@inferred \(synthetic\) · id/);
});

Deno.test("a table that is too wide loses the ends of names, not its numbers", async () => {
  const result = await invented(true);
  const long =
    "A method whose authors could not agree on a name and therefore took them all (2031)";
  const routers = result.routers.map((r) => r.id === "keen" ? { ...r, name: long } : r);
  const text = terminalReport({ ...result, routers });
  const [table] = text.split("quality: mean");
  for (const line of table.split("\n")) assert.ok(widthOf(line) <= 100, line);
  assert.match(table, /^A method whose .*… +\.\d{3}±\.\d{3} .*%$/m);
});
