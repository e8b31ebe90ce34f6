import assert from "node:assert/strict";
import { join } from "node:path";
import { buildTable } from "../../src/outcomes/build.ts";
import {
  checkDataset,
  type DatasetReport,
  formatReport,
  type ViewReport,
  viewReport,
} from "../../datasets/check.ts";
import { locateRecords } from "../../datasets/load.ts";
import { SMALL, smallManifest, withFolder } from "../outcomes/small.ts";

const records = SMALL.trim().split("\n").map((line) => JSON.parse(line));

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);

Deno.test("viewReport by hand", () => {
  const all = viewReport(buildTable(records, "all", smallManifest));
  assert.equal(all.queries, 5);
  assert.deepEqual(all.dropped, { "missing score": 1 });
  assert.deepEqual(all.models.map((row) => row.model), ["birch", "cedar/v1.5", "ash"]);
  [3.75 / 5, 3.25 / 5, 2.25 / 5].forEach((mean, i) => near(all.models[i].score, mean));
  assert.equal(all.bestSingle.model, "birch");
  near(all.bestSingle.cost, 3.79e-3 / 5); // 660 + 890 + 1,670 + 380 + 190 millionths
  near(all.bestPerBenchmark, (2.75 + 2) / 5); // birch on sums, cedar on trivia
  near(all.oracle.score, 4.75 / 5);
  assert.equal(all.oracle.cost, NaN, "on q10 a model without a cost is among the best");
  assert.equal(all.models[1].cost, NaN);
  assert.equal(all.alike, 0);
  assert.deepEqual(
    all.benchmarks.map(({ benchmark, queries, best }) => [benchmark, queries, best]),
    [["sums", 3, "birch"], ["trivia", 2, "cedar/v1.5"]],
  );
  near(all.benchmarks[0].score, 2.75 / 3);
  near(all.benchmarks[0].oracle, 2.75 / 3);

  const priced = viewReport(buildTable(records, "priced", smallManifest));
  near(priced.oracle.cost, (8 + 890 + 1670 + 380 + 15) * 1e-6 / 5); // on q1 both solve: the cheaper
  near(priced.alike, 1 / 5);
});

Deno.test("checkDataset counts what is there, missing, repeated and doubtful", async () => {
  const first = { ...records[0], id: "again", query: ` ${records[0].query}\n` };
  const odd = { ...records[1], id: "odd", query: "0 + 0 = ?", costs: { ash: 9, birch: 0.00066 } };
  odd.tokens = { ...odd.tokens, ash: [6, 0] };
  const lines = [...records, first, odd].map((record) => JSON.stringify(record)).join("\n");
  const files = { "records.jsonl": lines, "manifest.json": JSON.stringify(smallManifest) };
  await withFolder(files, async (folder) => {
    const report = await checkDataset(folder);
    assert.equal(report.name, "small");
    assert.equal(report.queries, 8);
    assert.equal(report.models, 3);
    assert.equal(report.benchmarks, 2);
    assert.equal(report.tasks, 4);
    assert.equal(report.cells, 23);
    assert.equal(report.missing, 1);
    assert.equal(report.repeated, 1);
    assert.equal(report.emptyReplies, 1);
    assert.deepEqual(report.recordedCosts, { differ: 1, compared: 14, recorded: 14 });
    assert.deepEqual(report.tokenFaults, []);
    assert.equal(report.prices?.date, "2026-01-02");
    assert.deepEqual(report.views.map((view) => view.name), [
      "small/all",
      "small/two",
      "small/priced",
      "small/sums-test",
      "small/not-easy",
    ]);
    const text = formatReport(report);
    assert.match(
      text,
      /^small \(version 1, synthetic\)\n {2}records +\/.+\n {2}sha256 +[0-9a-f]{64}\n/,
    );
    assert.match(text, /small\/all: 7 queries × 3 models, 1 dropped \(missing score\)\n/);
    assert.match(text, /costs +1 of 14 recorded ones differ from tokens × prices/);
    assert.match(text, /without any cost: cedar\/v1\.5\n/);
    const one = await checkDataset(join(folder, "two"));
    assert.deepEqual(one.views.map((view) => view.name), ["small/two"]);
  });
});

