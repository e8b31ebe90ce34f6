/** What routers see of a split, cell by cell, and what is kept from them. */
import assert from "node:assert/strict";
import { type Control, openSplit } from "../../src/run/open_split.ts";
import type { Need, TrainingData } from "../../src/router/contract.ts";
import { prepareVectors } from "../../src/embed/prepare.ts";
import { GRID, matrix, row } from "../../src/linalg/matrix.ts";
import { tableOf } from "../splits/tables.ts";
import { embedded, ruled, splitOf } from "./scene.ts";

/** Four rows, one a role, two benchmarks, three models; m2 has one missing outcome. */
function table() {
  return tableOf([
    { id: "a", benchmark: "x", task: "one", text: "A", scores: [.1, .2, .3], costs: [1, 2, 3] },
    { id: "b", benchmark: "y", text: "B", scores: [.4, .5, undefined], costs: [4, 5, undefined] },
    { id: "c", benchmark: "y", text: "C", scores: [.7, .8, .9], costs: [7, 8, 9] },
    { id: "d", benchmark: "x", text: "D", scores: [1, 1, 1], costs: [1, 1, 1] },
  ], { solvedFrom: Float64Array.of(1, .5) });
}

/** Unit vectors a, b, c, d; b and c lie at 60° and 90° of a. */
const VECTORS = [[1, 0], [1, Math.sqrt(3)], [0, 2], [3, 4]];

function open(
  roles = "tvec",
  { heldOut = [] as string[], control = undefined as Control | undefined } = {},
) {
  const all = table();
  const profile = { selection: "random", order: [1, 0] } as const;
  const split = splitOf(all, roles, {
    heldOutModels: heldOut,
    ...(heldOut.length > 0 ? { profile } : {}),
  });
  return openSplit(embedded(all, VECTORS), split, control);
}

const outcomes = ({ scores, costs }: Pick<TrainingData, "scores" | "costs">) => [
  Array.from(scores),
  Array.from(costs),
];

Deno.test("openSplit: each part has its own rows, and dropped rows are in none", () => {
  const split = open("tved");
  assert.deepEqual(split.train.queries.ids, ["a"]);
  assert.deepEqual(split.validation.queries.ids, ["b"]);
  assert.deepEqual(split.all.queries.ids, ["a", "b"]);
  assert.deepEqual([...split.testRows], [2]);
  assert.deepEqual(split.testFor(ruled([{}])).ids, ["c"]);

  const { all } = split;
  assert.deepEqual(all.queries.texts, ["A", "B"]);
  assert.deepEqual(all.queries.benchmarks, ["x", "y"]);
  assert.deepEqual(all.tasks, ["x/one", "y"]);
  assert.deepEqual([...all.solvedFrom], [1, .5]);
  assert.deepEqual(all.models, ["m0", "m1", "m2"]);
  assert.deepEqual(outcomes(all), [[.1, .2, .3, .4, .5, NaN], [1, 2, 3, 4, 5, NaN]]);
  assert.deepEqual([...all.meanCosts], [2.5, 3.5, 3]);
  assert.deepEqual(outcomes(split.train), [[.1, .2, .3], [1, 2, 3]]);
  assert.deepEqual(outcomes(split.validation), [[.4, .5, NaN], [4, 5, NaN]]);
  assert.equal(split.priced, false, "one cost is unknown");
});

Deno.test("openSplit: vectors have length 1 on the grid; each batch has a memo of its own name", () => {
  const split = open("tvee");
  assert.deepEqual([...row(split.all.queries.vectors, 0)], [1, 0]);
  assert.deepEqual([...row(split.all.queries.vectors, 1)], [1024 * GRID, 1774 * GRID]); // .5, .8660
  const test = split.testFor(ruled([{}]));
  assert.deepEqual([...test.vectors.data], [0, 1, 1229 * GRID, 1638 * GRID]); // .6, .8
  const names = [split.train.queries, split.validation.queries, split.all.queries, test]
    .map(({ memo }) => memo.id);
  assert.deepEqual(names, ["train", "validation", "all", "test"]);
  assert.equal(split.testFor(ruled([{}])).memo, test.memo, "routers share what they look up");
});

