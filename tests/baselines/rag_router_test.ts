/** RAGRouter (frozen encoders): its loss and rule by hand, and documents that flip one model. */
import assert from "node:assert/strict";
import router, { cheapestWithin, ragLoss } from "../../baselines/rag_router.ts";
import { rag_router_blanked, rag_router_plain } from "../../baselines/variants/rag_router.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { Graph } from "../../src/nn/graph.ts";
import { Program } from "../../src/nn/program.ts";
import type { Router, TrainingData } from "../../src/router/mod.ts";
import { batch, type Cells, cells, CONTEXT, qualities, training } from "../router/hand.ts";

/** L of some queries; the marks of a state are + right, − wrong, . unknown. */
async function lossOf(cosines: readonly number[][], marks: readonly string[]): Promise<number> {
  const graph = new Graph(), shape = [cosines.length, cosines[0].length];
  const names = ["cosines", "positive", "negative"];
  const [c, p, n] = names.map((name) => graph.input(name, shape));
  graph.output("loss", ragLoss(c, p, n));
  const where = (of: string): Float32Array =>
    Float32Array.from(marks.join(""), (mark) => Number(of.includes(mark)));
  const fed = [Float32Array.from(cosines.flat()), ...["+", "-"].map(where)];
  const feeds = Object.fromEntries(names.map((name, i) => [name, fed[i]]));
  return (await (await Program.compile(graph)).run(feeds)).loss[0];
}

const close = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-5, `${actual}, expected ${expected}`);
/** −ln σ(x). */
const minusLog = (x: number): number => Math.log(1 + Math.exp(-x));

Deno.test("RAGRouter: contrast between the two settings, and both states in the logistic loss", async () => {
  // One model, right without documents at cos .2, wrong with them at cos 0; τ = .2, λ = 2:
  // −ln(e¹/(e¹ + e⁰)) + 2 (−ln σ(.2) − ln σ(0)) = .313262 + 2 (.598139 + .693147)
  close(await lossOf([[0.2, 0]], ["+-"]), 2.895834);
  // Two models, states plain, plain, rich, rich: both positives meet both negatives, each in its own softmax.
  const classes = minusLog(0.2) + minusLog(0) + minusLog(0.2) + minusLog(-0.4);
  // a = 1, 0, 1, 2 with positives 1 and 1, negatives 0 and 2: each −ln(e/(e + 1 + e²)) = ln(1 + e⁻¹ + e).
  const each = Math.log(1 + Math.exp(-1) + Math.E);
  close(await lossOf([[0.2, 0, 0.2, 0.4]], ["+-+-"]), 2 * each + 2 * classes);
});

Deno.test("RAGRouter: without a wrong or a right state only the logistic loss counts; unknown states teach nothing", async () => {
  close(await lossOf([[0.2, -0.4]], ["++"]), 2 * (minusLog(0.2) + minusLog(-0.4)));
  close(await lossOf([[0.2, -0.4]], ["--"]), 2 * (minusLog(-0.2) + minusLog(0.4)));
  close(await lossOf([[0.2, 0.9]], ["+."]), 2 * minusLog(0.2));
  // Means over the queries.
  close(await lossOf([[0.2, 0], [0.2, 0.9]], ["+-", "+."]), (2.895834 + 2 * minusLog(0.2)) / 2);
});

Deno.test("RAGRouter: the cheapest model at most θ below the best", () => {
  const quality = Float64Array.of(0.5, 0.625, 0.6, 0.7, 0.5, 0.25), order = Uint16Array.of(0, 2, 1);
  const at = (threshold: number): number[] => [...cheapestWithin(quality, order, threshold)];
  assert.deepEqual(at(0), [0, 1, 0, 1, 0, 0]);
  assert.deepEqual(at(0.05), [0, 0, 1, 1, 0, 0]);
  assert.deepEqual(at(0.125), [1, 0, 0, 1, 0, 0]);
});

const QUERIES = [[1, 0, 0, 0], [0, 1, 0, 0]], RIGHT = [0, 0, 1, 0], WRONG = [0, 0, 0, 1];

/**
 * Both queries with a right and with a wrong document, ten times. m0 knows everything, but believes whatever a document
 * says; m1 is right half of the time, whatever it reads. m0 is the cheaper one.
 */
function credulous(
  edit: (plain: (number | undefined)[][]) => Cells = (plain) => plain,
): TrainingData {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    query: QUERIES[i % 2],
    right: i % 4 < 2,
    luck: Number(i % 8 < 4),
  }));
  const made = training(
    rows.map(({ query }) => query),
    rows.map(({ right, luck }) => [Number(right), luck]),
    { costs: rows.map(() => [1, 3]) },
  );
  const documents = rows.flatMap(({ right }) => right ? RIGHT : WRONG);
  return {
    ...made,
    queries: { ...made.queries, documents: matrix(40, 4, Float32Array.from(documents)) },
    plainScores: cells(edit(rows.map(({ luck }) => [1, luck]))),
  };
}

/** What is chosen for both queries, with the right documents, then with the wrong ones. */
async function choices(of: Router<{ passes: number }>, train = credulous()): Promise<number[]> {
  const fitted = await of.fit(train, { passes: 40 }, CONTEXT);
  const documents = matrix(4, 4, Float32Array.from([RIGHT, RIGHT, WRONG, WRONG].flat()));
  const made = await qualities(fitted, batch([...QUERIES, ...QUERIES], { documents }));
  return made.map(([a, b]) => Number(b > a));
}

Deno.test("RAGRouter: a document flips one model, and the choice with it", async () => {
  assert.deepEqual(await choices(router), [0, 0, 1, 1]);
});

Deno.test("RAGRouter's controls: blanked documents cannot flip it; the plain table trusts who knows", async () => {
  const [a, b, ...others] = await choices(rag_router_blanked);
  assert.deepEqual(others, [a, b]);
  assert.deepEqual(await choices(rag_router_plain), [0, 0, 0, 0]);
});

Deno.test("RAGRouter: missing plain scores do no harm; without any second table it refuses", async () => {
  const holes = credulous((plain) =>
    plain.map(([a, b], i) => i % 5 === 0 ? [undefined, b] : [a, b])
  );
  assert.deepEqual(await choices(router, holes), [0, 0, 1, 1]);
  const { plainScores: _plain, ...bare } = credulous();
  await assert.rejects(
    async () => void await router.fit(bare, { passes: 1 }, CONTEXT),
    new CapabilityError("RAGRouter needs scores without the documents"),
  );
});

Deno.test("RAGRouter: θ = 0 is its own choice, θ = 1 the cheapest model; without prices there is no θ", async () => {
  const train = credulous(), fitted = await router.fit(train, { passes: 40 }, CONTEXT);
  const documents = matrix(2, 4, Float32Array.from([...RIGHT, ...WRONG]));
  const asked = batch(QUERIES, { documents }), { values, predict } = fitted.dial!;
  assert.deepEqual([values[0], values[1], values.at(-1)], [0, 1e-4, 1]);
  assert.deepEqual([...(await predict(asked, 0)).quality], [1, 0, 0, 1]);
  assert.deepEqual([...(await predict(asked, 1)).quality], [1, 0, 1, 0]);
  const unpriced = { ...train, meanCosts: Float64Array.of(1, NaN) };
  assert.equal((await router.fit(unpriced, { passes: 1 }, CONTEXT)).dial, undefined);
});
