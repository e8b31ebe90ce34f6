import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import * as metrics from "../../src/metrics/mod.ts";
import type { CurvePoint, Decisions, Outcomes } from "../../src/metrics/mod.ts";
import {
  fill,
  modelPoints,
  permuted,
  permutedCells,
  randomChoice,
  randomOutcomes,
  same,
} from "./fixtures.ts";

const SEEDS = 150;

/** Every metric of one random router on one table, by name. */
function everything(
  o: Outcomes,
  choice: Uint16Array,
  predicted: Float64Array,
  preference: ArrayLike<number>,
  curve: CurvePoint[],
  price: number,
): Record<string, number | null> {
  const constant = (m: number): Uint16Array => new Uint16Array(o.rows).fill(m);
  const mean = metrics.sampleMean;
  const own = metrics.earned(o, choice);
  const coin = metrics.earned(o, metrics.uniformMixture(o.models));
  const star = bestOf(o, preference);
  const single = metrics.earned(o, constant(star));
  const singlePoint = { cost: mean(single.cost!), quality: mean(single.score) };
  const oracle = metrics.oracle(o);
  const models = modelPoints(o);
  const hull = metrics.zeroRouterHull(models);
  const [low, high] = [
    Math.min(...models.map((p) => p.cost)),
    Math.max(...models.map((p) => p.cost)),
  ];
  const closed = metrics.shareOfGapClosed(own.score, single.score, oracle.score, o);
  const gainR = metrics.relativeGain(own.score, coin.score, o);
  const gapO = metrics.gapToOracle(own.score, oracle.score, o);
  const optimal = metrics.optimality(o, choice), mixed = metrics.optimality(o, coinOf(o));
  const regret = metrics.regretByDifficulty(o, own);
  const distribution = metrics.choiceDistribution(choice, o.models);
  const calibrated = metrics.calibration(o, predicted);
  const places = metrics.paretoPlaces({ own: curve, models });
  return {
    sample: mean(own.score),
    dataset: metrics.datasetMean(own.score, o),
    closedSample: closed.sample,
    closedDataset: closed.dataset,
    gainRatios: gainR.datasetRatios,
    gainSample: gainR.sampleMeans,
    gapOracle: gapO.datasetMeans,
    oracle: mean(oracle.score),
    oracleCost: mean(oracle.cost!) / price,
    zeroCost: mean(metrics.oracle(o, "zero").cost!) / price,
    discounted: metrics.discountedOracle(o),
    floor: metrics.guessFloor(o.options, o.models),
    coins: curve.reduce((sum, { cost }) => sum + (metrics.hullQuality(hull, cost) ?? 0), 0),
    aiqPaper: metrics.aiqPaper(curve),
    aiqCode: metrics.aiqCode(curve, 20 * price),
    aiqCommon: metrics.aiqCommon(curve, low, high),
    area: metrics.deferralArea(curve, high),
    area50: metrics.deferralArea(curve, high, 0.5),
    nauc: metrics.naucOrbit(curve, singlePoint.cost),
    qnc: metrics.qnc(curve, singlePoint),
    qncPoints: metrics.qncAtPoints(curve, singlePoint),
    perfGain: metrics.perfGain(curve, singlePoint),
    costSave: metrics.costSave(curve, singlePoint),
    paretoRatio: places.own.ratio,
    paretoDist: places.own.distance,
    selection: optimal.selection,
    optAcc: optimal.accuracy,
    optCost: optimal.cost,
    mixedSelection: mixed.selection,
    mixedCost: mixed.cost,
    rci: metrics.collapseIndex(o, choice),
    rciMixed: metrics.collapseIndex(o, coinOf(o)),
    regret: regret.reduce((sum, group) => sum + group.queries * group.regret, 0),
    hardest: regret[0].accuracy,
    recall1: metrics.recallAtK(o, predicted, 1, preference),
    recall2: metrics.recallAtK(o, predicted, 2, preference),
    entropy: distribution.entropy,
    collapse: distribution.collapse,
    spread: metrics.predictionEntropy(predicted, o.models),
    brier: calibrated.brier,
    calibration: calibrated.error,
  };
}

/** The model with the highest mean score; ties go to the one preferred. */
function bestOf(o: Outcomes, preference: ArrayLike<number>): number {
  const quality = metrics.modelQualities(o);
  return Array.from(preference).reduce((best, m) => quality[m] > quality[best] + 1e-12 ? m : best);
}

const coinOf = (o: Outcomes): Decisions => metrics.uniformMixture(o.models);

/** A random curve in the price range of the table. */
function randomCurve(seed: number, price = 1): CurvePoint[] {
  const g = random(seed, "curve");
  return Array.from({ length: 2 + g.integer(9) }, () => ({
    cost: price * (0.5 + 9 * g.next()),
    quality: g.next(),
  }));
}