Deno.test("openSplit fits what has to be fitted on training and validation rows only", () => {
  const all = table(), split = splitOf(all, "tvee");
  const prepare = (vectors: number[][], preparation: "centre" | "idf") =>
    openSplit({ ...embedded(all, vectors), preparation }, split);
  for (const preparation of ["centre", "idf"] as const) {
    const { queries } = prepare(VECTORS, preparation).all;
    const other = prepare([...VECTORS.slice(0, 2), [5, 0], [0, -7]], preparation).all.queries;
    assert.deepEqual(queries.vectors.data, other.vectors.data, preparation);
  }
  // Mean of a and b: (1, √3/2). Centred, they lie opposite each other.
  assert.deepEqual([...prepare(VECTORS, "centre").all.queries.vectors.data], [0, -1, 0, 1]);
});

Deno.test("labels and truth reach predictions only where a router names the need", () => {
  const truth = Float64Array.from({ length: 12 }, (_, at) => at / 12);
  const all = { ...table(), truth, truthCost: truth.map((t) => 2 * t) };
  const split = openSplit(embedded(all, VECTORS), splitOf(all, "teve"));
  assert.equal(split.hasTruth, true);
  const keys = (...needs: Need[]): string[] => {
    const router = ruled([{}], { needs });
    const test = Object.keys(split.testFor(router)).sort();
    assert.deepEqual(Object.keys(split.validationFor(router)).sort(), test);
    return test.filter((key) => !["ids", "memo", "texts", "vectors"].includes(key));
  };
  assert.deepEqual(keys(), []);
  assert.deepEqual(keys("cost"), []);
  assert.deepEqual(keys("benchmark"), ["benchmarks"]);
  assert.deepEqual(keys("truth"), ["truth", "truthCost"]);
  assert.deepEqual(keys("truth", "benchmark"), ["benchmarks", "truth", "truthCost"]);
  const test = split.testFor(ruled([{}], { needs: ["truth", "benchmark"] }));
  assert.deepEqual(test.benchmarks, ["y", "x"]);
  assert.deepEqual([...test.truth!], [3, 4, 5, 9, 10, 11].map((n) => n / 12));
  assert.deepEqual([...test.truthCost!], [3, 4, 5, 9, 10, 11].map((n) => n / 6));
});

Deno.test("held-out models are in no part, their truth included", () => {
  const truth = Float64Array.from({ length: 12 }, (_, at) => at);
  const all = { ...table(), truth, truthCost: truth };
  const split = openSplit(embedded(all), splitOf(all, "tvee", { heldOutModels: ["m1"] }));
  for (const part of [split.train, split.validation, split.all]) {
    assert.deepEqual(part.models, ["m0", "m2"]);
    assert.equal(part.scores.length, 2 * part.queries.ids.length);
    assert.equal(part.meanCosts.length, 2);
  }
  assert.deepEqual(outcomes(split.all), [[.1, .3, .4, NaN], [1, 3, 4, NaN]]);
  const test = split.testFor(ruled([{}], { needs: ["truth"] }));
  assert.deepEqual([...test.truth!], [6, 8, 9, 11]);
});

Deno.test("a profile is the held-out models on the first n rows of the profile order", () => {
  const split = open("tvee", { heldOut: ["m1", "m2"] });
  const one = split.profile(1);
  assert.deepEqual(one.queries.ids, ["b"]);
  assert.deepEqual(one.queries.benchmarks, ["y"]);
  assert.deepEqual(one.models, ["m1", "m2"]);
  assert.deepEqual(outcomes(one), [[.5, NaN], [5, NaN]]);
  assert.deepEqual(outcomes(split.profile(2)), [[.5, NaN, .2, .3], [5, NaN, 2, 3]]);
  assert.deepEqual(split.profile(9).queries.ids, ["b", "a"], "all there are");
  assert.deepEqual(split.profile(0).queries.ids, []);
  assert.notEqual(split.profile(1).queries.memo.id, split.profile(2).queries.memo.id);
  assert.deepEqual(open("tvee").profile(3).models, [], "nobody is held out");
});

