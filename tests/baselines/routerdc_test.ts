/** RouterDC (head): its losses and sides by hand, and a pool of specialists that it has to tell apart. */
import assert from "node:assert/strict";
import router from "../../baselines/routerdc.ts";
import {
  balanced,
  modelLoss,
  pairsOf,
  queryLoss,
  sidesOf,
} from "../../baselines/_dual_contrast.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { Graph, type Tensor } from "../../src/nn/graph.ts";
import { Program } from "../../src/nn/program.ts";
import { batch, cells, CONTEXT, profiles, qualities, training } from "../router/hand.ts";

type Rows = readonly (readonly number[])[];

/** The value of a loss of three matrices of one shape. */
async function valueOf(
  loss: (a: Tensor, b: Tensor, c: Tensor) => Tensor,
  ...given: readonly [Rows, Rows, Rows]
): Promise<number> {
  const graph = new Graph(), shape = [given[0].length, given[0][0].length];
  const [a, b, c] = ["a", "b", "c"].map((name) => graph.input(name, shape));
  graph.output("loss", loss(a, b, c));
  const [x, y, z] = given.map((rows) => Float32Array.from(rows.flat()));
  return (await (await Program.compile(graph)).run({ a: x, b: y, c: z })).loss[0];
}

const close = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-5, `${actual}, expected ${expected}`);

Deno.test("RouterDC: L₁ is ln 4 among three equal negatives, and ln(1 + 3e⁻²) where all is learned", async () => {
  const positive = [[1, 0, 0, 0]], negative = [[0, 1, 1, 1]];
  close(await valueOf(modelLoss, [[.3, .3, .3, .3]], positive, negative), 1.38629);
  close(await valueOf(modelLoss, [[1, -1, -1, -1]], positive, negative), 0.34075);
});

Deno.test("RouterDC: every positive has its own softmax; a query without a side counts as 0 in the mean", async () => {
  const a = [[Math.log(3), Math.log(2), 0, Math.log(4)], [.9, .2, .1, -.7]];
  // e^a = 3, 2, 1, 4 with positives 3 and 2 and negative 1 (4 is on neither side):
  // −ln(3/4) − ln(2/3) = ln 2, which a shared softmax would not give; the second query has no positive.
  const positive = [[1, 1, 0, 0], [0, 0, 0, 0]], negative = [[0, 0, 1, 0], [1, 1, 0, 0]];
  close(await valueOf(modelLoss, a, positive, negative), Math.LN2 / 2);
});

Deno.test("RouterDC: L₂ compares a query with its like and its unlike; with itself alone it is 0", async () => {
  const c = [[1, Math.log(2), 0], [Math.log(2), 1, -1], [.5, .5, 1]];
  const like = [[0, 1, 0], [1, 0, 0], [0, 0, 1]], compared = [[0, 1, 1], [1, 0, 1], [0, 0, 1]];
  // −ln(2/(2 + 1)) and −ln(2/(2 + e⁻¹)).
  const expected = (Math.log(1.5) + Math.log(1 + Math.exp(-1) / 2)) / 3;
  close(await valueOf(queryLoss, c, like, compared), expected);
});

/** Sides of one query, as letters: + in I⁺, − in I⁻. */
function letters(scores: readonly (number | undefined)[], seed = 1): string {
  const models = scores.map((_, m) => `m${m}`);
  const { positive, negative, rows } = sidesOf(["q"], models, cells([scores]), random(seed));
  const marks = models.map((_, m) => positive[m] ? "+" : negative[m] ? "-" : ".").join("");
  assert.equal(rows.length, /\+/.test(marks) ? 1 : 0);
  return marks;
}

Deno.test("RouterDC: the three best of seven against the three worst", () => {
  assert.equal(letters([.9, .1, .8, .2, .7, .3, .4]), "+-+-+-.");
  // Negatives that score above ½ and positives that score 0 are struck off.
  assert.equal(letters([.9, .6, .8, .2, .7, .3, .65]), "+.+-+-.");
  assert.equal(letters([.9, 0, 0, 0, 0, 0, 0]).replaceAll(".", ""), "+---");
});

Deno.test("RouterDC: a query that all fail, all solve or one model alone is known on has no sides", () => {
  assert.equal(letters([0, 0, 0, 0, 0, 0, 0]), ".......");
  assert.equal(letters([1, 1, 1, .9, .8, .8, .6]), ".......");
  assert.equal(letters([undefined, 1, undefined]), "...");
});

