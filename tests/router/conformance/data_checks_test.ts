/** Routers that trip over hard data, each found by the check it breaks and by no other. */
import { average, dot, finds } from "../doubles.ts";

finds([
  [
    "missing outcomes poison the mean",
    {
      mean: (scores, m, M, weights) => {
        const total = weights.reduce((a, b) => a + b);
        return weights.reduce((sum, w, j) => sum + w * scores[j * M + m], 0) / total;
      },
    },
    ["missing-outcomes"],
    /no model can be chosen for query q\d+: all its qualities are NaN/,
  ],
  [
    "one model is poisoned by its missing outcomes",
    {
      mean: (scores, m, M, weights) => {
        const column = Array.from(weights, (_, j) => scores[j * M + m]);
        return m === 3 && column.some(Number.isNaN) ? NaN : average(column);
      },
    },
    ["missing-outcomes"],
    /all predictions are NaN for elm/,
  ],
  [
    "cannot take a zero vector",
    {
      weights: ({ queries }, sound) => {
        for (const i of queries.ids.keys()) {
          if (dot(queries.vectors, i, queries.vectors, i) === 0) throw new RangeError("no norm");
        }
        return sound();
      },
    },
    ["odd-texts"],
    /throws RangeError: no norm \(tests\/router\/conformance\/data_checks_test\.ts:\d+:\d+\)/,
  ],
  [
    "cannot take a constant text",
    {
      fit: ({ queries }) => {
        if (queries.ids.length > 99 && new Set(queries.texts).size === 1) throw new Error("flat");
      },
    },
    ["constant-input"],
    /throws Error: flat/,
  ],
  [
    "stumbles over three rows",
    {
      fit: ({ queries }) => {
        if (queries.ids.length < 9) throw new TypeError("x is undefined");
      },
    },
    ["tiny-training"],
    /throws TypeError: x is undefined/,
  ],
  [
    "stumbles over a pool of one",
    {
      fit: ({ models }) => {
        if (models.length < 2) throw new TypeError("no rival");
      },
    },
    ["one-model"],
    /throws TypeError: no rival/,
  ],
]);
