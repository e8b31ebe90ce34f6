/** The ICL-Router page, on small invented results. */
import assert from "node:assert/strict";
import {
  cellsOf,
  counts,
  type Difference,
  difference,
  type ResultFile,
} from "../../../src/report/pages/cells.ts";
import { iclPage } from "../../../src/report/pages/icl_page.ts";
import { languageModel } from "../../../src/report/pages/icl_language_model.ts";
import { bestSize } from "../../../src/report/pages/icl_variants.ts";
import { differenceCell, points } from "../../../src/report/pages/points.ts";
import { isNewModel } from "../../../src/results/result.ts";
import { sealStage1, type Stage1Report } from "../../../src/results/stage1.ts";
import { invented, renamed, unseen } from "../invented.ts";

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
  const ofSeed = (file: ResultFile, router: string, seed: number): number => {
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
    const cards = file.cards!.map((card) => ({
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
  const priced = (file: ResultFile): ResultFile => ({
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
  const page = iclPage([first, priced(first), unseen(first)], []);
  assert.match(page, /significantly above it on (none|1) of 1 dataset, below on/);
  assert.doesNotMatch(page, / of 2 |2 datasets/);
});

Deno.test("the paper's rows speak of the protocol and the network there was", () => {
  const ood = {
    ...first,
    path: "a/ood.json",
    result: { ...first.result, protocol: { ...first.result.protocol, name: "ood" } },
  };
  const page = iclPage([first, ood], []);
  assert.match(page, /here 1,234 parameters learn from scratch/);
  assert.match(page, /to best single \(ood\) \|/);
  assert.match(page, /here one benchmark at a time of the same/);
  assert.doesNotMatch(page, /whole domains|million|models – with/);
  assert.match(iclPage([ood], []), /here a network learns from scratch/);
});

Deno.test("variants of ICL-Router+ are measured against it", async () => {
  const skills = { icl_router: 1, icl_router_plus: 0.5, icl_plus_clusters: 0.5 };
  const page = iclPage([await invented(skills, "a/plus.json", [7, 8])], []);
  const table = page.slice(page.indexOf("## With and without"), page.indexOf("## Paper said"));
  assert.match(table, /^\| dataset, protocol \| ICL-Router\+ \| clusters for task labels \|$/m);
  assert.match(table, /\| \[\+0\.0 \(\+0\.0 … \+0\.0\)\] \|$/m);
});

Deno.test("the page: the answer first, sections only where there is something, any order of files", () => {
  const page = iclPage([first, second, unseen(first)], []);
  assert.equal(iclPage([unseen(first), second, first], []), page);
  assert.deepEqual(page.match(/^## .*$/gm), [
    "## Dataset by dataset",
    "## Unseen models",
    "## Are records read?",
    "## With and without",
    "## Paper said, we got",
  ]);
  assert.match(page, /^# ICL-Router\n\n\*\*Trained from scratch, ICL-Router's mean difference/);
  assert.doesNotMatch(page, /undefined|NaN|Infinity|\/tmp\//);
  // The overview counts what the sentences count: one dataset, above tuned kNN, which is right half as often.
  assert.match(
    page,
    /^\| Known benchmarks \(id\) \| \S+ \(\+[01] −[01] of 1\) \| \+\S+ \(\+1 −0 of 1\) (\| – ){4}\|$/m,
  );
  assert.match(page, /^\| Unseen models, 8 labels each \| −10\.0 \(\+0 −1 of 1\) \| – \|/m);
  // Unseen models: −.1 with 8 labels, +.05 with 32, both significant.
  assert.match(page, /^\| ICL-Router, mmlu-pro \| −\.100− \| \+\.050\+ \|$/m);
  const main = page.slice(page.indexOf("## Dataset by dataset"), page.indexOf("## Are records"));
  assert.doesNotMatch(main, /icl_shuffled_record|icl_no_stage1|retrain/);
  // The profile's real length, from the card.
  assert.match(page, /· K 12 \|/);
  // New models: the method gains .125 over ignoring them, best single .100.
  assert.match(
    page,
    /\| \+12\.5 \(1 dataset\) at the largest n over never using them; best single gains \+10\.0 /,
  );
  assert.match(page, /\| −10\.0 \/ – \/ \+5\.0 \/ – to best single with the same n labels/);
});

Deno.test("synthetic results and results without a row of ICL-Router make no claims", async () => {
  const dataset = { ...first.result.dataset, synthetic: true };
  const none = await invented({ knn: 0.5 }, "a/id.2.json", [7]);
  for (const file of [{ ...first, result: { ...first.result, dataset } }, none]) {
    const page = iclPage([file], []);
    assert.match(page, /^# ICL-Router\n\nNo recorded dataset has been run yet\./);
    assert.deepEqual(page.match(/^## .*$/gm), null);
  }
});

Deno.test("stage 1: losses", () => {
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
  assert.match(
    page,
    /^\| demo \(synthetic\) \| static \| 180 \| 30 \| 2\.000 \| 4\.250 \| 3\.500 \| 1\.500 \|$/m,
  );
});

Deno.test("a language model: its reader beside controls, and its states beside the static table, on the same splits", async () => {
  const as = (file: ResultFile, name: string): ResultFile => ({
    ...file,
    result: {
      ...file.result,
      dataset: { ...file.result.dataset, name: "told/all", synthetic: false },
      embedding: { ...file.result.embedding, name, key: name },
    },
  });
  const table = as(await invented({ knn: 0.4, ridge: 0.9 }, "a/id.static.json", [7]), "static");
  const states = as(
    await invented({ knn: 0.9, ridge: 0.5, icl_router_lm: 1, icl_lm_prior: 0.2 }, "a/id.lm.json", [
      7,
    ]),
    "lm:tiny:1",
  );
  const lines = languageModel(cellsOf([table, states])).join("\n").split("\n");
  const quality = ({ result: { evaluation } }: ResultFile, id: string): number => {
    assert.ok(!isNewModel(evaluation));
    return evaluation.routers.find(({ router }) => router === id)!.mean.quality!;
  };
  const [before, after] = [table, states].map((file) => quality(file, "knn"));
  const three = (x: number): string => x.toFixed(3).replace(/^0/, "");
  const told = lines.find((line) => line.startsWith("| knn "));
  assert.ok(told?.includes(`+${three(after - before)}`), lines.join("\n"));
  assert.ok(lines.some((line) => line.includes("better for 1 of 2 routers and datasets")));
  const prior = quality(states, "icl_lm_prior") - quality(states, "icl_router_lm");
  assert.ok(prior < 0);
  const base = lines.find((line) => line.startsWith("| told · lm:tiny:1, id"));
  assert.ok(base?.includes((100 * prior).toFixed(1).replace("-", "−")), base);
  const part = lines.find((line) => line.includes("the reading network, over the prior alone"));
  assert.ok(part?.includes(`+${(-100 * prior).toFixed(1)} (1 dataset)`), part);

  assert.deepEqual(languageModel(cellsOf([table])), []);
  const other = { ...states.result.splits, sha256: "0" };
  const elsewhere = { ...states, result: { ...states.result, splits: other } };
  assert.ok(!languageModel(cellsOf([table, elsewhere])).join().includes("States of"));

  const paper = await invented({ icl_paper_small: 0.5, icl_paper_shuffled: 0.4 }, "a/p.json", [7]);
  const named = as(paper, "lm:tiny:1"), { dataset } = named.result;
  const some = { ...named, result: { ...named.result, dataset: { ...dataset, limit: 1800 } } };
  const cells = cellsOf([states, some]);
  assert.equal(cells.length, 2, "a first look is no row of the whole dataset's table");
  assert.match(
    languageModel(cells).join("\n"),
    /^\| told · lm:tiny:1 · 1,800 of its queries, id \| \.\d{3} \| \[−\d/m,
  );
});