Deno.test("retraining knows everything of the old models and the profile of the new ones", () => {
  const split = open("tvee", { heldOut: ["m1", "m2"] });
  const none = split.retraining(0).all;
  assert.deepEqual(none.models, ["m0", "m1", "m2"]);
  assert.deepEqual(outcomes(none)[0], [.1, NaN, NaN, .4, NaN, NaN]);
  assert.deepEqual([...none.meanCosts], [2.5, NaN, NaN]);
  const one = split.retraining(1).all;
  assert.deepEqual(outcomes(one), [[.1, NaN, NaN, .4, .5, NaN], [1, NaN, NaN, 4, 5, NaN]]);
  assert.deepEqual([...one.meanCosts], [2.5, 5, NaN]);
  const all = split.retraining(Infinity).all;
  assert.deepEqual(outcomes(all)[0], [.1, .2, .3, .4, .5, NaN]);
  assert.deepEqual(outcomes(split.retraining(1).all), outcomes(one), "asking leaves no trace");
  const profile = { selection: "random", order: [1] } as const; // orders are cut, all labels are not
  const cut = openSplit(embedded(table(), VECTORS), { ...split.split, profile });
  assert.deepEqual(outcomes(cut.retraining(Infinity).all)[0], [.1, .2, .3, .4, .5, NaN]);
});

Deno.test("control constant-text: same text and vector everywhere, outcomes as they are", () => {
  const split = open("tvee", { control: "constant-text" });
  const test = split.testFor(ruled([{}]));
  for (const { texts, vectors } of [split.all.queries, test]) {
    assert.deepEqual(texts, ["constant", "constant"]);
    const side = 1448 * GRID; // 1/√2
    assert.deepEqual([...vectors.data], [side, side, side, side]);
  }
  assert.deepEqual(split.all.queries.ids, ["a", "b"]);
  assert.deepEqual(outcomes(split.all), outcomes(open("tvee").all));
  const all = table();
  for (const preparation of ["centre", "idf"] as const) {
    const prepared = openSplit(
      { ...embedded(all, VECTORS), preparation },
      splitOf(all, "tvee"),
      "constant-text",
    );
    assert.ok(prepared.all.queries.vectors.data.every((v) => v > .7), `${preparation}: not zero`);
  }
});

Deno.test("control shuffled-labels: outcomes change places among labelled rows, queries stay", () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    id: `q${String(i).padStart(2, "0")}`,
    scores: [i / 40, 1 - i / 40],
    costs: [i, 100 + i],
  }));
  const all = tableOf(rows), split = splitOf(all, "t".repeat(20) + "v".repeat(10) + "e".repeat(10));
  const data = embedded(all, rows.map((_, i) => [Math.cos(i), Math.sin(i)]));
  const plain = openSplit(data, split), shuffled = openSplit(data, split, "shuffled-labels");
  assert.deepEqual(shuffled.all.queries.vectors, plain.all.queries.vectors);
  assert.deepEqual(shuffled.all.queries.texts, plain.all.queries.texts);
  const pairs = ({ scores, costs }: TrainingData): string[] =>
    Array.from(
      { length: scores.length / 2 },
      (_, i) => [scores[2 * i], scores[2 * i + 1], costs[2 * i], costs[2 * i + 1]].join(),
    );
  assert.deepEqual(pairs(shuffled.all).toSorted(), pairs(plain.all).toSorted());
  assert.deepEqual([...shuffled.all.meanCosts], [...plain.all.meanCosts]);
  const moved = pairs(shuffled.all).filter((pair, i) => pair !== pairs(plain.all)[i]).length;
  assert.ok(moved >= 20, `${moved} of 30 rows moved`);
  assert.deepEqual(
    [...pairs(shuffled.train), ...pairs(shuffled.validation)],
    pairs(shuffled.all),
    "the parts agree with the whole",
  );
  const crossed = new Set(pairs(plain.train));
  assert.ok(pairs(shuffled.train).some((pair) => !crossed.has(pair)), "across the two parts");
});