/** Best single, best per benchmark, oracle, as the folders' documentation prints them. */
const STATED: Record<string, Record<string, [number, number | undefined, number]>> = {
  "reasoning-gym": {
    easy: [0.832, 0.839, 0.905],
    hard: [0.619, 0.628, 0.736],
    "easy-priced": [0.714, undefined, 0.796],
    "hard-priced": [0.407, undefined, 0.56],
  },
  "mmlu-pro": { all: [0.703, 0.719, 0.946] },
  lookahead: { all: [0.627, 0.639, 0.845] },
  llmrouter: { train: [0.654, 0.707, 0.826], test: [0.605, 0.656, 0.77] },
  routellm: { all: [0.811, 0.811, 0.865] },
};

/** Queries, models, score cells. */
const SIZES: Record<string, [number, number, number]> = {
  "reasoning-gym": [8689, 11, 86890],
  "mmlu-pro": [11795, 28, 330260],
  lookahead: [11647, 6, 65055],
  llmrouter: [5541, 9, 49869],
  routellm: [15336, 2, 30672],
};

/** The documentation rounded numbers that had been rounded to four digits before. */
const twiceRounded = (value: number): number =>
  Math.round(Number(value.toFixed(4)) * 1000 + 1e-9) / 1000;

for (const [name, views] of Object.entries(STATED)) {
  Deno.test(`${name} gives the reference rows its documentation states`, async () => {
    if (!await locateRecords(name).then(() => true, () => false)) {
      console.log(`SKIPPED: the records of ${name} are not here (deno task data pull ${name})`);
      return;
    }
    const report = await checkDataset(name);
    assert.deepEqual([report.queries, report.models, report.cells], SIZES[name]);
    assert.equal(report.repeated, 0);
    assert.equal(report.recordedCosts.differ, 0, "recorded costs are tokens × prices, bit for bit");
    assert.deepEqual(report.tokenFaults, []);
    for (const [view, [single, perBenchmark, oracle]] of Object.entries(views)) {
      const found = viewNamed(report, `${name}/${view}`);
      assert.deepEqual(found.dropped, {});
      assert.equal(twiceRounded(found.bestSingle.score), single, `${view}: best single`);
      assert.equal(twiceRounded(found.oracle.score), oracle, `${view}: oracle`);
      if (perBenchmark === undefined) continue;
      assert.equal(twiceRounded(found.bestPerBenchmark), perBenchmark, `${view}: per benchmark`);
    }
    checkDetails(name, report);
  });
}

/** Further numbers that the folders state. */
function checkDetails(name: string, report: DatasetReport): void {
  if (name === "reasoning-gym") {
    const easy = viewNamed(report, "reasoning-gym/easy-priced");
    assert.equal(easy.bestSingle.cost.toPrecision(3), "0.0102");
    assert.equal(easy.oracle.cost.toPrecision(2), "0.0031");
    assert.equal(
      viewNamed(report, "reasoning-gym/hard-priced").oracle.cost.toPrecision(2),
      "0.0014",
    );
    const unpriced = viewNamed(report, "reasoning-gym/hard").unpriced.length;
    assert.equal(unpriced, 4);
  }
  if (name === "mmlu-pro") {
    const all = viewNamed(report, "mmlu-pro/all");
    assert.deepEqual(all.unpriced, ["Qwen1.5-110B"]);
    assert.equal(all.bestSingle.cost.toPrecision(2), "0.00066");
    assert.equal(all.alike.toFixed(3), "0.075");
  }
  if (name === "lookahead") assert.equal(viewNamed(report, "lookahead/priced").queries, 11567);
  if (name === "llmrouter") assert.equal(viewNamed(report, "llmrouter/all").unpriced.length, 9);
  if (name === "routellm") assert.equal(viewNamed(report, "routellm/gsm8k-priced").queries, 1319);
}

function viewNamed(report: DatasetReport, name: string): ViewReport {
  return report.views.find((view) => view.name === name) ?? assert.fail(`no view ${name}`);
}
