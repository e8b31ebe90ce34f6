/** Sequential routers that peek, break the rules or hang on order, each found by the check it breaks. */
import assert from "node:assert/strict";
import { conform } from "../../../src/router/conformance.ts";
import type { FittedSequential, SequentialRouter } from "../../../src/router/sequential.ts";
import { columnMeans } from "../../../src/router/training.ts";
import { leaky, peekingCopy } from "./leaky.ts";

/** Asks the best model by mean score; where its reply sounds unsure, the second best, who then answers. */
function honest(models: readonly string[], scores: Float64Array): FittedSequential {
  const means = columnMeans(scores, models.length);
  const [best, second] = [...models.keys()].sort((a, b) => means[b] - means[a]);
  return {
    models,
    act: ({ step, replies, queries }) =>
      queries.ids.map((_, e) => {
        if (step === 0) return { visit: best };
        if (step === 2) return { commit: second };
        return replies[e].text.includes("perhaps") ? { visit: second } : { commit: best };
      }),
    describe: () => ({ parameters: 2 }),
  };
}

function router(
  change: (fitted: FittedSequential) => Partial<FittedSequential> = () => ({}),
  fields: Partial<SequentialRouter> = {},
): SequentialRouter {
  return {
    name: "two at most",
    summary: "s",
    source: "none",
    needs: ["replies"],
    grid: [{}],
    horizon: 2,
    fit: ({ models, scores }) => {
      const fitted = honest(models, scores);
      return { ...fitted, ...change(fitted) };
    },
    ...fields,
  };
}

async function failures(...args: Parameters<typeof conform>): Promise<Record<string, string>> {
  const findings = await conform(...args);
  return Object.fromEntries(
    findings.filter(({ status }) => status === "fail").map(({ check, detail }) => [check, detail]),
  );
}

Deno.test("an honest router passes all", async () => {
  const findings = await conform(router());
  assert.deepEqual(findings.filter(({ status }) => status !== "pass"), []);
  assert.equal(findings.length, 11);
  assert.match(
    findings.find(({ check }) => check === "episodes")!.detail,
    /^[2-9] different paths/,
  );
});

Deno.test("a router that finds the replies of models it did not pay for is caught", async () => {
  const peeking = peekingCopy(router());
  assert.deepEqual(await failures(peeking), {}, "there is nothing to be found");
  const found = await failures(peeking, { play: leaky });
  assert.deepEqual(Object.keys(found), ["no-peeking"]);
  assert.match(
    found["no-peeking"],
    /with noise for scores and for what was not visited, \d+ of 80/,
  );
  assert.deepEqual(
    await failures(router(), { play: leaky }),
    {},
    "who does not look is not blamed",
  );
});

Deno.test("rules, order and state: each fault is found by its check", async () => {
  let fits = 0;
  const cases: [faulty: SequentialRouter, check: string, detail: RegExp][] = [
    [
      router(undefined, { horizon: 0 }),
      "well-formed",
      /horizon: expected a whole number from 1, got 0/,
    ],
    [router(undefined, { needs: [] }), "well-formed", /needs: expected "replies"/],
    [
      router(() => ({ act: ({ queries }) => queries.ids.map(() => ({ visit: 0 })) })),
      "episodes",
      /IllegalAction: act: query q\d+, after 1 visits: visits ash again/,
    ],
    [
      router(() => ({ dial: { name: "d", values: [2] }, act: () => [] })),
      "episodes",
      /0 actions for 80 episodes/,
    ],
    [
      router(({ act }) => ({
        act: async (seen, setting) => {
          const actions = await act(seen, setting);
          return seen.step === 0 ? actions.map((_, e) => ({ visit: e % 2 })) : actions;
        },
      }), { horizon: 3 }),
      "episodes",
      /commits to .*, which was not visited/,
    ],
    [
      router(() => ({
        act: ({ step, visited, queries }) =>
          queries.ids.map((_, e) => step === 0 ? { visit: e % 2 } : { commit: visited[e * step] }),
      })),
      "query-order",
      /after shuffling the queries/,
    ],
    [
      router(() => ({
        act: ({ step, queries }) =>
          queries.ids.map(() => step === 0 ? { visit: 0 } : { commit: 0 }),
      })),
      "model-order",
      /after reordering the models/,
    ],
    [
      router(() => {
        const chosen = fits++ % 2;
        return {
          act: ({ step, queries }) =>
            queries.ids.map(() => step === 0 ? { visit: chosen } : { commit: chosen }),
        };
      }),
      "deterministic",
      /in two fits with one seed/,
    ],
  ];
  for (const [faulty, check, detail] of cases) {
    const found = await failures(faulty);
    assert.match(found[check] ?? `no failure of ${check}: ${JSON.stringify(found)}`, detail);
  }
});