Deno.test("RouterDC: missing outcomes are on neither side; the known ones are a smaller pool", () => {
  // Four known: ⌈4/3⌉ = 2 on either side.
  assert.equal(letters([.9, undefined, .1, undefined, .8, .2, undefined]), "+.-.+-.");
  assert.equal(letters([undefined, .2, .4]), ".-+");
});

Deno.test("RouterDC: ties are ordered by query, model id and seed, not by position", () => {
  const tied = [1, 1, 1, 1, 0, 0, 0, 0, 0];
  const seen = new Set(Array.from({ length: 40 }, (_, seed) => letters(tied, seed)));
  assert.ok(seen.size > 8, `${seen.size} orders`);
  for (const marks of seen) {
    assert.equal(marks.slice(0, 4).replaceAll(".", ""), "+++");
    assert.equal(marks.slice(4).replaceAll(".", ""), "---");
  }
  const ids = Array.from({ length: 40 }, (_, i) => `q${i}`), same = cells(ids.map(() => tied));
  const { negative } = sidesOf(ids, tied.map((_, m) => `m${m}`), same, random(1));
  const rows = ids.map((_, i) => negative.subarray(i * tied.length, (i + 1) * tied.length).join());
  assert.ok(new Set(rows).size > 6);
  const models = ["b", "c", "a", "d", "e"], scores = cells([[1, 1, 1, 0, 0]]);
  const { positive } = sidesOf(["q"], models, scores, random(7));
  const sorted = sidesOf(["q"], ["a", "b", "c", "d", "e"], scores, random(7));
  assert.deepEqual([2, 0, 1, 3, 4].map((m) => positive[m]), [...sorted.positive]);
});

Deno.test("RouterDC: small benchmarks are repeated until all count the same, in order of id", () => {
  const ids = ["e", "d", "c", "b", "a", "f"], benchmarks = ["x", "y", "x", "x", "y", "x"];
  const named = balanced(batch(ids.map(() => [1]), { ids, benchmarks })).map((row) => ids[row]);
  assert.deepEqual(named, ["a", "d", "a", "d", "b", "c", "e", "f"]);
});

Deno.test("RouterDC: x⁺ is another query of the cluster, the three x⁻ are of other clusters", () => {
  // Rows 0 to 9; 9 stands in the batch twice and has no other of its cluster.
  const cluster = [0, 0, 0, 0, 1, 1, 1, 1, 1, 2], rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9];
  const B = rows.length, partners = new Set<string>();
  const pairs = pairsOf(cluster);
  for (let seed = 0; seed < 50; seed++) {
    const { like, compared } = pairs(rows, random(seed));
    for (let b = 0; b < B; b++) {
      const on = (marks: Float32Array): number[] =>
        rows.flatMap((_, other) => marks[b * B + other] === 1 ? [other] : []);
      const [friend, ...more] = on(like), others = on(compared).filter((at) => at !== friend);
      assert.equal(more.length, 0);
      if (rows[b] === 9) {
        assert.deepEqual([friend, others], [b, []]);
        continue;
      }
      assert.ok(friend !== b && cluster[rows[friend]] === cluster[rows[b]]);
      assert.equal(others.length, 3);
      assert.ok(others.every((at) => cluster[rows[at]] !== cluster[rows[b]]));
      partners.add(`${b} ${friend}`);
    }
  }
  assert.equal(partners.size, 4 * 3 + 5 * 4); // all that are possible are drawn
});

/** Three topics, a specialist for each (.95, elsewhere .2) and one model that is .6 everywhere. */
const SKILLS = [[.95, .2, .2, .6], [.2, .95, .2, .6], [.2, .2, .95, .6]];
const draw = random(5, "pool");
const topics = (n: number): number[] => Array.from({ length: n }, (_, i) => i % 3);
const vectorsOf = (topics: readonly number[]): number[][] =>
  topics.map((topic) =>
    Array.from({ length: 12 }, (_, d) => Number(d === topic) + .35 * draw.normal())
  );
const scoresOf = (topics: readonly number[]): number[][] =>
  topics.map((topic) => SKILLS[topic].map((skill) => Number(draw.next() < skill)));
const POOL = { vectors: vectorsOf(topics(450)), scores: scoresOf(topics(450)) };
const TESTS = topics(300), QUERIES = batch(vectorsOf(TESTS));

