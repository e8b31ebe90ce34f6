/** Whole reports against golden files; `UPDATE_GOLDEN=1` writes them again, for the eye to judge. */
import assert from "node:assert/strict";
import { repoPath } from "../../../src/base/files.ts";
import { headline, markdownReport } from "../../../src/report/tables/print.ts";
import { terminalReport } from "../../../src/report/tables/terminal.ts";
import { sentenceOf } from "../../../src/report/tables/sentence.ts";
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
  const text = terminalReport(await invented(true), speed, { width: 100 });
  await golden("report-priced.txt", text);
  for (const line of text.split("\n")) assert.ok(widthOf(line) <= 100, line);
});

Deno.test("terminal report without prices: golden, within 100 columns, no cost column", async () => {
  const text = terminalReport(await invented(false), undefined, { width: 100 });
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
  const line = `tiny/all@${result.dataset.version} · id · static · 60 queries × 4 models`;
  assert.equal(headline(result), line);
  const { protocol, dataset } = result;
  const control = { ...result, protocol: { ...protocol, control: "shuffled-labels" } };
  assert.equal(headline(control), `${line} · CONTROL: shuffled-labels`);
  const synthetic = { ...result, dataset: { ...dataset, synthetic: true } };
  assert.match(headline(synthetic), /^tiny\/all@inferred\S* \(synthetic\) · id/);
});

Deno.test("a table that is too wide loses the ends of names, not its numbers", async () => {
  const result = await invented(true);
  const long =
    "A method whose authors could not agree on a name and therefore took them all (2031)";
  const routers = result.routers.map((r) => r.id === "keen" ? { ...r, name: long } : r);
  const text = terminalReport({ ...result, routers }, undefined, { width: 100 });
  const [, table] = text.split(/^(?=router {2})/m);
  for (const line of table.split("\n")) assert.ok(widthOf(line) <= 100, line);
  assert.match(table, /^A method whose .*… +\.\d{3}±\.\d{3} .*%$/m);
});

Deno.test("at every width no line is longer; the least important columns go first and are named", async () => {
  const result = await invented(true);
  for (const width of [60, 72, 80, 90, 100, 120]) {
    const text = terminalReport(result, speed, { width });
    for (const line of text.split("\n")) assert.ok(widthOf(line) <= width, `${width}: ${line}`);
  }
  const [heads] = terminalReport(result, speed, { width: 80 }).match(/^router .*$/m)!;
  assert.match(heads, /quality +Δ single .* vs +gap +\$\/1k +QNC$/);
  assert.match(terminalReport(result, speed, { width: 80 }), /too narrow for: top, Area$/m);
  assert.match(terminalReport(result, speed, { width: 60 }), /^Keen \(2030\) +\.950/m);
});

Deno.test("first the sentence, then the table; statements are counted, and printed if asked for", async () => {
  const result = await invented(true);
  const text = terminalReport(result, undefined, { width: 100 });
  assert.ok(text.indexOf("has the highest mean score") < text.indexOf("─────"));
  assert.match(text, /1 of 3 methods depart from their papers/);
  assert.doesNotMatch(text, /without its second stage/);
  const full = terminalReport(result, undefined, { width: 100, statements: true });
  assert.match(full, /Keen without its second stage/);
  assert.doesNotMatch(full, /1 of 3 methods/);
});

Deno.test("the sentence says who, how much, what money and how sure, also where little is known", async () => {
  const result = await invented(true), { evaluation } = result;
  assert.equal(
    sentenceOf(result),
    "Keen (2030) has the highest mean score, .950: +.150 over the best single model (.800), for $11.8 instead of " +
      "$31.4 per 1,000 queries; 95% interval +.033 to +.267, not significant over the whole table (Holm).",
  );
  const comparisons = (change: object): typeof result => ({
    ...result,
    evaluation: {
      ...evaluation,
      comparisons: evaluation.comparisons.map((c) => ({ ...c, ...change })),
    },
  });
  const few = sentenceOf(comparisons({ low: null, high: null, pHolm: null }));
  assert.match(few!, /per 1,000 queries; too few queries for an interval\.$/);
  const same = sentenceOf(comparisons({ difference: 0, low: 0, high: 0, pHolm: 1 }));
  assert.match(
    same!,
    /^No router is above .*: the nearest, Keen \(2030\), always chooses as it does\.$/,
  );
  const below = sentenceOf(comparisons({ difference: -0.2, low: -0.3, high: -0.1, pHolm: 0.01 }));
  assert.match(
    below!,
    /^No router is above .* −\.200, for .*interval −\.300 to −\.100, significant/,
  );
  const control = { ...result, protocol: { ...result.protocol, control: "shuffled-labels" } };
  assert.match(sentenceOf(control)!, /^Negative control \(shuffled-labels\): Keen/);
  const alone = { ...result, routers: result.routers.map((r) => ({ ...r, reference: true })) };
  assert.equal(sentenceOf(alone), undefined);
});
