/** The HTML report: nothing in it runs but its own script, and its data come back as they went in. */
import assert from "node:assert/strict";
import { bestOf, matching, queriesOf, solversOf } from "../../src/report/html/client/data.js";
import { unpack } from "../../src/report/html/client/unpack.js";
import { html, scriptText } from "../../src/report/html/markup.ts";
import { tableHtml } from "../../src/report/html/table.ts";
import { packBlock } from "../../src/report/html/pack.ts";
import { htmlReport } from "../../src/report/html/page.ts";
import { addQueries, type Blocks, EXCERPT } from "../../src/report/html/query_data.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { narrowed } from "../../src/report/html/narrow.ts";
import { testRows } from "../../src/evaluate/decisions.ts";
import { records, reported, withBlocks } from "./fixture.ts";

const HOSTILE = `</script><img src=x onerror="alert(1)">'<!--<script>`;
const COMMAND = "deno task report tiny";

Deno.test("markup: values are escaped, what was built is not, gaps shrink", () => {
  assert.equal(
    html`<b title="${'"'}">${"<i>"}${html`<u>`}</b>`.text,
    `<b title="&quot;">&lt;i&gt;<u></b>`,
  );
  assert.equal(
    html`
      <p>${1}</p>
      ${[false, null, undefined, "a"]}
    `.text,
    "<p>1</p>\na",
  );
  assert.equal(scriptText('"</script><!--"'), '"<\\/script><\\!--"');
});

Deno.test("tables: heads, number columns, no markup of a cell's own", () => {
  const { text } = tableHtml("box", {
    columns: [{ title: "x" }, { title: "y", align: "right" }],
    rows: [["q | r", "<b>"], []],
  });
  assert.match(text, /role="region" aria-label="box" tabindex="0"/);
  assert.match(text, /<th scope="col" >x<\/th><th scope="col" +class="number">y<\/th>/);
  assert.match(text, /<tr><th scope="row">q \| r<\/th><td class="number">&lt;b&gt;<\/td><\/tr>/);
  assert.equal(text.match(/<tr>/g)!.length, 2, "an empty row is a rule, which HTML has no need of");
});

Deno.test("blocks: meta and arrays come back, the same content is the same text", async () => {
  const arrays = {
    a: Uint8Array.of(1, 255),
    b: Float64Array.of(0.1, NaN),
    c: Uint16Array.of(65535),
    d: Float32Array.of(),
    e: new Uint32Array([1, 2, 3, 4]).subarray(1, 3),
  };
  const packed = packBlock({ name: "é" }, arrays);
  assert.equal(packed, packBlock({ name: "é" }, arrays));
  const back = await unpack(packed);
  assert.deepEqual(back, { meta: { name: "é" }, arrays });
});

Deno.test("kept predictions: the score that a router foresaw of the model it chose", async () => {
  const report = await reported(true), { entries, splits, outcomes: table } = report;
  const M = table.models.length, blocks: Blocks = new Map();
  const predicted = entries.map(({ router, choice, columns, mixtures }, e) =>
    mixtures || router === "knn"
      ? undefined
      : Float64Array.from({ length: choice.length / columns.length * M }, (_, at) => e + at / 1024)
  );
  const id = addQueries(blocks, { ...report, predicted }, table)!;
  const queries = await withBlocks(blocks, () => queriesOf(id));
  assert.equal(queries.foreseen, true);
  const [{ seed, fold }] = splits;
  const e = entries.findIndex((x) => x.router === "keen" && x.seed === seed && x.fold === fold);
  for (const i of [0, 1, 2]) {
    const foreseen = predicted[e]![i * M + queries.choices(0, "keen")(i)];
    assert.equal(queries.predicted(0, "keen")(i), Math.fround(foreseen));
  }
  assert.equal(queries.predicted(0, "knn")(0), NaN);
  assert.equal(queries.predicted(0, `model:${table.models[2]}`)(0), NaN);
});