/** Mean true skill of the best-looking model, by the skill of each column. */
function routedSkill(predicted: Rows, skill: (topic: number, column: number) => number): number {
  const chosen = predicted.map((row, i) => skill(TESTS[i], row.indexOf(Math.max(...row))));
  return chosen.reduce((a, b) => a + b) / chosen.length;
}

Deno.test("RouterDC: finds the specialists, with every configuration", async () => {
  const train = training(POOL.vectors, POOL.scores);
  for (const config of router.grid) {
    const fitted = await router.fit(train, config, CONTEXT);
    const reached = routedSkill(await qualities(fitted, QUERIES), (t, m) => SKILLS[t][m]);
    assert.ok(reached > .88, `${JSON.stringify(config)}: ${reached}; best single .6, optimum .95`);
  }
});

Deno.test("RouterDC: benchmark sizes count where benchmarks are balanced, and not in the plain order", async () => {
  const cut = (share: number) => POOL.vectors.map((_, i) => i < share * 450 ? "x" : "y");
  for (const balanced of [true, false]) {
    const [halves, tenth] = await Promise.all([.5, .1].map(async (share) => {
      const train = training(POOL.vectors, POOL.scores, { benchmarks: cut(share) });
      const fitted = await router.fit(train, { ...router.grid[0], balanced }, CONTEXT);
      return await qualities(fitted, QUERIES);
    }));
    if (balanced) assert.notDeepEqual(halves, tenth);
    else assert.deepEqual(halves, tenth);
  }
});

Deno.test("RouterDC: predictions are on the scale of scores, whatever the temperature", async () => {
  const fitted = await router.fit(training(POOL.vectors, POOL.scores), router.grid[1], CONTEXT);
  const all = (await qualities(fitted, QUERIES)).flat();
  const mean = all.reduce((a, b) => a + b) / all.length;
  const truth = SKILLS.flat().reduce((a, b) => a + b) / 12;
  assert.ok(Math.abs(mean - truth) < .05, `${mean}, ${truth}`);
  const top = all.toSorted((a, b) => b - a).slice(0, 300).reduce((a, b) => a + b) / 300;
  assert.ok(top > .75 && top < 1.2, `${top}`);
});

Deno.test("RouterDC: a new specialist gets its topic, the old models' predictions stay", async () => {
  const old = [0, 1, 3],
    train = training(POOL.vectors, POOL.scores.map((s) => old.map((m) => s[m])));
  const fitted = await router.fit(train, router.grid[1], CONTEXT);
  const before = await qualities(fitted, QUERIES);
  const without = routedSkill(before, (t, m) => SKILLS[t][old[m]]);
  const n = 90,
    newcomer = profiles(
      ["aa", "none"],
      POOL.vectors.slice(0, n),
      POOL.scores.slice(0, n).map((s) => [s[2], undefined]),
    );
  const extended = await fitted.withModels!(newcomer);
  assert.deepEqual(extended.models, ["aa", "m0", "m1", "m2", "none"]);
  const after = await qualities(extended, QUERIES);
  assert.deepEqual(after.map((row) => row.slice(1, 4)), before);
  assert.ok(after.every((row) => Number.isNaN(row[4]))); // unlabelled
  const columns = [2, ...old];
  const reached = routedSkill(after.map((row) => row.slice(0, 4)), (t, m) => SKILLS[t][columns[m]]);
  assert.ok(reached > without + .08 && reached > .87, `${without} → ${reached}`);
});

Deno.test("RouterDC: new models need labelled training queries that tell models apart", async () => {
  const train = training([[1, 0], [0, 1]], [[1, 0], [0, 1]], { ids: ["a", "b"] });
  const fitted = await router.fit(train, router.grid[0], CONTEXT);
  const refused = async (made: ReturnType<typeof profiles>): Promise<void> =>
    await assert.rejects(
      async () => await fitted.withModels!(made),
      (error: Error) => error instanceof CapabilityError && /labelled on/.test(error.message),
    );
  const named = (ids: string[], score?: number) => {
    const made = profiles(["z"], ids.map(() => [1, 0]), ids.map(() => [score]));
    return { ...made, queries: { ...made.queries, ids } };
  };
  await refused(named(["a", "b"])); // no outcome
  await refused(named(["elsewhere"], 1)); // nobody to compare with
  const extended = await fitted.withModels!(named(["a", "b"], 1));
  assert.deepEqual(extended.models, ["m0", "m1", "z"]);
});
