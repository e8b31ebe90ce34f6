/**
 * The synthetic demo pool: reproducible to the byte, calibrated, varied, and worth routing on.
 * @module
 */
import assert from "node:assert/strict";
import { BENCHMARKS } from "../../datasets/demo/benchmarks.ts";
import {
  type DemoOptions,
  demoRecords,
  demoTable,
  latentProbabilities,
} from "../../datasets/demo/generate.ts";
import { factTables } from "../../datasets/demo/facts.ts";
import { say } from "../../datasets/demo/grammar.ts";
import {
  DIFFICULTY_WEIGHT,
  DISCRIMINATION,
  latentProbability,
  MODELS,
  NOISE,
  textProbability,
} from "../../datasets/demo/world.ts";
import { UsageError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { random } from "../../src/base/random.ts";
import { readManifest } from "../../src/outcomes/manifest.ts";
import { parseRecord } from "../../src/outcomes/parse.ts";
import type { Cells } from "../../src/outcomes/table.ts";
import { nearDuplicates } from "../../src/audit/near_duplicates.ts";
import { numberedTexts } from "../../src/audit/numbered_texts.ts";
import { looseForm, strictForm } from "../../src/audit/normal_form.ts";

const manifest = await readManifest(repoPath("datasets/demo/manifest.json"));
const table = demoTable();
const records = demoRecords();
const Q = table.ids.length, M = table.models.length;

function lines(options: DemoOptions = {}): string[] {
  return demoRecords(options).map((record) => JSON.stringify(record) + "\n");
}

/** Index of the largest entry of row q; the first of several. */
function best(cells: Cells, q: number): number {
  const row = cells.subarray(q * M, (q + 1) * M);
  return row.indexOf(Math.max(...row));
}

/** Mean of `cells` over all queries, under a choice of model. */
function routed(cells: Cells, choose: (q: number) => number): number {
  return table.ids.reduce((sum, _, q) => sum + cells[q * M + choose(q)], 0) / Q;
}

Deno.test("the records are those of the manifest, byte for byte", () => {
  assert.equal(sha256(lines().join("")), manifest.records.sha256);
  assert.equal(records.length, manifest.records.queries);
});

Deno.test("each record is valid, and says what the manifest says of its benchmark", () => {
  lines().forEach((line, i) => parseRecord(line, { file: "demo", line: i + 1 }));
  for (const { benchmark, options } of records) {
    assert.equal(options ?? 0, manifest.benchmarks[benchmark].options);
  }
  assert.deepEqual(BENCHMARKS.map(({ name }) => name), Object.keys(manifest.benchmarks).sort());
  assert.deepEqual(MODELS.map(({ id }) => id), manifest.views.all.models);
  assert.deepEqual(MODELS.map(({ id }) => id), Object.keys(manifest.prices!.perMillionTokens));
});

Deno.test("a larger pool holds the smaller one; another seed is another pool of the same models", () => {
  const larger = new Set(lines());
  const smaller = lines({ queries: 300 });
  assert.equal(smaller.length, 300);
  assert.ok(smaller.every((line) => larger.has(line)));
  const other = demoTable({ seed: 2 });
  assert.deepEqual(other.models, table.models);
  const known = new Set(table.texts);
  assert.ok(other.texts.filter((text) => known.has(text)).length < 0.05 * Q);
});

Deno.test("sizes and labels: ten unequal benchmarks, five domains, 2 to 5 tasks each", () => {
  const sizes = table.benchmarks.map((_, b) => table.benchmark.filter((x) => x === b).length);
  assert.deepEqual(sizes, [240, 210, 540, 180, 270, 300, 180, 360, 390, 330]);
  assert.equal(new Set(table.domains).size, 5);
  for (const name of table.benchmarks) {
    const tasks = table.tasks.filter((task) => task.startsWith(name + "/")).length;
    assert.ok(tasks >= 2 && tasks <= 5, `${name}: ${tasks} tasks`);
  }
  for (const queries of [100, 101, 777]) {
    const pool = demoRecords({ queries });
    assert.equal(pool.length, queries);
    assert.deepEqual(pool.map(({ id }) => id), pool.map(({ id }) => id).sort());
  }
});

Deno.test("it is labelled synthetic wherever it goes", () => {
  assert.equal(table.dataset.synthetic, true);
  assert.equal(table.dataset.name, "demo/all");
  assert.ok(table.dataset.notes.some((note) => note.includes("synthetic")));
  for (const text of [manifest.title, manifest.description, manifest.metric]) {
    assert.match(text, /synthetic/i);
  }
  assert.match(manifest.prices!.source, /synthetic/);
});

Deno.test("no duplicate texts, hardly any near-duplicates, no empty slots", () => {
  assert.equal(new Set(table.texts.map(strictForm)).size, Q);
  assert.equal(new Set(table.texts.map(looseForm)).size, Q);
  const { similar, contained } = nearDuplicates(numberedTexts(table.texts));
  assert.ok(new Set([...similar.flat(), ...contained.flat()]).size < 0.05 * Q);
  for (const text of table.texts) assert.doesNotMatch(text, /undefined|NaN|\{\w+\}|^\s|\s$/);
});

Deno.test("texts are varied: word types, openings, lengths", () => {
  const words = table.texts.join(" ").toLowerCase().match(/\p{L}+/gu)!;
  assert.ok(new Set(words).size > 1500, `${new Set(words).size} types`);
  const openings = new Set(table.texts.map((text) => text.split(/\s+/).slice(0, 3).join(" ")));
  assert.ok(openings.size > 0.4 * Q, `${openings.size} openings`);
  const lengths = table.texts.map((text) => text.length).sort((a, b) => a - b);
  assert.ok(lengths[0.9 * Q] > 4 * lengths[0.1 * Q]);
});

Deno.test("scores are draws of the latent probabilities, those scatter around the truth", () => {
  const latent = latentProbabilities();
  for (const expected of [latent, table.truth!]) {
    for (let bin = 0; bin < 10; bin++) {
      let n = 0, sum = 0, mean = 0, variance = 0;
      expected.forEach((p, at) => {
        if (Math.min(9, Math.floor(10 * p)) !== bin) return;
        n++;
        sum += table.scores[at];
        mean += p;
        variance += p * (1 - p);
      });
      // Scores of one query share what its text hides, so only the latent ones are independent draws.
      const bound = expected === latent ? 4 * Math.sqrt(variance) : 0.03 * n;
      assert.ok(n > 500 && Math.abs(sum - mean) < bound, `bin ${bin}: ${sum} of ${n}, ${mean}`);
    }
  }
});

Deno.test("the truth is the latent probability averaged over what the text hides", () => {
  const r = random(5, "integration"), draws = 200_000;
  for (const [margin, options] of [[-1.5, 0], [0, 0], [0.4, 4], [2, 3]]) {
    let mean = 0;
    for (let i = 0; i < draws; i++) {
      const hidden = { logDiscrimination: r.normal(), difficulty: r.normal(), luck: [r.normal()] };
      mean += latentProbability(margin, options, hidden, 0) / draws;
    }
    assert.ok(Math.abs(mean - textProbability(margin, options)) < 0.003);
  }
  assert.ok(Math.abs(textProbability(0, 0) - 0.5) < 1e-12);
  assert.ok(Math.abs(textProbability(0, 4) - 0.625) < 1e-12);
  assert.ok(Math.abs(textProbability(-50, 3) - 1 / 3) < 1e-12);
  const still = { logDiscrimination: 0, difficulty: 0, luck: [0] };
  const odds = Math.exp(DISCRIMINATION.median);
  assert.ok(Math.abs(latentProbability(1, 0, still, 0) - odds / (1 + odds)) < 1e-12);
});

Deno.test("costs follow tokens and prices, and average to the expected cost", () => {
  const { scores: _, tokens, costs } = records[0];
  const [input, output] = tokens!["elm-14b"];
  const exact = (0.2 * input + 0.8 * output) / 1e6;
  assert.ok(Math.abs(costs!["elm-14b"] / exact - 1) < 1e-3);
  for (let m = 0; m < M; m++) {
    const actual = routed(table.costs, () => m), expected = routed(table.truthCost!, () => m);
    assert.ok(Math.abs(actual / expected - 1) < 0.03, `${table.models[m]}: ${actual}, ${expected}`);
  }
  const means = table.models.map((_, m) => routed(table.costs, () => m));
  const ratio = Math.max(...means) / Math.min(...means);
  assert.ok(ratio > 40 && ratio < 100, `dearest/cheapest ${ratio}`);
});

Deno.test("routing pays: best single < best per benchmark < Bayes-optimal < oracle", () => {
  const truth = table.truth!;
  const single = Math.max(...table.models.map((_, m) => routed(truth, () => m)));
  const favourites = table.benchmarks.map((_, b) => {
    const sums = table.models.map((_, m) =>
      table.ids.reduce((sum, _, q) => table.benchmark[q] === b ? sum + truth[q * M + m] : sum, 0)
    );
    return sums.indexOf(Math.max(...sums));
  });
  const perBenchmark = routed(truth, (q) => favourites[table.benchmark[q]]);
  const bayes = routed(truth, (q) => best(truth, q));
  const oracle = routed(table.scores, (q) => best(table.scores, q));
  assert.ok(single > 0.68 && single < 0.74, `best single ${single}`);
  assert.ok(perBenchmark > single + 0.02 && perBenchmark < single + 0.045, `${perBenchmark}`);
  assert.ok(bayes > single + 0.06 && bayes < single + 0.11, `Bayes-optimal ${bayes}`);
  assert.ok(oracle > 0.93 && oracle < 0.975, `oracle ${oracle}`);
  // Paired standard error of the difference is about 0.01.
  const gain = routed(table.scores, (q) => best(truth, q)) -
    Math.max(...table.models.map((_, m) => routed(table.scores, () => m)));
  assert.ok(gain > 0.06, `realised gain ${gain}`);
});

Deno.test("about three quarters of the difficulty can be read off the text", () => {
  let mean = 0, square = 0;
  for (const { name, share, difficulty, tasks } of BENCHMARKS) {
    const templates = Object.entries(tasks);
    for (const [task, template] of templates) {
      for (let i = 0; i < 200; i++) {
        const b = difficulty + DIFFICULTY_WEIGHT * template(random(3, name, task, i)).difficulty;
        mean += share * b / templates.length / 200;
        square += share * b * b / templates.length / 200;
      }
    }
  }
  const visible = square - mean ** 2;
  const part = visible / (visible + NOISE.difficulty ** 2);
  assert.ok(part > 0.7 && part < 0.8, `${part}`);
});

Deno.test("the tables of facts hold no subject twice and enough values for wrong options", () => {
  for (const { topic, pairs } of factTables()) {
    assert.ok(pairs.every((pair) => pair.length === 2 && pair[0] && pair[1]), topic);
    assert.equal(new Set(pairs.map(([subject]) => subject)).size, pairs.length, topic);
    assert.ok(new Set(pairs.map(([, value]) => value)).size >= 8, topic);
  }
});

Deno.test("patterns: alternatives first, slots as they are, a missing slot is an error", () => {
  const r = random(1, "patterns");
  assert.match(say(r, "[a|b] {x}", { x: "[c|d] {y}" }), /^[ab] \[c\|d\] \{y\}$/);
  assert.throws(() => say(r, "{x}"), RangeError);
});

Deno.test("sizes and seeds out of range are refused", () => {
  for (
    const options of [{ queries: 99 }, { queries: 100_001 }, { queries: 300.5 }, { seed: 0.5 }]
  ) {
    assert.throws(() => demoRecords(options), UsageError);
  }
});