Deno.test("no metric changes under permutation of models and queries or scaling of costs", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const o = randomOutcomes(seed), g = random(seed, "permutation");
    const choice = randomChoice(o, g);
    const predicted = fill(o.rows * o.models, () => g.integer(5) / 4);
    const preference = g.shuffle(Uint16Array.from({ length: o.models }, (_, m) => m));
    const before = everything(o, choice, predicted, preference, randomCurve(seed), 1);

    const rowOrder = g.shuffle(Uint16Array.from({ length: o.rows }, (_, i) => i));
    const modelOrder = g.shuffle(Uint16Array.from({ length: o.models }, (_, m) => m));
    const newPlace = (m: number): number => modelOrder.indexOf(m);
    const price = 10 ** (g.integer(9) - 6);
    const moved = permuted(o, rowOrder, modelOrder);
    const after = everything(
      { ...moved, costs: moved.costs!.map((c) => c * price) },
      Uint16Array.from(rowOrder, (i) => newPlace(choice[i])),
      permutedCells(predicted, rowOrder, modelOrder),
      preference.map(newPlace),
      randomCurve(seed, price),
      price,
    );
    for (const name in before) same(after[name], before[name], `seed ${seed}, ${name}`);
  }
});

Deno.test("oracle ≥ every router ≥ 0, oracle > random, discounted oracle ≤ solvable", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const o = randomOutcomes(seed), g = random(seed, "router");
    const best = metrics.oracle(o);
    const routers: Decisions[] = [randomChoice(o, g), coinOf(o), best.choice];
    for (const decisions of routers) {
      const own = metrics.earned(o, decisions);
      own.score.forEach((s, i) => assert.ok(s >= 0 && s <= best.score[i] + 1e-12));
      assert.ok(metrics.datasetMean(own.score, o) <= metrics.datasetMean(best.score, o) + 1e-12);
    }
    const random_ = metrics.sampleMean(metrics.earned(o, coinOf(o)).score);
    assert.ok(random_ < metrics.sampleMean(best.score), `seed ${seed}: random below oracle`);
    const discounted = metrics.discountedOracle(o);
    const solvable = 1 - (metrics.regretByDifficulty(o, best)
          .find((group) => group.solvers === 0)?.queries ?? 0) / o.rows;
    assert.ok(discounted >= 0 && discounted <= solvable + 1e-12);
  }
});

Deno.test("share of the gap closed: best single 0, oracle 1; QNC(best single) = 100 %", () => {
  let defined = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const o = randomOutcomes(seed);
    const star = bestOf(o, Uint16Array.from({ length: o.models }, (_, m) => m));
    const { score, cost } = metrics.earned(o, new Uint16Array(o.rows).fill(star));
    const best = metrics.oracle(o).score;
    const zero = metrics.shareOfGapClosed(score, score, best, o);
    const one = metrics.shareOfGapClosed(best, score, best, o);
    for (const by of ["sample", "dataset"] as const) {
      if (zero[by] === null) continue;
      defined++;
      same(zero[by], 0);
      same(one[by], 1);
    }
    const point = { cost: metrics.sampleMean(cost!), quality: metrics.sampleMean(score) };
    same(metrics.qnc([point], point), 1);
    same(metrics.costSave([point], point), 0);
    same(metrics.perfGain([point], point), 0);
  }
  assert.ok(defined > SEEDS, "too few tables have a gap");
});

Deno.test("a router equal to a single model, or a mixture, is not above the hull", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const o = randomOutcomes(seed), g = random(seed, "mixture");
    const models = modelPoints(o);
    const hull = metrics.zeroRouterHull(models);
    const raw = fill(o.models, () => g.next());
    const total = raw.reduce((sum, w) => sum + w, 0);
    const mixture = metrics.earned(o, raw.map((w) => w / total));
    const coin = {
      cost: metrics.sampleMean(mixture.cost!),
      quality: metrics.sampleMean(mixture.score),
    };
    for (const { cost, quality } of [...models, coin]) {
      const above = quality - metrics.hullQuality(hull, cost)!;
      assert.ok(above <= 1e-12, `seed ${seed}: ${above}`);
    }
    for (const { cost, quality } of hull) same(metrics.hullQuality(hull, cost), quality);
  }
});

Deno.test("Arena score does depend on the scale of costs", () => {
  assert.notEqual(metrics.arenaScore(0.7, 1), metrics.arenaScore(0.7, 2));
});

Deno.test("the room has a version", () => {
  assert.equal(metrics.METRICS_VERSION, "3");
});
