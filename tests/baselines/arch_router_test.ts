/** The policy table on two domains, one of them with two actions: routes, table, fallbacks. */
import assert from "node:assert/strict";
import router from "../../baselines/arch_router.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import type { QueryBatch } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import {
  batch,
  CONTEXT,
  near,
  profiles,
  qualities,
  rowsOf,
  tenfold,
  training,
} from "../router/hand.ts";

/**
 * Domain "code" along (1, 0, 0); domain "math" with actions "math/hard" along (0, 1, 0) and "math/easy"
 * along (0, 0, 1), hence the domain itself halfway between them. Ten queries each.
 */
const VECTORS = tenfold([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
const BENCHMARKS = tenfold(["code", "math", "math"]);
const TASKS = tenfold(["code", "math/hard", "math/easy"]);
const TRAIN = {
  ...training(VECTORS, tenfold([[1, 0], [.2, .6], [.8, .4]]), { benchmarks: BENCHMARKS }),
  tasks: TASKS,
};
/** Near code, hard, easy, between the two actions, and opposite to everything. */
const QUERIES = batch([[.8, .6, 0], [0, .8, .6], [0, .6, .8], [0, .71, .71], [-.6, -.6, -.6]]);
const OVERALL = [2 / 3, 1 / 3];

Deno.test("policy table: a query gets the means of the route its vector is nearest to", async () => {
  const fitted = await router.fit(TRAIN, { routes: "actions", other: 0 }, CONTEXT);
  // (0, .8, .6) and (0, .6, .8) are nearer to the domain's (0, .71, .71) than to either action.
  near(await qualities(fitted, QUERIES), [[1, 0], [.5, .5], [.5, .5], [.5, .5], [1, 0]]);
  near(await qualities(fitted, batch([[0, 1, 0], [.1, .1, .99]])), [[.2, .6], [.8, .4]]);
  const { notes } = fitted.describe();
  assert.deepEqual(notes!.slice(0, 2), [
    "4 routes, 2 of them domains",
    "training queries matched to their own domain: 100.0%",
  ]);
  const domains = await router.fit(TRAIN, { routes: "domains", other: 0 }, CONTEXT);
  near(await qualities(domains, batch([[0, 1, 0], [0, 0, 1]])), [[.5, .5], [.5, .5]]);
});

Deno.test("policy table: a query that is like no route goes to the best single model", async () => {
  const fitted = await router.fit(TRAIN, { routes: "actions", other: .05 }, CONTEXT);
  // All training queries lie on their prototypes, so θ is 1; the fourth query lies on its domain's.
  near(await qualities(fitted, QUERIES), [OVERALL, OVERALL, OVERALL, [.5, .5], OVERALL]);
  near(await qualities(fitted, batch([[1, 0, 0], [0, 0, 1]])), [[1, 0], [.8, .4]]);
  // Cosines 1 … .6 to (1, 0) in equal numbers: a share of .25 leaves out those below the third of ten.
  const slanted = [1, .96, .92, .88, .84, .8, .76, .72, .68, .6];
  const vectors = slanted.flatMap((c) => [[c, Math.sqrt(1 - c * c)], [c, -Math.sqrt(1 - c * c)]]);
  const wide = training(vectors, vectors.map((_, i) => [i < 10 ? 1 : 0]));
  const some = await router.fit(wide, { routes: "domains", other: .25 }, CONTEXT);
  assert.match(some.describe().notes!.join(), /`other` below a cosine of 0.720/);
});

Deno.test("policy table: the label of the query to be routed is not looked at", async () => {
  const fitted = await router.fit(TRAIN, router.grid[0], CONTEXT);
  const labelled: QueryBatch = batch([[1, 0, 0]], { benchmarks: ["math"] });
  near(await qualities(fitted, labelled), [[1, 0]]);
});

Deno.test("policy table: an action of four queries is no route, a cell of four scores takes its domain's mean", async () => {
  const few = { ...TRAIN, tasks: TASKS.map((task, i) => i >= 26 ? "math/odd" : task) };
  const fitted = await router.fit(few, { routes: "actions", other: 0 }, CONTEXT);
  assert.match(fitted.describe().notes![0], /^4 routes/);
  const holes = training(
    VECTORS,
    TASKS.map((task, i) => task === "math/easy" && i >= 24 ? [.8, undefined] : [0, .6]),
    { benchmarks: BENCHMARKS },
  );
  const patched = await router.fit({ ...holes, tasks: TASKS }, router.grid[1], CONTEXT);
  near(await qualities(patched, batch([[0, 0, 1]])), [[.48, .6]]);
});

Deno.test("policy table: a new model edits the table, by its labelled queries as they are matched", async () => {
  const fitted = await router.fit(TRAIN, { routes: "actions", other: 0 }, CONTEXT);
  // Five code queries, four hard ones: the latter are too few for an action and for their domain.
  const vectors = [...Array(5).fill([1, 0, 0]), ...Array(4).fill([0, 1, 0])];
  const scores = [...Array(5).fill([.9]), ...Array(4).fill([0])];
  const wider = await fitted.withModels!(profiles(["a"], vectors, scores));
  assert.deepEqual(wider.models, ["a", "m0", "m1"]);
  near(await qualities(wider, batch([[1, 0, 0], [0, 1, 0]])), [[.9, 1, 0], [.5, .2, .6]]);
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0, 0]], [[undefined]])),
    CapabilityError,
  );
});

Deno.test("policy table: noisy queries of four domains go where an oracle of the domain would send them", async () => {
  const stream = random(5), M = 4;
  const make = (n: number) => {
    const domain = Array.from({ length: n }, (_, i) => i % M);
    const vectors = domain.map((d) =>
      Array.from({ length: 8 }, (_, j) => Number(j === d) + .3 * stream.normal())
    );
    const scores = domain.map((d) =>
      Array.from({ length: M }, (_, m) => Number(stream.next() < (m === d ? .8 : .3)))
    );
    return { domain, vectors, scores };
  };
  const { domain, vectors, scores } = make(400), test = make(200);
  const train = training(vectors, scores, { benchmarks: domain.map((d) => `b${d}`) });
  const fitted = await router.fit(train, router.grid[0], CONTEXT);
  const predicted = await fitted.predict(batch(test.vectors)) as { quality: Float64Array };
  const chosen = rowsOf(predicted, M).map((row) => row.indexOf(Math.max(...row)));
  const right = chosen.filter((m, i) => m === test.domain[i]).length;
  assert.ok(right > 180, `${right} of 200 as the oracle of the domain`);
});