for (const priced of [true, false]) {
  Deno.test(`queries of a ${priced ? "priced" : "bare"} result come back with every choice`, async () => {
    const report = await reported(priced);
    const { entries, splits, outcomes: table } = report;
    const blocks: Blocks = new Map();
    const id = addQueries(blocks, report, table)!;
    assert.equal(addQueries(blocks, report, table), id);
    assert.equal(blocks.size, 3);
    const queries = await withBlocks(blocks, () => queriesOf(id));
    assert.deepEqual(queries.seeds, [7, 8]);
    assert.equal(queries.priced, priced);
    const M = table.models.length;
    for (const [s, seed] of queries.seeds.entries()) {
      const folds = splits.filter((split) => split.seed === seed);
      assert.equal(folds.length, 5);
      const rows = folds.flatMap((split) => [...testRows(split)]);
      assert.deepEqual([...queries.rows(s)], rows);
      for (const router of ["keen", "knn", "vague", "best-single"]) {
        const choose = queries.choices(s, router);
        const decided = folds.flatMap(({ fold }) => {
          const own = entries.filter((e) =>
            e.router === router && e.seed === seed && e.fold === fold
          );
          return own.flatMap(({ choice, columns }) =>
            [...choice].filter((_, at) => at % columns.length === 0)
          );
        });
        rows.forEach((row, i) => {
          const chosen = decided[i];
          assert.equal(choose(i), chosen, router);
          assert.equal(queries.score(row, chosen), table.scores[row * M + chosen]);
          const cost = table.costs[row * M + chosen];
          assert.equal(queries.cost(row, chosen), priced ? Math.fround(cost) : NaN);
        });
      }
      assert.equal(queries.choices(s, "random")(0), -1);
      assert.equal(queries.predicted(s, "keen")(0), NaN, "predictions were not kept");
      assert.equal(queries.choices(s, `model:${table.models[2]}`)(0), 2);
    }
    const none = {
      benchmark: "",
      model: "",
      outcome: "",
      from: "",
      to: "",
      text: "",
      order: "",
      other: "",
    };
    const all = { ...none, seed: 0, router: "knn" };
    const count = (own: Partial<typeof all>): number =>
      matching(queries, { ...all, ...own }).length;
    const total = queries.rows(0).length;
    assert.equal(count({}), total);
    assert.equal(count({ outcome: "right" }) + count({ outcome: "wrong" }), total);
    assert.equal(
      count({ outcome: "wrong" }),
      count({ outcome: "missed" }) + count({ outcome: "wrong", to: "0" }),
    );
    const split = queries.benchmarks.map((benchmark: string) => count({ benchmark }));
    assert.equal(split.reduce((a: number, b: number) => a + b, 0), total);
    if (!priced) assert.equal(count({ outcome: "cheaper" }), 0);
    const [first] = matching(queries, {
      ...all,
      text: queries.ids[queries.rows(0)[3]].toUpperCase(),
    });
    assert.equal(first, 3);
  });
}

for (const priced of [true, false]) {
  Deno.test(`a large ${priced ? "priced" : "bare"} pool is shown in part, and counted whole`, async () => {
    const report = await reported(priced), { outcomes: table, splits } = report;
    const show = async (mostCells: number): ReturnType<typeof queriesOf> => {
      const blocks: Blocks = new Map();
      const id = addQueries(blocks, report, table, mostCells)!;
      return await withBlocks(blocks, () => queriesOf(id));
    };
    const M = table.models.length, whole = await show(M * table.ids.length), part = await show(0);
    assert.equal(whole.solvers, undefined, "as large as may be");
    assert.equal(part.pool, M);
    const tested = new Set(splits.flatMap((split) => [...testRows(split)]));
    for (const row of tested) {
      assert.equal(solversOf(part, row), solversOf(whole, row));
      const [best, shown] = [bestOf(whole, row), bestOf(part, row)];
      assert.equal(part.score(row, shown), whole.score(row, best));
      assert.equal(part.cost(row, shown), whole.cost(row, best));
    }
    for (const router of ["keen", "knn", "vague", "best-single"]) {
      const [before, after] = [whole.choices(0, router), part.choices(0, router)];
      whole.rows(0).forEach((_: number, i: number) =>
        assert.equal(part.models[after(i)], whole.models[before(i)])
      );
    }
  });
}