Deno.test("control shuffled-labels keeps the preparation of the vectors", () => {
  const all = table(), split = splitOf(all, "tvee");
  for (const preparation of ["centre", "idf"] as const) {
    const data = { ...embedded(all, VECTORS), preparation };
    assert.deepEqual(
      openSplit(data, split, "shuffled-labels").all.queries.vectors,
      openSplit(data, split).all.queries.vectors,
    );
  }
});

Deno.test("openSplit: vectors on the grid already are taken as they are", () => {
  const all = table(), split = splitOf(all, "tvte");
  const data = embedded(all, VECTORS);
  const prepared = prepareVectors(data.raw, "none", []);
  const documents = matrix(4, 2, Float32Array.of(0, 1, 3, 4, 4, 3, 1, 0));
  const [once, done] = [
    openSplit({ ...data, documents, preparation: "none" }, split),
    openSplit({
      ...data,
      raw: prepared,
      documents: prepareVectors(documents, "none", []),
      preparation: "done",
    }, split),
  ];
  assert.deepEqual(done.all.queries.vectors, once.all.queries.vectors);
  assert.deepEqual(done.all.queries.documents, once.all.queries.documents);
});

Deno.test("openSplit: where no cost is known, every part has its NaN, also with few models", () => {
  const all = { ...table(), costs: new Float32Array(12).fill(NaN) };
  const opened = openSplit(embedded(all, VECTORS), splitOf(all, "tvte", { heldOutModels: ["m0"] }));
  const { train, validation, all: both } = opened;
  assert.deepEqual([train, validation, both].map(({ costs }) => costs.length), [4, 2, 6]);
  assert.ok([train, validation, both].every(({ costs }) => costs.every(Number.isNaN)));
  assert.ok(!opened.priced);
});

Deno.test("openSplit: documents and plain scores go where they are needed, and move with shuffled labels", () => {
  const plainScores = Float64Array.from({ length: 12 }, (_, at) => at / 100);
  const all = { ...table(), documents: ["a", "b", "c", "d"], plainScores };
  const documents = matrix(4, 2, Float32Array.of(0, 1, 3, 4, 4, 3, 1, 0));
  const data = { ...embedded(all, VECTORS), documents };
  const needy = { needs: ["documents"] } as const;
  const split = openSplit(data, splitOf(all, "tvtt"));
  assert.equal(split.hasDocuments, true);
  assert.deepEqual([...split.train.plainScores!], [0, .01, .02, .06, .07, .08, .09, .1, .11]);
  assert.deepEqual([...row(split.train.queries.documents!, 0)], [0, 1]);
  const [x] = row(split.validationFor(needy).documents!, 0);
  assert.ok(Math.abs(x - .6) <= GRID);
  assert.equal(split.validationFor({}).documents, undefined);
  assert.equal(openSplit(data, splitOf(all, "tvte")).testFor(needy).documents!.rows, 1);

  const mixed = openSplit(data, splitOf(all, "tvtt"), "shuffled-labels").all;
  for (let i = 0; i < 4; i++) {
    const from = table().scores.findIndex((score) => score === mixed.scores[3 * i]) / 3;
    assert.deepEqual(
      mixed.plainScores!.subarray(3 * i, 3 * i + 3),
      plainScores.subarray(3 * from, 3 * from + 3),
    );
  }
  const constant = openSplit(data, splitOf(all, "tvtt"), "constant-text").train.queries.documents!;
  assert.deepEqual(row(constant, 0), row(constant, 2));
  assert.equal(openSplit(embedded(table(), VECTORS), splitOf(table(), "tvec")).hasDocuments, false);
});
