/** The kit passes sound routers and names the one rule each spoilt router breaks. */
import assert from "node:assert/strict";
import { CHECKS, conform, tally } from "../../src/router/conformance.ts";
import { CapabilityError, UsageError } from "../../src/base/errors.ts";
import type { Router } from "../../src/router/contract.ts";
import { REFERENCES } from "../../src/router/references.ts";
import template from "../../src/router/template.ts";
import { type Config, detail, dialOf, extend, failed, router } from "./doubles.ts";

Deno.test("conform: sound routers pass, and what they lack is not applicable", async () => {
  const sound = await conform(router() as Router);
  assert.deepEqual(sound.map(({ check }) => check), CHECKS.map(({ name }) => name));
  assert.equal(tally(sound), "21 passed, 0 failed, 5 not applicable");
  assert.equal(tally(await conform(template as Router)), "21 passed, 0 failed, 5 not applicable");
  const full = router({
    fields: { unseen: "zero-update", unseenGrid: [{}] },
    fitted: (fitted) => ({
      ...fitted,
      dial: dialOf([1, 0.5, 0]),
      withModels: (profiles) => {
        if (profiles.queries.ids.length < 8) throw new CapabilityError("needs 8 rows");
        return extend(fitted, profiles);
      },
    }),
  });
  const findings = await conform(full as Router);
  assert.equal(tally(findings), "26 passed, 0 failed, 0 not applicable");
  assert.match(detail(findings, "small-profile"), /^1 row: refuses: needs 8 rows; 0 rows: refuses/);
});

Deno.test("conform: reference rows and mixtures pass", async () => {
  for (const { id, router: reference } of REFERENCES) {
    const findings = await conform(reference as Router);
    assert.deepEqual(failed(findings), [], id);
    assert.ok(findings.filter(({ status }) => status === "pass").length > 15, id);
  }
});

Deno.test("conform: a router that trusts its seed is not asked to break ties", async () => {
  const noisy = router({
    predict: (quality, { context, queries, models }) => ({
      quality: quality.map((q, at) => {
        const [i, m] = [Math.floor(at / models.length), at % models.length];
        return q + context.random.fork(queries.ids[i], models[m]).next() / 10;
      }),
    }),
  });
  const findings = await conform(noisy as Router);
  assert.deepEqual(failed(findings), []);
  assert.match(detail(findings, "ties"), /equal models are told apart by the seed \(\d+ decisions/);
  assert.match(detail(findings, "twin"), /twins are told apart by the seed/);
});

Deno.test("conform: malformed routers stop at the first check", async () => {
  const wrong: [Partial<Record<keyof Router, unknown>>, string][] = [
    [{ summary: "" }, 'summary: expected one line of text, got ""'],
    [{ grid: [] }, "grid: expected at least one configuration, got []"],
    [{ grid: [{ k: NaN }] }, 'grid[0]: expected an object of plain JSON values, got {"k":null}'],
    [{ grid: [{ k: 1, a: 2 }, { a: 2, k: 1 }] }, 'grid[1] repeats grid[0]: {"a":2,"k":1}'],
    [
      { grid: Array.from({ length: 31 }, (_, k) => ({ k })) },
      "grid: expected at most 30 configurations, got 31",
    ],
    [
      { needs: ["scores"] },
      'needs: expected cost, benchmark, truth, replies, documents, got "scores"',
    ],
    [{ unseen: "retrain" }, 'unseen: expected zero-update or fit-new-vector, got "retrain"'],
  ];
  for (const [fields, message] of wrong) {
    const findings = await conform(router({ fields: fields as Partial<Router<Config>> }) as Router);
    assert.deepEqual(failed(findings), ["well-formed"]);
    assert.equal(findings[0].detail, message);
    assert.equal(findings[1].detail, "says nothing while well-formed fails");
  }
});

Deno.test("conform: a check alone runs with what it builds on; an unknown one is a usage error", async () => {
  const seen: string[] = [];
  await conform(router() as Router, { only: ["twin"], onFinding: ({ check }) => seen.push(check) });
  assert.deepEqual(seen, ["well-formed", "predictions", "deterministic", "twin"]);
  await assert.rejects(conform(router() as Router, { only: ["twins"] }), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no check "twins".*did you mean "twin"\?/);
    return true;
  });
});

Deno.test("conform: same seed same findings, globals are put back", async () => {
  const before = [Math.random, Date, performance.now];
  const first = await conform(router() as Router, { seed: 7 });
  assert.deepEqual(await conform(router() as Router, { seed: 7 }), first);
  assert.deepEqual([Math.random, Date, performance.now], before);
});
