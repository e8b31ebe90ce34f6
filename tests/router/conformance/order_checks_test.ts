/** Routers that go by position or seed, each found by the check it breaks and by no other. */
import { finds } from "../doubles.ts";

/** Ranks within a row as quality, the best 0, equal values by column: `later` says which one first. */
function ranks(quality: Float64Array, M: number, later: boolean): Float64Array {
  const out = new Float64Array(quality.length);
  for (let start = 0; start < quality.length; start += M) {
    const columns = Array.from({ length: M }, (_, m) => m);
    columns.sort((a, b) => quality[start + b] - quality[start + a] || (later ? b - a : a - b));
    columns.forEach((m, rank) => out[start + m] = -rank);
  }
  return out;
}

finds([
  [
    "unseeded randomness",
    { predict: (quality) => ({ quality: quality.map((q) => q + Math.random() / 10) }) },
    ["deterministic", "no-clock"],
    /in two fits with one seed, quality for query q\d+, model ash: 0\.\d+, then 0\.\d+/,
  ],
  [
    "randomness keyed by position",
    {
      predict: (quality, { context, models }) => ({
        quality: quality.map((q, at) => {
          const [i, m] = [Math.floor(at / models.length), at % models.length];
          return q + context.random.fork(i, models[m]).next() / 2;
        }),
      }),
    },
    ["query-order", "batch-size"],
    /after shuffling the queries, \d+ of 80 queries get another model; first q\d+: \w+ before, \w+ after/,
  ],
  [
    "the last training row counts a hundredfold",
    {
      weights: ({ train }, sound) => {
        const N = train.queries.ids.length;
        return sound().map((w, at) => at % N === N - 1 ? 100 * N * w : w);
      },
    },
    ["row-order"],
    /after shuffling the training rows, \d+ of 80/,
  ],
  [
    "ties go to the first column",
    { predict: (quality, { models }) => ({ quality: ranks(quality, models.length, false) }) },
    ["ties"],
    /all training scores are 1, but query q\d+ gets ash instead of the cheapest, cedar/,
  ],
  [
    "ties go to the last column",
    { predict: (quality, { models }) => ({ quality: ranks(quality, models.length, true) }) },
    ["ties", "twin"],
    /gets fir instead of the cheapest, cedar/,
  ],
  [
    "the first column has a bonus",
    {
      predict: (quality, { models }) => ({
        quality: quality.map((q, at) => at % models.length === 0 ? q + 0.3 : q),
      }),
    },
    ["model-order", "ties"],
    /after reordering the models to elm, cedar, ash, fir, birch, \d+ of 80/,
  ],
  [
    "goes by cost ratios",
    {
      fields: { needs: ["cost"] },
      predict: (quality, { models, train: { meanCosts } }) => ({
        quality: quality.map((q, at) =>
          q - 0.05 * meanCosts[at % models.length] / Math.min(...meanCosts)
        ),
      }),
    },
    ["cost-shift"],
    /after adding \$0\.015625 to every cost, \d+ of 80 queries get another model/,
  ],
]);
