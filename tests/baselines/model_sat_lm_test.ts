/** Model-SAT on a language model: reports in words by hand, groups, and the router on a tiny model of random weights. */
import assert from "node:assert/strict";
import { type SatMethod, satRouter, SMOLLM2_SAT } from "../../baselines/_model_sat_lm.ts";
import { keywords, overallText, reportText } from "../../baselines/_aptitude_words.ts";
import { drawGroups } from "../../baselines/_groups.ts";
import router from "../../baselines/model_sat_lm.ts";
import { sat_lm_overall, sat_lm_shuffled } from "../../baselines/variants/model_sat_lm.ts";
import { random } from "../../src/base/random.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { TINY_LLAMA, writeDecoder } from "../lm/tiny_decoder.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

Deno.test("reports in words: each category's own words, two decimals, one length", () => {
  const texts = ["add two numbers", "add numbers", "the numbers rhyme", "a rhyme, the Rhyme"];
  // Shares here less there: add 1, numbers ½, two ½; rhyme 1, the 1.
  const [sums, poems] = keywords(texts, [0, 0, 1, 1], 2);
  assert.equal(sums, "add, numbers, two, rhyme, the");
  assert.equal(poems, "rhyme, the, numbers, two, add");
  assert.match(
    reportText([1, 2 / 3], ["x, y", "z"]),
    /^Aptitude test of the model: accuracy 1\.00 on the task of 'x, y', accuracy 0\.67 on the task of 'z'\.\nCan /,
  );
  assert.match(overallText([1, .5]), /accuracy 0\.75 over all tasks\.\nCan .*Yes or No/);
});

Deno.test("groups: a solved cell and failed ones of its model; without one, zeros", () => {
  const failed: Record<number, number[]> = { 1: [5, 6], 2: [], 3: [7] };
  const outcomes = { solved: [1, 2, 3], failedOf: (cell: number) => failed[cell] };
  const cells = [...drawGroups(outcomes, 50, 3, random(1))].map(Number);
  const starts = cells.filter((_, at) => at % 3 === 0);
  assert.deepEqual([...new Set(starts)].sort(), [1, 3]); // 2 has no failure to compare with
  cells.forEach((cell, at) => {
    if (at % 3 > 0) assert.ok(failed[cells[at - at % 3]].includes(cell), `${cell} at ${at}`);
  });
  assert.deepEqual([...drawGroups({ ...outcomes, solved: [2] }, 2, 2, random(1))], [
    0n,
    0n,
    0n,
    0n,
  ]);
});

const store = await Deno.makeTempDir();
await Deno.mkdir(`${store}/decoder`);
await writeDecoder(`${store}/decoder`, { ...TINY_LLAMA, num_hidden_layers: 3 });
await Deno.writeTextFile(`${store}/decoder/source.json`, "{}");
addEventListener("unload", () => Deno.removeSync(store, { recursive: true }));

const TINY: SatMethod = {
  ...{ model: "decoder", root: store, blocks: [1, 2], rank: 4, told: "categories", whose: "own" },
  training: { steps: 80, models: 3, queries: 64, groups: 64, size: 4, rate: 1e-2 },
};

/** Topic t lies near axis t, and is benchmark t; a model solves the share of it that its skill says. */
const source = random(5, "sat lm"), TOPICS = ["sum", "poem", "maze"];
const SKILLS = [[.9, .1, .1], [.1, .9, .1], [.1, .1, .9]];
function draw(n: number): { vectors: number[][]; topics: number[]; answers: number[][] } {
  const topics = Array.from({ length: n }, () => source.integer(3));
  return {
    topics,
    vectors: topics.map((t) => [0, 1, 2].map((d) => .2 * source.normal() + Number(d === t))),
    answers: topics.map((t) => SKILLS.map((skill) => Number(source.next() < skill[t]))),
  };
}
const LEARN = draw(400), TEST = draw(60);
const TRAIN: TrainingData = training(LEARN.vectors, LEARN.answers, {
  benchmarks: LEARN.topics.map((t) => TOPICS[t]),
});
const fit = async (method: SatMethod): Promise<FittedRouter> =>
  await satRouter("tiny", "", method).fit(TRAIN, method, CONTEXT);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

/** How much more a model's predictions are on its own topic than on the others, mean over models. */
async function lift(fitted: FittedRouter): Promise<number> {
  const rows = await qualities(fitted, batch(TEST.vectors));
  return mean(SKILLS.map((_, m) => {
    const of = (own: boolean): number =>
      mean(rows.filter((_, i) => (TEST.topics[i] === m) === own).map((row) => row[m]));
    return of(true) - of(false);
  }));
}

Deno.test("Model-SAT (language model): a model's own queries come first, by its report", async () => {
  const fitted = await fit(TINY), notes = fitted.describe().notes!, own = await lift(fitted);
  const next = await lift(await fit({ ...TINY, whose: "next" }));
  assert.ok(own > .2, `${own}`);
  assert.ok(next < 0, `own ${own}, the next one's report ${next}`);
  const [, loss, chance] = /loss (\S+), (\S+) by chance/.exec(notes[2])!;
  assert.ok(Number(loss) < .8 * Number(chance), notes[2]);
});

Deno.test("Model-SAT (language model): a new model is its report; too few answers are refused", async () => {
  const fitted = await fit(TINY), queries = batch(TEST.vectors);
  const before = await qualities(fitted, queries);
  const copy = LEARN.answers.map((row) => [row[1]]);
  const extended = await fitted.withModels!(profiles(["copy"], LEARN.vectors, copy));
  const after = await qualities(extended, queries);
  assert.deepEqual(extended.models, ["copy", "m0", "m1", "m2"]);
  near(after.map((row) => row.slice(1)), before);
  near(after.map((row) => [row[0]]), before.map((row) => [row[1]]));
  await assert.rejects(
    async () =>
      await fitted.withModels!(profiles(["x"], LEARN.vectors, copy.map(() => [undefined]))),
    { name: "CapabilityError" },
  );
});

Deno.test("Model-SAT (SmolLM2) and its controls differ in one thing, and run where they are named", () => {
  assert.deepEqual(router.grid, [SMOLLM2_SAT]);
  assert.equal(router.weights, "smollm2-q4_1");
  assert.deepEqual(sat_lm_shuffled.grid, [{ ...SMOLLM2_SAT, whose: "next" }]);
  assert.deepEqual(sat_lm_overall.grid, [{ ...SMOLLM2_SAT, told: "overall" }]);
});
