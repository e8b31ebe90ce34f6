import assert from "node:assert/strict";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { type Rows, takeModels, takeQueries } from "../../src/router/conformance/fixture.ts";
import { type FitTools, type Trained, trained, type Variant } from "../../src/icl/fit.ts";
import { ENOUGH_ROWS, presetFor, SMALL, TABLE } from "../../src/icl/presets.ts";
import { createMemo } from "../../src/router/memo.ts";
import { context, old, TINY, training, VARIANT } from "./tiny_router.ts";
import { bits } from "./toy.ts";

function fit(rows: Rows, variant: Variant = {}, tools: Partial<FitTools> = {}): Promise<Trained> {
  return trained(training(rows), { ...VARIANT, ...variant }, context(tools));
}

const profileIds = ({ rows, profile }: Trained): string[] =>
  Array.from(profile, (i) => rows.ids[i]);
const usual = await fit(old);
const weights = bits(usual.reader.network.parameters);

Deno.test("the same seed gives the same weights, bit for bit; another seed others", async () => {
  const again = await fit(old), other = await fit(old, {}, { seed: 8 });
  assert.deepEqual(bits(again.reader.network.parameters), weights);
  assert.deepEqual(again.report, usual.report);
  assert.notDeepEqual(bits(other.reader.network.parameters), weights);
});

Deno.test("neither the order of rows nor that of models changes a weight", async () => {
  const order = random(1).shuffle([...old.ids.keys()]);
  const mixed = await fit(takeModels(takeQueries(old, order), [2, 0, 1]));
  assert.deepEqual(bits(mixed.reader.network.parameters), weights);
  assert.deepEqual(mixed.report, usual.report);
  assert.deepEqual(profileIds(mixed), profileIds(usual));
  assert.deepEqual(mixed.models, old.models.toSorted());
  assert.deepEqual(mixed.rows.scores, usual.rows.scores);
});

Deno.test("profile queries are training rows and targets like all of these, and are never judged", async () => {
  const { rows, profile, validation } = usual;
  assert.equal(profile.length, TINY.profile);
  assert.equal(new Set(profile).size, profile.length);
  assert.ok(profile.every((i) => i < rows.training));
  assert.equal(validation.length, rows.ids.length - rows.training);
  assert.ok(validation.every((i) => i >= rows.training));
  // Soft labels: a quarter in place of 0 is a new outcome of a target, and the same old one in a record.
  // So weights change by it only if the query is a target.
  const soften = (inProfile: boolean): Rows => {
    const chosen = new Set(profileIds(usual)), M = old.models.length;
    const scores = old.scores.map((score, at) => {
      const i = Math.floor(at / M);
      return !old.validation[i] && chosen.has(old.ids[i]) === inProfile
        ? Math.max(score, 0.25)
        : score;
    });
    assert.notDeepEqual(scores, old.scores);
    return { ...old, scores };
  };
  const weightsOf = async (rows: Rows): Promise<ReturnType<typeof bits>> =>
    bits((await fit(rows, { softLabels: true })).reader.network.parameters);
  const soft = await weightsOf(old);
  assert.notDeepEqual(await weightsOf(soften(true)), soft, "profile queries are targets");
  assert.notDeepEqual(await weightsOf(soften(false)), soft, "and the others");
});

Deno.test("a list of queries for new models is taken in its order, complete training rows only", async () => {
  const holes = old.scores.slice(), M = old.models.length;
  const trainingIds = old.ids.filter((_, i) => !old.validation[i]);
  holes[old.ids.indexOf(trainingIds[5]) * M + 1] = NaN;
  const given = trainingIds.slice(0, 12).toReversed().concat("elsewhere");
  const { rows, profile } = await fit({ ...old, scores: holes }, {}, { profile: given });
  const expected = given.filter((id) => id !== trainingIds[5] && id !== "elsewhere");
  assert.deepEqual(Array.from(profile, (i) => rows.ids[i]), expected);
});

Deno.test("a row with a missing label is a target, and not a profile query of any model", async () => {
  const holes = old.scores.slice(), M = old.models.length, stream = random(2, "holes");
  for (let i = 0; i < old.ids.length; i++) {
    if (stream.next() < 0.5) holes[i * M + stream.integer(M)] = NaN;
  }
  const { rows, profile, report } = await fit({ ...old, scores: holes });
  for (const i of profile) {
    for (let m = 0; m < M; m++) assert.ok(!Number.isNaN(rows.labels[i * M + m]), rows.ids[i]);
  }
  assert.ok(rows.labels.some(Number.isNaN));
  assert.ok(profile.length >= 10, `${profile.length} complete rows`);
  assert.ok(Number.isFinite(report.loss));
});

Deno.test("too few rows are refused, and the numbers said", async () => {
  const first = (n: number): Rows => takeQueries(old, Array.from({ length: n }, (_, i) => i));
  for (const n of [3, 12]) {
    await assert.rejects(fit(first(n)), (error: Error) => {
      assert.ok(error instanceof CapabilityError, String(error));
      assert.match(error.message, /make a profile of [0-3]; ICL-Router needs 4 at least/);
      return true;
    });
  }
});

Deno.test("variants change what they name", async () => {
  const of = async (variant: Variant): Promise<Trained> => await fit(old, variant);
  const without = await of({ withoutStage1: true });
  assert.ok(Number.isNaN(without.reconstructionLoss));
  assert.ok(usual.reconstructionLoss > 0);
  assert.equal((await of({ profile: 9 })).profile.length, 9);
  assert.ok((await of({ linearProjector: true })).parameters < usual.parameters);
  const named = await of({ identity: true });
  assert.equal(named.shape.identities, old.models.length);
  for (const variant of [{ softLabels: true }, { pseudoModels: 2 }, { variedLength: true }]) {
    const { reader, rows } = await of(variant);
    assert.notDeepEqual(bits(reader.network.parameters), weights, JSON.stringify(variant));
    assert.equal(rows.models, old.models.length, "pseudo-models train, they are not routed to");
  }
  assert.equal(presetFor(ENOUGH_ROWS - 1), SMALL);
  assert.equal(presetFor(ENOUGH_ROWS), TABLE);
});

Deno.test("routers that read one network differently train it once", async () => {
  const train = training(old), queries = { ...train.queries, memo: createMemo("shared") };
  const shared = { ...train, queries };
  const one = trained(shared, VARIANT, context());
  assert.equal(trained(shared, VARIANT, context()), one);
  assert.notEqual(trained(shared, { ...VARIANT, profile: 8 }, context()), one);
  const relabelled = { ...shared, scores: shared.scores.map((s) => 1 - s) };
  assert.notEqual(trained(relabelled, VARIANT, context()), one);
  await Promise.all([one, trained(shared, { ...VARIANT, profile: 8 }, context())]);
  await trained(relabelled, VARIANT, context());
});

Deno.test("progress rises from stage 1 through stage 2 to its end; an abort ends either", async () => {
  const heard: number[] = [];
  await fit(old, {}, { progress: (share) => void heard.push(share) });
  assert.deepEqual(heard, heard.toSorted((a, b) => a - b));
  assert.ok(heard.some((share) => share < 0.3) && heard.at(-1)! <= 1, heard.join());
  for (const stop of [2, 9]) {
    const controller = new AbortController(), reason = new Error("enough");
    let steps = 0;
    const progress = (): void => {
      if (++steps === stop) controller.abort(reason);
    };
    await assert.rejects(fit(old, {}, { progress, signal: controller.signal }), reason);
    assert.equal(steps, stop);
  }
});
