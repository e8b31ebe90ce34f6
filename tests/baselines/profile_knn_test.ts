/** kNN over the profile: only ICL-Router's list votes. */
import assert from "node:assert/strict";
import router from "../../baselines/profile_knn.ts";
import recorded from "../../baselines/variants/profile_knn.ts";
import { profileOf } from "../../src/icl/profile.ts";
import type { FewLabels } from "../../baselines/knn.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** Forty queries on a quarter circle and four models; a profile has ten of them. */
const AT = Array.from({ length: 40 }, (_, i) => [Math.cos(i / 26), Math.sin(i / 26)]);
const SCORES = AT.map((_, i) => [i % 2, Number(i % 3 === 0), Number(i % 5 === 0), i < 25 ? 0 : 1]);
const TRAIN = training(AT, SCORES), ROWS = [...profileOf(TRAIN, 100, CONTEXT).rows];

Deno.test("kNN over the profile: the mean over ICL-Router's list, and nothing else", async () => {
  assert.equal(ROWS.length, 10);
  const fitted = await router.fit(TRAIN, { k: 300, weights: "uniform" }, CONTEXT);
  const means = SCORES[0].map((_, m) => ROWS.reduce((sum, row) => sum + SCORES[row][m], 0) / 10);
  near(await qualities(fitted, batch([[1, 0], [0, 1]])), [means, means]);
  assert.notDeepEqual(
    means,
    SCORES[0].map((_, m) => SCORES.reduce((s, row) => s + row[m], 0) / 40),
  );
  assert.deepEqual(fitted.describe(), { parameters: 40, notes: ["10 profile queries"] });
});

Deno.test("kNN over the profile: the nearest query of the list, where a nearer one is not on it", async () => {
  const fitted = await router.fit(TRAIN, { k: 1, weights: "uniform" }, CONTEXT);
  const off = AT.keys().find((i) => !ROWS.includes(i))!;
  const nearest = ROWS.toSorted((a, b) => Math.abs(a - off) - Math.abs(b - off) || a - b)[0];
  near(await qualities(fitted, batch([AT[off]])), [SCORES[nearest]]);
});

Deno.test("kNN over the profile: with a list from the protocol, that list", async () => {
  const profile = ["q3", "q30", "q8", "q21"];
  const fitted = await router.fit(TRAIN, { k: 300, weights: "uniform" }, { ...CONTEXT, profile });
  const means = SCORES[0].map((_, m) =>
    [3, 30, 8, 21].reduce((s, row) => s + SCORES[row][m], 0) / 4
  );
  near(await qualities(fitted, batch([[1, 0]])), [means]);
});

Deno.test("kNN over the profile: new models vote with their labels in every way, the others stay", async () => {
  const fitted = await router.fit(TRAIN, { k: 1, weights: "uniform" }, CONTEXT);
  const query = batch([[0, 1]]), [old] = await qualities(fitted, query);
  const newcomer = profiles(["a"], [[1, 0], [0, 1]], [[.25], [.75]]);
  const said = async (way: FewLabels): Promise<number[]> => {
    const larger = await fitted.withModels!(newcomer, way);
    assert.deepEqual(larger.models, ["a", "m0", "m1", "m2", "m3"]);
    return (await qualities(larger, query))[0];
  };
  near([await said({ k: 1, weights: "uniform", prior: 0 })], [[.75, ...old]]);
  // Two labels of mean .5 against eight at the known models' mean on the profile.
  const known = ROWS.flatMap((row) => SCORES[row]).reduce((sum, score) => sum + score) / 40;
  near([await said({ k: 1, weights: "uniform", prior: 8 })], [[.75 + .8 * (known - .5), ...old]]);
  for (const way of router.unseenGrid!) {
    const [a, ...others] = await said(way);
    assert.ok(Number.isFinite(a));
    near([others], [old]);
  }
});

Deno.test("kNN over the profile: recorded commands find it", () => assert.equal(recorded, router));