Deno.test("of a large pool, the models that nobody needs are left out", async () => {
  const report = await reported(false), { splits, entries } = report;
  const table: OutcomeTable = report.outcomes;
  const scores = table.scores.map((score, at) => at % table.models.length === 3 ? 0 : score);
  const others = entries.filter(({ models, choice, columns, mixtures }) =>
    !mixtures &&
    choice.every((m, at) => at % columns.length > 0 || models[m] !== table.models[3])
  );
  const shown = narrowed({ ...table, scores }, splits, others, 0);
  assert.ok(!shown.models.includes(table.models[3]));
  assert.equal(shown.left!.pool, table.models.length);
  assert.equal(shown.scores.length, table.ids.length * shown.models.length);
});

Deno.test("hostile texts and names stay text, long texts are cut, the same report is the same bytes", async () => {
  const given = records(true).map((record, i) => ({
    ...record,
    query: i === 0 ? HOSTILE + record.query : i === 1 ? "é".repeat(EXCERPT + 1) : record.query,
    scores: renamed(record.scores),
    costs: renamed(record.costs!),
  }));
  const report = { ...await reported(true, given), path: HOSTILE };
  const blocks: Blocks = new Map();
  addQueries(blocks, report, report.outcomes);
  const texts = [...blocks].find(([id]) => id.startsWith("texts"))![1];
  const kept = (await unpack(texts)).meta.texts;
  assert.ok(kept.includes("é".repeat(EXCERPT) + "…"));
  assert.ok(kept.some((text: string) => text.startsWith(HOSTILE)));
  const build = (): string => htmlReport({ command: `${COMMAND} ${HOSTILE}`, results: [report] });
  const page = build();
  assert.ok(page === build());
  lacks(page, /<img|onerror="/);
  has(page, /&lt;\/script&gt;&lt;img src=x/);
  // Opening and closing tags of scripts balance: no text ended one.
  assert.equal(page.match(/<script[\s>]/g)!.length, page.match(/<\/script>/g)!.length);
  has(page, /default-src &#39;none&#39;; script-src &#39;sha256-/);
});

Deno.test("without outcomes a sentence says so; the tables are all there", async () => {
  const report = await reported(false);
  const page = htmlReport({
    command: COMMAND,
    results: [{ ...report, outcomes: "They are not here." }],
  });
  has(page, /<p class="absent">They are not here\.<\/p>/);
  lacks(page, /id="(explorer"|(queries|texts|outcomes)-[0-9a-f]{12})/);
  has(page, /<a href="#queries" class="to-queries" data-router="keen">Keen \(2030\)<\/a>/);
  has(page, /<strong>Keen \(2030\)<\/strong>: Keen without its second stage\./);
  has(page, /Leakage audit/);
  has(page, /best single in hindsight/);
  has(page, /<p class="answer">Keen \(2030\) has the highest mean score/);
});

Deno.test("what papers said stands beside datasets they may have seen, not beside somebody's own", async () => {
  const report = await reported(false), { dataset } = report.result;
  const page = (name: string, version: string): string =>
    htmlReport({
      command: COMMAND,
      results: [{
        ...report,
        outcomes: "Not here.",
        result: { ...report.result, dataset: { ...dataset, name, version } },
      }],
    });
  has(page("mmlu-pro/all", "1"), /<h3>RouterDC, arXiv 2409\.19886<\/h3>/);
  has(page("mmlu-pro/all", "1"), /href="#papers"/);
  lacks(page("mine/all", "1"), /papers"/);
  lacks(page("mmlu-pro/all", "inferred"), /papers"/);
});

/** A failure prints the pattern, not the page. */
function has(page: string, pattern: RegExp): void {
  assert.ok(pattern.test(page), `${pattern} is missing`);
}

function lacks(page: string, pattern: RegExp): void {
  assert.ok(!pattern.test(page), `${pattern} is there`);
}

function renamed(cells: Readonly<Record<string, number>>): Record<string, number> {
  const { "ash-2b": first, ...rest } = cells;
  return { [HOSTILE]: first, ...rest };
}
