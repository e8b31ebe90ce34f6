/** Routers that peek, scribble or remember, each found by the check it breaks and by no other. */
import { finds } from "../doubles.ts";

let reused = new Float64Array();

finds([
  [
    "fills missing outcomes in place",
    { fit: ({ scores }) => scores.forEach((s, at) => Number.isNaN(s) && (scores[at] = 0.5)) },
    ["inputs-unchanged"],
    /fit changes train(\.validation)?\.scores/,
  ],
  [
    "fills missing outcomes in place, the first time it predicts",
    {
      predict: (quality, { train: { scores } }) => {
        scores.forEach((s, at) => Number.isNaN(s) && (scores[at] = 0.5));
        return { quality };
      },
    },
    ["inputs-unchanged"],
    /predict changes train(\.validation)?\.scores/,
  ],
  [
    "reads the benchmark without naming the need",
    {
      predict: (quality, { queries }) => ({
        quality: quality.map((q) => queries.benchmarks?.[0] === "coding" ? 1 - q : q),
      }),
    },
    ["sealed-input"],
    /reads queries\.benchmarks without the need "benchmark"/,
  ],
  [
    "looks for test outcomes, and hides the error",
    {
      predict: (quality, { queries }) => {
        try {
          const { scores } = queries as unknown as { scores?: Float64Array };
          return { quality: scores ?? quality };
        } catch {
          return { quality };
        }
      },
    },
    ["sealed-input"],
    /reads queries\.scores, which the contract does not have/,
  ],
  [
    "outcomes kept in the memo of a batch",
    {
      predict: (quality, { queries }) => ({
        quality: queries.memo("answers", () => quality).length === quality.length
          ? queries.memo("answers", () => quality)
          : quality,
      }),
      fields: { grid: [{ sharpness: 8 }] },
    },
    ["no-state"],
    /on batches another fit has used, then on fresh ones, quality for query q\d+/,
  ],
  [
    "hands out the same buffer twice",
    {
      predict: (quality) => {
        if (reused.length !== quality.length) reused = new Float64Array(quality.length);
        reused.set(quality);
        return { quality: reused };
      },
    },
    ["no-state"],
    /when a later predict is called, values handed out earlier change, quality for query q\d+/,
  ],
  [
    "uses costs without naming the need",
    {
      predict: (quality, { models, train: { meanCosts } }) => ({
        quality: quality.map((q, at) => q - 10 * meanCosts[at % models.length]),
      }),
    },
    ["needs"],
    /no model can be chosen/,
  ],
  [
    "asks the clock",
    { fit: () => void performance.now() },
    ["no-clock"],
    /performance\.now called at tests\/router\/conformance\/honesty_checks_test\.ts:\d+:\d+/,
  ],
  [
    "asks the clock when it predicts",
    { predict: (quality) => ({ quality: quality.map((q) => q + 0 * performance.now()) }) },
    ["no-clock"],
    /performance\.now called at/,
  ],
]);
