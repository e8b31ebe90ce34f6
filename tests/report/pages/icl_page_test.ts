/** The ICL-Router page, on small invented results. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../../src/cli/icl_report.ts";
import {
  cellsOf,
  counts,
  type Difference,
  difference,
  type IclFile,
} from "../../../src/report/pages/icl_cells.ts";
import { differenceCell, points } from "../../../src/report/pages/icl_numbers.ts";
import { iclPage } from "../../../src/report/pages/icl_page.ts";
import { bestSize, reading } from "../../../src/report/pages/icl_variants.ts";
import { isNewModel } from "../../../src/results/result.ts";
import { sealStage1, type Stage1Report } from "../../../src/results/stage1.ts";
import { handRun, withFolder, written } from "../../results/fixture.ts";
import { captured } from "../../support/capture.ts";
import { records } from "../fixture.ts";
import { able, invented, renamed, unseen } from "../invented.ts";

const COMPETING = { icl_router: 1, icl_shuffled_record: 0.2, icl_identity: 1, knn: 0.5 };
const VARIED = { icl_router: 1, icl_no_stage1: 0.9, icl_k100: 0.95 };

const [first, second] = await Promise.all([
  invented(COMPETING, "a/id.json", [7, 8]),
  invented(VARIED, "a/id.0.json", [7]),
]);

Deno.test("a difference is taken over shared seeds on the same splits", () => {
  const [cell, ...more] = cellsOf([second, first]);
  assert.equal(more.length, 0, "one cell of two files");
  assert.deepEqual(cell.files.map(({ path }) => path), ["a/id.json", "a/id.0.json"]);
  const ofSeed = (file: IclFile, router: string, seed: number): number => {
    const { evaluation } = file.result;
    assert.ok(!isNewModel(evaluation));
    const { seeds } = evaluation.routers.find((r) => r.router === router)!;
    return seeds.find((s) => s.seed === seed)!.metrics.quality!;
  };
  const one = difference(cell, "icl_no_stage1")!;
  const own = ofSeed(second, "icl_no_stage1", 7) - ofSeed(first, "icl_router", 7);
  assert.equal(one.seeds, 1);
  assert.equal(one.mean, own);
  const two = difference(cell, "icl_shuffled_record")!;
  const gains = [7, 8].map((seed) =>
    ofSeed(first, "icl_shuffled_record", seed) - ofSeed(first, "icl_router", seed)
  );
  assert.equal(two.seeds, 2);
  assert.ok(Math.abs(two.mean - (gains[0] + gains[1]) / 2) < 1e-12);
  assert.deepEqual([two.least, two.most], [Math.min(...gains), Math.max(...gains)]);
  assert.equal(two.level, "clear", "far below: the intervals against best single are apart");
  assert.deepEqual(difference(cell, "icl_identity"), {
    mean: 0,
    least: 0,
    most: 0,
    seeds: 2,
    level: "none",
    tested: true,
  });
  assert.equal(difference(cell, "icl_another_record"), undefined);
  // The same seed on other splits is no shared seed.
  const { evaluation, splits } = second.result;
  assert.ok(!isNewModel(evaluation));
  const routers = evaluation.routers.filter(({ router }) => router !== "icl_router");
  const parts = splits.parts.map((part) => ({ ...part, sha256: "0" }));
  const foreign = {
    ...second,
    result: {
      ...second.result,
      splits: { ...splits, parts },
      evaluation: { ...evaluation, routers },
    },
  };
  assert.equal(difference(cellsOf([first, foreign])[0], "icl_no_stage1"), undefined);
});

Deno.test("how sure a difference is shows in its form", () => {
  const of = (level: Difference["level"], seeds: number): string =>
    differenceCell({ mean: -0.0123, least: -0.02, most: -0.0004, seeds, level, tested: true });
  assert.equal(of("clear", 2), "**−1.2 (−2.0 … +0.0)**");
  assert.equal(of("leaning", 1), "−1.2");
  assert.equal(of("none", 1), "[−1.2]");
  assert.equal(differenceCell(undefined), "–");
  assert.deepEqual([points(0.015), points(0), points(null)], ["+1.5", "+0.0", "–"]);
});

Deno.test("controls are read from their numbers", () => {
  const [cell] = cellsOf([first]);
  const cost = Math.abs(100 * difference(cell, "icl_shuffled_record")!.mean).toFixed(1);
  assert.equal(
    reading(cell),
    `records are read: shuffling costs ${cost} points; a learned name: no difference shown (+0.0 ` +
      "points); on known models a record may be used as a name only",
  );
});

Deno.test("intervals are compared in the files that have both rows, and nowhere else", async () => {
  const more = await invented({ icl_router: 1 }, "a/id.more.json", [7, 8, 9]);
  const both = cellsOf([more, first])[0];
  assert.equal(both.files[0], more, "the base row is taken from another file than the control");
  assert.equal(difference(both, "icl_shuffled_record")!.level, "clear");
  const { evaluation } = first.result;
  assert.ok(!isNewModel(evaluation));
  const routers = evaluation.routers.filter(({ router }) => router !== "icl_router");
  const comparisons = evaluation.comparisons.filter(({ router }) => router !== "icl_router");
  const result = { ...first.result, evaluation: { ...evaluation, routers, comparisons } };
  const [apart] = cellsOf([more, { ...first, result }]);
  const { level, tested, seeds } = difference(apart, "icl_shuffled_record")!;
  assert.deepEqual([level, tested, seeds], ["leaning", false, 2]);
  assert.match(
    reading(apart),
    /^records are read: shuffling costs [\d.]+ points \(a hint: no interval test\); a learned name: no /,
  );
  // One seed has always one sign: that leans nowhere.
  const one = await invented({ icl_router: 1, icl_no_stage1: 0.9 }, "a/id.1.json", [7]);
  const single = difference(cellsOf([one])[0], "icl_no_stage1")!;
  assert.ok(single.mean < -0.01);
  assert.deepEqual([single.level, single.tested], ["none", true]);
});

Deno.test("a best profile size is named where it is shown to be better", async () => {
  const sized = async (skills: Readonly<Record<string, number>>): Promise<string | undefined> => {
    const file = await invented(skills, "a/k.json", [7, 8]);
    const lengths: Record<string, number> = { icl_k100: 10, icl_router: 50, icl_k1000: 100 };
    const cards = file.cards.map((card) => ({
      ...card,
      notes: [`preset small; ${lengths[card.router]} profile queries`],
    }));
    return bestSize(cellsOf([{ ...file, cards }])[0]);
  };
  assert.equal(await sized({ icl_router: 1 }), undefined);
  assert.equal(await sized({ icl_router: 1, icl_k100: 1 }), "no difference shown");
  assert.equal(await sized({ icl_router: 1, icl_k100: 0.2 }), "K 50");
  assert.equal(await sized({ icl_router: 0.2, icl_k100: 0.2, icl_k1000: 1 }), "K 100");
  assert.equal(await sized({ icl_router: 1, icl_k100: 0.2, icl_k1000: 1 }), "K 50 or 100");
});

Deno.test("views of a dataset, and other protocols for unseen models, are counted apart", () => {
  const priced = (file: IclFile): IclFile => ({
    ...file,
    result: {
      ...renamed(file.result, "mmlu-pro/priced"),
      dataset: { ...file.result.dataset, name: "mmlu-pro/priced", sha256: "5" },
    },
  });
  assert.deepEqual(
    cellsOf([first, priced(first)]).map((cell) => [cell.dataset, counts(cell)]),
    [["mmlu-pro", true], ["mmlu-pro/priced", false]],
  );
  const { result } = unseen(first), protocol = { ...result.protocol, name: "new-model:1" };
  const oneByOne = {
    ...unseen(first),
    path: "a/new-model-1.json",
    result: { ...result, protocol },
  };
  const page = iclPage([first, priced(first), unseen(first), oneByOne], []);
  assert.match(page, /ICL-Router\*\*, 1 dataset: against best single/);
  assert.match(page, /^Unseen models \(new-model\), own arm/m);
  assert.match(page, /^Unseen models \(new-model:1\), own arm/m);
  assert.equal(page.match(/\| \+0 −1 of 1 \| \+1 −0 of 1 \|$/mg)?.length, 2);
  assert.doesNotMatch(page, / of 2 |2 datasets/);
  assert.match(page, /\(1 dataset\) \(new-model\) \| .*here a third of the pool at a time/);
  assert.match(iclPage([oneByOne], []), /here 1 of the pool at a time/);
});

Deno.test("the paper's rows speak of the protocol and the network there was", () => {
  const ood = {
    ...first,
    path: "a/ood.json",
    result: { ...first.result, protocol: { ...first.result.protocol, name: "ood" } },
  };
  const page = iclPage([first, ood], []);
  assert.match(page, /here 1,234 parameters learn from scratch/);
  assert.match(page, /to best single \(ood\) \| .* here one benchmark at a time of the same/);
  assert.doesNotMatch(page, /whole domains|million/);
  assert.match(iclPage([ood], []), /here a network learns from scratch/);
});

Deno.test("variants of ICL-Router+ are measured against it", async () => {
  const skills = { icl_router: 1, icl_router_plus: 0.5, icl_plus_clusters: 0.5 };
  const page = iclPage([await invented(skills, "a/plus.json", [7, 8])], []);
  const table = page.slice(page.indexOf("## With and without"), page.indexOf("## Paper said"));
  assert.match(table, /^\| dataset, protocol \| ICL-Router\+ \| clusters for task labels \|$/m);
  assert.match(table, /\| \[\+0\.0 \(\+0\.0 … \+0\.0\)\] \|$/m);
});

Deno.test("the page: sections only where there is something, the same from files in any order", () => {
  const page = iclPage([first, second, unseen(first)], []);
  assert.equal(iclPage([unseen(first), second, first], []), page);
  const headings = page.match(/^## .*$/gm);
  assert.deepEqual(headings, [
    "## In short",
    "## What was run",
    "## In distribution (id)",
    "## Unseen models",
    "## Controls: are records read?",
    "## With and without",
    "## Paper said, we got",
    "## Router cards",
    "## Files",
  ]);
  assert.match(page, /^# ICL-Router\n\nGenerated by `deno task icl-report`/);
  assert.doesNotMatch(page, /undefined|NaN|Infinity|\/tmp\//);
  // In short: one dataset, above tuned kNN, which is right half as often.
  assert.match(page, /\*\*In distribution \(id\): ICL-Router\*\*, 1 dataset: against best single/);
  assert.match(page, /against tuned kNN significantly above on 1 \(mmlu-pro\), below on none/);
  assert.match(
    page,
    /^\| ICL-Router, all models \| best single, tested \| \+0 −1 of 1 \| \+1 −0 of 1 \|$/m,
  );
  assert.match(
    page,
    /^\| ICL-Router, all models \| kNN, tested \(or mean only\) \| – \| 1 of 1 \|$/m,
  );
  // What was cut.
  assert.match(
    page,
    /^\| mmlu-pro \| 2 seeds × 5 folds \| – \| – \| 2 seeds × 5 sets of new models \|$/m,
  );
  assert.match(
    page,
    /^- Not run: reasoning-gym\/easy \(id, ood:k, task, new-model\), .*mmlu-pro \(ood:k\), /m,
  );
  assert.match(page, /^- Fewer than 3 seeds of id: mmlu-pro\.$/m);
  assert.match(
    page,
    /^- mmlu-pro id: without icl_router_plus, ridge, uniroute, icl_another_record/m,
  );
  assert.match(page, /^- mmlu-pro new-model: without the arm ignore\.$/m);
  // Tables: only main rows; the retrain arm is not part of the plan.
  const main = page.slice(page.indexOf("## In distribution"), page.indexOf("## Unseen"));
  assert.match(main, /^\| mmlu-pro \| oracle \|/m);
  assert.match(main, /^\| {2}\| ICL-Router \(table\) \| 1?\.\d{3}±\.\d{3} \| \+\.\d{3} \[/m);
  assert.doesNotMatch(main, /icl_shuffled_record|icl_no_stage1/);
  assert.doesNotMatch(page, /retrain/);
  assert.match(page, /\| \.500− \| \.750\+ \| {2}\|/);
  // The profile's real length, from the card.
  assert.match(page, /· K 12 \|/);
  // New models: the method gains .125 over ignoring them, best single .100.
  assert.match(
    page,
    /\| \+12\.5 \(1 dataset\) at the largest n over never using them; best single gains \+10\.0 /,
  );
  assert.match(page, /\| −10\.0 \/ – \/ \+5\.0 \/ – to best single with the same n labels/);
  assert.match(page, /^\| mmlu-pro, id \| icl_router \| 1,234 \| preset small; 12 of 500/m);
  assert.match(page, /^- `a\/id\.json`, harness 33333333: `deno task bench`$/m);
});

Deno.test("synthetic results are shown and not counted; no results, no claims", () => {
  const dataset = { ...first.result.dataset, synthetic: true };
  const page = iclPage([{ ...first, result: { ...first.result, dataset } }], []);
  assert.match(page, /## In short\n\nNo recorded dataset has been run yet\./);
  assert.match(page, /^\| mmlu-pro \(synthetic\) \| oracle \|/m);
  const empty = iclPage([], []);
  assert.deepEqual(empty.match(/^## .*$/gm), ["## In short", "## What was run"]);
});

Deno.test("stage 1: losses and, where they may be shown, texts", () => {
  const report: Stage1Report = sealStage1({
    format: "icl-router-bench/stage1",
    formatVersion: 1,
    command: "deno task icl-stage1",
    harness: { version: "0", sha256: "4".repeat(64) },
    environment: {},
    dataset: { name: "demo/all", version: "1", sha256: "1", synthetic: true },
    embedding: { name: "static", key: "2" },
    seed: 1,
    splitSha256: "3",
    preset: "small",
    parameters: 1,
    steps: 30,
    trainingTexts: 180,
    validationTexts: 60,
    vocabulary: 300,
    tokens: 24,
    loss: { own: 2, shuffled: 4.25, trainedShuffled: 3.5 },
    samples: [{ text: "What is 2 + 2?\n```", written: "What is" }],
  });
  const page = iclPage([], [report]);
  assert.match(page, /\| 300 \| 30 \| 2\.000 \| 4\.250 \| 3\.500 \| 1\.500 \|/);
  assert.match(page, /```text\ntext: What is 2 \+ 2\? '''\nwritten: What is\n```/);
  assert.match(page, /^- stage 1, harness 44444444: `deno task icl-stage1`$/m);
});

Deno.test("icl-report reads a folder of results, passes over others and writes the same page again", () =>
  withFolder(async (folder) => {
    const home = join(folder, "with");
    await Deno.mkdir(home);
    const routers = { icl_router: able(1), knn: able(0.5) };
    const { path } = await written(home, await handRun(home, { records: records(false), routers }));
    const root = join(home, "results");
    const lines = await captured(() => main(["--results", root]));
    const out = `${root}/icl-router.md`;
    assert.deepEqual(lines, [`wrote ${out} (1 results, 0 of stage 1)`]);
    const page = await Deno.readTextFile(out);
    assert.ok(page.includes(`\`${path.slice(root.length + 1)}\``), "the path below the folder");
    assert.match(page, /\| icl_router \| 1,234 \|/);
    await captured(() => main(["--results", root]));
    assert.equal(await Deno.readTextFile(out), page);

    const without = join(folder, "without");
    await Deno.mkdir(without);
    await written(
      without,
      await handRun(without, { records: records(false), routers: { knn: able(0.5) } }),
    );
    const [line] = await captured(() => main(["--results", join(without, "results")]));
    assert.match(line, /\(0 results, 0 of stage 1\)$/);
  }));
